"""Orders of the operator, carried out by the token: freeze, freeze an amount, force a transfer, pause."""

from typing import Any

import pytest

from ledger_node.access.model import Caller
from ledger_node.deposit_token import calls
from ledger_node.errors import (
    Forbidden,
    InvalidAmount,
    InvalidField,
    LedgerNodeError,
    UnknownCurrency,
    WrongAccountKind,
    WrongState,
)
from ledger_node.settlement.model import Order
from tests.settlement.issuer import OPERATOR, SUPERVISOR, TIMEOUT_S, Issuer, key
from tests.settlement.scenario import play

WHY = "Order 2026-117 of the district court"


def order(issuer: Issuer, action: str, *, reason: str | None = WHY, caller: Caller = OPERATOR, **given: Any) -> Order:
    """As it stands when the chain has answered."""
    made = issuer.settlement.four_eyes.do(caller, action, given, reason=reason).result(TIMEOUT_S).result
    issuer.settle()
    return issuer.settlement.queries.order(OPERATOR, made.id)


@pytest.fixture
def funded(issuer: Issuer) -> Issuer:
    play(
        issuer,
        """
        deposit  d1  A.dda          100.00   settled
        mint     m1  A.dda  A.bda    60.00   settled
        mint     m2  A.dda  A.bda    40.00   settled
        transfer t0  A.bda  B.bda    10.00   settled
        """,
    )
    return issuer


def test_a_frozen_account_neither_pays_nor_is_paid_until_it_is_unfrozen(funded: Issuer) -> None:
    done = order(funded, "account.freeze", account=funded.id("A.bda"))
    assert (done.status, done.kind, done.reason) == ("settled", "freeze", WHY)
    assert done.transaction_hash is not None
    play(
        funded,
        """
        transfer  t1  A.bda  B.bda   1.00   account_not_active
        transfer  t2  B.bda  A.bda   1.00   creditor_not_active
        redeem    r1  A.bda  A.dda   1.00   account_not_active
        """,
    )
    with pytest.raises(WrongState):
        order(funded, "account.freeze", account=funded.id("A.bda"))
    assert order(funded, "account.unfreeze", account=funded.id("A.bda")).status == "settled"
    play(funded, "transfer t3 A.bda B.bda 1.00 settled")


def test_no_more_is_minted_in_a_day_than_was_ordered(funded: Issuer) -> None:
    play(funded, "deposit d2 A.dda 100.00 settled")
    done = order(funded, "token.limit_minting", currency="USD", per_day="15.00")
    assert (done.status, done.kind, done.amount, done.account_id) == ("settled", "mint_limit", 1500, None)
    play(
        funded,
        """
        mint      t1  A.dda  A.bda    10.00    settled
        mint      t2  A.dda  A.bda    10.00    mint_limit_exceeded
        transfer  t3  A.bda  B.bda    50.00    settled
        """,
    )
    assert order(funded, "token.limit_minting", currency="USD", per_day="0").status == "settled"
    play(funded, "mint t4 A.dda A.bda 0.01 mint_limit_exceeded")
    assert order(funded, "token.limit_minting", currency="USD", per_day=None).amount is None
    play(funded, "mint t5 A.dda A.bda 90.00 settled\naudit backed")


def test_a_mint_limit_goes_over_to_the_next_settlement_key(funded: Issuer) -> None:
    play(funded, "deposit d2 A.dda 100.00 settled")
    order(funded, "token.limit_minting", currency="USD", per_day="15.00")
    doing = funded.settlement.four_eyes.do(OPERATOR, "house_key.rotate", {"office": "settlement"})
    assert doing.result(TIMEOUT_S).result.status == "incoming"
    with pytest.raises(WrongState, match="on its way"):
        order(funded, "token.limit_minting", currency="USD", per_day="99.00")
    for _ in range(4):
        funded.settlement.look_after()
        funded.settle()
    play(funded, "mint t1 A.dda A.bda 15.01 mint_limit_exceeded\nmint t2 A.dda A.bda 15.00 settled")
    order(funded, "token.limit_minting", currency="USD", per_day="40.00")
    play(funded, "mint t3 A.dda A.bda 40.00 settled\naudit backed")


@pytest.mark.parametrize("per_day", ["-1.00", "1.001", "much"])
def test_a_mint_limit_is_an_amount_of_the_currency(funded: Issuer, per_day: str) -> None:
    with pytest.raises(InvalidAmount):
        order(funded, "token.limit_minting", currency="USD", per_day=per_day)
    with pytest.raises(UnknownCurrency):
        order(funded, "token.limit_minting", currency="CHF", per_day="1.00")


