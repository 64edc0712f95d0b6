"""The booking of one block: what its events and transactions mean for accounts, holds and operations, written at once.

Filled by the bookkeeper and the tasks it asks, in memory; `write` stores the result. Nothing else writes chain facts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from ledger_node.access import approvals
from ledger_node.chain.blocks import Log
from ledger_node.database import Row, execute, execute_many, fetch, one_of
from ledger_node.deposit_token.events import NOBODY, Moved
from ledger_node.errors import Fault, LedgerBehindChain
from ledger_node.reserve import ledger, movements
from ledger_node.reserve.movements import Movement
from ledger_node.settlement import events, journaling, limits, tables
from ledger_node.settlement.model import AccountStatus, Operation
from ledger_node.settlement.onchain import standings
from ledger_node.settlement.outcomes import Outcome

ACCOUNT_STATUS: dict[int, AccountStatus] = {1: "active", 2: "blocked", 3: "blocked", 4: "closed"}
"""The contract's status of a holder (active, suspended, frozen, closed) as the status of a BDA."""


@dataclass(slots=True)
class Holding:
    """A BDA's tokens while the block is read."""

    account_id: str
    booked: int
    outgoing: int
    sequence: int
    frozen: int


@dataclass(frozen=True, slots=True)
class Leg:
    """An operation of a batch, and the other bank if there is one."""

    operation: Operation
    counterparty_id: str | None


