// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Enforcement} from "../src/token/Enforcement.sol";
import {Holds} from "../src/token/Holds.sol";
import {Ledger} from "../src/token/Ledger.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {Vm, vm} from "./Cheats.sol";
import {TokenTest} from "./TokenSetup.sol";

/// Court orders and holds whatever was frozen, held or decided before.
contract OrdersTest is TokenTest {
    function force(address from, address to, uint256 amount) private returns (bool done, bytes memory answer) {
        vm.prank(ENFORCER);
        return address(token).call(abi.encodeCall(token.forcedTransfer, (from, to, amount, "order 7/26")));
    }

    function refusedBy(bytes memory answer, bytes memory error) private pure {
        same("error", keccak256(answer), keccak256(error));
    }

    function restricted(uint8 code, address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Ledger.TransferRestricted.selector, code, account);
    }

    // SEIZURES

    /// What is frozen, below or above the balance, never stands in the way of a court; what is held always does. The free part
    /// goes first, then the frozen one, which shrinks by what was taken of it.
    function testFuzz_a_seizure_works_whatever_was_frozen(
        uint64 balance,
        uint64 held,
        uint88 frozen,
        uint64 amount,
        uint8 status
    ) public {
        uint256 had = bounded(balance, 1, AMOUNT_MAX);
        uint256 held_ = bounded(held, 0, had);
        uint256 frozen_ = bounded(frozen, 0, status % 2 == 0 ? had * 2 : UNLIMITED - held_);
        uint256 wanted = bounded(amount, 1, had);
        fund(CAROL, had);
        if (held_ != 0) hold("h", CAROL, DAVE, BOB, held_);
        freeze(CAROL, frozen_);
        setStatus(CAROL, uint8(1 + status % 3));

        (bool done, bytes memory answer) = force(CAROL, ALICE, wanted);
        holds("all but what is held", done == (wanted <= had - held_));
        if (!done) {
            refusedBy(answer, abi.encodeWithSelector(Enforcement.AmountHeld.selector, CAROL, had - held_, wanted));
            wanted = 0;
        }
        uint256 free = had > held_ + frozen_ ? had - held_ - frozen_ : 0;
        uint256 taken = wanted > free ? wanted - free : 0;
        same("CAROL", token.balanceOf(CAROL), had - wanted);
        same("ALICE", token.balanceOf(ALICE), wanted);
        same("held", token.heldTokens(CAROL), held_);
        same("frozen", token.getFrozenTokens(CAROL), frozen_ - taken);
        same("locked", token.holder(CAROL).locked, held_ + frozen_ - taken);
        same("supply", token.totalSupply(), had);
    }

    function test_an_account_frozen_above_its_balance_is_seized_and_stays_frozen() public {
        fund(CAROL, 100_00);
        freeze(CAROL, 150_00);
        vm.recordLogs();
        (bool done,) = force(CAROL, ALICE, 60_00);
        holds("seized", done);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        same("Frozen first", logs[0].topics[0], keccak256("Frozen(address,uint256)"));
        same("what is left of it", abi.decode(logs[0].data, (uint256)), 90_00);
        same("logs", logs.length, 4);
        fund(CAROL, 20_00);
        vm.prank(CAROL);
        vm.expectPartialRevert(Ledger.InsufficientUnlockedBalance.selector);
        token.transfer(ALICE, 1);
    }

    function test_a_seizure_that_touches_nothing_frozen_says_nothing_of_it() public {
        fund(CAROL, 100_00);
        freeze(CAROL, 40_00);
        vm.recordLogs();
        force(CAROL, ALICE, 60_00);
        same("logs", vm.getRecordedLogs().length, 3);
        same("frozen", token.getFrozenTokens(CAROL), 40_00);
    }

    function test_a_seizure_of_nothing_or_to_the_same_account_is_malformed() public {
        fund(CAROL, 10_00);
        freeze(CAROL, 10_00);
        (, bytes memory nothing) = force(CAROL, ALICE, 0);
        refusedBy(nothing, restricted(Restriction.INVALID_AMOUNT, CAROL));
        (, bytes memory tooMuch) = force(CAROL, ALICE, AMOUNT_MAX + 1);
        refusedBy(tooMuch, restricted(Restriction.INVALID_AMOUNT, CAROL));
        (, bytes memory itself) = force(CAROL, CAROL, 1_00);
        refusedBy(itself, restricted(Restriction.INVALID_INSTRUCTION, CAROL));
        same("nothing thawed", token.getFrozenTokens(CAROL), 10_00);
    }

    function test_a_seizure_tells_the_lowest_code() public {
        fund(CAROL, 10_00);
        hold("h", CAROL, DAVE, BOB, 5_00);
        (, bytes memory stranger) = force(CAROL, STRANGER, 20_00);
        refusedBy(stranger, restricted(Restriction.CREDITOR_NOT_REGISTERED, STRANGER));
        vm.prank(PAUSER);
        token.pause();
        (, bytes memory paused) = force(CAROL, STRANGER, 20_00);
        refusedBy(paused, abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.prank(PAUSER);
        token.unpause();
        (, bytes memory tooLittle) = force(CAROL, ALICE, 20_00);
        refusedBy(tooLittle, abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, CAROL, 10_00, 20_00));
    }

    function test_held_and_frozen_together_stay_within_what_an_account_can_lock() public {
        fund(CAROL, 10_00);
        hold("h", CAROL, DAVE, BOB, 4_00);
        vm.prank(ENFORCER);
        vm.expectRevert(
            abi.encodeWithSelector(Enforcement.FreezeTooLarge.selector, UNLIMITED - 3_99, UNLIMITED - 4_00)
        );
        token.setFrozenTokens(CAROL, UNLIMITED - 3_99);
        freeze(CAROL, UNLIMITED - 4_00);
        same("locked", token.holder(CAROL).locked, UNLIMITED);
    }

    // HOLDS

    function test_a_hold_that_expires_now_is_refused() public {
        fund(CAROL, 1);
        vm.startPrank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(Holds.HoldExpired.selector, bytes32("h"), block.timestamp));
        token.placeHold("h", CAROL, DAVE, BOB, 1, uint64(block.timestamp));
        token.placeHold("h", CAROL, DAVE, BOB, 1, uint64(block.timestamp + 1));
    }

    /// A notary that is an account decides only while it is active, and may always give back; one that is none decides.
    function test_a_notary_that_is_suspended_frozen_or_closed_executes_nothing() public {
        fund(CAROL, 10);
        for (uint8 status = 2; status <= 4; ++status) {
            hold(bytes32(uint256(status)), CAROL, DAVE, BOB, 1);
            setStatus(BOB, status);
            vm.startPrank(BOB);
            vm.expectRevert(restricted(Restriction.SPENDER_NOT_ACTIVE, BOB));
            token.executeHold(bytes32(uint256(status)));
            token.releaseHold(bytes32(uint256(status)));
            vm.stopPrank();
            if (status != 4) setStatus(BOB, 1);
        }
        same("held", token.heldTokens(CAROL), 0);
        hold("s", CAROL, DAVE, STRANGER, 1);
        vm.prank(STRANGER);
        token.executeHold("s");
        same("DAVE", token.balanceOf(DAVE), 1);
    }

    function test_of_a_notary_and_a_party_that_may_not_the_lower_code_is_told() public {
        fund(CAROL, 10);
        hold("h", CAROL, DAVE, BOB, 10);
        setStatus(BOB, 2);
        freeze(CAROL, 5);
        vm.prank(BOB);
        vm.expectRevert(restricted(Restriction.SPENDER_NOT_ACTIVE, BOB));
        token.executeHold("h");
        setStatus(DAVE, 3);
        vm.prank(BOB);
        vm.expectRevert(restricted(Restriction.CREDITOR_FROZEN, DAVE));
        token.executeHold("h");
    }
}
