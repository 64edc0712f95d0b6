// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Batches} from "../src/token/Batches.sol";
import {Reserve} from "../src/token/Reserve.sol";
import {Leg} from "../src/token/Leg.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {Settlement} from "../src/token/Settlement.sol";
import {Vm, vm} from "./Cheats.sol";
import {TokenTest} from "./TokenSetup.sol";

/// Net settlement: all legs or none, under the root that names the payments.
contract NetTest is TokenTest {
    bytes32 private constant ROOT = keccak256("payments");

    function two(Leg memory first, Leg memory second) private pure returns (Leg[] memory legs) {
        legs = new Leg[](2);
        (legs[0], legs[1]) = (first, second);
    }

    function settleNet(bytes32 root, Leg[] memory legs) private {
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(root, UNLIMITED);
        vm.prank(SETTLEMENT);
        token.settleNet(root, legs, attestation, signature);
    }

    function refuses(bytes32 root, Leg[] memory legs, bytes memory error) private {
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(root, UNLIMITED);
        vm.expectRevert(error);
        vm.prank(SETTLEMENT);
        token.settleNet(root, legs, attestation, signature);
        same("the id is still free", token.settledAt(root), 0);
    }

    function test_every_net_moves_and_the_root_is_the_batch_id() public {
        fund(ALICE, 50_00);
        vm.recordLogs();
        settleNet(ROOT, two(transferLeg(ALICE, BOB, 20_00), transferLeg(ALICE, CAROL, 30_00)));
        same("ALICE", token.balanceOf(ALICE), 0);
        same("BOB", token.balanceOf(BOB), 20_00);
        same("CAROL", token.balanceOf(CAROL), 30_00);
        same("supply", token.totalSupply(), 50_00);
        same("settled", token.settledAt(ROOT), block.number);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        same("logs", logs.length, 5);
        same("batch", logs[2].topics[1], ROOT);
        same("net", logs[4].topics[0], keccak256("NetSettled(bytes32)"));
        same("root", logs[4].topics[1], ROOT);
    }

    function test_one_net_that_is_not_covered_moves_none() public {
        fund(ALICE, 49_99);
        Leg[] memory legs = two(transferLeg(ALICE, BOB, 20_00), transferLeg(ALICE, CAROL, 30_00));
        refuses(ROOT, legs, abi.encodeWithSelector(Settlement.NetLegRefused.selector, 1, Restriction.INSUFFICIENT_BALANCE));
        same("ALICE", token.balanceOf(ALICE), 49_99);
        same("BOB", token.balanceOf(BOB), 0);
        fund(ALICE, 1);
        settleNet(ROOT, legs);
        same("ALICE", token.balanceOf(ALICE), 0);
    }

    function test_each_net_is_judged_by_the_rules_of_any_leg() public {
        fund(ALICE, 50_00);
        Leg[] memory legs = two(transferLeg(ALICE, BOB, 1), transferLeg(CAROL, BOB, 1));
        refuses(ROOT, legs, abi.encodeWithSelector(Settlement.NetLegRefused.selector, 1, Restriction.DEBTOR_IN_SELF_CUSTODY));
        legs[1] = transferLeg(ALICE, STRANGER, 1);
        refuses(ROOT, legs, abi.encodeWithSelector(Settlement.NetLegRefused.selector, 1, Restriction.CREDITOR_NOT_REGISTERED));
        setStatus(BOB, 3);
        refuses(ROOT, legs, abi.encodeWithSelector(Settlement.NetLegRefused.selector, 0, Restriction.CREDITOR_FROZEN));
        setStatus(BOB, 1);
        vm.prank(PAUSER);
        token.pause();
        refuses(ROOT, legs, abi.encodeWithSelector(Settlement.NetLegRefused.selector, 0, Restriction.PAUSED));
    }

    function test_payments_that_cancel_out_are_settled_without_a_leg() public {
        settleNet(ROOT, new Leg[](0));
        same("settled", token.settledAt(ROOT), block.number);
    }

    function test_a_root_settles_once() public {
        settleNet(ROOT, new Leg[](0));
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(ROOT, UNLIMITED);
        vm.expectRevert(abi.encodeWithSelector(Batches.BatchAlreadySettled.selector, ROOT, block.number));
        vm.prank(SETTLEMENT);
        token.settleNet(ROOT, new Leg[](0), attestation, signature);
    }

    function test_only_the_settlement_role_settles_and_only_what_the_attestor_signed() public {
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(ROOT, UNLIMITED);
        bytes32 role = token.SETTLEMENT_ROLE();
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, ALICE, role));
        vm.prank(ALICE);
        token.settleNet(ROOT, new Leg[](0), attestation, signature);
        // Signed for another root: the signature recovers to somebody, who is no attestor.
        vm.prank(SETTLEMENT);
        (bool done,) = address(token).call(
            abi.encodeCall(token.settleNet, (keccak256("other payments"), new Leg[](0), attestation, signature))
        );
        holds("refused", !done);
    }

    /// Any legs: either all moved, as `settle` would have moved them, or nothing did and the root is free. Supply stays the
    /// sum of balances.
    function testFuzz_all_or_nothing(uint256 draw, uint8 count) public {
        address[4] memory parties = [ALICE, BOB, CAROL, STRANGER];
        fund(ALICE, 1_000);
        fund(BOB, 1_000);
        Leg[] memory legs = new Leg[](count % 6);
        int256[4] memory nets;
        for (uint256 i = 0; i < legs.length; ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(draw, i)));
            (uint256 from, uint256 to) = (drawn % 8 == 0 ? 2 : drawn % 2, (drawn >> 8) % 16 == 0 ? 3 : (drawn >> 16) % 3);
            uint256 amount = (drawn >> 24) % 700;
            legs[i] = transferLeg(parties[from], parties[to], amount);
            nets[from] -= int256(amount);
            nets[to] += int256(amount);
        }
        int256[4] memory before = balances(parties);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(ROOT, UNLIMITED);
        vm.prank(SETTLEMENT);
        (bool done,) =
            address(token).call(abi.encodeCall(token.settleNet, (ROOT, legs, attestation, signature)));
        int256[4] memory then = balances(parties);
        for (uint256 i = 0; i < 4; ++i) {
            holds("net or nothing", then[i] == before[i] + (done ? nets[i] : int256(0)));
        }
        holds("the root is taken exactly when they moved", done == (token.settledAt(ROOT) != 0));
        same("supply", token.totalSupply(), 2_000);
        same("sum", uint256(then[0] + then[1] + then[2] + then[3]), 2_000);
    }

    function balances(address[4] memory parties) private view returns (int256[4] memory held) {
        for (uint256 i = 0; i < 4; ++i) held[i] = int256(token.balanceOf(parties[i]));
    }
}
