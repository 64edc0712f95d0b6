// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Ledger} from "../src/token/Ledger.sol";
import {Leg} from "../src/token/Leg.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {vm} from "./Cheats.sol";
import {TokenTest} from "./TokenSetup.sol";

/// `settle` against a model written the slow and obvious way: any batch, over accounts in every standing, gives the same codes,
/// balances and supply.
contract ModelTest is TokenTest {
    struct Account {
        uint256 balance;
        uint256 frozen;
        uint8 status;
        bool selfCustody;
    }

    address[] private parties;
    mapping(address => Account) private model;
    uint256 private supply;

    function setUp() public override {
        super.setUp();
        // Two ordinary accounts, one in self custody, one of each other status, and one that is not registered.
        uint8[7] memory statuses = [1, 1, 1, 2, 3, 4, 0];
        for (uint160 i = 0; i < 7; ++i) {
            address party = address(0x1000 + i);
            parties.push(party);
            bool selfCustody = i == 2;
            model[party] = Account(0, 0, statuses[i], selfCustody);
            if (statuses[i] == 0) continue;
            register(party, uint32(i), selfCustody);
            if (statuses[i] != 4) deposit(party, 1_000);
            if (statuses[i] != 1) setStatus(party, statuses[i]);
        }
        parties.push(address(0));
        vm.prank(ENFORCER);
        token.setFrozenTokens(parties[1], 400);
        model[parties[1]].frozen = 400;
    }

    function deposit(address party, uint256 amount) private {
        fund(party, amount);
        model[party].balance += amount;
        supply += amount;
    }

    struct Draw {
        uint8 kind;
        uint8 debtor;
        uint8 creditor;
        uint16 amount;
        uint8 odd;
    }

    function testFuzz_settle_is_the_sequential_model(Draw[] memory draws, uint16 headroom) public {
        uint256 count = draws.length > 40 ? 40 : draws.length;
        uint256 reserve = supply + headroom % 2_000;
        Leg[] memory legs = new Leg[](count);
        bytes memory expected = new bytes(count);
        for (uint256 i = 0; i < count; ++i) {
            legs[i] = drawn(draws[i]);
            expected[i] = bytes1(modelled(legs[i], reserve));
        }
        same("codes", keccak256(settle(legs, reserve)), keccak256(expected));
        same("supply", token.totalSupply(), supply);
        for (uint256 i = 0; i < parties.length; ++i) {
            same("balance", token.balanceOf(parties[i]), model[parties[i]].balance);
        }
    }

    /// Mostly well formed; sometimes a party too many or too few, an amount out of range or a reserved bit.
    function drawn(Draw memory draw) private view returns (Leg memory leg) {
        address debtor = parties[draw.debtor % parties.length];
        address creditor = parties[draw.creditor % parties.length];
        uint256 amount = draw.amount % 700;
        uint256 kind = draw.kind % 3 + 1;
        if (draw.odd < 200) {
            if (kind == 1) debtor = address(0);
            if (kind == 3) creditor = address(0);
        }
        if (draw.odd == 255) amount = AMOUNT_MAX + amount;
        if (draw.odd == 254) kind = draw.kind;
        leg = Leg((kind << 248) | (amount << 160) | uint160(debtor), uint160(creditor));
        if (draw.odd == 253) leg.credit |= uint256(1) << (160 + draw.kind % 96);
    }

    function modelled(Leg memory leg, uint256 reserve) private returns (uint8) {
        uint256 kind = leg.debit >> 248;
        uint256 amount = uint88(leg.debit >> 160);
        address debtor = address(uint160(leg.debit));
        address creditor = address(uint160(leg.credit));
        if (kind < 1 || kind > 3 || leg.credit >> 160 != 0) return Restriction.INVALID_INSTRUCTION;
        if ((kind == 1) != (debtor == address(0))) return Restriction.INVALID_INSTRUCTION;
        if ((kind == 3) != (creditor == address(0))) return Restriction.INVALID_INSTRUCTION;
        if (debtor == creditor) return Restriction.INVALID_INSTRUCTION;
        if (amount == 0 || amount > AMOUNT_MAX) return Restriction.INVALID_AMOUNT;
        if (kind != 1) {
            Account storage from = model[debtor];
            if (from.status == 0) return Restriction.DEBTOR_NOT_REGISTERED;
            if (from.status == 2) return Restriction.DEBTOR_SUSPENDED;
            if (from.status == 3) return Restriction.DEBTOR_FROZEN;
            if (from.status == 4) return Restriction.DEBTOR_CLOSED;
            if (from.selfCustody) return Restriction.DEBTOR_IN_SELF_CUSTODY;
        }
        if (kind != 3) {
            Account storage to = model[creditor];
            if (to.status == 0) return Restriction.CREDITOR_NOT_REGISTERED;
            if (to.status == 2) return Restriction.CREDITOR_SUSPENDED;
            if (to.status == 3) return Restriction.CREDITOR_FROZEN;
            if (to.status == 4) return Restriction.CREDITOR_CLOSED;
        }
        if (kind == 1) {
            if (supply + amount > reserve) return Restriction.ABOVE_ATTESTED_RESERVE;
            supply += amount;
        } else {
            if (model[debtor].balance < amount) return Restriction.INSUFFICIENT_BALANCE;
            if (model[debtor].balance < amount + model[debtor].frozen) return Restriction.INSUFFICIENT_UNLOCKED_BALANCE;
            model[debtor].balance -= amount;
        }
        if (kind == 3) supply -= amount;
        else model[creditor].balance += amount;
        return 0;
    }

    /// ERC-1404's answer and what the holder's own transfer then does are the same.
    function testFuzz_the_restriction_foretold_is_the_one_that_happens(uint8 from_, uint8 to_, uint64 amount) public {
        address from = parties[from_ % 7];
        address to = parties[to_ % 7];
        uint256 wanted = from_ % 2 == 0 ? amount : amount % 1_200;
        bool can = token.canTransfer(from, to, wanted);
        uint8 foretold = token.detectTransferRestriction(from, to, wanted);
        vm.prank(from);
        (bool done, bytes memory answer) = address(token).call(abi.encodeCall(token.transfer, (to, wanted)));
        if (foretold == Restriction.INSUFFICIENT_BALANCE) {
            same("balance", bytes4(answer), IERC20Errors.ERC20InsufficientBalance.selector);
        } else if (foretold == Restriction.INSUFFICIENT_UNLOCKED_BALANCE) {
            same("unlocked", bytes4(answer), Ledger.InsufficientUnlockedBalance.selector);
        } else if (foretold != 0) {
            same("restricted", bytes4(answer), Ledger.TransferRestricted.selector);
            same("code", uint8(answer[35]), foretold);
        }
        holds("done exactly when allowed", done == (foretold == 0) && done == can);
    }

    function testFuzz_any_leg_at_all_keeps_the_sum_of_balances(uint256 debit, uint256 credit) public {
        Leg[] memory legs = new Leg[](1);
        legs[0] = Leg(debit, credit);
        settle(legs, supply);
        uint256 sum = 0;
        for (uint256 i = 0; i < parties.length; ++i) sum += token.balanceOf(parties[i]);
        same("sum", sum, token.totalSupply());
        same("the zero address keeps nothing", token.balanceOf(address(0)), 0);
    }
}
