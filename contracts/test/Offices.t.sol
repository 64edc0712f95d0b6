// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IAccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {RegisteredToken} from "../src/RegisteredToken.sol";
import {DepositToken} from "../src/DepositToken.sol";
import {Reserve} from "../src/token/Reserve.sol";
import {Enforcement} from "../src/token/Enforcement.sol";
import {Holds} from "../src/token/Holds.sol";
import {Ledger} from "../src/token/Ledger.sol";
import {MinterAllowances} from "../src/token/MinterAllowances.sol";
import {Registry} from "../src/token/Registry.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {Leg} from "../src/token/Leg.sol";
import {Vm, vm} from "./Cheats.sol";
import {TokenTest} from "./TokenSetup.sol";

/// What each office of the token may do, and that nobody else may.
contract OfficesTest is TokenTest {
    function only(bytes32 role, bytes memory data) private {
        address[8] memory others = [ADMIN, SETTLEMENT, ATTESTOR, REGISTRAR, PAUSER, ENFORCER, CAROL, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            if (token.hasRole(role, others[i])) continue;
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, others[i], role)
            );
            (bool done,) = address(token).call(data);
            done;
        }
    }

    function list(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }

    function test_each_office_belongs_to_its_role_alone() public {
        only(token.REGISTRAR_ROLE(), abi.encodeCall(token.register, (list(BOB), new uint32[](1), new bool[](1))));
        only(token.REGISTRAR_ROLE(), abi.encodeCall(token.setStatus, (list(BOB), 2)));
        only(token.PAUSER_ROLE(), abi.encodeCall(token.pause, ()));
        only(token.PAUSER_ROLE(), abi.encodeCall(token.unpause, ()));
        only(token.ENFORCER_ROLE(), abi.encodeCall(token.setFrozenTokens, (BOB, 1)));
        only(token.ENFORCER_ROLE(), abi.encodeCall(token.forcedTransfer, (BOB, ALICE, 1, "order")));
        only(token.MINT_LIMITER_ROLE(), abi.encodeCall(token.setMinterAllowance, (SETTLEMENT, 1)));
        only(token.DEFAULT_ADMIN_ROLE(), abi.encodeCall(token.grantRole, (keccak256("SETTLEMENT_ROLE"), STRANGER)));
        only(token.DEFAULT_ADMIN_ROLE(), abi.encodeCall(token.retire, (STRANGER)));
        only(token.DEFAULT_ADMIN_ROLE(), abi.encodeCall(token.beginDefaultAdminTransfer, (STRANGER)));
    }

    // REGISTRY

    function test_an_account_is_registered_once() public {
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(Registry.AlreadyRegistered.selector, ALICE));
        token.register(list(ALICE), new uint32[](1), new bool[](1));
    }

    function test_an_account_is_registered_once_whatever_became_of_it() public {
        for (uint8 status = 2; status <= 4; ++status) {
            setStatus(ALICE, status);
            vm.prank(REGISTRAR);
            vm.expectRevert(abi.encodeWithSelector(Registry.AlreadyRegistered.selector, ALICE));
            token.register(list(ALICE), new uint32[](1), new bool[](1));
            same("member", token.holder(ALICE).memberId, 1);
        }
    }

    function test_a_registration_needs_as_many_members_and_custodies_as_accounts() public {
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(Registry.LengthsDiffer.selector, 1, 2, 1));
        token.register(list(STRANGER), new uint32[](2), new bool[](1));
    }

    function test_neither_nobody_nor_the_token_can_be_registered() public {
        vm.startPrank(REGISTRAR);
        vm.expectPartialRevert(Registry.InvalidStatus.selector);
        token.register(list(address(0)), new uint32[](1), new bool[](1));
        vm.expectPartialRevert(Registry.InvalidStatus.selector);
        token.register(list(address(token)), new uint32[](1), new bool[](1));
    }

    function test_a_closed_account_was_empty_and_stays_closed() public {
        fund(ALICE, 1);
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(Registry.AccountNotEmpty.selector, ALICE, 1));
        token.setStatus(list(ALICE), 4);
        setStatus(BOB, 4);
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(Registry.InvalidStatus.selector, BOB, 4, 1));
        token.setStatus(list(BOB), 1);
    }

    function test_an_account_with_a_frozen_balance_is_not_empty() public {
        fund(ALICE, 1);
        freeze(ALICE, 1);
        vm.prank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(Registry.AccountNotEmpty.selector, ALICE, 1));
        token.setStatus(list(ALICE), 4);
    }

    function test_a_status_set_again_says_nothing() public {
        vm.recordLogs();
        setStatus(ALICE, 1);
        same("nothing", vm.getRecordedLogs().length, 0);
        setStatus(ALICE, 2);
        same("a change", vm.getRecordedLogs().length, 1);
    }

    function test_only_the_four_statuses_of_a_registered_account_can_be_set() public {
        vm.startPrank(REGISTRAR);
        vm.expectRevert(abi.encodeWithSelector(Registry.NotRegistered.selector, STRANGER));
        token.setStatus(list(STRANGER), 1);
        vm.expectRevert(abi.encodeWithSelector(Registry.InvalidStatus.selector, ALICE, 1, 0));
        token.setStatus(list(ALICE), 0);
        vm.expectRevert(abi.encodeWithSelector(Registry.InvalidStatus.selector, ALICE, 1, 5));
        token.setStatus(list(ALICE), 5);
    }

    function test_a_status_change_leaves_member_custody_and_balance_alone() public {
        fund(CAROL, 7_00);
        setStatus(CAROL, 3);
        Registry.Holder memory holder = token.holder(CAROL);
        same("balance", holder.balance, 7_00);
        same("member", holder.memberId, 3);
        same("status", holder.status, 3);
        holds("custody", holder.selfCustody);
    }

    // COURT ORDERS

    function test_a_frozen_part_stays_and_the_rest_moves() public {
        fund(CAROL, 100_00);
        vm.prank(ENFORCER);
        token.setFrozenTokens(CAROL, 80_00);
        vm.startPrank(CAROL);
        vm.expectRevert(
            abi.encodeWithSelector(Ledger.InsufficientUnlockedBalance.selector, CAROL, 20_00, 20_01)
        );
        token.transfer(ALICE, 20_01);
        token.transfer(ALICE, 20_00);
        same("CAROL", token.balanceOf(CAROL), 80_00);
    }

    function test_a_freeze_above_the_balance_catches_what_arrives() public {
        vm.prank(ENFORCER);
        token.setFrozenTokens(CAROL, 50_00);
        fund(CAROL, 30_00);
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(Ledger.InsufficientUnlockedBalance.selector, CAROL, 0, 1));
        token.transfer(ALICE, 1);
        vm.prank(ENFORCER);
        token.setFrozenTokens(CAROL, 0);
        vm.prank(CAROL);
        token.transfer(ALICE, 30_00);
    }

    function test_a_court_takes_from_a_frozen_account_and_records_why() public {
        fund(CAROL, 100_00);
        setStatus(CAROL, 3);
        vm.prank(ENFORCER);
        token.setFrozenTokens(CAROL, 80_00);
        vm.recordLogs();
        vm.prank(ENFORCER);
        token.forcedTransfer(CAROL, ALICE, 70_00, "order 7/26 of the district court");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        same("Frozen, Transfer, ForcedTransfer, ForcedTransferReason", logs.length, 4);
        (, string memory reason) = abi.decode(logs[3].data, (uint256, string));
        same("reason", reason, "order 7/26 of the district court");
        same("CAROL", token.balanceOf(CAROL), 30_00);
        same("the free 20 went first", token.getFrozenTokens(CAROL), 30_00);
        same("ALICE", token.balanceOf(ALICE), 70_00);
    }

    function test_no_forced_transfer_without_a_reason_or_to_nobody() public {
        fund(CAROL, 1);
        vm.startPrank(ENFORCER);
        vm.expectRevert(Enforcement.ReasonMissing.selector);
        token.forcedTransfer(CAROL, ALICE, 1, "");
        vm.expectPartialRevert(Ledger.TransferRestricted.selector);
        token.forcedTransfer(CAROL, STRANGER, 1, "order");
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, CAROL, 1, 2));
        token.forcedTransfer(CAROL, ALICE, 2, "order");
    }

    function test_a_court_does_not_take_what_is_held_for_another() public {
        fund(CAROL, 10_00);
        vm.prank(CAROL);
        token.placeHold("h", CAROL, DAVE, BOB, 6_00, uint64(block.timestamp + 1));
        vm.startPrank(ENFORCER);
        vm.expectRevert(abi.encodeWithSelector(Enforcement.AmountHeld.selector, CAROL, 4_00, 4_01));
        token.forcedTransfer(CAROL, ALICE, 4_01, "order");
        token.releaseHold("h");
        token.forcedTransfer(CAROL, ALICE, 10_00, "order");
        same("ALICE", token.balanceOf(ALICE), 10_00);
    }

    // HOLDS

    function placed(address payer, uint256 amount) private returns (bytes32 id) {
        id = keccak256(abi.encode(payer, amount));
        vm.prank(payer);
        token.placeHold(id, payer, DAVE, BOB, amount, uint64(block.timestamp + 1 hours));
    }

    function test_a_hold_is_executed_by_its_notary() public {
        fund(CAROL, 10_00);
        bytes32 id = placed(CAROL, 6_00);
        same("still the payer's", token.balanceOf(CAROL), 10_00);
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(Ledger.InsufficientUnlockedBalance.selector, CAROL, 4_00, 4_01));
        token.transfer(ALICE, 4_01);
        vm.prank(DAVE);
        vm.expectRevert(abi.encodeWithSelector(Holds.NotAllowedByHold.selector, id, DAVE));
        token.executeHold(id);
        vm.prank(BOB);
        token.executeHold(id);
        same("DAVE", token.balanceOf(DAVE), 6_00);
        same("held", token.heldTokens(CAROL), 0);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Holds.HoldNotOpen.selector, id));
        token.executeHold(id);
    }

    function test_a_hold_is_released_by_notary_payee_or_enforcer_and_not_by_the_payer() public {
        address[3] memory may = [BOB, DAVE, ENFORCER];
        fund(CAROL, 10_00);
        for (uint256 i = 0; i < may.length; ++i) {
            bytes32 id = placed(CAROL, 6_00 + i);
            vm.prank(CAROL);
            vm.expectRevert(abi.encodeWithSelector(Holds.NotAllowedByHold.selector, id, CAROL));
            token.releaseHold(id);
            vm.prank(may[i]);
            token.releaseHold(id);
            same("free again", token.holder(CAROL).locked, 0);
        }
    }

    function test_from_its_expiry_a_hold_is_released_by_anybody_and_executed_by_nobody() public {
        fund(CAROL, 10_00);
        bytes32 id = placed(CAROL, 6_00);
        uint256 expiry = block.timestamp + 1 hours;
        vm.warp(expiry);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Holds.HoldExpired.selector, id, expiry));
        token.executeHold(id);
        vm.prank(STRANGER);
        token.releaseHold(id);
        vm.prank(CAROL);
        token.transfer(ALICE, 10_00);
    }

    function test_a_hold_id_is_usable_once() public {
        fund(CAROL, 10_00);
        bytes32 id = placed(CAROL, 6_00);
        vm.prank(BOB);
        token.releaseHold(id);
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(Holds.HoldExists.selector, id));
        token.placeHold(id, CAROL, DAVE, BOB, 1, uint64(block.timestamp + 1));
    }

    function test_the_settlement_key_places_holds_of_managed_accounts_only() public {
        fund(ALICE, 10_00);
        fund(CAROL, 10_00);
        vm.startPrank(SETTLEMENT);
        token.placeHold("a", ALICE, DAVE, BOB, 1, uint64(block.timestamp + 1));
        vm.expectRevert(abi.encodeWithSelector(Holds.NotAllowedByHold.selector, bytes32("c"), SETTLEMENT));
        token.placeHold("c", CAROL, DAVE, BOB, 1, uint64(block.timestamp + 1));
        vm.stopPrank();
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(Holds.NotAllowedByHold.selector, bytes32("c"), STRANGER));
        token.placeHold("c", CAROL, DAVE, BOB, 1, uint64(block.timestamp + 1));
    }

    function test_a_hold_of_nothing_is_refused() public {
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(Ledger.TransferRestricted.selector, Restriction.INVALID_AMOUNT, CAROL));
        token.placeHold("h", CAROL, DAVE, BOB, 0, uint64(block.timestamp + 1));
    }

    function test_a_hold_is_released_while_paused() public {
        fund(CAROL, 10_00);
        bytes32 id = placed(CAROL, 6_00);
        vm.prank(PAUSER);
        token.pause();
        vm.prank(BOB);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        token.executeHold(id);
        vm.prank(BOB);
        token.releaseHold(id);
        same("held", token.heldTokens(CAROL), 0);
    }

    // ADMIN

    function test_the_admin_is_handed_over_in_two_steps_after_a_delay() public {
        vm.prank(ADMIN);
        token.beginDefaultAdminTransfer(STRANGER);
        vm.prank(STRANGER);
        vm.expectPartialRevert(IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector);
        token.acceptDefaultAdminTransfer();
        vm.warp(block.timestamp + 2 days + 1);
        vm.prank(ADMIN);
        vm.expectPartialRevert(IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector);
        token.acceptDefaultAdminTransfer();
        vm.prank(STRANGER);
        token.acceptDefaultAdminTransfer();
        holds("new admin", token.defaultAdmin() == STRANGER);
    }

    function test_a_revoked_settlement_key_settles_nothing_and_its_successor_does() public {
        bytes32 role = token.SETTLEMENT_ROLE();
        vm.startPrank(ADMIN);
        token.revokeRole(role, SETTLEMENT);
        token.grantRole(role, STRANGER);
        token.setMinterAllowance(STRANGER, 5);
        vm.stopPrank();
        Leg[] memory legs = new Leg[](1);
        legs[0] = mintLeg(ALICE, 5);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested("b", 5);
        vm.prank(SETTLEMENT);
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        token.settle("b", legs, attestation, signature);
        vm.prank(STRANGER);
        token.settle("b", legs, attestation, signature);
        same("ALICE", token.balanceOf(ALICE), 5);
        (uint256 mintable, uint256 perDay) = token.minterAllowance(STRANGER);
        same("spent", mintable, 0);
        same("a day", perDay, 5);
    }

    function test_an_allowance_above_the_ceiling_is_refused() public {
        vm.prank(ADMIN);
        vm.expectRevert(
            abi.encodeWithSelector(MinterAllowances.AllowanceTooLarge.selector, UNLIMITED + 1, UNLIMITED)
        );
        token.setMinterAllowance(SETTLEMENT, UNLIMITED + 1);
    }

    function test_a_retired_token_names_its_successor_and_stays_paused() public {
        vm.prank(ADMIN);
        vm.expectRevert(Pausable.ExpectedPause.selector);
        token.retire(STRANGER);
        vm.prank(PAUSER);
        token.pause();
        vm.startPrank(ADMIN);
        vm.expectRevert(RegisteredToken.SuccessorMissing.selector);
        token.retire(address(0));
        vm.expectRevert(RegisteredToken.SuccessorMissing.selector);
        token.retire(address(token));
        token.retire(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(RegisteredToken.TokenRetired.selector, STRANGER));
        token.retire(BOB);
        vm.stopPrank();
        vm.prank(PAUSER);
        vm.expectRevert(abi.encodeWithSelector(RegisteredToken.TokenRetired.selector, STRANGER));
        token.unpause();
    }

    // ERC-1404 AND NAMES

    function test_every_code_has_a_sentence() public view {
        for (uint8 code = 0; code <= 17; ++code) {
            bytes memory sentence = bytes(token.messageForTransferRestriction(code));
            holds("a sentence", sentence.length > 5 && sentence.length <= 32);
            holds("its own", keccak256(sentence) != keccak256("unknown code"));
        }
        same("others", token.messageForTransferRestriction(18), "unknown code");
    }

    function test_the_token_says_what_it_is() public view {
        same("name", token.name(), "US Dollar Deposit Token");
        same("symbol", token.symbol(), "USDD");
        same("currency", token.currency(), "USD");
        same("decimals", token.decimals(), 2);
        holds("no ERC-7943 without a reason", !token.supportsInterface(0x3edbb4c4));
    }
}
