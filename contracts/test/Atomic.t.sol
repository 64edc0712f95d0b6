// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {AtomicSettlement} from "../src/AtomicSettlement.sol";
import {DepositToken} from "../src/DepositToken.sol";
import {Batches} from "../src/token/Batches.sol";
import {Holds} from "../src/token/Holds.sol";
import {Leg} from "../src/token/Leg.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {Vm, vm} from "./Cheats.sol";
import {Hostile} from "./Parties.sol";
import {TradeSetup} from "./TradeSetup.sol";

/// Trades of two tokens, each all or nothing, with honest tokens and with hostile ones.
contract AtomicTest is TradeSetup {
    Hostile private hostile;

    function setUp() public {
        prepareTrades();
        hostile = new Hostile();
        fundIn(asset, ALICE, 100);
        fundIn(cash, BOB, 1_000);
    }

    function held(address account, uint256 units, uint256 money) private view {
        same("asset", asset.balanceOf(account), units);
        same("cash", cash.balanceOf(account), money);
    }

    function three(
        AtomicSettlement.Trade memory first,
        AtomicSettlement.Trade memory second,
        AtomicSettlement.Trade memory third
    ) private pure returns (AtomicSettlement.Trade[] memory trades) {
        trades = new AtomicSettlement.Trade[](3);
        (trades[0], trades[1], trades[2]) = (first, second, third);
    }

    // EACH TRADE

    function test_both_sides_of_a_trade_move_in_one_call() public {
        vm.recordLogs();
        same("settled", settleTrade(sale("t", 10, 500)), 0);
        held(ALICE, 90, 500);
        held(BOB, 10, 500);
        same("block", atomic.settledAt("t"), block.number);
        same("in the asset", asset.settledAt("t"), block.number);
        same("in the cash", cash.settledAt("t"), block.number);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        same("logs", logs.length, 5);
        same("last", logs[4].topics[0], keccak256("TradeSettled(bytes32)"));
        same("id", logs[4].topics[1], bytes32("t"));
    }

    function test_what_one_side_cannot_do_undoes_the_other() public {
        vm.recordLogs();
        same("code", settleTrade(sale("t", 10, 1_001)), Restriction.INSUFFICIENT_BALANCE);
        held(ALICE, 100, 0);
        held(BOB, 0, 1_000);
        same("free", atomic.settledAt("t"), 0);
        same("free in the asset", asset.settledAt("t"), 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        // forge keeps the logs of what was undone, too.
        Vm.Log memory last = logs[logs.length - 1];
        same("refused", last.topics[0], keccak256("TradeRefused(bytes32,uint8,address,bytes)"));
        same("id", last.topics[1], bytes32("t"));
        (uint8 code, address refusing, bytes memory reason) = abi.decode(last.data, (uint8, address, bytes));
        same("code", code, Restriction.INSUFFICIENT_BALANCE);
        holds("who", refusing == address(cash));
        bytes memory error = abi.encodeWithSelector(Batches.LegRefused.selector, 0, Restriction.INSUFFICIENT_BALANCE);
        same("why", keccak256(reason), keccak256(error));
        same("again, with less", settleTrade(sale("t", 10, 1_000)), 0);
    }

    function test_each_trade_of_a_call_stands_on_its_own() public {
        bytes memory codes = settleTrades(three(sale("a", 10, 100), sale("b", 91, 100), sale("c", 90, 900)));
        same("codes", keccak256(codes), keccak256(hex"000e00"));
        held(ALICE, 0, 1_000);
        held(BOB, 100, 0);
        same("b is free", atomic.settledAt("b"), 0);
    }

    function test_a_trade_settles_once() public {
        bytes memory codes = settleTrades(three(sale("a", 1, 1), sale("a", 1, 1), sale("b", 1, 1)));
        same("codes", keccak256(codes), keccak256(hex"00f000"));
        same("later", settleTrade(sale("a", 1, 1)), atomic.ALREADY_SETTLED());
        held(BOB, 2, 998);
    }

    function test_a_trade_that_says_nothing_is_malformed() public {
        AtomicSettlement.Trade memory nothing = AtomicSettlement.Trade("n", ENOUGH, new AtomicSettlement.Movement[](0));
        same("no movement", settleTrade(nothing), atomic.MALFORMED_TRADE());
        AtomicSettlement.Movement memory empty;
        empty.token = address(cash);
        same("an empty one", settleTrade(trade("e", move(asset, ALICE, BOB, 1), empty)), atomic.MALFORMED_TRADE());
        DepositToken none = DepositToken(STRANGER);
        same("no token", settleTrade(trade("s", move(asset, ALICE, BOB, 1), move(none, BOB, ALICE, 1))), 241);
        held(ALICE, 100, 0);
    }

    function test_a_token_stands_in_the_legs_of_a_trade_once() public {
        AtomicSettlement.Trade memory twice = trade("t", move(asset, ALICE, BOB, 1), move(asset, ALICE, BOB, 1));
        same("refused", settleTrade(twice), atomic.TOKEN_REFUSED());
        held(ALICE, 100, 0);
    }

    function test_it_mints_and_redeems_nothing() public {
        AtomicSettlement.Trade memory mint = sale("t", 1, 1);
        mint.movements[0].legs[0] = mintLeg(BOB, 5);
        same("mint", settleTrade(mint), Restriction.INVALID_INSTRUCTION);
        mint.movements[0].legs[0] = redeemLeg(ALICE, 5);
        same("redeem", settleTrade(mint), Restriction.INVALID_INSTRUCTION);
        same("supply", asset.totalSupply(), 100);
    }

    /// The states of a token and of the parties against a trade, as the matrix has them for a token alone.
    function test_each_refusal_of_a_token_is_the_code_of_the_trade() public {
        uint8[11] memory codes = [1, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15];
        for (uint256 i = 0; i < codes.length; ++i) {
            setUp();
            (address from, address to, uint256 amount) = (BOB, ALICE, uint256(10));
            uint8 code = codes[i];
            token = cash;
            if (code == 1) {
                vm.prank(PAUSER);
                cash.pause();
            }
            if (code == 4) from = STRANGER;
            if (code == 5 || code == 6) setStatus(BOB, code - 3);
            if (code == 8) from = CAROL;
            if (code == 9) to = STRANGER;
            if (code >= 10 && code <= 12) setStatus(ALICE, code - 8);
            if (code == 14) amount = 1_001;
            if (code == 15) freeze(BOB, 991);
            same("code", settleTrade(trade("t", move(asset, ALICE, BOB, 1), move(cash, from, to, amount))), code);
            same("kept", asset.balanceOf(ALICE), 100);
        }
    }

    // SELF CUSTODY

    function test_holds_of_which_it_is_the_notary_are_executed_with_a_trade() public {
        fundIn(cash, CAROL, 700);
        hold("h", CAROL, ALICE, address(atomic), 700);
        same("settled", settleTrade(trade("t", move(asset, ALICE, CAROL, 30), execute(address(cash), "h"))), 0);
        held(CAROL, 30, 0);
        held(ALICE, 70, 700);
    }

    function test_a_hold_is_undone_with_its_trade() public {
        fundIn(cash, CAROL, 700);
        hold("h", CAROL, ALICE, address(atomic), 700);
        same("too much", settleTrade(trade("t", execute(address(cash), "h"), move(asset, ALICE, CAROL, 101))), 14);
        holds("open", cash.hold("h").open);
        same("held", cash.heldTokens(CAROL), 700);
        vm.prank(SETTLEMENT);
        atomic.releaseHold(Holds(address(cash)), "h");
        same("given back", cash.heldTokens(CAROL), 0);
        same("over", settleTrade(trade("t", execute(address(cash), "h"))), atomic.TOKEN_REFUSED());
    }

    function test_a_hold_tells_why_it_may_not_move() public {
        fundIn(cash, CAROL, 700);
        hold("h", CAROL, ALICE, address(atomic), 700);
        token = cash;
        freeze(CAROL, 1);
        same("locked", settleTrade(trade("t", execute(address(cash), "h"))), 15);
        freeze(CAROL, 0);
        setStatus(ALICE, 3);
        same("creditor", settleTrade(trade("t", execute(address(cash), "h"))), Restriction.CREDITOR_FROZEN);
        vm.prank(PAUSER);
        cash.pause();
        same("paused", settleTrade(trade("t", execute(address(cash), "h"))), Restriction.PAUSED);
        vm.prank(PAUSER);
        cash.unpause();
        setStatus(ALICE, 1);
        vm.warp(block.timestamp + 2 days);
        same("expired", settleTrade(trade("t", execute(address(cash), "h"))), atomic.TOKEN_REFUSED());
    }

    function test_a_hold_of_another_notary_is_not_its_own() public {
        fundIn(cash, CAROL, 700);
        hold("h", CAROL, ALICE, DAVE, 700);
        same("refused", settleTrade(trade("t", execute(address(cash), "h"))), atomic.TOKEN_REFUSED());
    }

    // WHO MAY

    function test_the_settlement_key_alone_settles_and_releases() public {
        AtomicSettlement.Trade[] memory trades = three(sale("a", 1, 1), sale("b", 1, 1), sale("c", 1, 1));
        bytes32 role = atomic.SETTLEMENT_ROLE();
        address[5] memory others = [ADMIN, ATTESTOR, ENFORCER, ALICE, address(atomic)];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory error =
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, others[i], role);
            vm.prank(others[i]);
            vm.expectRevert(error);
            atomic.settle(trades);
            vm.prank(others[i]);
            vm.expectRevert(error);
            atomic.releaseHold(Holds(address(cash)), "h");
        }
        vm.prank(SETTLEMENT);
        vm.expectRevert(abi.encodeWithSelector(AtomicSettlement.OnlyItself.selector, SETTLEMENT));
        atomic.carryOut(trades[0]);
    }

    function test_the_key_changes_hands_as_that_of_a_token() public {
        bytes32 role = atomic.SETTLEMENT_ROLE();
        vm.startPrank(ADMIN);
        atomic.grantRole(role, STRANGER);
        atomic.revokeRole(role, SETTLEMENT);
        vm.stopPrank();
        AtomicSettlement.Trade[] memory trades = three(sale("a", 1, 1), sale("b", 1, 1), sale("c", 1, 1));
        vm.prank(SETTLEMENT);
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        atomic.settle(trades);
        vm.prank(STRANGER);
        same("codes", keccak256(atomic.settle(trades)), keccak256(hex"000000"));
    }

    // HOSTILE TOKENS

    function withHostile(Hostile.Mode mode) private returns (AtomicSettlement.Trade[] memory) {
        hostile.become(mode);
        AtomicSettlement.Trade memory bad = trade("b", move(asset, ALICE, BOB, 1), execute(address(hostile), "x"));
        return three(sale("a", 10, 100), bad, sale("c", 10, 100));
    }

    /// Whatever it does, its own trade is all it spoils, for no more than that trade's gas.
    function test_a_hostile_token_spoils_its_own_trade_alone() public {
        uint8[6] memory codes = [243, 242, 0, 243, 242, 242];
        for (uint8 i = 0; i < codes.length; ++i) {
            setUp();
            AtomicSettlement.Trade[] memory trades = withHostile(Hostile.Mode(i + 1));
            uint256 before = gasleft();
            bytes memory settled = settleTrades(trades);
            holds("within its gas", before - gasleft() < 3 * uint256(ENOUGH));
            same("first", uint8(settled[0]), 0);
            same("its own", uint8(settled[1]), codes[i]);
            same("third", uint8(settled[2]), 0);
            held(BOB, codes[i] == 0 ? 21 : 20, 800);
            same("told", hostile.asked(), codes[i] == 0 ? 1 : 0);
        }
    }

    function test_what_a_hostile_token_reverts_with_is_cut_off() public {
        vm.recordLogs();
        settleTrade(withHostile(Hostile.Mode.RevertsWithMuch)[1]);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (,, bytes memory reason) = abi.decode(logs[logs.length - 1].data, (uint8, address, bytes));
        same("length", reason.length, 100);
    }

    /// Called in the middle of a trade it has no more power than any stranger.
    function test_a_token_that_calls_back_gets_nowhere() public {
        fundIn(cash, CAROL, 50);
        hold("h", CAROL, DAVE, address(atomic), 50);
        AtomicSettlement.Trade[] memory more = three(sale("x", 1, 1), sale("y", 1, 1), sale("z", 1, 1));
        Leg[] memory legs = new Leg[](1);
        legs[0] = transferLeg(ALICE, BOB, 1);
        hostile.willTry(address(atomic), abi.encodeCall(atomic.settle, (more)));
        hostile.willTry(address(atomic), abi.encodeCall(atomic.carryOut, (more[0])));
        hostile.willTry(address(atomic), abi.encodeCall(atomic.releaseHold, (Holds(address(cash)), "h")));
        hostile.willTry(address(cash), abi.encodeCall(cash.executeHold, ("h")));
        hostile.willTry(address(asset), abi.encodeCall(asset.moveAll, ("x", legs)));
        bytes memory codes = settleTrades(withHostile(Hostile.Mode.Reenters));
        same("codes", keccak256(codes), keccak256(hex"000000"));
        same("asked", hostile.asked(), 1);
        holds("nowhere", !hostile.gotIn());
        holds("open", cash.hold("h").open);
        same("asset", asset.balanceOf(BOB), 21);
    }

    /// Even with the settlement key itself in the hands of a token, a trade that runs cannot be settled within itself.
    function test_a_trade_is_taken_before_its_tokens_are_asked() public {
        bytes32 role = atomic.SETTLEMENT_ROLE();
        vm.prank(ADMIN);
        atomic.grantRole(role, address(hostile));
        AtomicSettlement.Trade[] memory same_ = new AtomicSettlement.Trade[](1);
        same_[0] = trade("b", move(asset, ALICE, BOB, 1));
        hostile.willTry(address(atomic), abi.encodeCall(atomic.settle, (same_)));
        bytes memory codes = settleTrades(withHostile(Hostile.Mode.Reenters));
        same("codes", keccak256(codes), keccak256(hex"000000"));
        same("once", asset.balanceOf(BOB), 21);
    }

    // GAS

    function test_a_trade_that_needs_more_than_its_own_gas_fails_alone() public {
        AtomicSettlement.Trade[] memory trades = three(sale("a", 1, 1), sale("b", 1, 1), sale("c", 1, 1));
        trades[1].gasLimit = 60_000;
        bytes memory codes = settleTrades(trades);
        same("codes", keccak256(codes), keccak256(hex"00f300"));
        trades[1].gasLimit = 0;
        same("none", settleTrade(trades[1]), atomic.OUT_OF_GAS());
    }

    /// Too little gas for the call ends the whole of it, and never one trade: what is written down is what it would have been with
    /// any more.
    function testFuzz_the_gas_sent_never_decides_a_trade(uint24 gas_, uint8 mode) public {
        AtomicSettlement.Trade[] memory trades = withHostile(Hostile.Mode(mode % 7));
        uint8 code = [0, 243, 242, 0, 243, 242, 242][mode % 7];
        vm.prank(SETTLEMENT);
        (bool done, bytes memory answer) =
            address(atomic).call{gas: 21_000 + gas_ % 2_000_000}(abi.encodeCall(atomic.settle, (trades)));
        if (!done) {
            held(ALICE, 100, 0);
            return;
        }
        bytes memory codes = abi.decode(answer, (bytes));
        same("codes", keccak256(codes), keccak256(abi.encodePacked(uint8(0), code, uint8(0))));
    }

    function test_a_call_with_too_little_gas_says_how_much() public {
        AtomicSettlement.Trade[] memory trades = three(sale("a", 1, 1), sale("b", 1, 1), sale("c", 1, 1));
        vm.prank(SETTLEMENT);
        (bool done, bytes memory answer) =
            address(atomic).call{gas: 400_000}(abi.encodeCall(atomic.settle, (trades)));
        holds("refused", !done);
        same("error", bytes4(answer), AtomicSettlement.GasTooLow.selector);
    }
}
