"""Everything that can be read, each from one consistent snapshot. Nothing here changes anything.

A member sees its own resources; any other id answers NotFound, as if it did not exist. The operator's house sees all.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ledger_node.access import approvals
from ledger_node.access.model import Approval, ApprovalStatus, Caller
from ledger_node.database import Database, Row
from ledger_node.errors import AccountNotFound, MemberNotFound, NettingCycleNotFound, PaymentNotFound
from ledger_node.pages import Page, Slice, page
from ledger_node.reserve import ledger, reports
from ledger_node.reserve.movements import dda
from ledger_node.settlement import limits, netting_tables, rows, tables
from ledger_node.settlement.assurance import audit
from ledger_node.settlement.model import (
    Account,
    AccountKind,
    Balances,
    Entry,
    Event,
    FiatKind,
    Limits,
    Member,
    NettingCycle,
    Operation,
    Order,
    PaymentKind,
    ReservePosition,
    Status,
    Token,
)
from ledger_node.settlement.netting import cycles
from ledger_node.settlement.parties import enforcement

FIRST_PAGE = Slice()


class Queries:
    def __init__(self, database: Database) -> None:
        self._database = database

    # PARTIES

    def member(self, caller: Caller, member_id: str) -> Member:
        """Raises MemberNotFound."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(*rows.MEMBER).where(tables.members.c.id == member_id)).first()
        if row is None or caller.member_id not in (None, member_id):
            raise MemberNotFound(f"There is no member {member_id}.")
        return rows.member(row)

    def members(self, caller: Caller, part: Slice = FIRST_PAGE) -> Page[Member]:
        members = tables.members
        query = sa.select(*rows.MEMBER).where(_made_in(members.c.created_at, part))
        if caller.member_id is not None:
            query = query.where(members.c.id == caller.member_id)
        return self._page_by_id(query, members.c.id, part, rows.member)

    def account(self, caller: Caller, account_id: str) -> Account:
        """Raises AccountNotFound."""
        with self._database.read() as connection:
            return _account(connection, caller, account_id)

    def accounts(
        self, caller: Caller, part: Slice = FIRST_PAGE, *, member_id: str | None = None,
        kind: AccountKind | None = None, currency: str | None = None,
    ) -> Page[Account]:  # fmt: skip
        accounts = tables.accounts
        query = sa.select(*rows.ACCOUNT).where(_made_in(accounts.c.created_at, part))
        for column, wanted in (
            (accounts.c.member_id, caller.member_id), (accounts.c.member_id, member_id), (accounts.c.kind, kind),
            (accounts.c.currency, currency),
        ):  # fmt: skip
            query = query if wanted is None else query.where(column == wanted)
        return self._page_by_id(query, accounts.c.id, part, rows.account)

    # THE HOUSE

    def limits(self, caller: Caller, member_id: str, currencies: Sequence[str]) -> tuple[Limits, ...]:
        """Raises MemberNotFound."""
        self.member(caller, member_id)
        with self._database.read() as connection:
            agreed = limits.read(connection, [member_id])
        return tuple(agreed.get((member_id, code)) or limits.default(member_id, code) for code in currencies)

    def order(self, caller: Caller, order_id: str) -> Order:
        """Raises OrderNotFound, also for one against another member's account."""
        with self._database.read() as connection:
            return enforcement.find(connection, order_id, member_id=caller.member_id)

    def orders(self, caller: Caller, part: Slice = FIRST_PAGE, *, account_id: str | None = None) -> Page[Order]:
        with self._database.read() as connection:
            return enforcement.listed(connection, caller, part, account_id=account_id)

    def approval(self, caller: Caller, approval_id: str) -> Approval:
        """Raises ApprovalNotFound."""
        with self._database.read() as connection:
            return approvals.find(connection, caller, approval_id)

    def approvals(
        self, caller: Caller, part: Slice = FIRST_PAGE, *, status: ApprovalStatus | None = None
    ) -> Page[Approval]:
        with self._database.read() as connection:
            return approvals.listed(connection, caller, part, status=status)

    def netting_cycle(self, cycle_id: str) -> NettingCycle:
        """Raises NettingCycleNotFound."""
        with self._database.read() as connection:
            return cycles.find(connection, cycle_id)

    def netted_in(self, caller: Caller, cycle_id: str, part: Slice) -> Page[Operation]:
        """What of a cycle the caller sees. Raises NettingCycleNotFound, also for one in which it has nothing to see."""
        taken, of, made = netting_tables.payments, netting_tables.cycles, tables.operations
        of_it = (
            sa.select(made.c.id)
            .join(taken, taken.c.operation_id == made.c.id)
            .join(of, of.c.batch_id == taken.c.batch_id)
            .where(of.c.id == cycle_id, sa.or_(*_visible_to(caller)))
        )
        with self._database.read() as connection:
            if caller.member_id is None:
                cycles.find(connection, cycle_id)
            elif connection.execute(of_it.limit(1)).first() is None:
                raise NettingCycleNotFound(f"There is no netting cycle {cycle_id}.")
        return self.operations(caller, part, netting_cycle=cycle_id)

    def netting_cycles(self, part: Slice = FIRST_PAGE, *, currency: str | None = None) -> Page[NettingCycle]:
        with self._database.read() as connection:
            return cycles.listed(connection, part, code=currency)

    # MONEY

    def balances(self, caller: Caller, account_id: str) -> Balances:
        """Booked and available now. Raises AccountNotFound."""
        with self._database.read() as connection:
            account = _account(connection, caller, account_id)
            booked, outgoing = _money(connection, account)
            block_number = _booked_block(connection)
        return Balances(account.id, account.currency, booked, max(0, booked - outgoing), block_number)

    def entries(self, caller: Caller, account_id: str, part: Slice = FIRST_PAGE) -> Page[Entry]:
        """The account's lines, newest first. Raises AccountNotFound."""
        with self._database.read() as connection:
            account = _account(connection, caller, account_id)
            if account.kind == "DDA":
                found = _dda_entries(connection, account, part)
            else:
                found = _bda_entries(connection, account, part)
        return page(found, part, read=lambda entry: entry, position=lambda entry: entry.sequence)

    def operation(
        self, caller: Caller, operation_id: str, kind: PaymentKind | FiatKind | None = None
    ) -> Operation:  # fmt: skip
        """A payment or fiat movement as it stands. Raises PaymentNotFound, also when it is of another kind."""
        query = sa.select(*rows.OPERATION).where(tables.operations.c.id == operation_id, sa.or_(*_visible_to(caller)))
        if kind is not None:
            query = query.where(tables.operations.c.kind == kind)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise PaymentNotFound(f"There is no {kind or 'payment'} {operation_id}.")
        return _as_seen_by(caller, rows.operation(row))

    def operations(
        self, caller: Caller, part: Slice = FIRST_PAGE, *, kind: PaymentKind | FiatKind | None = None,
        status: Status | None = None, account_id: str | None = None, currency: str | None = None,
        netting_cycle: str | None = None,
    ) -> Page[Operation]:  # fmt: skip
        operations = tables.operations
        query = sa.select(*rows.OPERATION, operations.c.number).where(_made_in(operations.c.created_at, part))
        if kind is not None:
            query = query.where(operations.c.kind == kind)
        if status is not None:
            query = query.where(operations.c.status == status)
        if currency is not None:
            query = query.where(operations.c.currency == currency)
        if account_id is not None:
            query = query.where(
                sa.or_(operations.c.debtor_account == account_id, operations.c.creditor_account == account_id)
            )
        if netting_cycle is not None:
            taken, of = netting_tables.payments, netting_tables.cycles
            of_it = sa.select(taken.c.operation_id).join_from(taken, of, taken.c.batch_id == of.c.batch_id)
            query = query.where(operations.c.id.in_(of_it.where(of.c.id == netting_cycle)))
        if (before := part.number()) is not None:
            query = query.where(operations.c.number < before)
        query = query.order_by(operations.c.number.desc()).limit(part.limit + 1)
        found: list[Row] = []
        with self._database.read() as connection:
            # One query for each way of seeing: each follows an index backwards and stops, which their OR could not.
            for way in _visible_to(caller):
                found += connection.execute(query.where(way))
        newest_first = sorted(found, key=lambda row: -row.number)
        return page(
            newest_first, part, read=lambda row: _as_seen_by(caller, rows.operation(row)),
            position=lambda row: row.number,
        )  # fmt: skip

    def reserve(self) -> tuple[ReservePosition, ...]:
        """Reserve against supply in every currency, from one snapshot."""
        with self._database.read() as connection:
            return audit.positions(connection)

    def tokens(self) -> tuple[Token, ...]:
        """The token contracts that are on the chain, by currency."""
        query = sa.select(tables.tokens).where(tables.tokens.c.block_number.is_not(None)).order_by("currency")
        with self._database.read() as connection:
            found = connection.execute(query)
            return tuple(Token(row.currency, row.name, row.address, row.block_number) for row in found)

    def booked_block(self) -> int:
        """The number of the last block booked."""
        with self._database.read() as connection:
            return _booked_block(connection)

    # EVENTS

    def events(self, caller: Caller, part: Slice = FIRST_PAGE, *, type: str | None = None) -> Page[Event]:  # noqa: A002
        events = tables.events
        query = sa.select(events).where(_made_in(events.c.created_at, part))
        if caller.member_id is not None:
            query = query.where(events.c.member_id == caller.member_id)
        if type is not None:
            query = query.where(events.c.type == type)
        if (before := part.number()) is not None:
            query = query.where(events.c.sequence < before)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(events.c.sequence.desc()).limit(part.limit + 1)).all()
            return page(found, part, read=rows.event, position=lambda row: row.sequence)

    def events_after(self, caller: Caller, sequence: int, limit: int = 100) -> tuple[Event, ...]:
        """The next events in the order they happened: for streams and webhooks."""
        query = sa.select(tables.events).where(tables.events.c.sequence > sequence)
        if caller.member_id is not None:
            query = query.where(tables.events.c.member_id == caller.member_id)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(tables.events.c.sequence).limit(limit)).all()
            return tuple(rows.event(row) for row in found)

    def _page_by_id(self, query: sa.Select[Any], column: sa.Column[Any], part: Slice, read: Any) -> Page[Any]:
        if (before := part.position()) is not None:
            query = query.where(column < before)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(column.desc()).limit(part.limit + 1)).all()
        return page(found, part, read=read, position=lambda row: row.id)


