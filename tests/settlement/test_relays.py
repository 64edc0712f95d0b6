"""A signature is everybody's to send once known: whoever brings it to the chain, the transfer ends as it moved."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from ledger_node.access.model import Caller
from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.attestation import signature_bytes
from ledger_node.settlement import limits, tables
from ledger_node.settlement.assurance.deep_audit import deep_audit
from ledger_node.settlement.model import Limits, Operation
from ledger_node.settlement.party_tables import outgoing_days
from tests.settlement.custody import HOLDER, brought, domain, held, signed
from tests.settlement.issuer import OPERATOR, TIMEOUT_S, Issuer, key

__all__ = ["held"]
ANYBODY = key("anybody")
GIVEN_NONCE = b"\x01" * 32


@pytest.fixture(autouse=True)
def books_agree(held: Issuer) -> Iterator[None]:
    """After each of these, book and chain say the same, nothing is set aside, and every row is as it was written."""
    yield
    held.settle()
    assert held.audit().passed
    assert held.booked("A.bda2") == held.available("A.bda2")
    assert deep_audit(held.database, held.chain).passed


def asked(held: Issuer, amount: str = "25.00", minor: int = 2500) -> Operation:
    """Accepted, and the node's own transaction is on its way."""
    request = held.request("transfer", "t1", "A.bda2", "B.bda", amount)
    request = held.settlement.examiner.examine(replace(request, authorization=signed(held, minor)))
    return held.settlement.desk.submit(request).result(TIMEOUT_S).operation


def accepted_while_cut(held: Issuer) -> Operation:
    """Accepted, and the node's own transaction is stored and not sent."""
    held.line.cut = True
    request = held.request("transfer", "t1", "A.bda2", "B.bda", "25.00")
    return held.settlement.desk.submit(replace(request, authorization=signed(held, 2500))).result(TIMEOUT_S).operation


def final(held: Issuer, operation: Operation) -> Operation:
    held.settle()
    return held.settlement.desk.watch(operation.id).result(TIMEOUT_S)


def in_own_block(held: Issuer, data: bytes) -> bytes:
    """Somebody else's transaction, booked in a block before anything that the node has not sent yet."""
    hash_ = held.send(ANYBODY, held.token(), data)
    held.chain.make_block()
    held.flush()
    return hash_


def owners(held: Issuer, transaction_hash: bytes) -> set[str | None]:
    """The operations that the statement lines of a transaction name."""
    lines = tables.statement_lines
    with held.database.read() as connection:
        query = sa.select(lines.c.operation_id).where(lines.c.transaction_hash == transaction_hash)
        return set(connection.execute(query).scalars())


def left_today(held: Issuer) -> int:
    member_id = held.members["A"].member_id
    with held.database.read() as connection:
        counted = sa.select(sa.func.coalesce(sa.func.sum(outgoing_days.c.amount), 0))
        return int(connection.execute(counted.where(outgoing_days.c.member_id == member_id)).scalar_one())


def cancellation(held: Issuer, nonce: bytes = GIVEN_NONCE) -> bytes:
    typehash = keccak(b"CancelAuthorization(address authorizer,bytes32 nonce)")
    digest = domain(held).digest(typehash + bytes(12) + HOLDER.address + nonce)
    signature = signature_bytes(HOLDER.sign(digest))
    return deposit_token().call("cancelAuthorization(address,bytes32,bytes)", HOLDER.address, nonce, signature)


def test_ours_is_first_and_anothers_copy_in_the_same_block_moves_nothing(held: Issuer) -> None:
    operation = asked(held)
    copy = held.send(ANYBODY, held.token(), brought(held, 2500, signed(held, 2500)))
    done = final(held, operation)
    assert done.status == "settled"
    assert done.transaction_hash != copy
    assert owners(held, done.transaction_hash or b"") == {operation.id}
    assert (held.booked("A.bda2"), left_today(held)) == (7500, 2500)


