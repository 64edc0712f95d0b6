"""The work of one sitting of the desk: requests that wait together, what they name, and what is decided.

Everything is read once when the sitting opens, counted in memory while the verbs decide one request after another, and
written once at its end. A request that is refused has written nothing here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from operator import attrgetter
from typing import Any

import orjson
import sqlalchemy as sa

from ledger_node.access import approvals, audit_log
from ledger_node.access import tables as access_tables
from ledger_node.access.model import Caller
from ledger_node.database import execute_many, fetch, one_of
from ledger_node.errors import IdempotencyConflict
from ledger_node.ids import new_id, new_uetr
from ledger_node.money import Amount
from ledger_node.reserve import ledger, movements
from ledger_node.reserve.movements import Movement
from ledger_node.settlement import events, journaling, limits, party_tables, rows, tables
from ledger_node.settlement.model import (
    ONE_PERSON,
    Accepted,
    Account,
    FiatRequest,
    Member,
    MemberStatus,
    Operation,
    PaymentRequest,
    Policy,
    Status,
)

Request = PaymentRequest | FiatRequest

PREFIX = {"mint": "mnt", "transfer": "trf", "redemption": "rdm", "deposit": "dep", "withdrawal": "wdr"}


@dataclass(slots=True)
class Party:
    """One side of a payment: an account, its bank's status, and what it can still pay, in minor units."""

    account: Account
    member_status: MemberStatus
    available: int = 0


