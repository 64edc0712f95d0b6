"""What the ledger itself says against being ready, and which fault a restart may end. Knows nothing of the cycle."""

import sqlalchemy as sa

from ledger_node import storage
from ledger_node.database import Database
from ledger_node.errors import LedgerNodeError, Unavailable
from ledger_node.settlement import tables
from ledger_node.settlement.assurance import audit


def reasons_in_the_ledger(database: Database) -> list[str]:
    """Tokens that are missing and not backed; or why the ledger cannot be read."""
    try:
        with database.read() as connection:
            return [*_undeployed(connection), *_unbacked(connection)]
    except Unavailable as trouble:
        return [trouble.detail]


def needs_restart(fault: BaseException | None) -> bool:
    """Whether something that nobody foresaw has stopped money: nothing in the node begins again what it ended.

    What a fault of ours names (damage, stores that disagree) would be there after a restart too.
    """
    return fault is not None and not isinstance(fault, LedgerNodeError)


def unwritable(database: Database) -> str | None:
    """Why nothing could be written, before the first payment finds out; None where only trying tells."""
    trouble = None if database.file is None else storage.unwritable(database.file)
    return None if trouble is None else trouble.detail


def _undeployed(connection: sa.Connection) -> list[str]:
    missing = sa.select(tables.tokens.c.currency).where(tables.tokens.c.block_number.is_(None))
    return [f"the {currency} token is not deployed yet" for currency in connection.execute(missing).scalars()]


def _unbacked(connection: sa.Connection) -> list[str]:
    return [
        f"{position.currency}: supply {position.supply} exceeds reserve {position.reserve}"
        for position in audit.positions(connection) if position.difference < 0
    ]  # fmt: skip
