"""Waiting for an operation's final state without asking the database again and again."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import sqlalchemy as sa

from ledger_node.database import Database
from ledger_node.errors import PaymentNotFound
from ledger_node.settlement import rows, tables
from ledger_node.settlement.model import FINAL, Operation

T = TypeVar("T")

RECENT_MAX = 10_000


@dataclass(slots=True, eq=False)
class Watched:
    """Operations that somebody waits for together: `final` has those that have ended, `done` is resolved with the last.

    `final` is filled by the writer's thread until then; it is never emptied.
    """

    wanted: int
    final: dict[str, Operation] = field(default_factory=dict)
    done: Future[None] = field(default_factory=Future)

    def take(self, operation: Operation) -> bool:
        """It has ended; whether it was the last."""
        self.final[operation.id] = operation
        return len(self.final) == self.wanted


class Watch:
    """Who waits for which operation. `opened` and `closed` are called by the writer when their commit is durable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._open: dict[str, list[Watched]] = {}
        self._recent: OrderedDict[str, Operation] = OrderedDict()

    def opened(self, operations: Iterable[Operation]) -> None:
        with self._lock:
            for operation in operations:
                if operation.status not in FINAL and operation.id not in self._recent:
                    self._open.setdefault(operation.id, [])

    def closed(self, operations: Iterable[Operation]) -> None:
        """These are final: wake who waits for them."""
        complete: list[Watched] = []
        with self._lock:
            for operation in operations:
                complete += [watched for watched in self._open.pop(operation.id, ()) if watched.take(operation)]
                self._recent[operation.id] = operation
            while len(self._recent) > RECENT_MAX:
                self._recent.popitem(last=False)
        for watched in complete:
            _resolve(watched.done, None)

    def look_again(self) -> None:
        """After a commit that may have been kept without a word: what has ended in it is found in the ledger."""
        with self._lock:
            waited_for = [operation_id for operation_id, waiting in self._open.items() if waiting]
            self._open = {operation_id: self._open[operation_id] for operation_id in waited_for}
        found: list[Operation] = []
        for operation_id in waited_for:
            with suppress(PaymentNotFound):
                found += [operation] if (operation := self._stored(operation_id)) is not None else []
        self.closed(found)

    def final(self, operation_id: str) -> Future[Operation]:
        """The operation once it is final. Raises PaymentNotFound."""
        future: Future[Operation] = Future()
        watched = self.all_final((operation_id,))
        watched.done.add_done_callback(lambda _: _resolve(future, watched.final[operation_id]))
        return future

    def all_final(self, operation_ids: Iterable[str]) -> Watched:
        """Several at once. Raises PaymentNotFound."""
        wanted = set(operation_ids)
        watched = Watched(len(wanted))
        with self._lock:
            # On the list first and looked up then, so nothing closes in between; and without the lock, for which the
            # writer and the event loop wait: the ledger may stay silent.
            unknown = [each for each in wanted if each not in self._recent and each not in self._open]
            for operation_id in wanted:
                operation = self._recent.get(operation_id)
                if operation is None:
                    self._open.setdefault(operation_id, []).append(watched)
                else:
                    watched.take(operation)
            complete = len(watched.final) == watched.wanted
        if complete:
            _resolve(watched.done, None)
        self._look_up(unknown)
        return watched

    def _look_up(self, unknown: list[str]) -> None:
        """Those that nobody knew whether they go on."""
        try:
            found = [self._stored(operation_id) for operation_id in unknown]
        except BaseException:
            with self._lock:
                for operation_id in unknown:  # whoever asks next looks again
                    self._open.pop(operation_id, None)
            raise
        self.closed(operation for operation in found if operation is not None)

    def _stored(self, operation_id: str) -> Operation | None:
        """An operation of an earlier run: its final state, or None when it goes on."""
        query = sa.select(*rows.OPERATION).where(tables.operations.c.id == operation_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise PaymentNotFound(f"There is no payment {operation_id}.")
        operation = rows.operation(row)
        return operation if operation.status in FINAL else None


def _resolve(future: Future[T], result: T) -> None:
    if future.set_running_or_notify_cancel():
        future.set_result(result)
