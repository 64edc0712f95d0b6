"""Relays: transfers that a BDA in self custody has signed itself (ERC-3009) are brought to the chain by the node.

Each is a transaction of its own beside the batches, for the contract moves such an account on its owner's signature
and on nothing else: the settlement key that pays for the bringing cannot change a word of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Receipt
from ledger_node.database import Row, fetch
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.authorization import TransferAuthorization
from ledger_node.deposit_token.events import AuthorizationSpent, Moved, TokenEvent, decode
from ledger_node.errors import Fault
from ledger_node.keys import Signer
from ledger_node.settlement import journaling, outcomes, rows, tables
from ledger_node.settlement.onchain.booking import Booking, Leg
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Block, Seen, Task
from ledger_node.settlement.party_tables import authorizations

RELAY_GAS = 400_000
"""A signature check, a nonce and a move cost about 90,000; the rest is for a contract wallet's own check (ERC-1271)."""
AT_ONCE_MAX = 200
OPEN = ("pending_approval", "accepted", "processing")


class AuthorisedTransfers(Task):
    kind = "authorization"

    def __init__(self, outbox: Outbox, *, relayer: Signer) -> None:
        self._outbox = outbox
        self._relayer = relayer

    def prepare(self, connection: sa.Connection) -> None:
        """A transaction for every accepted authorisation that has none yet."""
        operations = tables.operations
        for row in fetch(connection, _UNSENT):
            signed_terms = TransferAuthorization(
                row.debtor, row.creditor, row.amount, row.valid_after, row.valid_before, row.nonce
            )
            data = calls.transfer_with_authorization(signed_terms, row.signature)
            signed = self._outbox.put(
                connection, self._relayer, self.kind, to=row.token, data=data, gas=RELAY_GAS
            )  # fmt: skip
            mine = authorizations.c.operation_id == row.operation_id
            connection.execute(authorizations.update().where(mine).values(transaction_hash=signed.hash))
            connection.execute(
                operations.update().where(operations.c.id == row.operation_id).values(status="processing")
            )  # fmt: skip
            alone = [(row.operation_id, (None, None))]  # in no batch
            journaling.moved_on(connection, "processing", alone, at=self._outbox.now_ms())

    def book(self, connection: sa.Connection, booking: Booking, block: Block) -> None:
        """End every transfer whose nonce was spent in the block, and those whose own transaction moved nothing."""
        spent = _spent(connection, block.seen)
        relayed = [
            (receipt, leg) for receipt in block.receipts(self.kind)
            if (leg := _carried(connection, receipt.transaction_hash)) is not None
        ]  # fmt: skip
        legs = [*(each.leg for each in spent), *(leg for _, leg in relayed)]
        booking.load_accounts(leg.operation.debtor_account for leg in legs)
        for each in spent:
            if each.moved is not None:
                booking.settled(each.leg, each.moved.log)
            else:
                booking.rejected(each.leg, outcomes.NONCE_SPENT)
        ended = {each.leg.operation.id for each in spent}
        for receipt, leg in relayed:
            if leg.operation.id not in ended:
                _end_reverted(connection, booking, block, receipt, leg)


def _unsent() -> sa.Select[Any]:
    debtor, creditor = tables.accounts.alias("debtor"), tables.accounts.alias("creditor")
    operations, tokens = tables.operations, tables.tokens
    return (
        sa.select(
            authorizations, operations.c.amount, operations.c.number, debtor.c.address.label("debtor"),
            creditor.c.address.label("creditor"), tokens.c.address.label("token"),
        )
        .join_from(authorizations, operations)
        .join(debtor, operations.c.debtor_account == debtor.c.id)
        .join(creditor, operations.c.creditor_account == creditor.c.id)
        .join(tokens, tokens.c.currency == operations.c.currency)
        .where(sa.text("authorizations.transaction_hash IS NULL"), operations.c.status == "accepted")
        .order_by(operations.c.number)
        .limit(AT_ONCE_MAX)
    )  # fmt: skip


_UNSENT = _unsent()


# WHAT BECAME OF THEM
#
# A signature is everybody's to send once it is known. So what ends such a transfer is the nonce that the token says is
# spent, in whosever transaction, and not the transaction that the node sent.


@dataclass(frozen=True, slots=True)
class Spent:
    """An open transfer whose nonce a block spent; `moved` is what it moved, None when other terms, or nothing, did."""

    leg: Leg
    moved: Moved | None


