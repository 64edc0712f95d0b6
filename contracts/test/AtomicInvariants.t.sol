// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AtomicSettlement} from "../src/AtomicSettlement.sol";
import {DepositToken} from "../src/DepositToken.sol";
import {vm} from "./Cheats.sol";
import {TradeSetup} from "./TradeSetup.sol";

/// Trades at random between four parties, with holds, freezes, changes of status, pauses and time between them. Beside them a
/// model: what the trades that answered 0 say together.
contract Traders is TradeSetup {
    address[4] private parties = [ALICE, BOB, CAROL, DAVE];
    bytes32[] private holdIds;
    uint256 private trades;
    uint256 public settled;
    uint256 public refused;
    mapping(DepositToken => mapping(address => int256)) private expected;

    constructor() {
        prepareTrades();
        for (uint256 i = 0; i < 4; ++i) {
            fundIn(cash, parties[i], 10_000);
            fundIn(asset, parties[i], 10_000);
            expected[cash][parties[i]] = 10_000;
            expected[asset][parties[i]] = 10_000;
        }
    }

    function underTest() external view returns (AtomicSettlement, DepositToken, DepositToken) {
        return (atomic, cash, asset);
    }

    function one(uint256 draw) private view returns (address) {
        return parties[draw % 4];
    }

    function which(uint256 draw) private view returns (DepositToken) {
        return draw % 2 == 0 ? cash : asset;
    }

    function drawn(DepositToken in_, uint256 draw) private view returns (AtomicSettlement.Movement memory movement) {
        if (draw % 3 == 0 && holdIds.length != 0) return execute(address(in_), holdIds[(draw >> 8) % holdIds.length]);
        // From managed accounts as a rule.
        address from = draw % 16 == 1 ? one(draw >> 16) : parties[(draw >> 16) % 2];
        return move(in_, from, one(draw >> 24), (draw >> 32) % 3_000);
    }

    function settleSome(uint256 draw) external {
        AtomicSettlement.Trade[] memory batch = new AtomicSettlement.Trade[](draw % 4);
        for (uint256 i = 0; i < batch.length; ++i) {
            uint256 each = uint256(keccak256(abi.encode(draw, i)));
            // Now and then an id that was brought before.
            bytes32 id = bytes32(each % 8 == 0 ? trades : ++trades);
            batch[i] = trade(id, drawn(asset, each >> 8), drawn(cash, each >> 72));
        }
        AtomicSettlement.Movement[2][] memory terms = termsOf(batch);
        bytes memory codes = settleTrades(batch);
        for (uint256 i = 0; i < codes.length; ++i) {
            if (codes[i] != 0) {
                ++refused;
                continue;
            }
            ++settled;
            for (uint256 j = 0; j < 2; ++j) book(terms[i][j]);
        }
    }

    function termsOf(AtomicSettlement.Trade[] memory batch)
        private
        pure
        returns (AtomicSettlement.Movement[2][] memory terms)
    {
        terms = new AtomicSettlement.Movement[2][](batch.length);
        for (uint256 i = 0; i < batch.length; ++i) {
            (terms[i][0], terms[i][1]) = (batch[i].movements[0], batch[i].movements[1]);
        }
    }

    function book(AtomicSettlement.Movement memory movement) private {
        DepositToken in_ = DepositToken(movement.token);
        for (uint256 i = 0; i < movement.legs.length; ++i) {
            uint256 debit = movement.legs[i].debit;
            move_(in_, address(uint160(debit)), address(uint160(movement.legs[i].credit)), uint88(debit >> 160));
        }
        for (uint256 i = 0; i < movement.holds.length; ++i) {
            DepositToken.Hold memory hold_ = in_.hold(movement.holds[i]);
            move_(in_, hold_.payer, hold_.payee, hold_.amount);
        }
    }

    function move_(DepositToken in_, address from, address to, uint256 amount) private {
        expected[in_][from] -= int256(amount);
        expected[in_][to] += int256(amount);
    }

    function placeHold(uint256 draw, uint64 lifetime) external {
        DepositToken in_ = which(draw);
        bytes32 id = keccak256(abi.encode("hold", holdIds.length));
        address payer = parties[2 + (draw >> 8) % 2];
        vm.prank(payer);
        uint64 expiresAt = uint64(block.timestamp) + lifetime % 2 days + 1;
        address notary = draw % 8 == 7 ? BOB : address(atomic);
        try in_.placeHold(id, payer, one(draw >> 16), notary, (draw >> 24) % 3_000, expiresAt) {
            holdIds.push(id);
        } catch {}
    }

    function freezeSome(uint256 draw) external {
        token = which(draw);
        freeze(one(draw >> 8), draw % 4 == 0 ? (draw >> 16) % 20_000 : 0);
    }

    function changeStatus(uint256 draw) external {
        token = which(draw);
        setStatus(one(draw >> 8), draw % 4 == 0 ? 2 : 1);
    }

    function pauseOrNot(uint256 draw) external {
        DepositToken in_ = which(draw);
        if (!in_.paused() && draw % 8 != 0) return;
        bool paused = in_.paused();
        vm.prank(PAUSER);
        paused ? in_.unpause() : in_.pause();
    }

    function passTime(uint256 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 12 hours);
    }

    function check() external view {
        for (uint256 i = 0; i < 4; ++i) {
            same("cash", cash.balanceOf(parties[i]), uint256(expected[cash][parties[i]]));
            same("asset", asset.balanceOf(parties[i]), uint256(expected[asset][parties[i]]));
        }
    }
}

contract AtomicInvariantsTest is TradeSetup {
    Traders private traders;

    function setUp() public {
        traders = new Traders();
        (atomic, cash, asset) = traders.underTest();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(traders);
    }

    /// Balances are exactly what the settled trades say: no refused trade left anything, no settled one lacks anything.
    function invariant_no_trade_is_half_done() external view {
        traders.check();
    }

    function invariant_no_token_is_made_or_lost() external view {
        DepositToken[2] memory tokens = [cash, asset];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 sum = tokens[i].balanceOf(ALICE) + tokens[i].balanceOf(BOB) + tokens[i].balanceOf(CAROL)
                + tokens[i].balanceOf(DAVE);
            same("sum", sum, 40_000);
            same("supply", tokens[i].totalSupply(), 40_000);
            same("the contract holds nothing", tokens[i].balanceOf(address(atomic)), 0);
        }
    }

    /// The property would hold of a contract that refuses everything.
    function test_random_trades_settle_and_are_refused() public {
        for (uint256 i = 0; i < 60; ++i) traders.settleSome(uint256(keccak256(abi.encode(i))));
        holds("both", traders.settled() > 5 && traders.refused() > 5);
    }
}
