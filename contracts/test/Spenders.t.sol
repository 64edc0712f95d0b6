// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Ledger} from "../src/token/Ledger.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {Vm, vm} from "./Cheats.sol";
import {TokenTest} from "./TokenSetup.sol";

/// Who may make a line in an account's statement, which of several reasons is told, and whom it names.
contract SpendersTest is TokenTest {
    function spend(address spender, address from, address to, uint256 amount) private returns (bool done, bytes memory answer) {
        vm.prank(spender);
        return address(token).call(abi.encodeCall(token.transferFrom, (from, to, amount)));
    }

    function told(bytes memory answer, uint8 code, address account) private pure {
        bytes memory expected = abi.encodeWithSelector(Ledger.TransferRestricted.selector, code, account);
        same("error", keccak256(answer), keccak256(expected));
    }

    function allow(address owner, address spender, uint256 amount) private {
        vm.prank(owner);
        token.approve(spender, amount);
    }

    // NOTHING

    /// Whoever asks, with an allowance or without: only an account's own side makes a line of nothing in its statement.
    function testFuzz_nobody_makes_a_line_of_nothing_for_another(uint8 by, uint8 owned, uint8 to, uint64 allowed) public {
        address[6] memory parties = [ALICE, BOB, CAROL, DAVE, STRANGER, address(token)];
        (address spender, address owner) = (parties[by % 6], parties[owned % 6]);
        vm.assume(spender != owner);
        if (owner != STRANGER && spender != STRANGER && owner != address(token) && spender != address(token)) {
            allow(owner, spender, allowed);
        }
        vm.recordLogs();
        (bool done,) = spend(spender, owner, parties[to % 6], 0);
        holds("refused", !done);
        same("no line", vm.getRecordedLogs().length, 0);
    }

    function test_a_spenders_transfer_of_nothing_is_an_invalid_amount() public {
        fund(ALICE, 5_00);
        (, bytes memory answer) = spend(CAROL, ALICE, BOB, 0);
        told(answer, Restriction.INVALID_AMOUNT, ALICE);
        allow(DAVE, CAROL, 5);
        (, answer) = spend(CAROL, DAVE, BOB, 0);
        told(answer, Restriction.INVALID_AMOUNT, DAVE);
    }

    function test_a_holder_may_send_nothing_of_its_own() public {
        vm.recordLogs();
        vm.prank(CAROL);
        token.transfer(ALICE, 0);
        spend(CAROL, CAROL, ALICE, 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        same("lines", logs.length, 2);
        same("of its own", logs[1].topics[1], bytes32(uint256(uint160(CAROL))));
    }

    // THE LOWEST CODE

    function codeOf(bytes memory answer) private pure returns (uint8) {
        bytes4 selector = bytes4(answer);
        if (selector == Ledger.TransferRestricted.selector) return uint8(answer[35]);
        if (selector == Pausable.EnforcedPause.selector) return Restriction.PAUSED;
        if (selector == IERC20Errors.ERC20InsufficientBalance.selector) return Restriction.INSUFFICIENT_BALANCE;
        if (selector == Ledger.InsufficientUnlockedBalance.selector) return Restriction.INSUFFICIENT_UNLOCKED_BALANCE;
        return 255;
    }

    /// Any two parties and any spender in any status, any balance and freeze, paused or not: the lowest of what applies.
    function testFuzz_a_spender_is_told_the_lowest_code(uint8 owner, uint8 payee, uint8 spender, uint8 amounts, bool paused)
        public
    {
        uint256 amount = uint256(amounts) % 16 + 1;
        fund(CAROL, 10);
        allow(CAROL, BOB, 100);
        freeze(CAROL, amounts / 16);
        (uint8 from, uint8 to, uint8 by) = (1 + owner % 3, 1 + payee % 4, 1 + spender % 4);
        if (from != 1) setStatus(CAROL, from);
        if (to != 1) setStatus(DAVE, to);
        if (by != 1) setStatus(BOB, by);
        if (paused) {
            vm.prank(PAUSER);
            token.pause();
        }
        uint8 lowest = 0;
        if (amount + amounts / 16 > 10) lowest = Restriction.INSUFFICIENT_UNLOCKED_BALANCE;
        if (amount > 10) lowest = Restriction.INSUFFICIENT_BALANCE;
        if (by != 1) lowest = Restriction.SPENDER_NOT_ACTIVE;
        if (to != 1) lowest = 8 + to;
        if (from != 1) lowest = 3 + from;
        if (paused) lowest = Restriction.PAUSED;
        (bool done, bytes memory answer) = spend(BOB, CAROL, DAVE, amount);
        same("code", done ? 0 : codeOf(answer), lowest);
        same("what it holds", token.balanceOf(CAROL), done ? 10 - amount : 10);
        same("what is allowed", token.allowance(CAROL, BOB), done ? 100 - amount : 100);
    }

    function test_each_code_names_the_party_it_is_about() public {
        fund(CAROL, 10);
        (, bytes memory answer) = spend(BOB, STRANGER, ALICE, 1);
        told(answer, Restriction.DEBTOR_NOT_REGISTERED, STRANGER);
        vm.prank(CAROL);
        vm.expectRevert(
            abi.encodeWithSelector(Ledger.TransferRestricted.selector, Restriction.CREDITOR_NOT_REGISTERED, STRANGER)
        );
        token.transfer(STRANGER, 1);
        (, answer) = spend(STRANGER, CAROL, ALICE, 1);
        told(answer, Restriction.SPENDER_NOT_ACTIVE, STRANGER);
        setStatus(DAVE, 4);
        (, answer) = spend(BOB, CAROL, DAVE, 1);
        told(answer, Restriction.CREDITOR_CLOSED, DAVE);
    }

    function test_while_paused_the_view_says_so_whatever_else_applies() public {
        fund(CAROL, 10);
        holds("can", token.canTransfer(CAROL, ALICE, 10));
        vm.prank(PAUSER);
        token.pause();
        same("paused", token.detectTransferRestriction(CAROL, ALICE, 10), Restriction.PAUSED);
        same("and more", token.detectTransferRestriction(STRANGER, ALICE, AMOUNT_MAX + 1), Restriction.PAUSED);
        holds("cannot", !token.canTransfer(CAROL, ALICE, 10));
    }

    function test_an_authorisation_ends_before_the_second_it_names() public {
        fund(CAROL, 10);
        uint256 end = 1_767_225_610;
        bytes memory signature = signAuthorization(CAROL_KEY, false, CAROL, ALICE, 1, end, "n");
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, 0, end));
        token.transferWithAuthorization(CAROL, ALICE, 1, 0, end, "n", signature);
        vm.warp(end - 1);
        token.transferWithAuthorization(CAROL, ALICE, 1, 0, end, "n", signature);
        same("ALICE", token.balanceOf(ALICE), 1);
    }
}
