"""Limits that the operator agreed with a member, per currency: how much in one payment, in a day, and to hold.

Days are UTC. What leaves a member's BDAs counts for the day it was accepted on, and no longer once it was rejected.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ledger_node.access import tables as access_tables
from ledger_node.access.model import Caller
from ledger_node.database import execute_many, fetch, one_of
from ledger_node.errors import LimitExceeded
from ledger_node.money import AMOUNT_MAX, Amount, currency, decimal_string
from ledger_node.settlement import events, netting_tables, party_tables, tables
from ledger_node.settlement.model import Limits, Operation

PER_PAYMENT_MAJOR = 200_000_000
"""What one payment may move when nothing else was agreed, in whole units of its currency."""

DAY_MS = 86_400_000
COUNTED = ("transfer", "redemption")
"""What leaves a BDA."""


@lru_cache(maxsize=4096)
def default(member_id: str, code: str) -> Limits:
    per_payment = min(PER_PAYMENT_MAJOR * 10 ** currency(code).exponent, AMOUNT_MAX)
    return Limits(member_id, code, per_payment)


def read(connection: sa.Connection, member_ids: Iterable[str]) -> dict[tuple[str, str], Limits]:
    """What was agreed, by member and currency."""
    agreed = {}
    for row in fetch(connection, _AGREED, ids=sorted(set(member_ids))):
        usual = default(row.member_id, row.currency)
        per_payment = usual.per_payment if row.per_payment is None else row.per_payment
        agreed[row.member_id, row.currency] = Limits(
            row.member_id, row.currency, per_payment, row.per_day, row.holding, row.approval_above
        )
    return agreed


_AGREED = sa.select(party_tables.limits).where(one_of(party_tables.limits.c.member_id, "ids"))


NAMES = ("per_payment", "per_day", "holding", "approval_above")


@dataclass(frozen=True, slots=True)
class LimitsChange:
    """What held before, and what holds from now on."""

    before: Limits
    now: Limits

    def __str__(self) -> str:
        before, now = told(self.before), told(self.now)
        changed = [f"{name} {before[name] or 'none'} -> {now[name] or 'none'}" for name in NAMES
                   if before[name] != now[name]]  # fmt: skip
        return f"{self.now.currency} {', '.join(changed) or 'as it was'}"


def told(agreed: Limits) -> dict[str, str | None]:
    """Each limit in decimal."""
    of = currency(agreed.currency)
    return {
        name: None if (value := getattr(agreed, name)) is None else decimal_string(value, of) for name in NAMES
    }  # fmt: skip


def changed(connection: sa.Connection, member_id: str, code: str, to: Mapping[str, int | None]) -> Limits:
    """What `to` names becomes so (None: its default), and whatever it does not name stays; not stored yet."""
    usual = default(member_id, code)
    now = read(connection, [member_id]).get((member_id, code)) or usual
    given: dict[str, Any] = {name: getattr(usual, name) if minor is None else minor for name, minor in to.items()}
    return replace(now, **given)


def agree(connection: sa.Connection, agreed: Limits, *, at: int) -> LimitsChange:
    """From now on these hold, in place of those before."""
    key = agreed.member_id, agreed.currency
    before = read(connection, [agreed.member_id]).get(key) or default(*key)
    stored = party_tables.limits
    mine = sa.and_(stored.c.member_id == agreed.member_id, stored.c.currency == agreed.currency)
    connection.execute(stored.delete().where(mine))
    facts = {name: getattr(agreed, name) for name in Limits.__slots__}
    connection.execute(stored.insert().values(facts | {"changed_at": at}))
    data = {"currency": agreed.currency, **told(agreed), "previous": told(before)}
    draft = events.draft("member.limits_changed", member_id=agreed.member_id, resource_id=agreed.member_id, data=data)
    events.record(connection, [draft], at=at)
    return LimitsChange(before, agreed)


@dataclass(slots=True)
class Usage:
    """What limits are counted against, for one sitting of the desk."""

    agreed: Mapping[tuple[str, str], Limits]
    day: int
    outgoing: dict[tuple[str, str], int]
    held: dict[tuple[str, str], int]
    counted: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, member_id: str, code: str) -> Limits:
        return self.agreed.get((member_id, code)) or default(member_id, code)

    def check_payment(self, member_id: str, money: Amount) -> None:
        most = self.of(member_id, money.currency.code).per_payment
        if money.minor > most:
            raise _above("One payment may move", most, money)

    def check_day(self, member_id: str, money: Amount) -> None:
        key = (member_id, money.currency.code)
        most = self.of(*key).per_day
        left = 0 if most is None else most - self.outgoing.get(key, 0) - self.counted.get(key, 0)
        if most is not None and money.minor > left:
            raise _above("In one day (UTC) may leave", most, money, left=left)

    def check_holding(self, member_id: str, money: Amount) -> None:
        key = (member_id, money.currency.code)
        most = self.of(*key).holding
        if most is not None and self.held[key] + money.minor > most:
            # The creditor's balance is not the debtor's to know.
            raise LimitExceeded("The creditor may not hold so much more.", pointer="/amount")

    def count(self, member_id: str, money: Amount) -> None:
        key = (member_id, money.currency.code)
        self.counted[key] = self.counted.get(key, 0) + money.minor

    def arriving(self, member_id: str, money: Amount) -> None:
        key = (member_id, money.currency.code)
        if key in self.held:
            self.held[key] += money.minor

    def write(self, connection: sa.Connection) -> None:
        counted = [
            {"member_id": member_id, "currency": code, "day": self.day, "amount": amount}
            for (member_id, code), amount in self.counted.items()
        ]
        execute_many(connection, _COUNT[connection.dialect.name], counted)


def _count(insert: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    more = party_tables.outgoing_days.c.amount + insert.excluded.amount
    return insert.on_conflict_do_update(index_elements=["member_id", "currency", "day"], set_={"amount": more})


_COUNT = {
    "sqlite": _count(sqlite.insert(party_tables.outgoing_days).inline()),
    "postgresql": _count(postgresql.insert(party_tables.outgoing_days).inline()),
}


def usage(connection: sa.Connection, member_ids: set[str], *, at: int) -> Usage:
    """The limits of these members and, where one was agreed that counts, what is counted."""
    agreed = read(connection, member_ids)
    day = at // DAY_MS
    daily = {key[0] for key, each in agreed.items() if each.per_day is not None}
    outgoing = _outgoing(connection, daily, day) if daily else {}
    held = {key: _held(connection, *key) for key, each in agreed.items() if each.holding is not None}
    return Usage(agreed, day, outgoing, held)


def fiat_booked_alone(connection: sa.Connection, caller: Caller, code: str, *, day: int) -> int:
    """What this person has booked of a currency's fiat, in and out, on a UTC day (days since 1970) with nobody's
    consent. The audit log knows who; it is read back to the day's beginning and no further."""
    log, operations, begins = access_tables.audit_log, tables.operations, day * DAY_MS
    before = sa.select(log.c.sequence).where(log.c.created_at < begins).order_by(log.c.sequence.desc()).limit(1)
    booked = (
        sa.select(sa.func.coalesce(sa.func.sum(operations.c.amount), 0))
        .join_from(log, operations, operations.c.id == log.c.resource_id)
        .where(
            log.c.sequence > sa.func.coalesce(before.scalar_subquery(), 0), log.c.person == caller.who,
            log.c.action.in_(("payment.deposit", "payment.withdrawal")), log.c.outcome == "done",
            operations.c.currency == code,
        )
    )  # fmt: skip
    return int(connection.execute(booked).scalar_one())


