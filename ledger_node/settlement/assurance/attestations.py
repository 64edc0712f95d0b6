"""What was attested, and one account's proof under it. Reads only.

An attestation is answered once its batch is booked: before, and when the batch reverted, the chain has none.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from ledger_node.access.model import Caller
from ledger_node.database import Database, Row
from ledger_node.errors import (
    AccountNotFound,
    AttestationNotFound,
    NotSettledNet,
    PaymentNotFound,
    WrongAccountKind,
)  # fmt: skip
from ledger_node.pages import Page, Slice, page
from ledger_node.proofs.document import ClaimProof, SignedAttestation
from ledger_node.proofs.payment_document import PaymentProof
from ledger_node.settlement import netting_tables, tables
from ledger_node.settlement.attestation_tables import attestations, leaves
from ledger_node.settlement.netting.payments_tree import payments_tree
from ledger_node.settlement.onchain import liabilities, signing_keys

_FIRST = Slice()


@dataclass(frozen=True, slots=True)
class Attested:
    """A booked attestation. `claims` is what all claims under the root add up to."""

    signed: SignedAttestation
    claims: int
    number: int
    created_at: int


class Attestations:
    def __init__(self, database: Database, *, chain_id: Callable[[], int]) -> None:
        self._database = database
        self._chain_id = chain_id

    def listed(self, part: Slice = _FIRST, *, currency: str | None = None) -> Page[Attested]:
        """Newest first."""
        query = booked().where(tables.batches.c.created_at.between(part.since, part.until - 1))
        if currency is not None:
            query = query.where(attestations.c.currency == currency)
        if (before := part.number()) is not None:
            query = query.where(attestations.c.number < before)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(attestations.c.number.desc()).limit(part.limit + 1)).all()
        return page(found, part, read=self._read, position=lambda row: row.number)

    def find(self, attestation_id: str) -> Attested:
        """Raises AttestationNotFound."""
        with self._database.read() as connection:
            return self._find(connection, attestation_id)

    def proof(self, caller: Caller, attestation_id: str, account_id: str) -> ClaimProof:
        """A BDA's branch under the root. Raises AccountNotFound, WrongAccountKind, AttestationNotFound."""
        with self._database.read() as connection:
            accounts = tables.accounts
            account = connection.execute(sa.select(accounts).where(accounts.c.id == account_id)).first()
            if account is None or caller.member_id not in (None, account.member_id):
                raise AccountNotFound(f"There is no account {account_id}.")
            if account.kind != "BDA":
                raise WrongAccountKind("The attested claims are those of BDAs: tokens. A DDA has none.")
            attested = self._find(connection, attestation_id)
            leaf = connection.execute(sa.select(leaves).where(leaves.c.account_id == account_id)).first()
            if leaf is not None and leaf.currency == attested.signed.currency:
                tree = liabilities.tree_at(connection, leaf.currency, attested.number)
                if leaf.place < 1 << tree.depth and tree.taken(leaf.place):
                    return ClaimProof(
                        attested.signed, account_id, tree.balance(leaf.place), leaf.salt, leaf.place,
                        tree.branch(leaf.place),
                    )  # fmt: skip
        raise AttestationNotFound(f"{account_id} is not among the claims of {attestation_id}.")

    def payment_proof(self, caller: Caller, operation_id: str) -> PaymentProof:
        """A payment's branch under its net batch's root, for either side. Raises PaymentNotFound, NotSettledNet."""
        operations, taken, batches = tables.operations, netting_tables.payments, tables.batches
        with self._database.read() as connection:
            mine = sa.select(operations).where(operations.c.id == operation_id, operations.c.kind == "transfer")
            row = connection.execute(mine).first()
            sides = () if row is None else (row.member_id, row.counterparty_id if row.status == "settled" else None)
            if row is None or caller.member_id not in (None, *sides):
                raise PaymentNotFound(f"There is no transfer {operation_id}.")
            place = connection.execute(
                sa.select(taken)
                .join_from(taken, batches)
                .where(taken.c.operation_id == operation_id, batches.c.status == "booked")
            ).first()
            if place is None:
                raise NotSettledNet(f"No netting cycle has settled {operation_id}.")
            leaves_, tree = payments_tree(connection, place.batch_id)
            return PaymentProof(
                self._find(connection, place.batch_id).signed, leaves_[place.place], place.salt, place.place,
                tree.branch(place.place),
            )  # fmt: skip

    def _find(self, connection: sa.Connection, attestation_id: str) -> Attested:
        row = connection.execute(booked().where(tables.batches.c.id == attestation_id)).first()
        if row is None:
            raise AttestationNotFound(f"There is no attestation {attestation_id} on the chain.")
        return self._read(row)

    def _read(self, row: Row) -> Attested:
        return Attested(signed(row, self._chain_id()), row.claims, row.number, row.created_at)


def booked() -> sa.Select[tuple[object, ...]]:
    """In a query: every attestation that is on the chain, with who was the attestor then."""
    batches, tokens, sent = tables.batches, tables.tokens, tables.chain_transactions
    return (
        sa.select(
            attestations.c.number, attestations.c.claims, attestations.c.signature, batches, tokens.c.name,
            tokens.c.address, signing_keys.attestor_of(sent.c.number).label("attestor"),
        )
        .join_from(attestations, batches)
        .join(tokens, tokens.c.currency == batches.c.currency)
        .join(sent, sent.c.hash == batches.c.transaction_hash)
        .where(batches.c.status == "booked")
    )  # fmt: skip


def signed(row: Row, chain_id: int) -> SignedAttestation:
    """A row of `booked`."""
    return SignedAttestation(
        id=row.id, currency=row.currency, reserve=row.reserve, claims_root=row.claims_root,
        ledger_sequence=row.ledger_sequence, ledger_head=row.ledger_head, signature=row.signature,
        attestor=row.attestor, token_name=row.name, chain_id=chain_id, token=row.address,
        block_number=row.block_number, transaction_hash=row.transaction_hash,
    )  # fmt: skip
