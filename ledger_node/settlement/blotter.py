"""The blotter of one sitting of the desk: requests that wait together, what they name, and what is decided.

Everything is read once when the sitting opens, counted in memory while the verbs decide one request after another, and
written once at its end. A request that is refused has written nothing here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from ledger_node.database import execute_many
from ledger_node.errors import IdempotencyConflict
from ledger_node.money import Amount
from ledger_node.reserve import ledger, movements
from ledger_node.reserve.movements import Movement
from ledger_node.settlement import events, journaling, rows, tables
from ledger_node.settlement.ids import new_id, new_uetr
from ledger_node.settlement.model import (
    Accepted,
    Account,
    Caller,
    FiatRequest,
    Member,
    MemberStatus,
    Operation,
    PaymentRequest,
    Status,
)  # fmt: skip

Request = PaymentRequest | FiatRequest

PREFIX = {"mint": "mnt", "transfer": "trf", "redemption": "rdm", "deposit": "dep", "withdrawal": "wdr"}


@dataclass(slots=True)
class Party:
    """One side of a payment: an account, its bank's status, and what it can still pay, in minor units."""

    account: Account
    member_status: MemberStatus
    available: int = 0


class Blotter:
    def __init__(
        self, connection: sa.Connection, requests: Sequence[Request], *, currencies: frozenset[str], at: int,
        closed_because: str | None = None,
    ) -> None:  # fmt: skip
        self.currencies = currencies
        self.closed_because = closed_because
        self.at = at
        self._connection = connection
        self.members = _members(connection, {r.caller.member_id for r in requests if r.caller.member_id is not None})
        self.parties = _parties(connection, {id_ for request in requests for id_ in _accounts_named(request)})
        books = ledger.read(connection, [movements.cash(currency) for currency in currencies])
        self.cash = {account.currency: account.posted for account in books.values()}
        self._earlier = _earlier(connection, [request_key(request) for request in requests])
        self._accepted: list[dict[str, Any]] = []
        self._holds: list[Movement] = []
        self._movements: list[Movement] = []
        self._promised: dict[str, int] = {}
        self._settled: list[Operation] = []

    # IDEMPOTENCY

    def earlier(self, request: Request) -> Accepted | None:
        """What this key was answered before, as it was then. Raises IdempotencyConflict for another request's key."""
        found = self._earlier.get(request_key(request))
        if found is None:
            return None
        earlier_hash, operation = found
        if earlier_hash != request_hash(request):
            raise IdempotencyConflict(
                f"This Idempotency-Key belongs to the {operation.kind} {operation.id}, which was asked for otherwise.",
                resource=operation.id, kind=operation.kind,
            )  # fmt: skip
        return Accepted(operation, replayed=True)

    # DECISIONS

    def accept(
        self, request: Request, money: Amount, member_id: str, *, debtor: Party | None, creditor: Party | None,
        status: Status = "accepted",
    ) -> Operation:  # fmt: skip
        """Write the operation down."""
        operation = Operation(
            id=new_id(PREFIX[request.kind]),
            kind=request.kind,
            member_id=member_id,
            status=status,
            debtor_account=debtor.account.id if debtor else None,
            creditor_account=creditor.account.id if creditor else None,
            amount=money.minor,
            currency=money.currency.code,
            end_to_end_id=request.end_to_end_id,
            uetr=(request.uetr if isinstance(request, PaymentRequest) else None) or new_uetr(),
            external_id=request.external_id,
            created_at=self.at,
            settled_at=self.at if status == "settled" else None,
        )
        key, hash_ = request_key(request), request_hash(request)
        counterparty = creditor.account.member_id if creditor and creditor.account.member_id != member_id else None
        self._accepted.append(
            {name: getattr(operation, name) for name in Operation.__slots__}
            | {"request_key": key, "request_hash": hash_, "counterparty_id": counterparty}
        )
        self._earlier[key] = (hash_, operation)
        if status == "settled":
            self._settled.append(operation)
        return operation

    def hold(self, debtor: Party, movement: Movement) -> None:
        """Set fiat aside until the chain has answered."""
        debtor.available -= movement.amount
        self._holds.append(movement)

    def promise(self, debtor: Party, money: Amount) -> None:
        """Count tokens as spent until the chain has answered."""
        debtor.available -= money.minor
        self._promised[debtor.account.id] = self._promised.get(debtor.account.id, 0) + money.minor

    def pay_in(self, creditor: Party, movement: Movement) -> None:
        creditor.available += movement.amount
        self.cash[movement.currency] += movement.amount
        self._movements.append(movement)

    def pay_out(self, debtor: Party, movement: Movement) -> None:
        debtor.available -= movement.amount
        self.cash[movement.currency] -= movement.amount
        self._movements.append(movement)

    def write(self) -> None:
        """Store what was decided."""
        connection = self._connection
        execute_many(connection, _ACCEPT, self._accepted)
        journaling.accepted(connection, self._accepted, at=self.at)
        ledger.transfer(connection, self._movements, at=self.at)
        ledger.hold(connection, self._holds, at=self.at)
        execute_many(connection, _PROMISE, [{"id_": id_, "more": more} for id_, more in self._promised.items()])
        events.record(connection, [events.of_operation(done, done.member_id) for done in self._settled], at=self.at)


