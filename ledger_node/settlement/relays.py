"""Relays: transfers that a BDA in self custody has signed itself (ERC-3009) are brought to the chain by the node.

Each is a transaction of its own beside the batches, for the contract moves such an account on its owner's signature
and on nothing else: the settlement key that pays for the bringing cannot change a word of it.
"""

from typing import Any

import sqlalchemy as sa

from ledger_node.database import fetch
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.authorization import TransferAuthorization
from ledger_node.keys import Signer
from ledger_node.settlement import journaling, rows, tables
from ledger_node.settlement.booking import Leg
from ledger_node.settlement.governance import authorizations
from ledger_node.settlement.outbox import Outbox

RELAY_GAS = 400_000
"""A signature check, a nonce and a move cost about 90,000; the rest is for a contract wallet's own check (ERC-1271)."""
AT_ONCE_MAX = 200


class Relays:
    def __init__(self, outbox: Outbox, *, relayer: Signer) -> None:
        self._outbox = outbox
        self._relayer = relayer

    def cut(self, connection: sa.Connection) -> None:
        """A transaction for every accepted authorisation that has none yet."""
        operations = tables.operations
        for row in fetch(connection, _UNSENT):
            signed_terms = TransferAuthorization(
                row.debtor, row.creditor, row.amount, row.valid_after, row.valid_before, row.nonce
            )
            data = calls.transfer_with_authorization(signed_terms, row.signature)
            signed = self._outbox.put(
                connection, self._relayer, "authorization", to=row.token, data=data, gas=RELAY_GAS
            )  # fmt: skip
            mine = authorizations.c.operation_id == row.operation_id
            connection.execute(authorizations.update().where(mine).values(transaction_hash=signed.hash))
            connection.execute(
                operations.update().where(operations.c.id == row.operation_id).values(status="processing")
            )  # fmt: skip
            alone = [(row.operation_id, (None, None))]  # in no batch
            journaling.moved_on(connection, "processing", alone, at=self._outbox.now_ms())


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


def carried(connection: sa.Connection, transaction_hash: bytes) -> list[Leg]:
    """The operation that this transaction carries."""
    operations = tables.operations
    query = (
        sa.select(*rows.OPERATION, operations.c.counterparty_id)
        .join_from(operations, authorizations)
        .where(authorizations.c.transaction_hash == transaction_hash)
    )
    return [Leg(rows.operation(row), row.counterparty_id) for row in connection.execute(query)]
