// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DepositToken} from "../src/DepositToken.sol";
import {Reserve} from "../src/token/Reserve.sol";
import {Leg} from "../src/token/Leg.sol";
import {vm} from "./Cheats.sol";
import {TokenSetup} from "./TokenSetup.sol";

/// Everything anybody can do to the token, with parameters drawn at random: batches, holders' own transfers, authorisations,
/// holds, court orders, status changes, pauses and time. What is refused is part of it.
contract Actors is TokenSetup {
    uint256 private constant PARTIES = 6;

    address[] public parties;
    uint256[] private keys;
    bytes32[] public openHolds;
    uint256 public settledBatches;
    uint256 public moved;

    constructor() {
        prepare();
        for (uint256 i = 0; i < PARTIES; ++i) {
            uint256 key = i + 1;
            address party = vm.addr(key);
            keys.push(key);
            parties.push(party);
            // The last stays outside the registry.
            if (i != PARTIES - 1) register(party, uint32(i), i % 2 == 1);
        }
    }

    function tokenUnderTest() external view returns (DepositToken) {
        return token;
    }

    function one(uint256 draw) private view returns (address) {
        return parties[draw % PARTIES];
    }

    function settleBatch(uint256 draw, uint256 legCount, uint256 slack) external {
        Leg[] memory legs = new Leg[](legCount % 12);
        for (uint256 i = 0; i < legs.length; ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(draw, i)));
            uint256 amount = drawn % 5_000 + 1;
            (address from, address to) = (one(drawn >> 32), one(drawn >> 64));
            uint256 kind = (drawn >> 96) % 3;
            legs[i] = kind == 0 ? mintLeg(to, amount) : kind == 1 ? transferLeg(from, to, amount) : redeemLeg(from, amount);
        }
        bytes memory codes = settle(legs, token.totalSupply() + slack % 20_000);
        ++settledBatches;
        for (uint256 i = 0; i < codes.length; ++i) if (codes[i] == 0) ++moved;
    }

    function settleNet(uint256 draw, uint256 legCount) external {
        Leg[] memory legs = new Leg[](legCount % 4);
        for (uint256 i = 0; i < legs.length; ++i) {
            uint256 drawn = uint256(keccak256(abi.encode(draw, i)));
            legs[i] = transferLeg(one(drawn >> 32), one(drawn >> 64), drawn % 2_000 + 1);
        }
        bytes32 root = keccak256(abi.encode("net", ++batches));
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(root, token.totalSupply());
        tryFromHolder(SETTLEMENT, abi.encodeCall(token.settleNet, (root, legs, attestation, signature)));
    }

    function tryFromHolder(address holder, bytes memory data) private {
        vm.prank(holder);
        (bool done,) = address(token).call(data);
        if (done) ++moved;
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        tryFromHolder(one(from), abi.encodeCall(token.transfer, (one(to), amount % 6_000)));
    }

    function transferFrom(uint256 owner, uint256 spender, uint256 to, uint256 amount) external {
        tryFromHolder(one(owner), abi.encodeCall(token.approve, (one(spender), amount % 6_000)));
        tryFromHolder(one(spender), abi.encodeCall(token.transferFrom, (one(owner), one(to), amount % 6_000)));
    }

    function authorise(uint256 from, uint256 to, uint256 amount, bytes32 nonce) external {
        uint256 before = block.timestamp + 1 hours;
        bytes memory signature =
            signAuthorization(keys[from % PARTIES], false, one(from), one(to), amount % 6_000, before, nonce);
        tryFromHolder(
            STRANGER,
            abi.encodeWithSignature(
                "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
                one(from), one(to), amount % 6_000, 0, before, nonce, signature
            )
        );
    }

    function placeHold(uint256 payer, uint256 payee, uint256 amount, bytes32 id, uint64 lifetime) external {
        vm.prank(one(payer));
        uint64 expiresAt = uint64(block.timestamp) + lifetime % 3 days + 1;
        try token.placeHold(id, one(payer), one(payee), BOB, amount % 4_000, expiresAt) {
            openHolds.push(id);
        } catch {}
    }

    function endHold(uint256 draw, bool execute) external {
        if (openHolds.length == 0) return;
        bytes32 id = openHolds[draw % openHolds.length];
        tryFromHolder(BOB, execute ? abi.encodeCall(token.executeHold, (id)) : abi.encodeCall(token.releaseHold, (id)));
    }

    function freeze(uint256 account, uint256 amount) external {
        vm.prank(ENFORCER);
        try token.setFrozenTokens(one(account), amount % 6_000) {} catch {}
    }

    function force(uint256 from, uint256 to, uint256 amount) external {
        tryFromHolder(ENFORCER, abi.encodeCall(token.forcedTransfer, (one(from), one(to), amount % 4_000, "order")));
    }

    function changeStatus(uint256 account, uint8 status) external {
        address[] memory accounts = new address[](1);
        accounts[0] = one(account);
        vm.prank(REGISTRAR);
        // Closing is for ever; keep it rare.
        try token.setStatus(accounts, status % 40 == 0 ? 4 : status % 4 < 2 ? 1 : status % 4) {} catch {}
    }

    function pauseOrNot(uint8 draw) external {
        bool paused = token.paused();
        vm.prank(PAUSER);
        if (paused) token.unpause();
        else if (draw % 4 == 0) token.pause();
        else vm.stopPrank();
    }

    function passTime(uint256 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 1 days);
    }

    function count() external pure returns (uint256) {
        return PARTIES;
    }

    function holdCount() external view returns (uint256) {
        return openHolds.length;
    }
}

contract InvariantsTest is TokenSetup {
    Actors private actors;

    function setUp() external {
        actors = new Actors();
        token = actors.tokenUnderTest();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_the_sum_of_balances_is_the_supply() external view {
        uint256 sum = token.balanceOf(ALICE) + token.balanceOf(BOB) + token.balanceOf(CAROL) + token.balanceOf(DAVE);
        for (uint256 i = 0; i < actors.count(); ++i) sum += token.balanceOf(actors.parties(i));
        same("sum", sum, token.totalSupply());
    }

    function invariant_supply_never_exceeds_the_attested_reserve() external view {
        holds("backed", token.totalSupply() <= token.attestedReserve());
    }

    function invariant_only_registered_accounts_hold() external view {
        for (uint256 i = 0; i < actors.count(); ++i) {
            address party = actors.parties(i);
            holds("registered", token.balanceOf(party) == 0 || token.holder(party).status != 0);
            holds("closed means empty", token.holder(party).status != 4 || token.balanceOf(party) == 0);
        }
        same("stranger", token.balanceOf(STRANGER), 0);
        same("nobody", token.balanceOf(address(0)), 0);
        same("between batches nobody is the issuer", token.holder(address(0)).status, 0);
    }

    function invariant_what_is_held_is_covered_and_adds_up() external view {
        uint256[] memory held = new uint256[](actors.count());
        for (uint256 h = 0; h < actors.holdCount(); ++h) {
            bytes32 id = actors.openHolds(h);
            if (!token.hold(id).open) continue;
            for (uint256 i = 0; i < held.length; ++i) {
                if (actors.parties(i) == token.hold(id).payer) held[i] += token.hold(id).amount;
            }
        }
        for (uint256 i = 0; i < held.length; ++i) {
            address party = actors.parties(i);
            same("held", token.heldTokens(party), held[i]);
            holds("covered", token.balanceOf(party) >= held[i]);
            same("locked", token.holder(party).locked, held[i] + token.getFrozenTokens(party));
        }
    }
}