def _made_in(column: sa.Column[Any], part: Slice) -> sa.ColumnElement[bool]:
    return column.between(part.since, part.until - 1)


def _visible_to(caller: Caller) -> list[sa.ColumnElement[bool]]:
    """A member sees what it asked for, and what has been paid to it: no operation is both."""
    operations = tables.operations
    if caller.member_id is None:
        return [sa.true()]
    paid_to = sa.and_(operations.c.counterparty_id == caller.member_id, operations.c.status == "settled")
    return [operations.c.member_id == caller.member_id, paid_to]


def _as_seen_by(caller: Caller, operation: Operation) -> Operation:
    """The payer's own reference is not for the payee."""
    if caller.member_id in (None, operation.member_id):
        return operation
    return replace(operation, external_id=None)


def _account(connection: sa.Connection, caller: Caller, account_id: str) -> Account:
    row = connection.execute(sa.select(*rows.ACCOUNT).where(tables.accounts.c.id == account_id)).first()
    if row is None or caller.member_id not in (None, row.member_id):
        raise AccountNotFound(f"There is no account {account_id}.")
    return rows.account(row)


def _money(connection: sa.Connection, account: Account) -> tuple[int, int]:
    if account.kind == "DDA":
        fiat = ledger.read(connection, [dda(account.id)])[dda(account.id)]
        return fiat.posted, fiat.outgoing
    query = sa.select(tables.holdings).where(tables.holdings.c.account_id == account.id)
    tokens = connection.execute(query).one()
    return tokens.booked, tokens.outgoing + tokens.frozen