class Booking:
    def __init__(self, connection: sa.Connection, *, timestamp_ms: int, at: int) -> None:
        self._connection = connection
        self._timestamp_ms = timestamp_ms
        self._at = at
        self._holdings: dict[tuple[str, bytes], Holding] = {}
        self._by_account: dict[str, Holding] = {}
        self._lines: list[dict[str, Any]] = []
        self._supply: dict[str, int] = {}
        self._statuses: dict[str, AccountStatus] = {}
        self._posts: list[str] = []
        self._voids: list[str] = []
        self._payouts: list[Movement] = []
        self._ended: list[Leg] = []
        self._settled_by: dict[tuple[bytes, int], str] = {}
        self._unapproved: list[Operation] = []
        self._put_back: list[Operation] = []

    def load(self, holders: set[tuple[str, bytes]]) -> None:
        """Read the holdings that the block's events touch, by currency and address. This comes first."""
        by_currency: dict[str, list[bytes]] = {}
        for currency, address in holders:
            by_currency.setdefault(currency, []).append(address)
        for code, addresses in by_currency.items():
            self._loaded(fetch(self._connection, _BY_ADDRESS, currency=code, addresses=addresses))

    def load_accounts(self, account_ids: Iterable[str | None]) -> None:
        """Read those of these accounts too; None is nobody's."""
        missing = {id_ for id_ in account_ids if id_ is not None} - self._by_account.keys()
        self._loaded(fetch(self._connection, _BY_ACCOUNT, ids=sorted(missing)))

    def _loaded(self, found: Sequence[Row]) -> None:
        for currency, address, *facts in found:
            holding = self._by_account[facts[0]] = Holding(*facts)
            self._holdings[(currency, address)] = holding

    # WHAT THE CHAIN SAID

    def moved(self, currency: str, moved: Moved, reason: str | None = None) -> None:
        """A Transfer event: a debit line, a credit line, or a change of supply where one side is nobody.

        `reason` is that of the court order that moved it. The operation that it settled has been told of before.
        """
        log = moved.log
        operation_id = self._settled_by.get((log.transaction_hash, log.log_index))
        sides = (("DBIT", moved.payer, moved.payee), ("CRDT", moved.payee, moved.payer))
        for direction, owner, counterparty in sides:
            sign = 1 if direction == "CRDT" else -1
            if owner == NOBODY:
                self._supply[currency] = self._supply.get(currency, 0) - sign * moved.amount
                continue
            holding = self._holder(currency, owner)
            holding.booked += sign * moved.amount
            holding.sequence += 1
            if holding.booked < 0:
                raise Fault(f"By block {log.block_number} the account {holding.account_id} has less than nothing.")
            self._lines.append(
                {
                    "account_id": holding.account_id, "sequence": holding.sequence, "direction": direction,
                    "amount": moved.amount, "balance": holding.booked, "counterparty": counterparty,
                    "operation_id": operation_id, "created_at": self._timestamp_ms, "block_number": log.block_number,
                    "transaction_hash": log.transaction_hash, "log_index": log.log_index, "reason": reason,
                }
            )  # fmt: skip

    def registered(self, currency: str, address: bytes) -> None:
        self._statuses[self._holder(currency, address).account_id] = "active"

    def status_changed(self, currency: str, address: bytes, status: int) -> None:
        self._statuses[self._holder(currency, address).account_id] = ACCOUNT_STATUS[status]

    def frozen(self, currency: str, address: bytes, amount: int) -> None:
        self._holder(currency, address).frozen = amount

    # WHAT IT MEANS FOR OUR OPERATIONS

    def settled(self, leg: Leg, log: Log) -> None:
        """`log` is the Transfer event that moved it."""
        operation = leg.operation
        if operation.kind == "mint":
            self._posts.append(operation.id)
        else:
            self._release(operation)
        if operation.kind == "redemption":
            assert operation.creditor_account is not None
            self._payouts.append(
                movements.payout(operation.id, operation.creditor_account, operation.amount, operation.currency)
            )
        done = operation.settled(
            at=self._at, block_number=log.block_number, transaction_hash=log.transaction_hash, log_index=log.log_index
        )
        self._ended.append(Leg(done, leg.counterparty_id))
        self._settled_by[log.transaction_hash, log.log_index] = operation.id

    def rejected(self, leg: Leg, outcome: Outcome, *, promised: bool = True) -> None:
        """`promised`: its amount was; of a net batch only the nets were."""
        operation = leg.operation
        if operation.kind == "mint":
            self._voids.append(operation.id)
        elif promised:
            self._release(operation)
        done = replace(
            operation, status="rejected", code=outcome.code, reason_code=outcome.reason_code, reason=outcome.reason
        )
        self._ended.append(Leg(done, leg.counterparty_id))

    def netted(self, leg: Leg, log: Log) -> None:
        """Settled as part of its net batch: `log` is that the batch did."""
        done = replace(
            leg.operation, status="settled", settled_at=self._at, block_number=log.block_number,
            transaction_hash=log.transaction_hash, log_index=log.log_index,
        )  # fmt: skip
        self._ended.append(replace(leg, operation=done))

    def check_nets(self, currency: str, nets: Mapping[str, int], moved: Sequence[Moved]) -> None:
        """What the chain moved is what was sent to be moved."""
        found = dict.fromkeys(nets, 0)
        for each in moved:
            found[self._holder(currency, each.payer).account_id] -= each.amount
            found[self._holder(currency, each.payee).account_id] += each.amount
        if found != dict(nets):
            raise Fault("The chain moved other nets than those that were sent to it.")

    def put_back(self, operation: Operation) -> None:
        """Its net batch was refused; it waits for the next."""
        self._put_back.append(replace(operation, status="queued"))

    def free(self, account_id: str, amount: int) -> None:
        """What a net batch had promised of this account is decided."""
        self._by_account[account_id].outgoing -= amount

    def _release(self, operation: Operation) -> None:
        assert operation.debtor_account is not None
        if operation.status == "pending_approval":  # which has set nothing aside yet
            self._unapproved.append(operation)
            return
        self._by_account[operation.debtor_account].outgoing -= operation.amount

    def _holder(self, currency: str, address: bytes) -> Holding:
        holding = self._holdings.get((currency, address))
        if holding is None:
            raise LedgerBehindChain(
                f"The {currency} token has a holder that no account stands for: 0x{address.hex()}. Either this ledger "
                "is an older copy, or the registrar's key was used elsewhere.", address="0x" + address.hex(),
            )  # fmt: skip
        return holding

    def touched(self) -> dict[str, set[str]]:
        """The BDAs whose tokens the block may have changed, by currency."""
        touched: dict[str, set[str]] = {}
        for (currency, _), holding in self._holdings.items():
            touched.setdefault(currency, set()).add(holding.account_id)
        return touched

    # STORED

    def write(self) -> list[Operation]:
        """Store it all; the operations that have ended."""
        connection = self._connection
        execute_many(connection, _LINE, self._lines)
        execute_many(connection, _HOLDING, [_holding_row(holding) for holding in self._by_account.values()])
        for currency, change in self._supply.items():
            execute(connection, _SUPPLY, of=currency, change=change)
        ledger.post(connection, self._posts, at=self._at)
        ledger.void(connection, self._voids, at=self._at)
        ledger.transfer(connection, self._payouts, at=self._at)
        standings.change_status(connection, self._statuses, at=self._at)
        emptied = [line["account_id"] for line in self._lines if line["reason"] is not None and line["balance"] == 0]
        if emptied:  # by order: an account that was to be closed can be closed now
            standings.judge(connection, tables.accounts.c.id.in_(emptied))
        for operation in self._unapproved:
            approvals.withdraw(connection, operation.id, at=self._at)
        limits.count(connection, self._unapproved)
        if self._put_back:
            execute_many(connection, _OPERATION, [_operation_row(operation) for operation in self._put_back])
            journaling.reached(connection, self._put_back, at=self._at)
        ended = [leg.operation for leg in self._ended]
        limits.give_back(connection, [operation for operation in ended if operation.status == "rejected"])
        if ended:
            execute_many(connection, _OPERATION, [_operation_row(operation) for operation in ended])
            journaling.reached(connection, ended, at=self._at)
            events.record(connection, _events(self._ended), at=self._at)
        return ended