def test_anothers_copy_is_first_in_the_same_block(held: Issuer) -> None:
    data = brought(held, 2500, signed(held, 2500))
    theirs = held.send(ANYBODY, held.token(), data)
    operation = asked(held)
    done = final(held, operation)
    assert (done.status, done.code, done.transaction_hash) == ("settled", None, theirs)
    assert owners(held, theirs) == {operation.id}
    assert (held.booked("A.bda2"), left_today(held)) == (7500, 2500)


def test_anothers_copy_is_booked_a_block_before_ours(held: Issuer) -> None:
    operation = accepted_while_cut(held)
    theirs = held.send(ANYBODY, held.token(), brought(held, 2500, signed(held, 2500)))
    held.chain.make_block()
    held.line.cut = False
    held.settlement.look_after()  # books their block, then sends ours, which the token refuses
    done = final(held, operation)
    assert (done.status, done.transaction_hash) == ("settled", theirs)
    assert owners(held, theirs) == {operation.id}
    assert (held.booked("A.bda2"), left_today(held)) == (7500, 2500)


def test_anothers_copy_is_booked_between_our_look_at_the_chain_and_our_decision(held: Issuer) -> None:
    request = held.request("transfer", "t1", "A.bda2", "B.bda", "25.00")
    request = held.settlement.examiner.examine(replace(request, authorization=signed(held, 2500)))
    held.send(HOLDER, held.token(), deposit_token().call("transfer", held.address("B.bda"), 2500))
    theirs = in_own_block(held, brought(held, 2500, signed(held, 2500)))
    assert owners(held, theirs) == {None}
    done = final(held, held.settlement.desk.submit(request).result(TIMEOUT_S).operation)
    assert (done.status, done.transaction_hash) == ("settled", theirs)
    assert owners(held, theirs) == {done.id}
    assert (held.booked("A.bda2"), left_today(held)) == (5000, 2500)


def test_a_payment_that_waits_for_a_second_person_is_settled_when_somebody_brings_it_anyway(held: Issuer) -> None:
    member_id = held.members["A"].member_id or ""
    agreed = Limits(member_id, "USD", 10**12, approval_above=100)
    with held.database.write() as connection:
        limits.agree(connection, agreed, at=held.clock.now_ms())
    ada = Caller("key_ada", "member", member_id, person="ada")
    request = held.request("transfer", "t1", "A.bda2", "B.bda", "25.00", caller=ada)
    request = held.settlement.examiner.examine(replace(request, authorization=signed(held, 2500)))
    waits = held.settlement.desk.submit(request).result(TIMEOUT_S).operation
    assert waits.status == "pending_approval"
    theirs = in_own_block(held, brought(held, 2500, signed(held, 2500)))
    done = held.settlement.queries.operation(OPERATOR, waits.id)
    assert (done.status, done.transaction_hash) == ("settled", theirs)
    assert held.settlement.queries.approvals(OPERATOR).data[0].status == "canceled"
    assert (held.booked("A.bda2"), left_today(held)) == (7500, 2500)


@pytest.mark.parametrize("first", ["in the same block", "a block before"])
def test_a_canceled_authorisation_ends_rejected(held: Issuer, first: str) -> None:
    if first == "in the same block":
        held.send(ANYBODY, held.token(), cancellation(held))
        operation = asked(held)
    else:
        operation = accepted_while_cut(held)
        held.send(ANYBODY, held.token(), cancellation(held))
        held.chain.make_block()
        held.line.cut = False
        held.settlement.look_after()
    done = final(held, operation)
    assert (done.status, done.code, done.reason_code) == ("rejected", "authorization_used", "AM05")
    assert (held.booked("A.bda2"), left_today(held)) == (10000, 0)


def test_a_nonce_used_for_another_transfer_ends_it_rejected_and_the_other_is_nobodys(held: Issuer) -> None:
    theirs = held.send(ANYBODY, held.token(), brought(held, 1000, signed(held, 1000)))
    done = final(held, asked(held))
    assert (done.status, done.code) == ("rejected", "authorization_used")
    assert owners(held, theirs) == {None}
    assert (held.booked("A.bda2"), left_today(held)) == (9000, 0)