def request_key(request: Request) -> str:
    """Keys are a member's own; the operator's house shares one set, so that a second operator's retry is a retry."""
    return f"{_owner(request.caller)}/{request.idempotency_key}"


def request_hash(request: Request) -> bytes:
    """SHA-256 over everything asked for but the caller and the key."""
    names = [name for name in request.__slots__ if name not in ("caller", "idempotency_key")]
    return hashlib.sha256(orjson.dumps([getattr(request, name) for name in names])).digest()


def _owner(caller: Caller) -> str:
    return caller.member_id or "operator"


def _accounts_named(request: Request) -> tuple[str, ...]:
    if isinstance(request, FiatRequest):
        return (request.account,)
    return (request.debtor_account, request.creditor_account)


def _members(connection: sa.Connection, member_ids: set[str]) -> dict[str, Member]:
    query = sa.select(*rows.MEMBER).where(tables.members.c.id.in_(sorted(member_ids)))
    return {row.id: rows.member(row) for row in connection.execute(query)}


def _parties(connection: sa.Connection, account_ids: set[str]) -> dict[str, Party]:
    accounts, members, holdings = tables.accounts, tables.members, tables.holdings
    query = (
        sa.select(*rows.ACCOUNT, members.c.status.label("member_status"), holdings.c.booked, holdings.c.outgoing)
        .join_from(accounts, members, accounts.c.member_id == members.c.id)
        .outerjoin(holdings, holdings.c.account_id == accounts.c.id)
        .where(accounts.c.id.in_(sorted(account_ids)))
    )
    found = connection.execute(query).all()
    fiat = ledger.read(connection, [movements.dda(row.id) for row in found if row.kind == "DDA"])
    parties = {}
    for row in found:
        available = fiat[movements.dda(row.id)].available if row.kind == "DDA" else row.booked - row.outgoing
        parties[row.id] = Party(rows.account(row), row.member_status, available)
    return parties


def _earlier(connection: sa.Connection, keys: Sequence[str]) -> dict[str, tuple[bytes, Operation]]:
    operations = tables.operations
    query = sa.select(*rows.OPERATION, operations.c.request_key, operations.c.request_hash)
    found = connection.execute(query.where(operations.c.request_key.in_(sorted(set(keys)))))
    return {row.request_key: (row.request_hash, _as_first_answered(rows.operation(row))) for row in found}


def _as_first_answered(operation: Operation) -> Operation:
    """A retry is told what the first request was told, whatever has happened since."""
    if operation.kind in ("deposit", "withdrawal"):
        return operation
    return replace(
        operation, status="accepted", settled_at=None, code=None, reason_code=None, reason=None, block_number=None,
        transaction_hash=None, log_index=None,
    )  # fmt: skip


_ACCEPT = tables.operations.insert().inline()
_PROMISE = (
    tables.holdings.update()
    .where(tables.holdings.c.account_id == sa.bindparam("id_"))
    .values(outgoing=tables.holdings.c.outgoing + sa.bindparam("more"))
)
