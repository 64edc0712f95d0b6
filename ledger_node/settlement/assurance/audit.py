"""The audit: is every token backed, and do book and chain say the same? Reads only; names the side that differs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger_node.chain.backend import ChainBackend
from ledger_node.database import Database, Row, fetch, one_of
from ledger_node.deposit_token import reads
from ledger_node.reserve import reports
from ledger_node.settlement import tables
from ledger_node.settlement.attestation_tables import attestations
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
    in_flight = dict(fetch(connection, _IN_FLIGHT))
    block_number = booked_block(connection)
    supplies = dict(fetch(connection, _SUPPLIES))
    reserves = reports.attested_reserves(connection, supplies)
    return tuple(
        ReservePosition(
            currency=currency, reserve=reserves[currency], supply=supply, in_flight=int(in_flight.get(currency, 0)),
            block_number=block_number,
        )
        for currency, supply in supplies.items()
    )  # fmt: skip


def booked_block(connection: sa.Connection) -> int:
    """The last block that is booked; 0 before the first."""
    return next((number for (number,) in fetch(connection, _BOOKED)), 0)


def audit(database: Database, chain: ChainBackend) -> AuditReport:
    """Compare everything at the last booked block. Raises ChainUnavailable, BlockNotFound."""
    with database.read() as connection:
        block_number = booked_block(connection)
        position = positions(connection)
        findings = [*backing(position), *_trial_balance(connection)]
        tokens, everybody = issued(connection), holders(connection)
    addresses = {token.currency: token.address for token in tokens}
    for token in tokens:
        findings += totals_differ(chain, token, at=block_number)
    for holder in everybody:
        findings += balance_differs(chain, addresses, holder, at=block_number)
    return AuditReport(block_number, position, len(everybody), tuple(findings))


def issued(connection: sa.Connection) -> Sequence[Row]:
    """The tokens on chain, each with the reserve that its newest booked batch attested (None before the first)."""
    return fetch(connection, _ISSUED)


def totals_differ(chain: ChainBackend, token: Row, *, at: int) -> list[Finding]:
    """Supply and attested reserve, in the book and in the contract."""
    said, found = reads.totals(chain, token.address, at=at), []
    if said.supply != token.supply:
        found.append(_differs("supply_differs", token.currency, token.currency, token.supply, said.supply))
    if said.attested_reserve != (token.reserve or 0):
        found.append(
            _differs(
                "attested_reserve_differs", token.currency, token.currency, token.reserve or 0, said.attested_reserve
            )
        )
    return found


def balance_differs(chain: ChainBackend, tokens: Mapping[str, bytes], holder: Row, *, at: int) -> list[Finding]:
    """A BDA's tokens, in the book and in the contract."""
    if holder.currency not in tokens:
        return []
    balance = reads.balance_of(chain, tokens[holder.currency], holder.address, at=at)
    if balance == holder.booked:
        return []
    return [_differs("balance_differs", holder.id, holder.currency, holder.booked, balance)]


def backing(positions: Iterable[ReservePosition]) -> list[Finding]:
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


def holders_differ(currency: str, held: int, supply: int) -> list[Finding]:
    """What the BDAs hold together, and the supply, both as booked."""
    if held == supply:
        return []
    detail = f"BDAs hold {held}, supply is {supply} (minor units of {currency}, both as booked)."
    return [Finding("holders_differ", currency, currency, detail, held, supply)]


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
        found += holders_differ(currency, int(held), supply)
    return found


def holders(connection: sa.Connection, account_ids: Iterable[str] | None = None) -> Sequence[Row]:
    """Account, currency, address and tokens booked, of all BDAs or of these."""
    if account_ids is None:
        return fetch(connection, _HOLDERS)
    return fetch(connection, _SOME_HOLDERS, ids=sorted(account_ids))


def _differs(code: str, subject: str, currency: str, book: int, chain: int) -> Finding:
    side = "book" if book > chain else "chain"
    detail = (
        f"The book says {book}, the chain {chain} (minor units of {currency}): the {side} has {abs(book - chain)} more."
    )
    return Finding(code, subject, currency, detail, book, chain)


def _in_flight() -> sa.Select[Any]:
    operations = tables.operations
    open_ = operations.c.status.in_([tables.literally("accepted"), tables.literally("processing")])
    query = sa.select(operations.c.currency, sa.func.sum(operations.c.amount).label("amount"))
    return query.where(open_, operations.c.kind.in_(["mint", "redemption"])).group_by(operations.c.currency)


def _issued() -> sa.Select[Any]:
    """One look at the newest attestations for each token: there is a batch for each block, and more every day."""
    tokens, batches = tables.tokens, tables.batches
    newest = (
        sa.select(batches.c.reserve)
        .join_from(attestations, batches, attestations.c.batch_id == batches.c.id)
        .where(attestations.c.currency == tokens.c.currency, batches.c.status == tables.literally("booked"))
        .order_by(attestations.c.number.desc())
        .limit(1)
        .correlate(tokens)
        .scalar_subquery()
    )
    query = sa.select(tokens, newest.label("reserve"))
    return query.where(tokens.c.block_number.is_not(None)).order_by(tokens.c.currency)


def _holders() -> sa.Select[Any]:
    accounts, holdings = tables.accounts, tables.holdings
    query = sa.select(accounts.c.id, accounts.c.currency, accounts.c.address, holdings.c.booked)
    return query.join_from(accounts, holdings).order_by(accounts.c.id)


_BOOKED = sa.select(tables.cursor.c.block_number)
_SUPPLIES = sa.select(tables.tokens.c.currency, tables.tokens.c.supply).order_by(tables.tokens.c.currency)
_IN_FLIGHT, _ISSUED, _HOLDERS = _in_flight(), _issued(), _holders()
_SOME_HOLDERS = _HOLDERS.where(one_of(tables.accounts.c.id, "ids"))
