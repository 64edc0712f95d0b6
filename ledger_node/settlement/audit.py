"""The audit: is every token backed, and do book and chain say the same? Reads only; names the side that differs."""

from dataclasses import dataclass

import sqlalchemy as sa

from ledger_node.chain.backend import ChainBackend
from ledger_node.database import Database
from ledger_node.deposit_token import reads
from ledger_node.reserve import reports
from ledger_node.settlement import tables
from ledger_node.settlement.model import ReservePosition


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `subject` is a currency or an account id; book and chain in minor units."""

    code: str
    subject: str
    currency: str
    detail: str
    book: int
    chain: int


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was compared at one booked block, and every difference found. No findings: backed."""

    block_number: int
    positions: tuple[ReservePosition, ...]
    accounts_compared: int
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return not self.findings


def positions(connection: sa.Connection) -> tuple[ReservePosition, ...]:
    """Reserve, supply and what is in flight per currency, as booked."""
    operations, tokens = tables.operations, tables.tokens
    open_ = operations.c.status.in_([tables.literally("accepted"), tables.literally("processing")])
    in_flight = dict(
        connection.execute(
            sa.select(operations.c.currency, sa.func.sum(operations.c.amount))
            .where(open_, operations.c.kind.in_(["mint", "redemption"]))
            .group_by(operations.c.currency)
        ).all()
    )
    block_number = connection.execute(sa.select(tables.cursor.c.block_number)).scalar() or 0
    issued = connection.execute(sa.select(tokens.c.currency, tokens.c.supply).order_by(tokens.c.currency))
    return tuple(
        ReservePosition(
            currency=currency, reserve=reports.attested_reserve(connection, currency), supply=supply,
            in_flight=int(in_flight.get(currency, 0)), block_number=block_number,
        )
        for currency, supply in issued
    )  # fmt: skip


def audit(database: Database, chain: ChainBackend) -> AuditReport:
    """Compare everything at the last booked block. Raises ChainUnavailable, BlockNotFound."""
    with database.read() as connection:
        block_number = connection.execute(sa.select(tables.cursor.c.block_number)).scalar() or 0
        backing = positions(connection)
        findings = [*_backing(backing), *_trial_balance(connection)]
        tokens, holders = tables.tokens, _holders(connection)
        issued = connection.execute(sa.select(tokens).where(tokens.c.block_number.is_not(None))).all()
    addresses = {token.currency: token.address for token in issued}
    for token in issued:
        supply = reads.totals(chain, token.address, at=block_number).supply
        if supply != token.supply:
            findings.append(_differs("supply_differs", token.currency, token.currency, token.supply, supply))
    for holder in holders:
        if holder.currency in addresses:
            balance = reads.balance_of(chain, addresses[holder.currency], holder.address, at=block_number)
            if balance != holder.booked:
                findings.append(_differs("balance_differs", holder.id, holder.currency, holder.booked, balance))
    return AuditReport(block_number, backing, len(holders), tuple(findings))


def _backing(positions: tuple[ReservePosition, ...]) -> list[Finding]:
    found = []
    for position in positions:
        if position.difference < 0:
            detail = f"Supply exceeds the reserve by {-position.difference} minor units of {position.currency}."
        elif not position.backed:
            detail = f"The reserve exceeds supply by more {position.currency} than is in flight ({position.in_flight})."
        else:
            continue
        found.append(
            Finding("not_backed", position.currency, position.currency, detail, position.reserve, position.supply)
        )
    return found


def _trial_balance(connection: sa.Connection) -> list[Finding]:
    found = []
    for currency in connection.execute(
        sa.select(tables.tokens.c.currency).order_by(tables.tokens.c.currency)
    ).scalars():
        totals = reports.totals(connection, currency)
        if not totals.balanced:
            owed = totals.deposits + totals.reserve
            detail = f"The books hold {totals.cash} in cash and owe {owed} (minor units of {currency})."
            found.append(Finding("books_unbalanced", currency, currency, detail, totals.cash, owed))
        held = connection.execute(
            sa.select(sa.func.coalesce(sa.func.sum(tables.holdings.c.booked), 0))
            .join_from(tables.holdings, tables.accounts)
            .where(tables.accounts.c.currency == currency)
        ).scalar_one()
        supply = connection.execute(
            sa.select(tables.tokens.c.supply).where(tables.tokens.c.currency == currency)
        ).scalar_one()
        if held != supply:
            detail = f"BDAs hold {held}, supply is {supply} (minor units of {currency}, both as booked)."
            found.append(Finding("holders_differ", currency, currency, detail, int(held), supply))
    return found


def _holders(connection: sa.Connection) -> list[sa.Row[tuple[str, str, bytes, int]]]:
    accounts, holdings = tables.accounts, tables.holdings
    query = sa.select(accounts.c.id, accounts.c.currency, accounts.c.address, holdings.c.booked)
    return list(connection.execute(query.join_from(accounts, holdings).order_by(accounts.c.id)))


def _differs(code: str, subject: str, currency: str, book: int, chain: int) -> Finding:
    side = "book" if book > chain else "chain"
    detail = (
        f"The book says {book}, the chain {chain} (minor units of {currency}): the {side} has {abs(book - chain)} more."
    )
    return Finding(code, subject, currency, detail, book, chain)
