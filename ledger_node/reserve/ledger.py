"""How fiat moves: at once (`transfer`), or in two phases (`hold`, then `post` or `void`, once).

Every function takes the writer's connection and any number of movements, and either does all of them or raises and
leaves the transaction to be rolled back. A movement alone and a thousand together are the same code: the accounts are
read once, counted in memory, and written once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from ledger_node import journal
from ledger_node.database import execute_many, fetch, one_of
from ledger_node.errors import AccountNotFound, AlreadyExists, CurrencyMismatch, InsufficientFunds, WrongState
from ledger_node.reserve import tables
from ledger_node.reserve.movements import Movement, cash, dda, reserve

Side = Literal["debit", "credit"]


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """`posted` has moved, `outgoing` is held against it, `incoming` may still come from holds; all in minor units."""

    id: str
    currency: str
    normal_side: Side
    posted: int = 0
    outgoing: int = 0
    incoming: int = 0
    sequence: int = 0

    @property
    def available(self) -> int:
        return self.posted - self.outgoing

    def moved(self, side: Side, amount: int) -> "LedgerAccount":
        change = amount if side == self.normal_side else -amount
        return replace(self, posted=self.posted + change, sequence=self.sequence + 1)

    def held(self, side: Side, amount: int) -> "LedgerAccount":
        """With `amount` more (or, when negative, less) on hold."""
        if side == self.normal_side:
            return replace(self, incoming=self.incoming + amount)
        return replace(self, outgoing=self.outgoing + amount)


def open_currency(connection: sa.Connection, currency: str) -> None:
    """The cash and reserve accounts of a currency; once they exist, nothing."""
    if not read(connection, [reserve(currency)]):
        _insert(connection, LedgerAccount(cash(currency), currency, "debit"))
        _insert(connection, LedgerAccount(reserve(currency), currency, "credit"))


def open_account(connection: sa.Connection, account_id: str, currency: str) -> None:
    """A member's DDA on the issuer's books. Raises AlreadyExists."""
    if read(connection, [dda(account_id)]):
        raise AlreadyExists(f"The ledger account of {account_id} is open already.")
    _insert(connection, LedgerAccount(dda(account_id), currency, "credit"))


def transfer(connection: sa.Connection, movements: Sequence[Movement], *, at: int) -> None:
    """Move now. Raises AccountNotFound, CurrencyMismatch, InsufficientFunds."""
    book = _Book(connection, movements)
    rows = [book.move(movement, hold_id=None, at=at) for movement in movements]
    book.write(rows, at=at)


def hold(connection: sa.Connection, movements: Sequence[Movement], *, at: int) -> None:
    """Set money aside under each movement's reference. Raises AccountNotFound, CurrencyMismatch, InsufficientFunds."""
    book = _Book(connection, movements)
    for movement in movements:
        book.set_aside(movement, movement.amount)
    book.write([], at=at)
    rows = [_hold_row(movement) | {"state": "pending", "created_at": at} for movement in movements]
    execute_many(connection, _HOLD, rows)


def post(connection: sa.Connection, hold_ids: Sequence[str], *, at: int) -> None:
    """Turn holds into postings. Raises WrongState if one has ended or never was."""
    movements = _end(connection, hold_ids, "posted", at)
    book = _Book(connection, movements)
    rows = []
    for movement in movements:
        book.set_aside(movement, -movement.amount)
        rows.append(book.move(movement, hold_id=movement.reference, at=at))
    book.write(rows, at=at)


def void(connection: sa.Connection, hold_ids: Sequence[str], *, at: int) -> None:
    """Give held money back. Raises WrongState if a hold has ended or never was."""
    movements = _end(connection, hold_ids, "voided", at)
    book = _Book(connection, movements)
    for movement in movements:
        book.set_aside(movement, -movement.amount)
    book.write([], at=at)


FACTS = (
    "debit_account", "credit_account", "currency", "amount", "reference", "hold_id", "debit_sequence", "debit_balance",
    "credit_sequence", "credit_balance", "created_at",
)  # fmt: skip
"""The columns of a posting that the journal covers."""


def journal_name(posting: Mapping[str, Any]) -> str:
    """What the journal calls a posting: its place on the account that it debits."""
    return f"{posting['debit_account']}/{posting['debit_sequence']}"


def read(connection: sa.Connection, account_ids: Iterable[str]) -> dict[str, LedgerAccount]:
    """The accounts that exist among those asked for."""
    found = fetch(connection, _READ, ids=sorted(set(account_ids)))
    return {row.id: LedgerAccount(*row) for row in found}


