// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Batches} from "../src/token/Batches.sol";
import {Reserve} from "../src/token/Reserve.sol";
import {Enforcement} from "../src/token/Enforcement.sol";
import {Holds} from "../src/token/Holds.sol";
import {Ledger} from "../src/token/Ledger.sol";
import {Leg} from "../src/token/Leg.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {Settlement} from "../src/token/Settlement.sol";
import {vm} from "./Cheats.sol";
import {Router, Wallet} from "./Parties.sol";
import {TokenTest} from "./TokenSetup.sol";

/// Every state against every function that moves tokens, or gives somebody the power to: the outcome of each pair is one
/// cell of the table below, a restriction code, or E where a deadline has passed. Whatever is refused moves nothing.
contract MatrixTest is TokenTest {
    uint8 private constant E = 200;

    enum State {
        Normal,
        Paused,
        SenderSuspended,
        SenderFrozen,
        SenderUnregistered,
        ReceiverSuspended,
        ReceiverFrozen,
        ReceiverClosed,
        ReceiverUnregistered,
        SpenderSuspended,
        SpenderUnregistered,
        PartlyFrozen,
        PartlyHeld,
        TooLittle,
        Expired
    }

    enum Way {
        Transfer,
        TransferFrom,
        TransferByContract,
        TransferFromByContract,
        Approve,
        Permit,
        TransferWithAuthorization,
        TransferWithAuthorizationBytes,
        ReceiveWithAuthorization,
        ReceiveWithAuthorizationBytes,
        TransferWithAuthorizationOfContract,
        ReceiveWithAuthorizationOfContract,
        SettleMint,
        SettleTransfer,
        SettleRedeem,
        SettleNet,
        MoveAll,
        PlaceHold,
        PlaceHoldBySettlement,
        ExecuteHold,
        ForcedTransfer
    }

    function outcomes(Way way) private pure returns (uint8[15] memory) {
        //                                           sender      receiver         spender
        //                             normal paused su fr  un   su  fr  cl  un   su  un   part-frozen part-held little expired
        if (way == Way.Transfer)                       return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, 0];
        if (way == Way.TransferFrom)                   return [0, 1, 5, 6, 4, 10, 11, 12, 9, 13, 13, 15, 15, 14, 0];
        if (way == Way.TransferByContract)             return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, 0];
        if (way == Way.TransferFromByContract)         return [0, 1, 5, 6, 4, 10, 11, 12, 9, 13, 13, 15, 15, 14, 0];
        if (way == Way.Approve)                        return [0, 1, 5, 6, 4,  0,  0,  0, 0, 13, 13,  0,  0,  0, 0];
        if (way == Way.Permit)                         return [0, 1, 5, 6, 4,  0,  0,  0, 0, 13, 13,  0,  0,  0, E];
        if (way == Way.TransferWithAuthorization)      return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, E];
        if (way == Way.TransferWithAuthorizationBytes) return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, E];
        if (way == Way.ReceiveWithAuthorization)       return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, E];
        if (way == Way.ReceiveWithAuthorizationBytes)  return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, E];
        if (way == Way.TransferWithAuthorizationOfContract) return [0, 1, 5, 6, 4, 10, 11, 12, 9, 0, 0, 15, 15, 14, E];
        if (way == Way.ReceiveWithAuthorizationOfContract)  return [0, 1, 5, 6, 4, 10, 11, 12, 9, 0, 0, 15, 15, 14, E];
        if (way == Way.SettleMint)                     return [0, 1, 0, 0, 0, 10, 11, 12, 9,  0,  0,  0,  0,  0, 0];
        if (way == Way.SettleTransfer)                 return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, 0];
        if (way == Way.SettleRedeem)                   return [0, 1, 5, 6, 4,  0,  0,  0, 0,  0,  0, 15, 15, 14, 0];
        if (way == Way.SettleNet)                      return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, 0];
        if (way == Way.PlaceHold)                      return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, E];
        if (way == Way.PlaceHoldBySettlement)          return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, E];
        if (way == Way.MoveAll)                        return [0, 1, 5, 6, 4, 10, 11, 12, 9,  0,  0, 15, 15, 14, 0];
        // The hold was placed while all was well; the part frozen later goes before it, a second hold does not. The spender's
        // part is the notary's.
        if (way == Way.ExecuteHold)                    return [0, 1, 5, 6, 0, 10, 11, 12, 0, 13,  0, 15,  0,  0, E];
        // Only the court's own rules: not from what is held or not there, and to nobody who is not active.
        if (way == Way.ForcedTransfer)                 return [0, 1, 0, 0, 14, 10, 11, 12, 9, 0,  0,  0, 15, 14, 0];
        revert Fails("no row");
    }

    uint256 private constant AMOUNT = 60_00;
    uint256 private constant NOBODY_KEY = 0x0B0D1;
    bytes32 private constant HOLD = "hold";

    address private sender;
    uint256 private senderKey;
    address private receiver;
    address private spender;

    function test_every_state_against_every_function() public {
        for (uint8 way = 0; way <= uint8(type(Way).max); ++way) {
            uint8[15] memory expected = outcomes(Way(way));
            for (uint8 state = 0; state <= uint8(type(State).max); ++state) {
                setUp();
                enter(State(state), Way(way));
                (uint256 senderHad, uint256 receiverHad) = (token.balanceOf(sender), token.balanceOf(receiver));
                uint8 outcome = attempt(Way(way), State(state));
                if (outcome != expected[state]) revert Cell(Way(way), State(state), outcome, expected[state]);
                if (outcome != 0) {
                    same("sender keeps all", token.balanceOf(sender), senderHad);
                    same("receiver gets nothing", token.balanceOf(receiver), receiverHad);
                }
            }
        }
    }

    error Cell(Way way, State state, uint8 outcome, uint8 expected);

    function enter(State state, Way way) private {
        bool bySettlement = way == Way.SettleTransfer || way == Way.SettleRedeem || way == Way.SettleNet
            || way == Way.MoveAll || way == Way.PlaceHoldBySettlement;
        (sender, senderKey) = bySettlement ? (ALICE, 0) : (CAROL, CAROL_KEY);
        receiver = DAVE;
        spender = BOB;
        if (way == Way.TransferByContract) register(sender = address(new Router()), 5, true);
        if (way == Way.TransferFromByContract) register(spender = address(new Router()), 5, true);
        if (signedByContract(way)) register(sender = address(new Wallet(CAROL)), 5, true);
        fund(sender, state == State.TooLittle ? AMOUNT - 1 : AMOUNT);
        if (way == Way.TransferFrom || way == Way.TransferFromByContract) {
            vm.prank(sender);
            token.approve(spender, AMOUNT);
        }
        if (way == Way.ExecuteHold) {
            if (state == State.TooLittle) fund(sender, 1);
            place(HOLD, AMOUNT, uint64(block.timestamp + 1 days), sender);
            // what a second hold locks is not this hold's
            if (state == State.PartlyHeld) fund(sender, 1);
        }

        if (state == State.Paused) {
            vm.prank(PAUSER);
            token.pause();
        }
        if (state == State.SenderSuspended) setStatus(sender, 2);
        if (state == State.SenderFrozen) setStatus(sender, 3);
        if (state == State.SenderUnregistered && way != Way.ExecuteHold) {
            (sender, senderKey) = (vm.addr(NOBODY_KEY), NOBODY_KEY);
            if (way == Way.TransferByContract) sender = address(new Router());
            if (signedByContract(way)) (sender, senderKey) = (address(new Wallet(CAROL)), CAROL_KEY);
            if (way == Way.TransferFrom || way == Way.TransferFromByContract) approveByStorage();
        }
        if (state == State.ReceiverSuspended) setStatus(receiver, 2);
        if (state == State.ReceiverFrozen) setStatus(receiver, 3);
        if (state == State.ReceiverClosed) setStatus(receiver, 4);
        if (state == State.ReceiverUnregistered) receiver = STRANGER;
        if (state == State.SpenderSuspended) setStatus(spender, 2);
        if (state == State.SpenderUnregistered) {
            spender = way == Way.TransferFromByContract ? address(new Router()) : STRANGER;
            approveByStorage();
        }
        if (state == State.PartlyFrozen) {
            vm.prank(ENFORCER);
            token.setFrozenTokens(sender, 1);
        }
        if (state == State.PartlyHeld) place("another", 1, uint64(block.timestamp + 1 days), sender);
        if (state == State.Expired) vm.warp(block.timestamp + 2 days);
    }

    function signedByContract(Way way) private pure returns (bool) {
        return way == Way.TransferWithAuthorizationOfContract || way == Way.ReceiveWithAuthorizationOfContract;
    }

    /// Who is not registered can neither approve nor be approved; give the allowance as if one had been taken off since.
    function approveByStorage() private {
        bytes32 slot = keccak256(abi.encode(spender, keccak256(abi.encode(sender, uint256(1)))));
        vm.store(address(token), slot, bytes32(AMOUNT));
        same("allowance", token.allowance(sender, spender), AMOUNT);
    }

    function place(bytes32 id, uint256 amount, uint64 expiresAt, address payer) private {
        vm.prank(payer == ALICE ? SETTLEMENT : payer);
        token.placeHold(id, payer, DAVE, BOB, amount, expiresAt);
    }

    function attempt(Way way, State state) private returns (uint8) {
        if (way == Way.SettleMint) return settle(mintLeg(receiver, AMOUNT));
        if (way == Way.SettleTransfer) return settle(transferLeg(sender, receiver, AMOUNT));
        if (way == Way.SettleRedeem) return settle(redeemLeg(sender, AMOUNT));
        if (way == Way.SettleNet) return settleNet(transferLeg(sender, receiver, AMOUNT));
        if (way == Way.MoveAll) return moveAll(transferLeg(sender, receiver, AMOUNT));
        if (way == Way.TransferByContract || way == Way.TransferFromByContract) return byContract(way);
        address caller = sender;
        if (way == Way.TransferFrom) caller = spender;
        if (way == Way.Permit || way == Way.TransferWithAuthorization) caller = STRANGER;
        if (way == Way.TransferWithAuthorizationBytes) caller = STRANGER;
        if (way == Way.TransferWithAuthorizationOfContract) caller = STRANGER;
        if (receives(way)) caller = receiver;
        if (way == Way.PlaceHoldBySettlement) caller = SETTLEMENT;
        if (way == Way.ExecuteHold) caller = BOB;
        if (way == Way.ForcedTransfer) caller = ENFORCER;
        bytes memory data = callOf(way, state == State.Expired);
        vm.prank(caller);
        (bool done, bytes memory answer) = address(token).call(data);
        return done ? 0 : codeOf(answer);
    }

    function settleNet(Leg memory leg) private returns (uint8) {
        Leg[] memory legs = new Leg[](1);
        legs[0] = leg;
        (Reserve.Attestation memory attestation, bytes memory signature) = attested("net", UNLIMITED);
        vm.prank(SETTLEMENT);
        (bool done, bytes memory answer) =
            address(token).call(abi.encodeCall(token.settleNet, ("net", legs, attestation, signature)));
        return done ? 0 : codeOf(answer);
    }

    function moveAll(Leg memory leg) private returns (uint8) {
        Leg[] memory legs = new Leg[](1);
        legs[0] = leg;
        makeMover(SETTLEMENT);
        vm.prank(SETTLEMENT);
        (bool done, bytes memory answer) = address(token).call(abi.encodeCall(token.moveAll, ("move", legs)));
        return done ? 0 : codeOf(answer);
    }

    /// A stranger calls the contract that holds the tokens, or the allowance: the token sees the contract only.
    function byContract(Way way) private returns (uint8) {
        bool pays = way == Way.TransferByContract;
        bytes memory data = pays
            ? abi.encodeCall(Router.pay, (token, receiver, AMOUNT))
            : abi.encodeCall(Router.handOn, (token, sender, receiver, AMOUNT));
        vm.prank(STRANGER);
        (bool done, bytes memory answer) = (pays ? sender : spender).call(data);
        return done ? 0 : codeOf(answer);
    }

    function receives(Way way) private pure returns (bool) {
        return way == Way.ReceiveWithAuthorization || way == Way.ReceiveWithAuthorizationBytes
            || way == Way.ReceiveWithAuthorizationOfContract;
    }

    function callOf(Way way, bool expired) private view returns (bytes memory) {
        uint256 deadline = expired ? block.timestamp - 1 : block.timestamp + 1 days;
        if (way == Way.Transfer) return abi.encodeCall(token.transfer, (receiver, AMOUNT));
        if (way == Way.TransferFrom) return abi.encodeCall(token.transferFrom, (sender, receiver, AMOUNT));
        if (way == Way.Approve) return abi.encodeCall(token.approve, (spender, AMOUNT));
        if (way == Way.ExecuteHold) return abi.encodeCall(token.executeHold, (HOLD));
        if (way == Way.PlaceHold || way == Way.PlaceHoldBySettlement) {
            return abi.encodeCall(token.placeHold, (HOLD, sender, receiver, BOB, AMOUNT, uint64(deadline)));
        }
        if (way == Way.ForcedTransfer) {
            return abi.encodeCall(token.forcedTransfer, (sender, receiver, AMOUNT, "order 7/26"));
        }
        if (way == Way.Permit) {
            (uint8 v, bytes32 r, bytes32 s) = split(signPermit(senderKey, sender, spender, AMOUNT, deadline));
            return abi.encodeCall(token.permit, (sender, spender, AMOUNT, deadline, v, r, s));
        }
        string memory name = receives(way) ? "receiveWithAuthorization" : "transferWithAuthorization";
        bytes memory signature = signAuthorization(senderKey, receives(way), sender, receiver, AMOUNT, deadline, "n");
        bool inBytes = way == Way.TransferWithAuthorizationBytes || way == Way.ReceiveWithAuthorizationBytes;
        if (inBytes || signedByContract(way)) {
            return abi.encodeWithSignature(
                string.concat(name, "(address,address,uint256,uint256,uint256,bytes32,bytes)"),
                sender, receiver, AMOUNT, 0, deadline, bytes32("n"), signature
            );
        }
        (uint8 v_, bytes32 r_, bytes32 s_) = split(signature);
        return abi.encodeWithSignature(
            string.concat(name, "(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)"),
            sender, receiver, AMOUNT, 0, deadline, bytes32("n"), v_, r_, s_
        );
    }

    function codeOf(bytes memory answer) private pure returns (uint8) {
        bytes4 selector = bytes4(answer);
        if (selector == Ledger.TransferRestricted.selector) return uint8(answer[35]);
        if (selector == Batches.LegRefused.selector) return uint8(answer[67]);
        if (selector == Settlement.NetLegRefused.selector) return uint8(answer[67]);
        if (selector == Pausable.EnforcedPause.selector) return Restriction.PAUSED;
        if (selector == IERC20Errors.ERC20InsufficientBalance.selector) return Restriction.INSUFFICIENT_BALANCE;
        if (selector == Ledger.InsufficientUnlockedBalance.selector) return Restriction.INSUFFICIENT_UNLOCKED_BALANCE;
        if (selector == Enforcement.AmountHeld.selector) return Restriction.INSUFFICIENT_UNLOCKED_BALANCE;
        if (selector == ERC20Permit.ERC2612ExpiredSignature.selector) return E;
        if (selector == ERC3009.ERC3009InvalidAuthorizationTime.selector) return E;
        if (selector == Holds.HoldExpired.selector) return E;
        return 255;
    }
}
