"""Every batch attests the claims of all members; each member can prove its own, now and for every batch before."""

import json
from pathlib import Path

import pytest

from ledger_node import journal
from ledger_node.deposit_token.events import ReserveAttested, decode
from ledger_node.errors import AccountNotFound, AttestationNotFound, LedgerBehindChain, WrongAccountKind
from ledger_node.pages import Slice
from ledger_node.proofs.document import verify, written
from ledger_node.settlement.assurance.attestations import Attested
from tests.ledgers import copy_of_ledger, put_back
from tests.settlement.issuer import OPERATOR, SIGNERS, Issuer
from tests.settlement.scenario import play


def newest(issuer: Issuer, currency: str = "USD") -> Attested:
    return issuer.settlement.attestations.listed(currency=currency).data[0]


def proved(issuer: Issuer, attested: Attested, account: str) -> int:
    """The balance that the proof proves, after it was written, read and verified."""
    proof = issuer.settlement.attestations.proof(OPERATOR, attested.signed.id, issuer.id(account))
    verdict = verify(json.loads(json.dumps(written(proof))), attestor=SIGNERS.attestor.address)
    assert verdict.claims == attested.claims
    return verdict.proof.balance


@pytest.fixture
def paid(issuer: Issuer) -> Issuer:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        m1  A.dda  A.bda    50.00    settled
        transfer    t1  A.bda  B.bda    20.00    settled
        redeem      r1  B.bda  B.dda     5.00    settled
        transfer    t2  A.bda  C.bda     1.00    settled
        """,
    )
    return issuer


def test_the_chain_carries_what_was_attested(paid: Issuer) -> None:
    attested = newest(paid)
    receipt = paid.chain.receipt(attested.signed.transaction_hash)
    assert receipt is not None
    (event,) = [event for log in receipt.logs if isinstance(event := decode(log), ReserveAttested)]
    said = attested.signed
    assert (event.batch_id, event.reserve, event.claims_root) == (said.batch_id, said.reserve, said.claims_root)
    assert (event.ledger_sequence, event.ledger_head) == (said.ledger_sequence, said.ledger_head)
    with paid.database.read() as connection:
        assert journal.hash_at(connection, said.ledger_sequence) == said.ledger_head


def test_the_claims_are_the_balances_booked_when_the_batch_was_cut(paid: Issuer) -> None:
    """The batch's own payments are not in them yet: they may still be refused."""
    by_age = list(reversed(paid.settlement.attestations.listed(currency="USD").data))
    told = [
        (each.signed.reserve, each.claims, *[proved(paid, each, name) for name in ("A.bda", "B.bda", "C.bda")])
        for each in by_age
    ]
    assert told == [
        (5000, 0, 0, 0, 0),
        (5000, 5000, 5000, 0, 0),
        (5000, 5000, 3000, 2000, 0),
        (4500, 4500, 3000, 1500, 0),
    ]


def test_a_proof_of_long_ago_is_the_same_after_a_restart(paid: Issuer, directory: Path) -> None:
    by_age = paid.settlement.attestations.listed(currency="USD").data
    before = [written(paid.settlement.attestations.proof(OPERATOR, a.signed.id, paid.id("A.bda"))) for a in by_age]
    paid.close()
    again = Issuer(directory, currencies=("USD", "JPY")).start()
    play(again, "transfer t9 A.bda B.bda 3.00 settled")
    for attested, proof in zip(by_age, before, strict=True):
        found = again.settlement.attestations.proof(OPERATOR, attested.signed.id, again.id("A.bda"))
        assert written(found) == proof
    assert [proved(again, newest(again), name) for name in ("A.bda", "B.bda", "C.bda")] == [2900, 1500, 100]
    again.close()


def test_accounts_opened_later_have_their_place_in_later_attestations_only(paid: Issuer) -> None:
    first = newest(paid)
    for _ in range(9):
        paid.open("B", "BDA")
    paid.settle()
    play(paid, "transfer t3 A.bda B.bda2 2.00 settled\ntransfer t4 A.bda B.bda9 1.00 settled")
    assert proved(paid, newest(paid), "B.bda2") == 200
    with pytest.raises(AttestationNotFound, match="not among the claims"):
        paid.settlement.attestations.proof(OPERATOR, first.signed.id, paid.id("B.bda2"))
    assert proved(paid, first, "A.bda") == 3000