def _holdings(*which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    a, h = tables.accounts, tables.holdings
    query = sa.select(a.c.currency, a.c.address, h.c.account_id, h.c.booked, h.c.outgoing, h.c.sequence, h.c.frozen)
    return query.join_from(a, h).where(*which)


_BY_ADDRESS = _holdings(
    tables.accounts.c.currency == sa.bindparam("currency"), one_of(tables.accounts.c.address, "addresses")
)
_BY_ACCOUNT = _holdings(one_of(tables.accounts.c.id, "ids"))
_SUPPLY = (
    tables.tokens.update()
    .where(tables.tokens.c.currency == sa.bindparam("of"))
    .values(supply=tables.tokens.c.supply + sa.bindparam("change"))
)
_LINE = tables.statement_lines.insert().inline()
_HOLDING = (
    tables.holdings.update()
    .where(tables.holdings.c.account_id == sa.bindparam("id_"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("booked", "outgoing", "sequence", "frozen")})
)

_RESULT: tuple[str, ...] = (
    "status", "settled_at", "code", "reason_code", "reason", "block_number", "transaction_hash", "log_index",
)  # fmt: skip
_FACTS = attrgetter("id", *_RESULT)
_ROW = ("id_", *(f"new_{name}" for name in _RESULT))
_OPERATION = (
    tables.operations.update()
    .where(tables.operations.c.id == sa.bindparam("id_"))
    .values({name: sa.bindparam(f"new_{name}") for name in _RESULT})
)


def _holding_row(holding: Holding) -> dict[str, Any]:
    return {
        "id_": holding.account_id, "new_booked": holding.booked, "new_outgoing": holding.outgoing,
        "new_sequence": holding.sequence, "new_frozen": holding.frozen,
    }  # fmt: skip


def _operation_row(operation: Operation) -> dict[str, Any]:
    return dict(zip(_ROW, _FACTS(operation), strict=True))


def _events(ended: Sequence[Leg]) -> list[events.Draft]:
    """One for the bank that asked; when it was paid to another bank, one for that bank too."""
    drafts = []
    for leg in ended:
        told = events.of_operation(leg.operation, leg.operation.member_id)
        drafts.append(told)
        if leg.operation.status == "settled" and leg.counterparty_id is not None:
            drafts.append(told | {"member_id": leg.counterparty_id})
    return drafts
