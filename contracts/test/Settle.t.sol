// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Batches} from "../src/token/Batches.sol";
import {Reserve} from "../src/token/Reserve.sol";
import {Leg} from "../src/token/Leg.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {Vm, vm} from "./Cheats.sol";
import {TokenTest} from "./TokenSetup.sol";

contract SettleTest is TokenTest {
    function test_a_batch_mints_transfers_and_redeems_in_order() public {
        Leg[] memory legs = new Leg[](3);
        legs[0] = mintLeg(ALICE, 100_00);
        legs[1] = transferLeg(ALICE, BOB, 60_00);
        legs[2] = redeemLeg(BOB, 25_00);
        same("codes", keccak256(settle(legs, 100_00)), keccak256(hex"000000"));
        same("ALICE", token.balanceOf(ALICE), 40_00);
        same("BOB", token.balanceOf(BOB), 35_00);
        same("supply", token.totalSupply(), 75_00);
        same("reserve", token.attestedReserve(), 100_00);
    }

    function test_a_leg_that_fails_moves_nothing_and_stops_no_other() public {
        fund(ALICE, 50_00);
        Leg[] memory legs = new Leg[](3);
        legs[0] = transferLeg(ALICE, BOB, 20_00);
        legs[1] = transferLeg(ALICE, BOB, 30_01);
        legs[2] = transferLeg(BOB, CAROL, 20_00);
        bytes memory codes = settle(legs, 50_00);
        same("codes", keccak256(codes), keccak256(abi.encodePacked(uint8(0), Restriction.INSUFFICIENT_BALANCE, uint8(0))));
        same("ALICE", token.balanceOf(ALICE), 30_00);
        same("CAROL", token.balanceOf(CAROL), 20_00);
    }

    function test_every_leg_that_moved_gives_one_transfer_event_in_leg_order() public {
        fund(ALICE, 50_00);
        Leg[] memory legs = new Leg[](4);
        legs[0] = transferLeg(ALICE, BOB, 1);
        legs[1] = transferLeg(BOB, ALICE, 2);
        legs[2] = mintLeg(BOB, 3);
        legs[3] = redeemLeg(BOB, 4);
        bytes32 batchId = bytes32(++batches);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(batchId, 60_00);
        vm.recordLogs();
        vm.prank(SETTLEMENT);
        token.settle(batchId, legs, attestation, signature);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        same("logs", logs.length, 5);
        checkMoved(logs[0], ALICE, BOB, 1);
        checkMoved(logs[1], address(0), BOB, 3);
        checkMoved(logs[2], BOB, address(0), 4);
        same("codes", keccak256(abi.decode(logs[3].data, (bytes))), keccak256(hex"000e0000"));
        same("attested", logs[4].topics[0], keccak256("ReserveAttested(bytes32,uint256,bytes32,uint256,bytes32)"));
        same("attestation", keccak256(logs[4].data), keccak256(abi.encode(attestation)));
    }

    function checkMoved(Vm.Log memory log, address from, address to, uint256 amount) private pure {
        same("topic", log.topics[0], keccak256("Transfer(address,address,uint256)"));
        same("from", log.topics[1], bytes32(uint256(uint160(from))));
        same("to", log.topics[2], bytes32(uint256(uint160(to))));
        same("amount", abi.decode(log.data, (uint256)), amount);
    }

    function test_a_mint_never_lifts_supply_above_the_attested_reserve() public {
        Leg[] memory legs = new Leg[](3);
        legs[0] = mintLeg(ALICE, 60_00);
        legs[1] = mintLeg(BOB, 40_01);
        legs[2] = mintLeg(BOB, 40_00);
        bytes memory codes = settle(legs, 100_00);
        same("codes", keccak256(codes), keccak256(abi.encodePacked(uint8(0), Restriction.ABOVE_ATTESTED_RESERVE, uint8(0))));
        same("supply", token.totalSupply(), 100_00);
    }

    function test_a_batch_that_leaves_supply_above_the_reserve_reverts_whole() public {
        fund(ALICE, 50_00);
        bytes32 batchId = bytes32(uint256(77));
        Leg[] memory legs = new Leg[](1);
        legs[0] = redeemLeg(ALICE, 10_00);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(batchId, 39_99);
        vm.prank(SETTLEMENT);
        vm.expectRevert(abi.encodeWithSelector(Reserve.SupplyAboveReserve.selector, 40_00, 39_99));
        token.settle(batchId, legs, attestation, signature);
        same("nothing moved", token.balanceOf(ALICE), 50_00);
        same("the id is still free", token.settledAt(batchId), 0);
    }

    function test_a_batch_id_is_usable_once() public {
        Leg[] memory none = new Leg[](0);
        settle(none, 10);
        bytes32 used = bytes32(batches);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(used, 10);
        vm.prank(SETTLEMENT);
        vm.expectRevert(abi.encodeWithSelector(Batches.BatchAlreadySettled.selector, used, block.number));
        token.settle(used, none, attestation, signature);
    }

    function test_only_the_settlement_role_settles() public {
        Leg[] memory none = new Leg[](0);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(bytes32(uint256(9)), 10);
        bytes32 role = token.SETTLEMENT_ROLE();
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, ADMIN, role));
        token.settle(bytes32(uint256(9)), none, attestation, signature);
    }

    function test_an_attestation_counts_only_for_its_own_batch_and_from_the_attestor() public {
        Leg[] memory none = new Leg[](0);
        bytes32 batchId = bytes32(uint256(9));
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(batchId, 10);
        vm.startPrank(SETTLEMENT);
        vm.expectPartialRevert(Reserve.NotAttestedByReserveAttestor.selector);
        token.settle(bytes32(uint256(10)), none, attestation, signature);

        bytes memory foreign = signAttestation(CAROL_KEY, batchId, attestation);
        vm.expectRevert(abi.encodeWithSelector(Reserve.NotAttestedByReserveAttestor.selector, CAROL));
        token.settle(batchId, none, attestation, foreign);

        vm.expectRevert(abi.encodeWithSelector(Reserve.NotAttestedByReserveAttestor.selector, address(0)));
        token.settle(batchId, none, attestation, "");

        attestation.reserve = 11;
        vm.expectPartialRevert(Reserve.NotAttestedByReserveAttestor.selector);
        token.settle(batchId, none, attestation, signature);

        attestation.reserve = 10;
        token.settle(batchId, none, attestation, signature);
    }

    function test_an_attestation_signature_with_high_s_is_refused() public {
        Leg[] memory none = new Leg[](0);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(bytes32(uint256(9)), 10);
        (uint8 v, bytes32 r, bytes32 s) = split(signature);
        bytes memory twin = abi.encodePacked(r, SECP256K1_ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27));
        vm.prank(SETTLEMENT);
        vm.expectRevert(abi.encodeWithSelector(Reserve.NotAttestedByReserveAttestor.selector, address(0)));
        token.settle(bytes32(uint256(9)), none, attestation, twin);
    }

    function test_an_older_attestation_is_refused() public {
        Leg[] memory none = new Leg[](0);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(bytes32(uint256(9)), 10);
        settle(none, 10);
        vm.prank(SETTLEMENT);
        vm.expectRevert(abi.encodeWithSelector(Reserve.AttestationOutdated.selector, sequence - 1, sequence));
        token.settle(bytes32(uint256(9)), none, attestation, signature);
    }

    function test_the_settlement_key_cannot_move_a_self_custody_account() public {
        fund(CAROL, 50_00);
        same("transfer", settle(transferLeg(CAROL, ALICE, 1)), Restriction.DEBTOR_IN_SELF_CUSTODY);
        same("redeem", settle(redeemLeg(CAROL, 1)), Restriction.DEBTOR_IN_SELF_CUSTODY);
        same("CAROL", token.balanceOf(CAROL), 50_00);
    }

    function test_while_paused_every_leg_fails_and_the_batch_still_counts() public {
        fund(ALICE, 50_00);
        vm.prank(PAUSER);
        token.pause();
        Leg[] memory legs = new Leg[](3);
        legs[0] = mintLeg(ALICE, 1);
        legs[1] = transferLeg(ALICE, BOB, 1);
        legs[2] = redeemLeg(ALICE, 1);
        same("codes", keccak256(settle(legs, UNLIMITED)), keccak256(hex"010101"));
        same("supply", token.totalSupply(), 50_00);
    }

    function test_malformed_legs_are_refused_by_code() public {
        fund(ALICE, 50_00);
        uint256 move = uint256(2) << 248;
        same("kind 0", settle(Leg(uint160(ALICE), uint160(BOB))), Restriction.INVALID_INSTRUCTION);
        same("kind 4", settle(Leg(4 << 248, uint160(BOB))), Restriction.INVALID_INSTRUCTION);
        same("zero", settle(transferLeg(ALICE, BOB, 0)), Restriction.INVALID_AMOUNT);
        same("too much", settle(transferLeg(ALICE, BOB, AMOUNT_MAX + 1)), Restriction.INVALID_AMOUNT);
        same("same account", settle(transferLeg(ALICE, ALICE, 1)), Restriction.INVALID_INSTRUCTION);
        uint256 reserved = uint256(1) << 160;
        Leg memory dirty =
            Leg(move | reserved | uint160(ALICE), reserved | uint160(BOB));
        same("reserved bits", settle(dirty), Restriction.INVALID_INSTRUCTION);
        same("mint from", settle(Leg((1 << 248) | reserved | uint160(ALICE), uint160(BOB))), 2);
        same("redeem to", settle(Leg((3 << 248) | reserved | uint160(ALICE), uint160(BOB))), 2);
        same("ALICE", token.balanceOf(ALICE), 50_00);
        same("BOB", token.balanceOf(BOB), 0);
    }

    function test_the_largest_leg_moves() public {
        fund(ALICE, AMOUNT_MAX);
        same("largest", settle(transferLeg(ALICE, BOB, AMOUNT_MAX)), 0);
        same("BOB", token.balanceOf(BOB), AMOUNT_MAX);
    }

    function test_a_stolen_minter_key_mints_one_allowance_a_day() public {
        vm.prank(ADMIN);
        token.setMinterAllowance(SETTLEMENT, 100_00);
        same("first", settle(mintLeg(ALICE, 100_00)), 0);
        same("spent", settle(mintLeg(ALICE, 1)), Restriction.ABOVE_MINTER_ALLOWANCE);
        vm.warp(block.timestamp + 12 hours);
        same("half a day: more than half", settle(mintLeg(ALICE, 50_01)), Restriction.ABOVE_MINTER_ALLOWANCE);
        same("half a day: half", settle(mintLeg(ALICE, 50_00)), 0);
        vm.warp(block.timestamp + 30 days);
        same("never more than one", settle(mintLeg(ALICE, 100_01)), Restriction.ABOVE_MINTER_ALLOWANCE);
        same("but one", settle(mintLeg(ALICE, 100_00)), 0);
    }

    /// The registry is asked about both sides of every leg, whatever the kind.
    function test_every_status_of_either_side_has_its_code() public {
        fund(ALICE, 50_00);
        same("unregistered creditor", settle(transferLeg(ALICE, STRANGER, 1)), Restriction.CREDITOR_NOT_REGISTERED);
        same("unregistered debtor", settle(transferLeg(STRANGER, BOB, 1)), Restriction.DEBTOR_NOT_REGISTERED);
        same("unregistered mint", settle(mintLeg(STRANGER, 1)), Restriction.CREDITOR_NOT_REGISTERED);
        same("unregistered redeem", settle(redeemLeg(STRANGER, 1)), Restriction.DEBTOR_NOT_REGISTERED);
        for (uint8 status = 2; status <= 3; ++status) {
            setStatus(ALICE, status);
            same("debtor", settle(transferLeg(ALICE, BOB, 1)), 3 + status);
            same("redeem", settle(redeemLeg(ALICE, 1)), 3 + status);
            same("creditor", settle(transferLeg(BOB, ALICE, 1)), 8 + status);
            same("mint", settle(mintLeg(ALICE, 1)), 8 + status);
        }
        setStatus(BOB, 4);
        setStatus(ALICE, 1);
        same("closed creditor", settle(transferLeg(ALICE, BOB, 1)), Restriction.CREDITOR_CLOSED);
        same("closed debtor", settle(transferLeg(BOB, ALICE, 1)), Restriction.DEBTOR_CLOSED);
    }
}
