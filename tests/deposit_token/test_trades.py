"""Trades of two tokens in one transaction, from calldata to decoded events, on a real EVM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_node.chain.blocks import Call
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import Reverted
from ledger_node.deposit_token import calls, deployment, reads, trades
from ledger_node.deposit_token.artifact import atomic_settlement, deposit_token
from ledger_node.deposit_token.calls import HoldTerms, Leg
from ledger_node.deposit_token.events import AllMoved, Moved, decode_all
from ledger_node.deposit_token.refusals import refusal
from ledger_node.deposit_token.trades import Movement, Trade, TradeRefused, TradeSettled
from ledger_node.money import AMOUNT_MAX, currency
from tests.deposit_token.bank import ADMIN, ALICE, BOB, CAROL, SETTLEMENT, STRANGER, Bank, mint, transfer
from tests.deposit_token.evm import GENESIS_TIME

GAS = 400_000


class Market:
    """Dollars and euros on one chain, and a contract that settles trades of them."""

    def __init__(self):
        self.dollars = Bank()
        self.evm = self.dollars.evm
        self.euros = Bank(evm=self.evm, currency=currency("EUR"))
        code = trades.creation_code(admin=ADMIN.address, settlement=SETTLEMENT.address)
        self.contract = self.evm.create(ADMIN.address, code)
        for bank in (self.dollars, self.euros):
            bank.as_admin(calls.grant_role(deployment.MOVER_ROLE, self.contract))

    def settle(self, *given):
        logs = self.evm.run(SETTLEMENT.address, self.contract, trades.settle(given))
        return logs, list(trades.decode_trades(logs, contract=self.contract))

    def swap(self, name, dollars, euros):
        """Alice's dollars for Bob's euros."""
        there = Movement(self.dollars.token, legs=(transfer(ALICE, BOB, dollars),))
        back = Movement(self.euros.token, legs=(transfer(BOB, ALICE, euros),))
        return Trade(keccak(name), GAS, (there, back))

    def holdings(self, account):
        return tuple(reads.balance_of(self.evm, bank.token, account) for bank in (self.dollars, self.euros))


@pytest.fixture
def market():
    market = Market()
    market.dollars.settle(mint(ALICE, 100), mint(CAROL.address, 50))
    market.euros.settle(mint(BOB, 90))
    return market


def test_both_tokens_of_a_trade_move_in_one_transaction(market):
    logs, ended = market.settle(market.swap(b"t", 100, 90))
    assert [(type(each), each.trade_id) for each in ended] == [(TradeSettled, keccak(b"t"))]
    assert (market.holdings(ALICE), market.holdings(BOB)) == ((0, 90), (100, 0))
    for bank, amount in ((market.dollars, 100), (market.euros, 90)):
        moved, done = decode_all(logs, token=bank.token)
        assert (type(moved), moved.amount) == (Moved, amount)
        assert (type(done), done.batch_id) == (AllMoved, keccak(b"t"))
        assert reads.settled_at(market.evm, bank.token, keccak(b"t")) is not None


def test_a_trade_is_refused_alone_with_the_tokens_code_and_reason(market):
    _, ended = market.settle(market.swap(b"a", 10, 9), market.swap(b"b", 10, 82), market.swap(b"c", 90, 81))
    assert [type(each) for each in ended] == [TradeSettled, TradeRefused, TradeSettled]
    assert (ended[1].code, ended[1].token) == (14, market.euros.token)
    why = refusal(ended[1].reason)
    assert (why.revert.name, why.restriction.api_code) == ("LegRefused", "insufficient_balance")
    assert market.holdings(BOB) == (100, 0)


def test_a_rehearsal_gives_the_codes_and_moves_nothing(market):
    data = trades.settle([market.swap(b"a", 101, 9), market.swap(b"b", 10, 9)])
    answer = market.evm.call(Call(to=market.contract, data=data, sender=SETTLEMENT.address))
    assert trades.codes(answer) == b"\x0e\0"
    assert market.holdings(ALICE) == (100, 0)


def test_a_holder_in_self_custody_trades_through_a_hold(market):
    terms = HoldTerms(keccak(b"h"), CAROL.address, BOB, market.contract, 50, GENESIS_TIME + 60)
    market.evm.run(CAROL.address, market.dollars.token, calls.place_hold(terms))
    there = Movement(market.dollars.token, holds=(terms.hold_id,))
    back = Movement(market.euros.token, legs=(transfer(BOB, CAROL.address, 45),))
    _, ended = market.settle(Trade(keccak(b"t"), GAS, (there, back)))
    assert [type(each) for each in ended] == [TradeSettled]
    assert market.holdings(CAROL.address) == (0, 45)


def test_a_hold_is_given_back_when_its_trade_will_not_happen(market):
    terms = HoldTerms(keccak(b"h"), CAROL.address, BOB, market.contract, 50, GENESIS_TIME + 60)
    market.evm.run(CAROL.address, market.dollars.token, calls.place_hold(terms))
    assert reads.held_of(market.evm, market.dollars.token, CAROL.address) == 50
    market.evm.run(SETTLEMENT.address, market.contract, trades.release_hold(market.dollars.token, terms.hold_id))
    assert reads.held_of(market.evm, market.dollars.token, CAROL.address) == 0


def test_nobody_but_the_settlement_key_settles(market):
    with pytest.raises(Reverted) as raised:
        market.evm.run(STRANGER, market.contract, trades.settle([market.swap(b"t", 1, 1)]))
    assert atomic_settlement().revert(raised.value.data).name == "AccessControlUnauthorizedAccount"


def test_the_codes_are_the_contracts(market):
    for name in ("ALREADY_SETTLED", "MALFORMED_TRADE", "TOKEN_REFUSED", "OUT_OF_GAS"):
        answer = market.evm.call(Call(to=market.contract, data=atomic_settlement().call(name)))
        assert atomic_settlement().returned(name, answer) == (getattr(trades, name),)


@given(st.lists(st.integers(min_value=1, max_value=AMOUNT_MAX), max_size=9))
def test_moves_encoded_by_hand_are_what_the_abi_says(amounts):
    legs = [Leg("transfer", amount, ALICE, BOB) for amount in amounts]
    words = [(2 << 248 | n << 160 | int.from_bytes(ALICE, "big"), int.from_bytes(BOB, "big")) for n in amounts]
    assert calls.move_all(keccak(b"id"), legs) == deposit_token().call("moveAll", keccak(b"id"), words)


def test_the_contract_leaves_room_under_the_code_size_limit():
    assert len(atomic_settlement().deployed_bytecode) <= 12_000
    assert len(deposit_token().deployed_bytecode) <= 23_552, "a kilobyte of room"
