"""A member's life: pending, active, suspended, taken back, let go; in the gateway's ledger and on chain."""

import pytest

from ledger_node.deposit_token import calls, reads
from ledger_node.errors import CreditorNotActive, MemberNotActive, MemberSuspended, NotEmpty, WrongState
from tests.settlement.issuer import OPERATOR, TIMEOUT_S, Issuer
from tests.settlement.scenario import play

STATUS = {1: "active", 2: "suspended", 3: "frozen", 4: "closed"}


def on_chain(issuer: Issuer, account: str) -> str:
    account_ = issuer.accounts[account]
    return STATUS[reads.account_state(issuer.chain, issuer.token(account_.currency), issuer.address(account)).status]


def become(issuer: Issuer, act: str, bank: str) -> None:
    getattr(issuer.settlement.members, act)(OPERATOR, issuer.members[bank].member_id).result(TIMEOUT_S)


def test_a_pending_member_has_accounts_that_are_on_no_register(issuer: Issuer) -> None:
    member = issuer.settlement.members.admit(
        OPERATOR, bic="BANKGB2XXXX", lei="5299000TESTBANK00D05", legal_name="D"
    ).result(TIMEOUT_S)  # fmt: skip
    issuer.learn()
    issuer.open("D", "BDA")
    issuer.open("D", "DDA")
    issuer.settle()
    assert issuer.settlement.queries.account(OPERATOR, issuer.id("D.bda")).status == "pending"
    with pytest.raises(MemberNotActive):
        issuer.pay("mint", "k1", "D.dda", "D.bda", "1.00")
    issuer.settlement.members.activate(OPERATOR, member.id).result(TIMEOUT_S)
    issuer.settle()
    assert on_chain(issuer, "D.bda") == "active"
    assert issuer.settlement.queries.account(OPERATOR, issuer.id("D.bda")).status == "active"


def test_a_suspended_member_is_stopped_here_at_once_and_on_every_token(issuer: Issuer) -> None:
    issuer.fiat("deposit", "d1", "A.dda", "100.00")
    issuer.paid("mint", "m1", "A.dda", "A.bda", "60.00")
    become(issuer, "suspend", "A")
    with pytest.raises(MemberSuspended):
        issuer.pay("transfer", "t1", "A.bda", "B.bda", "1.00")
    with pytest.raises(CreditorNotActive):
        issuer.pay("transfer", "t2", "B.bda", "A.bda", "1.00")
    issuer.settle()
    assert [on_chain(issuer, account) for account in ("A.bda", "A.bda.jpy", "B.bda")] == [
        "suspended", "suspended", "active",
    ]  # fmt: skip
    become(issuer, "reinstate", "A")
    issuer.settle()
    assert [on_chain(issuer, account) for account in ("A.bda", "A.bda.jpy")] == ["active", "active"]
    play(issuer, "transfer t3 A.bda B.bda 10.00 settled")