def _spent(connection: sa.Connection, seen: Sequence[Seen]) -> list[Spent]:
    """The open transfers whose nonces these events, of one block and after their currencies, spend."""
    places = {
        (currency, event.authorizer, event.nonce): place
        for place, (currency, event) in enumerate(seen)
        if isinstance(event, AuthorizationSpent)
    }
    if not places:
        return []
    nonces = sorted({nonce for _, _, nonce in places})
    found: list[Spent] = []
    open_ = sa.and_(authorizations.c.nonce.in_(nonces), tables.operations.c.status.in_(OPEN))
    for row in connection.execute(_with_terms().where(open_)):
        place = places.get((row.currency, row.debtor, row.nonce))
        if place is not None:
            leg = Leg(rows.operation(row), row.counterparty_id)
            found.append(Spent(leg, _moved_by([event for _, event in seen[place:]], row)))
    return found


def _carried(connection: sa.Connection, transaction_hash: bytes) -> Leg | None:
    """The transfer that this transaction of ours carries, if it has not ended by another one."""
    mine = sa.and_(
        authorizations.c.transaction_hash == transaction_hash, tables.operations.c.status == "processing"
    )  # fmt: skip
    row = connection.execute(_with_terms().where(mine)).first()
    return None if row is None else Leg(rows.operation(row), row.counterparty_id)


def _moved_before(connection: sa.Connection, chain: ChainBackend, leg: Leg) -> Moved | None:
    """What moved by this authorisation before the ledger had it, and was booked as nobody's. Raises ChainUnavailable.

    It was presented here after it had been sent by somebody else, between the look at the chain and the decision.
    """
    lines, operation = tables.statement_lines, leg.operation
    terms = connection.execute(_with_terms().where(tables.operations.c.id == operation.id)).one()
    query = (
        sa.select(lines.c.transaction_hash, lines.c.log_index)
        .where(
            lines.c.account_id == operation.debtor_account, lines.c.direction == "DBIT",
            lines.c.amount == operation.amount, lines.c.counterparty == terms.creditor, lines.c.operation_id.is_(None),
            lines.c.created_at > terms.valid_after * 1000,
        )
        .order_by(lines.c.sequence.desc())
    )  # fmt: skip
    for line in connection.execute(query):
        receipt = chain.receipt(line.transaction_hash)
        logs = () if receipt is None else receipt.logs
        events = [event for log in logs if log.address == terms.token and (event := decode(log)) is not None]
        for place, event in enumerate(events):
            if isinstance(event, AuthorizationSpent) and (event.authorizer, event.nonce) == (terms.debtor, terms.nonce):
                moved = _moved_by(events[place:], terms)
                if moved is not None and moved.log.log_index == line.log_index:
                    return moved
    return None


def _claim(connection: sa.Connection, leg: Leg, moved: Moved) -> None:
    """The statement lines of what moved before are this transfer's."""
    lines = tables.statement_lines
    both = sa.and_(lines.c.block_number == moved.log.block_number, lines.c.log_index == moved.log.log_index)
    connection.execute(lines.update().where(both).values(operation_id=leg.operation.id))


def _end_reverted(connection: sa.Connection, booking: Booking, block: Block, receipt: Receipt, leg: Leg) -> None:
    """Our transaction of it moved nothing: reject it, unless another one had moved it before."""
    if receipt.succeeded:
        raise Fault(f"The chain took {leg.operation.id} but shows no use of its nonce.")
    moved = _moved_before(connection, block.chain, leg)
    if moved is None:
        booking.rejected(leg, outcomes.of_single(block.why(receipt)))
        return
    booking.settled(leg, moved.log)
    _claim(connection, leg, moved)


def _moved_by(events: Sequence[TokenEvent], terms: Row) -> Moved | None:
    """What the first of these, a spent nonce, moved, if that is what the transfer says."""
    first = events[0]
    assert isinstance(first, AuthorizationSpent), "that is where they begin"
    if not first.used:
        return None
    moved = next(event for event in events if isinstance(event, Moved))  # the token's next word after it
    asked = (terms.debtor, terms.creditor, terms.amount)
    return moved if (moved.payer, moved.payee, moved.amount) == asked else None


def _with_terms() -> sa.Select[Any]:
    debtor, creditor = tables.accounts.alias("debtor"), tables.accounts.alias("creditor")
    operations, tokens = tables.operations, tables.tokens
    return (
        sa.select(
            *rows.OPERATION, operations.c.counterparty_id, authorizations.c.nonce, authorizations.c.valid_after,
            debtor.c.address.label("debtor"), creditor.c.address.label("creditor"), tokens.c.address.label("token"),
        )
        .join_from(operations, authorizations)
        .join(debtor, operations.c.debtor_account == debtor.c.id)
        .join(creditor, operations.c.creditor_account == creditor.c.id)
        .join(tokens, tokens.c.currency == operations.c.currency)
    )  # fmt: skip
