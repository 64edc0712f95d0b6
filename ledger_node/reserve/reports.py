"""What the reserve can be asked: totals per currency and the entries of one ledger account. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from ledger_node.reserve import tables
from ledger_node.reserve.ledger import LedgerAccount, read
from ledger_node.reserve.movements import cash, reserve


@dataclass(frozen=True, slots=True)
class Totals:
    """One currency's books in minor units. They balance when `cash` = `deposits` + `reserve`."""

    currency: str
    cash: int
    deposits: int
    reserve: int
    reserve_incoming: int
    reserve_outgoing: int

    @property
    def balanced(self) -> bool:
        return self.cash == self.deposits + self.reserve

    @property
    def attested(self) -> int:
        """What backs the token: reserve posted, plus holds of mints that have not ended."""
        return self.reserve + self.reserve_incoming


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One side of one posting; `balance` is the account's after it."""

    sequence: int
    side: Literal["debit", "credit"]
    amount: int
    balance: int
    reference: str
    created_at: int


def totals(connection: sa.Connection, currency: str) -> Totals:
    accounts = read(connection, [cash(currency), reserve(currency)])
    nothing = LedgerAccount("", currency, "credit")
    backing = accounts.get(reserve(currency), nothing)
    deposits = sa.select(sa.func.coalesce(sa.func.sum(tables.accounts.c.posted), 0)).where(
        tables.accounts.c.currency == currency, tables.accounts.c.id.startswith("dda:", autoescape=True)
    )
    return Totals(
        currency=currency,
        cash=accounts.get(cash(currency), nothing).posted,
        deposits=int(connection.execute(deposits).scalar_one()),
        reserve=backing.posted,
        reserve_incoming=backing.incoming,
        reserve_outgoing=backing.outgoing,
    )


def attested_reserve(connection: sa.Connection, currency: str) -> int:
    """What backs the token now, in minor units: reserve posted plus mint holds."""
    return attested_reserves(connection, [currency])[currency]


def attested_reserves(connection: sa.Connection, currencies: Iterable[str]) -> dict[str, int]:
    """The same for several currencies."""
    found = read(connection, map(reserve, currencies))
    return {account.currency: account.posted + account.incoming for account in found.values()}


def last_sequence(connection: sa.Connection) -> int:
    """The number of the newest posting; 0 before the first."""
    newest: int = connection.execute(
        sa.select(sa.func.coalesce(sa.func.max(tables.postings.c.sequence), 0))
    ).scalar_one()
    return newest


def entries(
    connection: sa.Connection, account_id: str, *, before: int | None = None, first: int = 0, last: int = 2**62,
    limit: int,
) -> Sequence[LedgerEntry]:  # fmt: skip
    """An account's newest entries numbered below `before`, made from `first` on and before `last` (milliseconds)."""
    postings = tables.postings
    found: list[LedgerEntry] = []
    for side in ("debit", "credit"):
        sequence = postings.c[f"{side}_sequence"]
        query = sa.select(
            sequence, sa.literal(side), postings.c.amount, postings.c[f"{side}_balance"], postings.c.reference,
            postings.c.created_at,
        )  # fmt: skip
        query = query.where(postings.c[f"{side}_account"] == account_id, postings.c.created_at.between(first, last - 1))
        if before is not None:
            query = query.where(sequence < before)
        found += [LedgerEntry(*row) for row in connection.execute(query.order_by(sequence.desc()).limit(limit))]
    return sorted(found, key=lambda entry: -entry.sequence)[:limit]