def test_payments_that_wait_are_rejected_with_their_member_and_set_nothing_aside(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        m1  A.dda  A.bda    60.00    settled
        deposit     d2  B.dda          100.00    settled
        mint        m2  B.dda  B.bda    60.00    settled
        ask mint      q1  B.dda  B.bda   5.00    accepted   # takes the batch that is in flight
        ask transfer  q2  A.bda  B.bda   7.00    accepted
        ask mint      q3  A.dda  A.bda   8.00    accepted
        ask transfer  q4  B.bda  A.bda   9.00    accepted
        """,
    )
    become(issuer, "suspend", "A")
    play(
        issuer,
        """
        available      A.bda                     60.00
        available      A.dda                     40.00
        available      B.bda                     60.00
        settle                                   done
        balance        A.bda                     60.00
        balance        B.bda                     65.00
        audit                                    backed
        """,
    )
    ended = {
        op.amount: (op.status, op.code, op.reason_code) for op in issuer.settlement.queries.operations(OPERATOR).data
    }
    assert ended[500] == ("settled", None, None)
    assert ended[700] == ended[800] == ("rejected", "member_suspended", "AG10")
    assert ended[900] == ("rejected", "creditor_not_active", "AC03")


def test_a_payment_in_flight_is_judged_by_the_contract(issuer: Issuer) -> None:
    issuer.fiat("deposit", "d1", "A.dda", "100.00")
    issuer.paid("mint", "m1", "A.dda", "A.bda", "60.00")
    accepted = issuer.pay("transfer", "t1", "A.bda", "B.bda", "1.00")  # cut into a batch, not mined yet
    become(issuer, "suspend", "A")
    issuer.settle()
    final = issuer.settlement.desk.watch(accepted.operation.id).result(TIMEOUT_S)
    assert final.status == "settled" or final.code == "member_suspended"
    assert issuer.available("A.bda") == issuer.booked("A.bda")
    assert issuer.audit().passed


def test_a_member_is_let_go_with_nothing_left_and_its_accounts_close(issuer: Issuer) -> None:
    issuer.fiat("deposit", "d1", "C.dda", "10.00")
    with pytest.raises(NotEmpty) as refused:
        become(issuer, "offboard", "C")
    assert refused.value.facts["balances"] == {issuer.id("C.dda"): "10.00 USD"}
    issuer.fiat("withdrawal", "w1", "C.dda", "10.00")
    become(issuer, "offboard", "C")
    issuer.settle()
    assert on_chain(issuer, "C.bda") == "closed"
    assert {issuer.settlement.queries.account(OPERATOR, issuer.id(f"C.{kind}")).status for kind in ("bda", "dda")} == {
        "closed"
    }
    with pytest.raises(WrongState):
        become(issuer, "reinstate", "C")


@pytest.mark.parametrize("open_", ["mint m2 C.dda C.bda 5.00", "transfer t2 A.bda C.bda 5.00"])
def test_a_member_with_something_on_its_way_is_not_let_go(issuer: Issuer, open_: str) -> None:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        m1  A.dda  A.bda    60.00    settled
        deposit     d2  C.dda            5.00    settled
        """,
    )
    play(issuer, f"ask {open_} accepted")
    with pytest.raises(NotEmpty):
        become(issuer, "offboard", "C")


def test_what_arrives_while_a_member_leaves_keeps_its_account_open_until_an_order_empties_it(issuer: Issuer) -> None:
    """A raw transfer can be mined before the register hears of the leaving: the account stops, and does not close."""
    from tests.settlement.issuer import key

    holder = key("holder of A")
    issuer.open("A", "BDA", address=holder.address)
    issuer.settle()
    play(
        issuer,
        """
        deposit     d1  A.dda           10.00    settled
        mint        m1  A.dda  A.bda2   10.00    settled
        """,
    )
    issuer.send(holder, issuer.token(), calls.transfer(issuer.address("C.bda"), 300))
    become(issuer, "offboard", "C")
    issuer.settle()
    if issuer.booked("C.bda") == 300:
        assert on_chain(issuer, "C.bda") == "suspended"
        issuer.settlement.four_eyes.do(
            OPERATOR, "forced_transfer",
            {"debtor_account": issuer.id("C.bda"), "creditor_account": issuer.id("A.bda"), "amount": "3.00",
             "currency": "USD"},
            reason="Arrived while the member left",
        ).result(TIMEOUT_S)  # fmt: skip
        issuer.settle()
    assert on_chain(issuer, "C.bda") == "closed"
    assert issuer.audit().passed


def test_an_account_that_is_empty_is_closed_for_good(issuer: Issuer) -> None:
    close = issuer.settlement.four_eyes.do(OPERATOR, "account.close", {"account": issuer.id("B.bda")})
    assert close.result(TIMEOUT_S).result.id == issuer.id("B.bda")
    issuer.settle()
    assert on_chain(issuer, "B.bda") == "closed"
    play(issuer, "deposit d1 B.dda 5.00 settled")
    play(issuer, "mint m1 B.dda B.bda 5.00 creditor_not_active")
