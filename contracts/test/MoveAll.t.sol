// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Batches} from "../src/token/Batches.sol";
import {Leg} from "../src/token/Leg.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {Vm, vm} from "./Cheats.sol";
import {TokenTest} from "./TokenSetup.sol";

/// Transfers of managed accounts, all or none, under a role of their own and without an attestation.
contract MoveAllTest is TokenTest {
    address private constant MOVER = address(0x304E);
    bytes32 private constant ID = "trade";

    function setUp() public override {
        super.setUp();
        makeMover(MOVER);
    }

    function two(Leg memory first, Leg memory second) private pure returns (Leg[] memory legs) {
        legs = new Leg[](2);
        (legs[0], legs[1]) = (first, second);
    }

    function moveAll(bytes32 id, Leg[] memory legs) private {
        vm.prank(MOVER);
        token.moveAll(id, legs);
    }

    function refuses(bytes32 id, Leg[] memory legs, bytes memory error) private {
        vm.prank(MOVER);
        vm.expectRevert(error);
        token.moveAll(id, legs);
    }

    function refused(uint256 leg, uint8 code) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Batches.LegRefused.selector, leg, code);
    }

    function test_every_leg_moves_in_order_and_supply_stays() public {
        fund(ALICE, 50_00);
        vm.recordLogs();
        moveAll(ID, two(transferLeg(ALICE, BOB, 50_00), transferLeg(BOB, CAROL, 20_00)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        same("logs", logs.length, 3);
        same("moved", logs[2].topics[0], keccak256("AllMoved(bytes32)"));
        same("id", logs[2].topics[1], ID);
        same("BOB", token.balanceOf(BOB), 30_00);
        same("CAROL", token.balanceOf(CAROL), 20_00);
        same("supply", token.totalSupply(), 50_00);
        same("settled", token.settledAt(ID), block.number);
    }

    function test_one_leg_that_may_not_move_keeps_all_and_leaves_the_id() public {
        fund(ALICE, 50_00);
        Leg[] memory legs = two(transferLeg(ALICE, BOB, 20_00), transferLeg(ALICE, CAROL, 30_01));
        refuses(ID, legs, refused(1, Restriction.INSUFFICIENT_BALANCE));
        same("ALICE", token.balanceOf(ALICE), 50_00);
        same("free", token.settledAt(ID), 0);
        legs[1] = transferLeg(CAROL, BOB, 1);
        refuses(ID, legs, refused(1, Restriction.DEBTOR_IN_SELF_CUSTODY));
        setStatus(BOB, 2);
        refuses(ID, legs, refused(0, Restriction.CREDITOR_SUSPENDED));
    }

    /// Outside `settle` there is no issuer, and the code of a refused mint or redeem would be 0: moved.
    function testFuzz_no_leg_but_a_transfer_is_taken(uint8 kind, uint64 amount, bool last, bool malformed) public {
        vm.assume(kind != 2);
        fund(ALICE, 50_00);
        Leg memory odd = Leg(
            uint256(kind) << 248 | bounded(amount, 0, 100_00) << 160 | (malformed || kind == 3 ? uint160(ALICE) : 0),
            malformed || kind == 1 ? uint160(BOB) : 0
        );
        Leg memory fine = transferLeg(ALICE, BOB, 1);
        refuses(ID, last ? two(fine, odd) : two(odd, fine), refused(last ? 1 : 0, Restriction.INVALID_INSTRUCTION));
        same("supply", token.totalSupply(), 50_00);
        same("ALICE", token.balanceOf(ALICE), 50_00);
    }

    function test_nothing_is_refused() public {
        refuses(ID, new Leg[](0), abi.encodeWithSelector(Batches.NothingToMove.selector));
    }

    function test_while_paused_nothing_moves() public {
        fund(ALICE, 1);
        vm.prank(PAUSER);
        token.pause();
        Leg[] memory legs = new Leg[](1);
        legs[0] = transferLeg(ALICE, BOB, 1);
        refuses(ID, legs, abi.encodeWithSelector(Pausable.EnforcedPause.selector));
    }

    function test_an_id_moves_once_and_is_shared_with_settlement() public {
        fund(ALICE, 10);
        Leg[] memory legs = new Leg[](1);
        legs[0] = transferLeg(ALICE, BOB, 1);
        refuses(
            bytes32(batches),
            legs,
            abi.encodeWithSelector(Batches.BatchAlreadySettled.selector, bytes32(batches), block.number)
        );
        moveAll(ID, legs);
        refuses(ID, legs, abi.encodeWithSelector(Batches.BatchAlreadySettled.selector, ID, block.number));
        same("BOB", token.balanceOf(BOB), 1);
    }

    function test_only_a_mover_moves_and_nobody_is_one_at_first() public {
        Leg[] memory legs = new Leg[](1);
        legs[0] = transferLeg(ALICE, BOB, 1);
        bytes32 role = token.MOVER_ROLE();
        address[6] memory others = [ADMIN, SETTLEMENT, ATTESTOR, REGISTRAR, ENFORCER, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, others[i], role)
            );
            token.moveAll(ID, legs);
        }
    }
}