class UnitOfWork:
    """`approving`: the one request is an operation stored earlier, which a second person has approved now."""

    def __init__(
        self, connection: sa.Connection, requests: Sequence[Request], *, currencies: frozenset[str], at: int,
        closed_because: str | None = None, policy: Policy = ONE_PERSON, approving: Operation | None = None,
    ) -> None:  # fmt: skip
        self.policy = policy
        self.approving = approving
        self.currencies = currencies
        self.closed_because = closed_because
        self.at = at
        self._connection = connection
        self.members = _members(connection, {r.caller.member_id for r in requests if r.caller.member_id is not None})
        self.parties = _parties(connection, {id_ for request in requests for id_ in _accounts_named(request)})
        books = ledger.read(connection, [movements.cash(currency) for currency in currencies])
        self.cash = {account.currency: account.posted for account in books.values()}
        self._earlier = _earlier(connection, [request_key(request) for request in requests])
        owners = {party.account.member_id for party in self.parties.values()}
        self.usage = limits.usage(connection, owners, at=approving.created_at if approving else at)
        self.presented = _presented(connection, requests) if approving is None else set()
        self.queued = _queued(connection, {r.caller.member_id for r in requests if is_net(r)})
        """How many of its payments a member has in the queue to be settled net; those that ask for another one."""
        self._accepted: list[dict[str, Any]] = []
        self._holds: list[Movement] = []
        self._movements: list[Movement] = []
        self._promised: dict[str, int] = {}
        self._settled: list[Operation] = []
        self._approved: list[Operation] = []
        self._deferred: list[tuple[Caller, Operation]] = []
        self._fiat: list[tuple[Caller, Operation]] = []
        self._authorizations: list[dict[str, object]] = []

    # IDEMPOTENCY

    def earlier(self, request: Request) -> Accepted | None:
        """What this key was answered before, as it was then. Raises IdempotencyConflict for another request's key."""
        found = self._earlier.get(request_key(request))
        if found is None or self.approving is not None:
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
        if status == "queued":
            self.queued[member_id] = self.queued.get(member_id, 0) + 1
        if self.approving is not None:
            approved = replace(self.approving, status=status, settled_at=self.at if status == "settled" else None)
            self._approved.append(approved)
            if status == "settled":
                self._settled.append(approved)
            return approved
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
            net_until=self.at + self.policy.net_expires_after_ms if is_net(request) else None,
        )
        key, hash_ = request_key(request), request_hash(request)
        counterparty = creditor.account.member_id if creditor and creditor.account.member_id != member_id else None
        row = dict(zip(Operation.__slots__, _FACTS(operation), strict=True))
        row["request_key"], row["request_hash"], row["counterparty_id"] = key, hash_, counterparty
        self._accepted.append(row)
        self._earlier[key] = (hash_, operation)
        if status == "settled":
            self._settled.append(operation)
            self._fiat.append((request.caller, operation))
        if isinstance(request, PaymentRequest) and request.authorization is not None and debtor is not None:
            self.presented.add((debtor.account.id, request.authorization.nonce))
            self._authorizations.append(
                {"operation_id": operation.id, "account_id": debtor.account.id} | asdict(request.authorization)
            )
        return operation

    def defer(
        self, request: Request, money: Amount, member_id: str, *, debtor: Party | None, creditor: Party | None
    ) -> Accepted:
        """Write the operation down, to wait for a second person. It sets nothing aside: it is judged again then."""
        operation = self.accept(
            request, money, member_id, debtor=debtor, creditor=creditor, status="pending_approval"
        )  # fmt: skip
        self._deferred.append((request.caller, operation))
        return Accepted(operation, replayed=False)

    def booked_alone(self, caller: Caller, code: str) -> int:
        """This currency's fiat that the person has booked in and out today (UTC) with nobody's consent."""
        here = sum(each.amount for who, each in self._fiat if who.who == caller.who and each.currency == code)
        return here + limits.fiat_booked_alone(self._connection, caller, code, day=self.at // limits.DAY_MS)

    def count(self, money: Amount, *, payer: Party | None, payee: Party | None) -> None:
        """Count it against the limits of whose BDAs it leaves and reaches."""
        if payer is not None:
            self.usage.count(payer.account.member_id, money)
        if payee is not None and (payer is None or payer.account.member_id != payee.account.member_id):
            self.usage.arriving(payee.account.member_id, money)

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
        execute_many(connection, _APPROVE, [_approve_row(operation) for operation in self._approved])
        journaling.reached(connection, self._approved, at=self.at)
        execute_many(connection, _AUTHORIZE, self._authorizations)
        self.usage.write(connection)
        expires_at = self.at + self.policy.expires_after_ms
        for caller, operation in self._deferred:
            approvals.ask(
                connection, caller, f"payment.{operation.kind}", {"operation": operation.id}, at=self.at,
                expires_at=expires_at, resource_id=operation.id,
            )  # fmt: skip
            audit_log.record(
                connection, caller, f"payment.{operation.kind}", "pending_approval", at=self.at,
                resource_id=operation.id,
            )  # fmt: skip
        for caller, operation in self._fiat:
            audit_log.record(
                connection, caller, f"payment.{operation.kind}", "done", at=self.at, resource_id=operation.id
            )


def request_key(request: Request) -> str:
    """Keys are a member's own; the operator's house shares one set, so that a second operator's retry is a retry."""
    return f"{_owner(request.caller)}/{request.idempotency_key}"


def request_hash(request: Request) -> bytes:
    """SHA-256 over everything asked for but the caller and the key."""
    asked = _FIAT_ASKED(request) if isinstance(request, FiatRequest) else _PAYMENT_ASKED(request)
    if is_net(request):  # a gross request is hashed as it was before there were others
        asked = (*asked, "net")
    return hashlib.sha256(orjson.dumps(asked, default=bytes.hex)).digest()


def is_net(request: Request) -> bool:
    return isinstance(request, PaymentRequest) and request.settlement == "net"


def _asked(kind: type[Request]) -> "attrgetter[tuple[Any, ...]]":
    left_out = ("caller", "idempotency_key", "refusal", "settlement")
    return attrgetter(*[name for name in kind.__slots__ if name not in left_out])


_PAYMENT_ASKED, _FIAT_ASKED = _asked(PaymentRequest), _asked(FiatRequest)
_FACTS = attrgetter(*Operation.__slots__)


def _owner(caller: Caller) -> str:
    return caller.member_id or "operator"


def _accounts_named(request: Request) -> tuple[str, ...]:
    if isinstance(request, FiatRequest):
        return (request.account,)
    return (request.debtor_account, request.creditor_account)


def _members(connection: sa.Connection, member_ids: set[str]) -> dict[str, Member]:
    return {row.id: rows.member(row) for row in fetch(connection, _MEMBERS, ids=sorted(member_ids))}


def _parties(connection: sa.Connection, account_ids: set[str]) -> dict[str, Party]:
    found = fetch(connection, _PARTIES, ids=sorted(account_ids))
    fiat = ledger.read(connection, [movements.dda(row.id) for row in found if row.kind == "DDA"])
    parties = {}
    for row in found:
        if row.kind == "DDA":
            available = fiat[movements.dda(row.id)].available
        else:
            available = row.booked - row.outgoing - row.frozen
        parties[row.id] = Party(rows.account(row), row.member_status, available)
    return parties


def _earlier(connection: sa.Connection, keys: Sequence[str]) -> dict[str, tuple[bytes, Operation]]:
    found = fetch(connection, _EARLIER, keys=sorted(set(keys)))
    defer = {row.resource_id for row in fetch(connection, _PUT_OFF, ids=[row.id for row in found])}
    return {
        row.request_key: (row.request_hash, _as_first_answered(rows.operation(row), defer=row.id in defer))
        for row in found
    }


def _presented(connection: sa.Connection, requests: Sequence[Request]) -> set[tuple[str, bytes]]:
    """Which of these authorisations, by account and nonce, were presented before."""
    named = {
        (request.debtor_account, request.authorization.nonce)
        for request in requests
        if isinstance(request, PaymentRequest) and request.authorization is not None
    }
    if not named:
        return set()
    known = party_tables.authorizations
    query = sa.select(known.c.account_id, known.c.nonce).where(known.c.nonce.in_([nonce for _, nonce in named]))
    return {(account_id, nonce) for account_id, nonce in connection.execute(query)}


def _queued(connection: sa.Connection, member_ids: set[str | None]) -> dict[str, int]:
    return {row.member_id: row.waiting for row in fetch(connection, _QUEUED, ids=[id_ for id_ in member_ids if id_])}


def _as_first_answered(operation: Operation, *, defer: bool) -> Operation:
    """A retry is told what the first request was told, whatever has happened since."""
    if operation.kind in ("deposit", "withdrawal") and not defer:
        return operation
    first: Status = "accepted" if operation.net_until is None else "queued"
    return replace(
        operation, status="pending_approval" if defer else first, settled_at=None, code=None, reason_code=None,
        reason=None, block_number=None, transaction_hash=None, log_index=None,
    )  # fmt: skip


def _parties_query() -> sa.Select[Any]:
    accounts, members, holdings = tables.accounts, tables.members, tables.holdings
    return (
        sa.select(
            *rows.ACCOUNT,
            members.c.status.label("member_status"),
            holdings.c.booked,
            holdings.c.outgoing,
            holdings.c.frozen,
        )
        .join_from(accounts, members, accounts.c.member_id == members.c.id)
        .outerjoin(holdings, holdings.c.account_id == accounts.c.id)
        .where(one_of(accounts.c.id, "ids"))
    )


_PARTIES = _parties_query()
_MEMBERS = sa.select(*rows.MEMBER).where(one_of(tables.members.c.id, "ids"))
_EARLIER = sa.select(*rows.OPERATION, tables.operations.c.request_key, tables.operations.c.request_hash).where(
    one_of(tables.operations.c.request_key, "keys")
)
_PUT_OFF = sa.select(access_tables.approvals.c.resource_id).where(one_of(access_tables.approvals.c.resource_id, "ids"))
_QUEUED = (
    sa.select(tables.operations.c.member_id, sa.func.count().label("waiting"))
    .where(tables.operations.c.status == tables.literally("queued"), one_of(tables.operations.c.member_id, "ids"))
    .group_by(tables.operations.c.member_id)
)
_ACCEPT = tables.operations.insert().inline()
_AUTHORIZE = party_tables.authorizations.insert().inline()
_APPROVE = (
    tables.operations.update()
    .where(tables.operations.c.id == sa.bindparam("id_"))
    .values(status=sa.bindparam("status_"), settled_at=sa.bindparam("settled_"))
)


def _approve_row(operation: Operation) -> dict[str, object]:
    return {"id_": operation.id, "status_": operation.status, "settled_": operation.settled_at}


_PROMISE = (
    tables.holdings.update()
    .where(tables.holdings.c.account_id == sa.bindparam("id_"))
    .values(outgoing=tables.holdings.c.outgoing + sa.bindparam("more"))
)
