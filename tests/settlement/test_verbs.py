"""Mint, transfer and redeem from the request to the statement line, told as tables."""

from dataclasses import replace

import pytest

from ledger_node.errors import Forbidden, IdempotencyKeyInvalid, IdempotencyKeyMissing, InvalidField
from ledger_node.settlement.model import FiatRequest, PaymentRequest
from tests.settlement.issuer import OPERATOR, Issuer
from tests.settlement.scenario import play


def test_a_member_mints_pays_and_redeems(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        k1  A.dda  A.bda    60.00    settled
        balance         A.dda                    40.00
        balance         A.bda                    60.00
        transfer    k2  A.bda  B.bda    25.50    settled
        balance         A.bda                    34.50
        balance         B.bda                    25.50
        redeem      k3  B.bda  B.dda    20.00    settled
        balance         B.bda                    5.50
        balance         B.dda                    20.00
        withdrawal  w1  B.dda           20.00    settled
        audit                                    backed
        """,
    )


def test_a_key_moves_money_once(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        deposit     d1  A.dda          100.00    settled                 # same key: same answer, one deposit
        deposit     d1  A.dda          100.01    idempotency_conflict
        balance         A.dda                    100.00
        mint        k1  A.dda  A.bda    60.00    settled
        mint        k1  A.dda  A.bda    60.00    settled
        mint        k1  A.dda  A.bda    60.01    idempotency_conflict
        redeem      k1  A.bda  A.dda    60.00    idempotency_conflict    # the same key for another verb
        redeem      k2  A.bda  A.dda    10.00    settled
        redeem      k2  A.bda  A.dda    10.00    settled
        withdrawal  w1  A.dda           50.00    settled
        withdrawal  w1  A.dda           50.00    settled
        withdrawal  d1  A.dda          100.00    idempotency_conflict    # the operator's keys are one set
        balance         A.dda                    0.00
        balance         A.bda                    50.00
        audit                                    backed
        """,
    )


def test_keys_are_each_members_own(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit     k1  A.dda           10.00    settled
        deposit     k2  B.dda           10.00    settled
        mint        k1  A.dda  A.bda    10.00    settled
        mint        k1  B.dda  B.bda    10.00    settled
        audit                                    backed
        """,
    )


def test_what_is_promised_is_not_available(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        ask mint    k1  A.dda  A.bda    60.00    accepted
        available       A.dda                    40.00
        balance         A.dda                    100.00
        ask mint    k2  A.dda  A.bda    40.01    insufficient_funds
        withdrawal  w1  A.dda           40.01    insufficient_funds
        audit                                    backed
        settle                                   done
        ask transfer k3 A.bda  B.bda    59.00    accepted
        available       A.bda                    1.00
        balance         A.bda                    60.00
        redeem      k4  A.bda  A.dda     1.01    insufficient_balance
        transfer    k5  A.bda  C.bda     1.00    settled
        balance         A.bda                    0.00
        audit                                    backed
        """,
    )


def test_a_replay_is_told_what_was_told_first(issuer: Issuer) -> None:
    issuer.fiat("deposit", "d1", "A.dda", "10.00")
    first = issuer.pay("mint", "k1", "A.dda", "A.bda", "10.00")
    issuer.settle()
    again = issuer.pay("mint", "k1", "A.dda", "A.bda", "10.00")
    assert again.replayed
    assert not first.replayed
    assert again.operation == first.operation
    assert issuer.settlement.queries.operation(issuer.members["A"], first.operation.id).status == "settled"


