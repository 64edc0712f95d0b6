"""Accounts in self custody: they move by their own key, by raw transaction or by an authorisation that is relayed."""

from dataclasses import replace

import pytest

from ledger_node.deposit_token import calls
from ledger_node.errors import LedgerNodeError
from ledger_node.settlement.model import Authorization, Operation, PaymentRequest
from tests.settlement.custody import HOLDER, brought, held, signed
from tests.settlement.issuer import OPERATOR, SIGNERS, TIMEOUT_S, Issuer, key
from tests.settlement.scenario import play

__all__ = ["held"]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def pay(issuer: Issuer, key_: str, amount: str, authorization: Authorization | None, payee: str = "B.bda") -> Operation:
    request = issuer.request("transfer", key_, "A.bda2", payee, amount)
    request = issuer.settlement.examiner.examine(replace(request, authorization=authorization))
    accepted = issuer.settlement.desk.submit(request).result(TIMEOUT_S)
    issuer.settle()
    return issuer.settlement.desk.watch(accepted.operation.id).result(TIMEOUT_S)


def refused(issuer: Issuer, amount: str, authorization: Authorization | None) -> str:
    with pytest.raises(LedgerNodeError) as refusal:
        pay(issuer, "refused", amount, authorization)
    assert issuer.booked("A.bda2") == issuer.available("A.bda2")
    return refusal.value.code


def test_a_signed_transfer_is_brought_to_the_chain_and_booked_as_any_other(held: Issuer) -> None:
    done = pay(held, "t1", "25.00", signed(held, 2500))
    assert (done.status, done.code) == ("settled", None)
    assert done.transaction_hash is not None
    assert done.block_number is not None
    assert held.lines("A.bda2") == [("CRDT", 10000, 10000), ("DBIT", 2500, 7500)]
    assert held.lines("B.bda") == [("CRDT", 2500, 2500)]
    assert held.available("A.bda2") == 7500
    assert held.audit().passed


def test_a_retry_is_a_replay_although_the_authorisation_is_used_by_now(held: Issuer) -> None:
    authorization = signed(held, 2500)
    first = pay(held, "t1", "25.00", authorization)
    again = pay(held, "t1", "25.00", authorization)
    assert again == first
    assert held.booked("A.bda2") == 7500


def test_without_its_own_signature_it_does_not_move(held: Issuer) -> None:
    assert refused(held, "25.00", None) == "self_custody"
    play(held, "redeem r1 A.bda2 A.dda 1.00 self_custody")


def test_an_authorisation_is_for_one_transfer_on_one_token_of_one_chain_by_one_key(held: Issuer) -> None:
    wrong = {
        "another amount": signed(held, 2501),
        "another creditor": signed(held, 2500, payee="C.bda"),
        "another key": signed(held, 2500, signer=key("stranger")),
        "the settlement key": signed(held, 2500, signer=SIGNERS.settlement),
        "another chain": signed(held, 2500, chain_id=1),
        "another token": signed(held, 2500, token="JPY"),
        "cut short": replace(signed(held, 2500), signature=signed(held, 2500).signature[:-1]),
        "no signature": replace(signed(held, 2500), signature=bytes(65)),
    }
    assert {what: refused(held, "25.00", each) for what, each in wrong.items()} == dict.fromkeys(
        wrong, "authorization_invalid"
    )


def test_the_same_signature_with_a_high_s_is_refused(held: Issuer) -> None:
    given = signed(held, 2500)
    s = ORDER - int.from_bytes(given.signature[32:64], "big")
    twin = given.signature[:32] + s.to_bytes(32, "big") + bytes([55 - given.signature[64]])
    assert refused(held, "25.00", replace(given, signature=twin)) == "authorization_invalid"


def test_an_authorisation_has_its_time(held: Issuer) -> None:
    now = held.clock.now_ms() // 1000
    assert refused(held, "25.00", signed(held, 2500, before=now)) == "authorization_expired"
    assert refused(held, "25.00", signed(held, 2500, after=now)) == "authorization_not_yet_valid"
    held.clock.advance(1000)
    assert pay(held, "t1", "25.00", signed(held, 2500, after=now)).status == "settled"


def test_an_authorisation_is_used_once_here_and_on_chain(held: Issuer) -> None:
    given = signed(held, 2500)
    pay(held, "t1", "25.00", given)
    assert refused(held, "25.00", given) == "authorization_used"
    elsewhere = signed(held, 2500, nonce=b"\x02" * 32)
    held.send(key("anybody"), held.token(), brought(held, 2500, elsewhere))
    held.settle()
    assert held.booked("A.bda2") == 5000
    assert refused(held, "25.00", elsewhere) == "authorization_used"


def test_a_managed_account_takes_no_authorisation(held: Issuer) -> None:
    play(held, "mint m2 A.dda A.bda 10.00 settled")
    request = held.request("transfer", "t1", "A.bda", "B.bda", "1.00")
    with pytest.raises(LedgerNodeError) as refusal:
        held.settlement.desk.submit(replace(request, authorization=signed(held, 100))).result(TIMEOUT_S)
    assert refusal.value.code == "invalid_field"


def test_an_authorisation_moves_its_amount_whole_and_is_not_netted(held: Issuer) -> None:
    request = held.request("transfer", "t1", "A.bda2", "B.bda", "25.00")
    request = replace(request, authorization=signed(held, 2500), settlement="net")
    with pytest.raises(LedgerNodeError, match="set off") as refusal:
        held.settlement.desk.submit(request).result(TIMEOUT_S)
    assert (refusal.value.code, refusal.value.pointer) == ("invalid_field", "/settlement")


def test_a_raw_transaction_of_its_own_key_is_booked(held: Issuer) -> None:
    held.send(HOLDER, held.token(), calls.transfer(held.address("B.bda"), 1500))
    held.settle()
    assert held.lines("B.bda") == [("CRDT", 1500, 1500)]
    assert held.booked("A.bda2") == 8500
    assert held.audit().passed


def test_the_contract_has_the_last_word_and_the_promise_is_given_back(held: Issuer) -> None:
    """The holder spends by raw transaction what it has authorised as well."""
    request: PaymentRequest = held.request("transfer", "t1", "A.bda2", "B.bda", "80.00")
    request = held.settlement.examiner.examine(replace(request, authorization=signed(held, 8000)))
    held.send(HOLDER, held.token(), calls.transfer(held.address("C.bda"), 5000))
    accepted = held.settlement.desk.submit(request).result(TIMEOUT_S)
    held.settle()
    final = held.settlement.desk.watch(accepted.operation.id).result(TIMEOUT_S)
    assert (final.status, final.code, final.reason_code) == ("rejected", "insufficient_balance", "AM04")
    assert held.booked("A.bda2") == held.available("A.bda2") == 5000


def test_an_address_is_rotated_by_a_new_account_and_closing_the_old_one(held: Issuer) -> None:
    newer = key("newer holder of A")
    held.open("A", "BDA", address=newer.address)
    held.settle()
    assert pay(held, "t1", "100.00", signed(held, 10000, payee="A.bda3"), payee="A.bda3").status == "settled"
    held.settlement.four_eyes.do(OPERATOR, "account.close", {"account": held.id("A.bda2")}).result(TIMEOUT_S)
    held.settle()
    assert held.settlement.queries.account(OPERATOR, held.id("A.bda2")).status == "closed"
    held.send(newer, held.token(), calls.transfer(held.address("B.bda"), 100))
    held.settle()
    assert held.booked("A.bda3") == 9900
