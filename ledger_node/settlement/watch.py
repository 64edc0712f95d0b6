"""Waiting for an operation's final state without asking the database again and again."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future

import sqlalchemy as sa

from ledger_node.database import Database
from ledger_node.errors import PaymentNotFound
from ledger_node.settlement import rows, tables
from ledger_node.settlement.model import FINAL, Operation

RECENT_MAX = 10_000


class Watch:
    """Who waits for which operation. `opened` and `closed` are called by the writer when their commit is durable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._open: dict[str, list[Future[Operation]]] = {}
        self._recent: OrderedDict[str, Operation] = OrderedDict()

    def opened(self, operations: Iterable[Operation]) -> None:
        with self._lock:
            for operation in operations:
                if operation.status not in FINAL and operation.id not in self._recent:
                    self._open.setdefault(operation.id, [])

    def closed(self, operations: Iterable[Operation]) -> None:
        """These are final: wake who waits for them."""
        wake: list[tuple[Operation, list[Future[Operation]]]] = []
        with self._lock:
            for operation in operations:
                wake.append((operation, self._open.pop(operation.id, [])))
                self._recent[operation.id] = operation
            while len(self._recent) > RECENT_MAX:
                self._recent.popitem(last=False)
        for operation, futures in wake:
            for future in futures:
                _resolve(future, operation)

    def final(self, operation_id: str) -> Future[Operation]:
        """The operation once it is final. Raises PaymentNotFound."""
        future: Future[Operation] = Future()
        with self._lock:
            if operation_id in self._open:
                self._open[operation_id].append(future)
                return future
            operation = self._recent.get(operation_id)
        if operation is None:
            operation = self._stored_or_watched(operation_id, future)
        if operation is not None:
            _resolve(future, operation)
        return future

    def _stored_or_watched(self, operation_id: str, future: Future[Operation]) -> Operation | None:
        """An operation of an earlier run: its final state, or None when `future` is now waiting for it."""
        with self._lock:  # `closed` waits for it, so nothing closes between the look and the entry in the list
            query = sa.select(*rows.OPERATION).where(tables.operations.c.id == operation_id)
            with self._database.read() as connection:
                row = connection.execute(query).first()
            if row is None:
                raise PaymentNotFound(f"There is no payment {operation_id}.")
            operation = rows.operation(row)
            if operation.status in FINAL:
                return operation
            self._open.setdefault(operation_id, []).append(future)
            return None


def _resolve(future: Future[Operation], operation: Operation) -> None:
    if future.set_running_or_notify_cancel():
        future.set_result(operation)