def test_yen_have_no_minor_unit_and_their_own_books(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit     d1  A.dda.jpy      1000   JPY    settled
        deposit     d2  A.dda.jpy    1000.0   JPY    invalid_amount
        mint        k1  A.dda.jpy A.bda.jpy  700 JPY settled
        transfer    k2  A.bda.jpy B.bda.jpy  300 JPY settled
        redeem      k3  B.bda.jpy B.dda.jpy  300 JPY settled
        balance         B.dda.jpy                    300
        balance         A.dda                        0.00
        mint        k4  A.dda.jpy A.bda.jpy  1.00 USD currency_mismatch
        mint        k5  A.dda     A.bda.jpy  100 JPY currency_mismatch
        audit                                        backed
        """,
    )


def test_the_first_broken_rule_answers(issuer: Issuer) -> None:
    """Each line breaks one rule and every rule after it that can still be broken; each mends the one before."""
    play(issuer, "deposit d1 C.dda 5.00 settled\nmint used C.dda C.bda 1.00 settled\nsuspend C suspended")
    issuer.open("A", "BDA", address=b"\x11" * 20)
    issuer.open("B", "BDA")
    play(
        issuer,
        """
        transfer used nobody nothing  -1    QQQ as C         idempotency_conflict
        transfer k1   nobody nothing  -1    QQQ as operator  forbidden
        transfer k1   nobody nothing  -1    QQQ as supervisor forbidden
        transfer k1   nobody nothing  -1    QQQ as C         member_suspended
        transfer k1   nobody nothing  -1    QQQ as A         unknown_currency
        transfer k1   nobody nothing  -1    GBP as A         unknown_currency       # real, but not issued here
        transfer k1   nobody nothing  -1    JPY as A         invalid_amount
        transfer k1   nobody nothing  0     JPY as A         invalid_amount
        transfer k1   nobody nothing  1.5   JPY as A         invalid_amount
        transfer k1   nobody nothing  9007199254740992 JPY as A invalid_amount
        transfer k1   nobody nothing  1     JPY as A         account_not_found
        transfer k1   B.bda  nothing  1     JPY as A         account_not_found      # another bank's
        transfer k1   A.dda  nothing  1     JPY as A         account_not_found
        transfer k1   A.dda  B.dda    1     JPY as A         account_not_found      # another bank's DDA
        transfer k1   A.dda  A.dda    1     JPY as A         wrong_account_kind
        transfer k1   A.bda  A.dda    1     JPY as A         wrong_account_kind
        transfer k1   A.bda  A.bda    1     JPY as A         same_account
        transfer k1   A.bda  B.bda    1     JPY as A         currency_mismatch
        transfer k1   A.bda  B.bda.jpy 1.00 USD as A         currency_mismatch
        transfer k1   A.bda2 B.bda2   1.00  USD as A         account_not_active     # not on the register yet
        settle                                               done
        transfer k1   A.bda2 C.bda    1.00  USD as A         self_custody
        transfer k1   A.bda  C.bda    1.00  USD as A         creditor_not_active    # its bank is suspended
        transfer k1   A.bda  B.bda    1.00  USD as A         insufficient_balance
        mint     k1   A.bda  A.bda    1.00  USD as A         wrong_account_kind
        mint     k1   A.dda  A.dda    1.00  USD as A         wrong_account_kind
        mint     k1   A.dda  B.bda    1.00  USD as A         account_not_found      # one mints to oneself
        mint     k1   B.dda  A.bda    1.00  USD as A         account_not_found
        mint     k1   A.dda  A.bda    1.00  USD as A         insufficient_funds
        redeem   k1   A.dda  A.dda    1.00  USD as A         wrong_account_kind
        redeem   k1   A.bda  A.bda    1.00  USD as A         wrong_account_kind
        redeem   k1   A.bda  B.dda    1.00  USD as A         account_not_found
        redeem   k1   A.bda  A.dda    1.00  USD as A         insufficient_balance
        deposit  k1   nowhere         1.00                   account_not_found
        deposit  k1   A.bda           1.00                   wrong_account_kind
        deposit  k1   A.dda.jpy       1.00                   currency_mismatch
        deposit  k1   A.dda           0.001                  invalid_amount
        withdrawal k1 A.bda           1.00                   wrong_account_kind
        withdrawal k1 A.dda.jpy       1.00                   currency_mismatch
        withdrawal k1 A.dda           1.00                   insufficient_funds
        audit                                                backed
        """,
    )
    deposits = issuer.settlement.queries.operations(OPERATOR).data
    assert len(deposits) == 2, "what is refused leaves no trace"


@pytest.mark.parametrize("verb", ["deposit", "withdrawal"])
def test_only_the_operator_moves_fiat_in_and_out(issuer: Issuer, verb: str) -> None:
    request = FiatRequest(verb, issuer.members["A"], "k1", issuer.id("A.dda"), "1.00", "USD")
    with pytest.raises(Forbidden):
        issuer.settlement.desk.submit(request).result(10)


def test_a_refused_request_leaves_its_key_free(issuer: Issuer) -> None:
    play(
        issuer,
        """
        mint        k1  A.dda  A.bda    10.00    insufficient_funds
        deposit     d1  A.dda           20.00    settled
        mint        k1  A.dda  A.bda    20.00    settled
        """,
    )


def test_a_suspended_member_neither_pays_nor_is_paid_until_it_is_active_again(issuer: Issuer) -> None:
    play(
        issuer,
        """
        deposit     d1  A.dda           20.00    settled
        deposit     d2  B.dda           20.00    settled
        mint        k1  A.dda  A.bda    20.00    settled
        suspend         B                        suspended
        suspend         B                        wrong_state
        mint        k2  B.dda  B.bda    20.00    member_suspended
        transfer    k3  A.bda  B.bda     1.00    creditor_not_active
        reinstate       B                        active
        mint        k2  B.dda  B.bda    20.00    settled
        transfer    k3  A.bda  B.bda     1.00    settled
        suspend         B                        suspended
        mint        k2  B.dda  B.bda    20.00    settled                 # a retry is told what was told before
        audit                                    backed
        """,
    )


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "line\n"])
def test_an_unusable_key_is_refused_at_once(issuer: Issuer, key: str) -> None:
    request = issuer.request("mint", key, "A.dda", "A.bda", "1.00")
    with pytest.raises(IdempotencyKeyInvalid if key else IdempotencyKeyMissing):
        issuer.settlement.desk.submit(request)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("end_to_end_id", ""),
        ("end_to_end_id", "x" * 36),
        ("end_to_end_id", "tab\there"),
        ("external_id", "é"),
        ("uetr", "not a uuid"),
        ("uetr", "a50caf8e-e250-589f-92db-8b5d1f684fbd"),  # version 5
        ("uetr", "A50CAF8E-E250-489F-92DB-8B5D1F684FBD"),
    ],
)
def test_references_are_checked_and_named(issuer: Issuer, field: str, value: str) -> None:
    request: PaymentRequest = replace(issuer.request("mint", "k1", "A.dda", "A.bda", "1.00"), **{field: value})
    with pytest.raises(InvalidField) as refused:
        issuer.settlement.desk.submit(request).result(10)
    assert refused.value.pointer == f"/{field}"


def test_references_are_kept_and_a_uetr_is_made_if_absent(issuer: Issuer) -> None:
    issuer.fiat("deposit", "d1", "A.dda", "10.00")
    uetr = "a50caf8e-e250-489f-92db-8b5d1f684fbd"
    asked = replace(
        issuer.request("mint", "k1", "A.dda", "A.bda", "1.00"), uetr=uetr, end_to_end_id="INV-7", external_id="row 9"
    )
    kept = issuer.settlement.desk.submit(asked).result(10).operation
    assert (kept.uetr, kept.end_to_end_id, kept.external_id) == (uetr, "INV-7", "row 9")
    made = issuer.pay("mint", "k2", "A.dda", "A.bda", "1.00").operation
    assert made.uetr != uetr
    assert len(made.uetr) == 36


def test_the_books_have_an_end(issuer: Issuer) -> None:
    """The sum of all fiat stays below 2**62 minor units, whatever is paid in."""
    many = 2**62 // (2**53 - 1)
    for number in range(many):
        issuer.fiat("deposit", f"d{number}", "A.dda", "90071992547409.91")
    play(issuer, f"deposit d{many} A.dda 90071992547409.91 limit_exceeded\naudit backed")