def test_a_freeze_outlasts_suspension_and_reinstatement(funded: Issuer) -> None:
    member = funded.members["A"].member_id or ""
    order(funded, "account.freeze", account=funded.id("A.bda"))
    for act in ("suspend", "reinstate"):
        getattr(funded.settlement.members, act)(OPERATOR, member).result(TIMEOUT_S)
        funded.settle()
    play(funded, "transfer t1 A.bda B.bda 1.00 account_not_active")
    funded.settlement.members.suspend(OPERATOR, member).result(TIMEOUT_S)
    order(funded, "account.unfreeze", account=funded.id("A.bda"))
    assert funded.settlement.queries.account(OPERATOR, funded.id("A.bda")).status == "blocked"
    funded.settlement.members.reinstate(OPERATOR, member).result(TIMEOUT_S)
    funded.settle()
    play(funded, "transfer t2 A.bda B.bda 1.00 settled")


def test_a_frozen_amount_is_not_available(funded: Issuer) -> None:
    done = order(funded, "account.freeze_amount", account=funded.id("A.bda"), amount="70.00")
    assert (done.status, done.amount) == ("settled", 7000)
    assert (funded.booked("A.bda"), funded.available("A.bda")) == (9000, 2000)
    play(
        funded,
        """
        transfer  t1  A.bda  B.bda  20.01   insufficient_balance
        transfer  t2  A.bda  B.bda  20.00   settled
        """,
    )
    order(funded, "account.freeze_amount", account=funded.id("A.bda"), amount="0.00")
    play(funded, "transfer t3 A.bda B.bda 70.00 settled")


def test_a_raw_transaction_does_not_get_around_a_freeze(issuer: Issuer) -> None:
    holder = key("holder of A")
    issuer.open("A", "BDA", address=holder.address)
    issuer.settle()
    play(issuer, "deposit d1 A.dda 10.00 settled\nmint m1 A.dda A.bda2 10.00 settled")
    order(issuer, "account.freeze", account=issuer.id("A.bda2"))
    issuer.send(holder, issuer.token(), calls.transfer(issuer.address("B.bda"), 100))
    issuer.settle()
    assert (issuer.booked("A.bda2"), issuer.booked("B.bda")) == (1000, 0)


def test_a_forced_transfer_works_on_a_frozen_account_and_its_lines_say_why(funded: Issuer) -> None:
    order(funded, "account.freeze", account=funded.id("A.bda"))
    given = {"debtor_account": funded.id("A.bda"), "creditor_account": funded.id("B.bda")}
    done = order(funded, "forced_transfer", **given, amount="25.00", currency="USD")
    assert (done.status, done.amount) == ("settled", 2500)
    for account in ("A.bda", "B.bda"):
        newest = funded.settlement.queries.entries(OPERATOR, funded.id(account)).data[0]
        assert (newest.amount, newest.reason, newest.operation_id) == (2500, WHY, None)
    assert funded.settlement.queries.entries(OPERATOR, funded.id("A.bda")).data[1].reason is None
    assert funded.audit().passed


def test_what_the_token_refuses_is_rejected_with_its_reason(funded: Issuer) -> None:
    given = {"debtor_account": funded.id("A.bda"), "creditor_account": funded.id("B.bda")}
    done = order(funded, "forced_transfer", **given, amount="90.01", currency="USD")
    assert (done.status, done.code) == ("rejected", "insufficient_balance")
    assert order(funded, "token.unpause", currency="USD").status == "rejected"
    assert (funded.booked("A.bda"), funded.settlement.fault) == (9000, None)


def test_a_paused_token_rejects_everything_of_its_currency_alone(funded: Issuer) -> None:
    play(funded, "deposit d2 A.dda.jpy 500 JPY settled")
    assert order(funded, "token.pause", currency="USD").status == "settled"
    play(
        funded,
        """
        transfer  t1  A.bda      B.bda        1.00       token_paused
        redeem    r1  A.bda      A.dda        1.00       token_paused
        mint      m3  A.dda.jpy  A.bda.jpy     500  JPY  settled
        """,
    )
    order(funded, "token.unpause", currency="USD")
    play(funded, "transfer t2 A.bda B.bda 1.00 settled\naudit backed")


