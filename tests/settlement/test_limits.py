"""Limits: per payment, per UTC day, and what a member may hold; agreed by the operator, per currency."""

import pytest

from ledger_node.errors import InvalidAmount, InvalidField, LimitExceeded
from ledger_node.settlement.limits import DAY_MS, NAMES, LimitsChange, default, told
from tests.settlement.issuer import OPERATOR, TIMEOUT_S, Issuer
from tests.settlement.scenario import play


def agree(issuer: Issuer, bank: str, currency: str = "USD", **limits: str | None) -> LimitsChange:
    given = {"member": issuer.members[bank].member_id, "currency": currency, **limits}
    change = issuer.settlement.four_eyes.do(OPERATOR, "member.limits", given).result(TIMEOUT_S).result
    assert isinstance(change, LimitsChange)
    return change


@pytest.fixture
def funded(issuer: Issuer) -> Issuer:
    play(
        issuer,
        """
        deposit     d1  A.dda          1000.00   settled
        mint        m1  A.dda  A.bda    500.00   settled
        """,
    )
    return issuer


def test_one_payment_moves_two_hundred_million_at_most_unless_more_was_agreed(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit  d1  A.dda                 300000000.00       settled
        mint     k1  A.dda      A.bda      200000000.01       limit_exceeded
        mint     k2  A.dda      A.bda      200000000.00       settled
        deposit  d2  A.dda.jpy             300000000     JPY  settled
        mint     k3  A.dda.jpy  A.bda.jpy  200000001     JPY  limit_exceeded
        mint     k4  A.dda.jpy  A.bda.jpy  200000000     JPY  settled
        """,
    )
    agree(issuer, "A", per_payment="50.00")
    play(issuer, "transfer t1 A.bda B.bda 50.01 limit_exceeded\ntransfer t2 A.bda B.bda 50.00 settled")
    agree(issuer, "A", per_payment=None)
    play(issuer, "transfer t3 A.bda B.bda 50.01 settled")


def test_a_day_is_utc_and_counts_what_leaves_the_bdas(funded: Issuer) -> None:
    agree(funded, "A", per_day="100.00")
    play(
        funded,
        """
        transfer  t1  A.bda  B.bda   60.00   settled
        redeem    r1  A.bda  A.dda   40.01   limit_exceeded
        redeem    r2  A.bda  A.dda   40.00   settled
        transfer  t2  A.bda  B.bda    0.01   limit_exceeded
        mint      m2  A.dda  A.bda  300.00   settled          # what arrives does not count
        transfer  t3  B.bda  A.bda   10.00   settled          # nor does another member's payment
        """,
    )
    now = funded.clock.now_ms()
    funded.clock.set((now // DAY_MS + 1) * DAY_MS - 1)
    play(funded, "transfer t4 A.bda B.bda 0.01 limit_exceeded")
    funded.clock.advance(1)
    play(funded, "transfer t5 A.bda B.bda 100.00 settled")


def test_what_was_rejected_or_canceled_counts_no_more(funded: Issuer) -> None:
    agree(funded, "A", per_day="100.00")
    play(
        funded,
        """
        ask mint      q0  A.dda  A.bda    1.00   accepted
        ask transfer  q1  A.bda  B.bda  100.00   accepted
        ask transfer  q2  A.bda  B.bda    0.01   limit_exceeded
        """,
    )
    waiting = next(op for op in funded.settlement.queries.operations(OPERATOR).data if op.amount == 10_000)
    funded.settlement.cancel(funded.members["A"], waiting.id).result(TIMEOUT_S)
    play(funded, "transfer t1 A.bda B.bda 100.00 settled")


def test_a_member_holds_no_more_than_was_agreed_with_what_is_on_its_way(funded: Issuer) -> None:
    agree(funded, "B", holding="100.00")
    funded.open("B", "BDA")
    funded.settle()
    play(
        funded,
        """
        transfer      t1  A.bda  B.bda   60.00   settled
        transfer      t2  A.bda  B.bda2  40.01   limit_exceeded
        ask transfer  t3  A.bda  B.bda2  30.00   accepted
        ask transfer  t4  A.bda  B.bda   10.01   limit_exceeded
        transfer      t5  A.bda  B.bda   10.00   settled
        transfer      t6  B.bda  B.bda2  70.00   settled          # its own accounts hold what they held
        deposit       d2  B.dda          10.00   settled
        mint          m2  B.dda  B.bda    0.01   limit_exceeded
        """,
    )


def test_a_limit_comes_before_the_funds_and_after_the_creditor(funded: Issuer) -> None:
    agree(funded, "A", per_payment="1.00")
    funded.settlement.members.suspend(OPERATOR, funded.members["C"].member_id or "").result(TIMEOUT_S)
    play(
        funded,
        """
        transfer  t1  A.bda  C.bda  5000.00   creditor_not_active
        transfer  t2  A.bda  B.bda  5000.00   limit_exceeded
        """,
    )


def test_a_refusal_says_the_limit_and_what_is_left_of_it(funded: Issuer) -> None:
    agree(funded, "A", per_day="100.00")
    play(funded, "transfer t1 A.bda B.bda 60.00 settled")
    with pytest.raises(LimitExceeded) as refused:
        funded.pay("transfer", "t2", "A.bda", "B.bda", "50.00")
    assert refused.value.reason_code == "AM14"
    assert refused.value.facts == {"limit": "100.00", "asked": "50.00", "left": "40.00"}


def test_what_a_creditor_may_hold_is_not_told_to_its_debtor(funded: Issuer) -> None:
    agree(funded, "B", holding="1.00")
    with pytest.raises(LimitExceeded) as refused:
        funded.pay("transfer", "t1", "A.bda", "B.bda", "2.00")
    assert refused.value.facts == {}


@pytest.mark.parametrize("wrong", ["-1", "1.001", "many", "1e3"])
def test_a_limit_is_an_amount(issuer: Issuer, wrong: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        agree(issuer, "A", per_day=wrong)
    assert refused.value.pointer == "/per_day"


@pytest.mark.parametrize("text", ["00", "0.", ".0", "000.00", "-0", "+0", "0e0", "0,00", "\u0660", " 0", "0\n"])
def test_nothing_but_a_decimal_is_zero(issuer: Issuer, text: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        agree(issuer, "A", holding=text)
    assert refused.value.pointer == "/holding"


@pytest.mark.parametrize("text", ["0", "0.0", "0.00"])
def test_a_limit_of_zero_is_one(issuer: Issuer, text: str) -> None:
    agree(issuer, "A", holding=text)
    (agreed,) = (
        each for each in issuer.settlement.queries.limits(OPERATOR, issuer.members["A"].member_id or "", ["USD"])
    )
    assert agreed.holding == 0


AGREED = {"per_payment": "50.00", "per_day": "100.00", "holding": "400.00", "approval_above": "10.00"}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_given_stays_and_what_is_reset_alone_is_back(issuer: Issuer, name: str) -> None:
    agree(issuer, "A", **AGREED)
    change = agree(issuer, "A", **{name: "7.00"})
    assert (told(change.before), told(change.now)) == (AGREED, AGREED | {name: "7.00"})
    reset = agree(issuer, "A", **{name: None})
    usual = told(default(issuer.members["A"].member_id or "", "USD"))
    assert told(reset.now) == AGREED | {name: usual[name]}
    assert str(reset) == f"USD {name} 7.00 -> {usual[name] or 'none'}"


def test_limits_of_one_currency_are_not_those_of_another(issuer: Issuer) -> None:
    agree(issuer, "A", **AGREED)
    assert told(agree(issuer, "A", "JPY", per_day="1").now)["approval_above"] is None
    assert told(agree(issuer, "A", per_day="1.00").now) == AGREED | {"per_day": "1.00"}


def test_a_change_of_nothing_is_refused(issuer: Issuer) -> None:
    agree(issuer, "A", **AGREED)
    with pytest.raises(InvalidField, match="at least one of per_payment"):
        agree(issuer, "A")


def test_the_member_is_told_what_was_before(issuer: Issuer) -> None:
    agree(issuer, "A", **AGREED)
    agree(issuer, "A", per_day="1.00")
    events = issuer.settlement.queries.events(issuer.members["A"]).data
    told_last = [event.data for event in events if event.type == "member.limits_changed"]
    assert {"currency": "USD", **AGREED, "per_day": "1.00", "previous": AGREED} in told_last