def count(connection: sa.Connection, operations: Sequence[Operation]) -> None:
    """These took place without having been counted when they were accepted."""
    counted = [
        {
            "member_id": each.member_id,
            "currency": each.currency,
            "day": each.created_at // DAY_MS,
            "amount": each.amount,
        }
        for each in operations
    ]
    execute_many(connection, _COUNT[connection.dialect.name], counted)


def give_back(connection: sa.Connection, operations: Sequence[Operation]) -> None:
    """These did not take place: the days they were accepted on count them no more."""
    less: dict[tuple[str, str, int], int] = {}
    for each in operations:
        if each.kind in COUNTED:
            day = (each.member_id, each.currency, each.created_at // DAY_MS)
            less[day] = less.get(day, 0) + each.amount
    given = [{"of_": of, "in_": code, "on_": day, "less": amount} for (of, code, day), amount in less.items()]
    execute_many(connection, _GIVE_BACK, given)


_DAYS = party_tables.outgoing_days
_GIVE_BACK = (
    _DAYS.update()
    .where(
        _DAYS.c.member_id == sa.bindparam("of_"), _DAYS.c.currency == sa.bindparam("in_"),
        _DAYS.c.day == sa.bindparam("on_"),
    )
    .values(amount=_DAYS.c.amount - sa.bindparam("less"))
)  # fmt: skip


def rooms(connection: sa.Connection, member_ids: Iterable[str], code: str) -> dict[str, int]:
    """How much more each of these may hold, below zero what it holds too much; only those with whom it was agreed."""
    agreed = read(connection, member_ids)
    return {
        key[0]: each.holding - _held(connection, *key)
        for key, each in agreed.items()
        if key[1] == code and each.holding is not None
    }


def _outgoing(connection: sa.Connection, member_ids: set[str], day: int) -> dict[tuple[str, str], int]:
    days = party_tables.outgoing_days
    query = sa.select(days).where(days.c.member_id.in_(sorted(member_ids)), days.c.day == day)
    return {(row.member_id, row.currency): row.amount for row in connection.execute(query)}


def _held(connection: sa.Connection, member_id: str, code: str) -> int:
    """On all the member's BDAs, and on its way to them from elsewhere: of a netting cycle, its net.

    What is queued counts for nothing: nobody has promised it, and what is left of it may be nothing.
    """
    accounts, holdings, operations = tables.accounts, tables.holdings, tables.operations
    cycles, positions = netting_tables.cycles, netting_tables.positions
    booked = connection.execute(
        sa.select(sa.func.coalesce(sa.func.sum(holdings.c.booked), 0))
        .join_from(holdings, accounts)
        .where(accounts.c.member_id == member_id, accounts.c.currency == code)
    ).scalar_one()
    coming = connection.execute(
        sa.select(sa.func.coalesce(sa.func.sum(operations.c.amount), 0)).where(
            sa.text("operations.status IN ('accepted', 'processing')"),
            operations.c.currency == code,
            operations.c.net_until.is_(None),
            sa.or_(
                sa.and_(operations.c.kind == "mint", operations.c.member_id == member_id),
                sa.and_(operations.c.kind == "transfer", operations.c.counterparty_id == member_id),
            ),
        )
    ).scalar_one()
    net = connection.execute(
        sa.select(sa.func.coalesce(sa.func.sum(positions.c.net), 0))
        .join_from(cycles, positions, cycles.c.batch_id == positions.c.batch_id)
        .join(accounts, positions.c.account_id == accounts.c.id)
        .where(
            sa.text("netting_cycles.status IN ('called', 'settling')"), cycles.c.currency == code,
            accounts.c.member_id == member_id,
        )
    ).scalar_one()  # fmt: skip
    return int(booked) + int(coming) + max(0, int(net))


def _above(what: str, most: int, money: Amount, *, left: int | None = None) -> LimitExceeded:
    of = money.currency
    facts = {"limit": decimal_string(most, of), "asked": str(money)}
    if left is not None:
        facts["left"] = decimal_string(max(0, left), of)
    return LimitExceeded(f"{what} {decimal_string(most, of)} {of} at most.", pointer="/amount", **facts)