def test_an_order_needs_a_reason_a_bda_and_an_operator(funded: Issuer) -> None:
    bda = funded.id("A.bda")
    for reason in (None, "", "  ", "x" * 141, "two\nlines"):
        with pytest.raises(InvalidField) as refused:
            order(funded, "account.freeze", account=bda, reason=reason)
        assert refused.value.pointer == "/reason"
    with pytest.raises(WrongAccountKind):
        order(funded, "account.freeze", account=funded.id("A.dda"))
    for caller in (SUPERVISOR, funded.members["A"]):
        with pytest.raises(Forbidden):
            order(funded, "account.freeze", account=bda, caller=caller)


def test_a_rehearsal_changes_nothing(funded: Issuer) -> None:
    rehearsed = funded.settlement.four_eyes.do(
        OPERATOR, "account.freeze", {"account": funded.id("A.bda")}, reason=WHY, rehearse=True
    ).result(TIMEOUT_S)  # fmt: skip
    assert (rehearsed.rehearsal, rehearsed.needs_approval, rehearsed.result.kind) == (True, False, "freeze")
    with pytest.raises(LedgerNodeError):
        funded.settlement.queries.order(OPERATOR, rehearsed.result.id)
    member = funded.members["A"].member_id
    funded.settlement.four_eyes.do(OPERATOR, "member.suspend", {"member": member}, rehearse=True).result(TIMEOUT_S)
    funded.settle()
    play(funded, "transfer t1 A.bda B.bda 1.00 settled")
    assert funded.settlement.queries.orders(OPERATOR).data == ()


def test_a_member_sees_the_orders_against_its_own_accounts(funded: Issuer) -> None:
    done = order(funded, "account.freeze", account=funded.id("A.bda"))
    assert funded.settlement.queries.order(funded.members["A"], done.id) == done
    assert [each.id for each in funded.settlement.queries.orders(funded.members["A"]).data] == [done.id]
    assert funded.settlement.queries.orders(funded.members["B"]).data == ()
    with pytest.raises(LedgerNodeError) as refused:
        funded.settlement.queries.order(funded.members["B"], done.id)
    assert refused.value.code == "order_not_found"


def foreseen(issuer: Issuer, action: str, **given: Any) -> Order:
    """What a rehearsal says of an order; nothing is left of it."""
    before = issuer.settlement.queries.orders(OPERATOR).data
    done = issuer.settlement.four_eyes.do(OPERATOR, action, given, reason=WHY, rehearse=True).result(TIMEOUT_S)
    issuer.settle()
    assert done.rehearsal
    assert issuer.settlement.queries.orders(OPERATOR).data == before
    made: Order = done.result
    return made


def test_a_rehearsed_order_says_what_the_token_would_say(funded: Issuer) -> None:
    seizure = {"debtor_account": funded.id("B.bda"), "creditor_account": funded.id("A.bda"), "currency": "USD"}
    refused = [
        ("forced_transfer", seizure | {"amount": "10.01"}),
        ("forced_transfer", seizure | {"amount": "999999999.00"}),
        ("token.unpause", {"currency": "USD"}),
    ]
    for action, given in refused:
        said = foreseen(funded, action, **given)
        done = order(funded, action, **given)
        assert done.status == "rejected"
        assert (said.status, said.code, said.detail) == ("rejected", done.code, done.detail)
    assert order(funded, "token.pause", currency="USD").status == "settled"
    assert foreseen(funded, "token.pause", currency="USD").status == "rejected"
    assert foreseen(funded, "token.unpause", currency="USD").status == "accepted"


def test_a_rehearsed_order_that_the_token_would_carry_out_is_accepted(funded: Issuer) -> None:
    seizure = {"debtor_account": funded.id("B.bda"), "creditor_account": funded.id("A.bda"), "currency": "USD"}
    for action, given in [
        ("forced_transfer", seizure | {"amount": "10.00"}),
        ("account.freeze", {"account": funded.id("A.bda")}),
        ("account.freeze_amount", {"account": funded.id("A.bda"), "amount": "5.00"}),
        ("token.limit_minting", {"currency": "USD", "per_day": "15.00"}),
        ("token.limit_minting", {"currency": "USD", "per_day": None}),
        ("token.pause", {"currency": "USD"}),
    ]:
        said = foreseen(funded, action, **given)
        assert (action, said.status, said.code) == (action, "accepted", None)
        assert order(funded, action, **given).status == "settled"
        if action == "account.freeze":
            assert foreseen(funded, "account.unfreeze", account=funded.id("A.bda")).code is None