def test_currencies_have_trees_of_their_own(paid: Issuer) -> None:
    paid.fiat("deposit", "j1", "A.dda.jpy", "500", "JPY")
    for key, amount in (("j2", "300"), ("j3", "100")):
        request = paid.request("mint", key, "A.dda.jpy", "A.bda.jpy", amount, "JPY")
        paid.settlement.desk.submit(request).result(30)
        paid.settle()
    assert (newest(paid, "JPY").claims, proved(paid, newest(paid, "JPY"), "A.bda.jpy")) == (300, 300)
    with pytest.raises(AttestationNotFound):
        paid.settlement.attestations.proof(OPERATOR, newest(paid, "JPY").signed.id, paid.id("A.bda"))
    assert len(paid.settlement.attestations.listed().data) == 6


def test_a_member_proves_its_own_accounts_and_no_other(paid: Issuer) -> None:
    attested = newest(paid)
    mine = paid.settlement.attestations.proof(paid.members["A"], attested.signed.id, paid.id("A.bda"))
    assert mine.balance == 3000
    with pytest.raises(AccountNotFound):
        paid.settlement.attestations.proof(paid.members["B"], attested.signed.id, paid.id("A.bda"))
    with pytest.raises(AccountNotFound):
        paid.settlement.attestations.proof(paid.members["B"], attested.signed.id, "acct_unknown")
    with pytest.raises(WrongAccountKind):
        paid.settlement.attestations.proof(paid.members["A"], attested.signed.id, paid.id("A.dda"))


def test_an_attestation_is_answered_once_the_chain_has_it(paid: Issuer) -> None:
    count = len(paid.settlement.attestations.listed().data)
    paid.pay("transfer", "t5", "A.bda", "B.bda", "1.00")
    assert len(paid.settlement.attestations.listed().data) == count
    paid.settle()
    assert len(paid.settlement.attestations.listed().data) == count + 1
    with pytest.raises(AttestationNotFound, match="no attestation bat_unknown"):
        paid.settlement.attestations.find("bat_unknown")
    assert paid.settlement.attestations.find(newest(paid).signed.id) == newest(paid)


def test_attestations_are_listed_page_by_page(paid: Issuer) -> None:
    first = paid.settlement.attestations.listed(Slice(limit=3))
    rest = paid.settlement.attestations.listed(Slice(limit=3, cursor=first.next_cursor))
    assert [*first.data, *rest.data] == list(paid.settlement.attestations.listed().data)


def test_a_book_whose_claims_do_not_add_up_is_not_attested(paid: Issuer) -> None:
    """The doors close by themselves, before anything is signed."""
    with paid.database.write() as connection:
        connection.exec_driver_sql("UPDATE tokens SET supply = supply - 7 WHERE currency = 'USD'")
    sent = len(paid.settlement.attestations.listed().data)
    waits = paid.pay("transfer", "t6", "A.bda", "B.bda", "1.00").operation
    paid.settle()
    assert "is not attested" in str(paid.settlement.closed_because())
    assert paid.settlement.queries.operation(OPERATOR, waits.id).status == "accepted"
    assert len(paid.settlement.attestations.listed().data) == sent
    paid.settlement.look_after()
    assert paid.settlement.closed_because() is not None

    with paid.database.write() as connection:
        connection.exec_driver_sql("UPDATE tokens SET supply = supply + 7 WHERE currency = 'USD'")
    paid.settlement.look_after()
    paid.settle()
    assert paid.settlement.closed_because() is None
    assert paid.settlement.desk.watch(waits.id).result(0).status == "settled"
    assert newest(paid).claims == 4500


# A LEDGER OLDER THAN ITS CHAIN


def test_a_restored_ledger_that_is_older_than_its_chain_signs_nothing(paid: Issuer, directory: Path) -> None:
    waits = paid.pay("transfer", "t7", "A.bda", "B.bda", "1.00").operation
    paid.pay("transfer", "t8", "A.bda", "B.bda", "2.00")  # still waits when the copy is made
    paid.close()
    copy = copy_of_ledger(directory)
    newer = Issuer(directory, currencies=("USD", "JPY")).start()
    newer.settle()
    play(newer, "transfer t9 A.bda B.bda 3.00 settled")
    newer.close()

    put_back(directory, copy)
    old = Issuer(directory, currencies=("USD", "JPY"))
    signed = _signed(old)
    with pytest.raises(LedgerBehindChain, match="this ledger never made"):
        old.start()
    assert _signed(old) == signed
    assert old.settlement.queries.operation(OPERATOR, waits.id).status in ("processing", "settled")
    old.close()


def test_the_newest_ledger_beside_its_chain_goes_on(paid: Issuer, directory: Path) -> None:
    paid.pay("transfer", "t7", "A.bda", "B.bda", "1.00")
    paid.close()
    newer = Issuer(directory, currencies=("USD", "JPY")).start()
    newer.settle()
    play(newer, "transfer t7 A.bda B.bda 1.00 settled\naudit backed")
    newer.close()


def _signed(issuer: Issuer) -> int:
    with issuer.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM chain_transactions").scalar_one())