_COLUMNS = [
    tables.accounts.c[name] for name in ("id", "currency", "normal_side", "posted", "outgoing", "incoming", "sequence")
]
_READ = sa.select(*_COLUMNS).where(one_of(tables.accounts.c.id, "ids"))


class _Book:
    """The accounts that some movements touch, counted in memory between one read and one write."""

    def __init__(self, connection: sa.Connection, movements: Sequence[Movement]) -> None:
        self._connection = connection
        self._accounts = read(connection, {side for m in movements for side in (m.debit, m.credit)})
        self._touched: set[str] = set()
        for movement in movements:
            for account_id in (movement.debit, movement.credit):
                self._check(account_id, movement.currency)

    def move(self, movement: Movement, *, hold_id: str | None, at: int) -> dict[str, Any]:
        debited = self._put(self._accounts[movement.debit].moved("debit", movement.amount))
        credited = self._put(self._accounts[movement.credit].moved("credit", movement.amount))
        return {
            "reference": movement.reference, "hold_id": hold_id, "created_at": at,
            "debit_account": debited.id, "credit_account": credited.id,
            "currency": movement.currency, "amount": movement.amount,
            "debit_sequence": debited.sequence, "debit_balance": debited.posted,
            "credit_sequence": credited.sequence, "credit_balance": credited.posted,
        }  # fmt: skip

    def set_aside(self, movement: Movement, amount: int) -> None:
        self._put(self._accounts[movement.debit].held("debit", amount))
        self._put(self._accounts[movement.credit].held("credit", amount))

    def write(self, postings: list[dict[str, Any]], *, at: int) -> None:
        execute_many(self._connection, _POSTING, postings)
        journal.append(
            self._connection, "posting", [(journal_name(row), [row[name] for name in FACTS]) for row in postings], at=at
        )
        execute_many(self._connection, _WRITE, [_state(self._accounts[id_]) for id_ in sorted(self._touched)])

    def _put(self, account: LedgerAccount) -> LedgerAccount:
        if account.available < 0:
            raise InsufficientFunds(
                f"{account.id} has not enough {account.currency}.", account=account.id, missing=-account.available
            )
        self._accounts[account.id] = account
        self._touched.add(account.id)
        return account

    def _check(self, account_id: str, currency: str) -> None:
        account = self._accounts.get(account_id)
        if account is None:
            raise AccountNotFound(f"The ledger has no account {account_id}.")
        if account.currency != currency:
            raise CurrencyMismatch(f"{account_id} is kept in {account.currency}, not in {currency}.")


_HOLD = tables.holds.insert().inline()
_PENDING = sa.select(tables.holds).where(one_of(tables.holds.c.id, "ids"), tables.holds.c.state == "pending")
_ENDED = (
    tables.holds.update()
    .where(tables.holds.c.id == sa.bindparam("id_"))
    .values(state=sa.bindparam("outcome"), ended_at=sa.bindparam("at"))
)
_POSTING = tables.postings.insert().inline()
_WRITE = (
    tables.accounts.update()
    .where(tables.accounts.c.id == sa.bindparam("account_id"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("posted", "outgoing", "incoming", "sequence")})
)


def _state(account: LedgerAccount) -> dict[str, object]:
    return {
        "account_id": account.id, "new_posted": account.posted, "new_outgoing": account.outgoing,
        "new_incoming": account.incoming, "new_sequence": account.sequence,
    }  # fmt: skip


def _end(connection: sa.Connection, hold_ids: Sequence[str], outcome: str, at: int) -> list[Movement]:
    """Mark the holds as ended and return their movements, in the order asked for."""
    if not hold_ids:
        return []
    found = {row.id: row for row in fetch(connection, _PENDING, ids=list(hold_ids))}
    if len(found) != len(hold_ids):
        gone = next((hold_id for hold_id in hold_ids if hold_id not in found), hold_ids[0])
        raise WrongState(f"The hold {gone} is not pending; a hold ends once.", hold=gone)
    execute_many(connection, _ENDED, [{"id_": id_, "outcome": outcome, "at": at} for id_ in hold_ids])
    rows = (found[hold_id] for hold_id in hold_ids)
    return [Movement(r.id, r.debit_account, r.credit_account, r.amount, r.currency) for r in rows]


def _hold_row(movement: Movement) -> dict[str, object]:
    return {
        "id": movement.reference, "debit_account": movement.debit, "credit_account": movement.credit,
        "currency": movement.currency, "amount": movement.amount,
    }  # fmt: skip


def _insert(connection: sa.Connection, account: LedgerAccount) -> None:
    connection.execute(
        tables.accounts.insert().values(
            id=account.id, currency=account.currency, normal_side=account.normal_side,
            posted=0, outgoing=0, incoming=0, sequence=0,
        )
    )  # fmt: skip