def _booked_block(connection: sa.Connection) -> int:
    return connection.execute(sa.select(tables.cursor.c.block_number)).scalar() or 0


def _dda_entries(connection: sa.Connection, account: Account, part: Slice) -> list[Entry]:
    lines = reports.entries(
        connection, dda(account.id), before=part.number(), first=part.since, last=part.until, limit=part.limit + 1
    )
    return [
        Entry(
            id=rows.entry_id(account.id, line.sequence), account_id=account.id, sequence=line.sequence,
            direction="CRDT" if line.side == "credit" else "DBIT", amount=line.amount, balance=line.balance,
            currency=account.currency, operation_id=line.reference, created_at=line.created_at,
        )
        for line in lines
    ]  # fmt: skip


def _bda_entries(connection: sa.Connection, account: Account, part: Slice) -> list[Entry]:
    lines = tables.statement_lines
    cycles, batches = netting_tables.cycles, tables.batches
    query = (
        sa.select(lines, cycles.c.id.label("netting_cycle"))
        .outerjoin(batches, batches.c.transaction_hash == lines.c.transaction_hash)
        .outerjoin(cycles, cycles.c.batch_id == batches.c.id)
        .where(lines.c.account_id == account.id, _made_in(lines.c.created_at, part))
    )
    if (before := part.number()) is not None:
        query = query.where(lines.c.sequence < before)
    found = connection.execute(query.order_by(lines.c.sequence.desc()).limit(part.limit + 1))
    return [rows.statement_line(row, account.currency) for row in found]
