"""The one thread that changes the ledger, and the queue in front of it.

Jobs that wait together share one database transaction (group commit), each in its own savepoint, so a job that is
refused leaves no trace and does not disturb its neighbours. Knows nothing of what the jobs do.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa

from ledger_node import storage
from ledger_node.database import Database
from ledger_node.errors import (
    DoorsClosed,
    LedgerNodeError,
    Overloaded,
    Stopping,
    StorageFailed,
    StorageUnavailable,
    Unavailable,
)

T = TypeVar("T")
Job = Callable[[sa.Connection], T]

_STOP = object()


class Writer:
    """Runs jobs one after another on its own thread; `submit` may be called from any thread.

    `before_commit` runs inside every group's transaction after its jobs; `after_commit` runs when the group is durable,
    before the jobs' futures resolve. An error of the group itself (begin or commit failed, before_commit raised, the
    disk failed a job) is every one of its futures'. What passes (Unavailable) goes to `on_setback`, whoever waits
    behind it is told the same, and the next group tries anew; anything else goes to `on_fault`, and the writer stops.
    After a setback the group may have been kept all the same, when the connection was lost in its commit.
    """

    def __init__(
        self,
        database: Database,
        *,
        before_commit: Callable[[sa.Connection], None] = lambda _: None,
        after_commit: Callable[[], None] = lambda: None,
        on_setback: Callable[[Unavailable], None] = lambda _: None,
        on_fault: Callable[[BaseException], None] = lambda _: None,
        group_max: int = 1000,
        waiting_max: int = 20_000,
    ) -> None:
        self._database = database
        self._before_commit = before_commit
        self._after_commit = after_commit
        self._on_setback = on_setback
        self._on_fault = on_fault
        self._group_max = group_max
        self._waiting_max = waiting_max
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job[T]) -> Future[T]:
        """Queue a job; its future has the job's result once it is durable, or the error that undid it.

        Raises Overloaded when too much waits, Stopping when the writer stops, DoorsClosed when a fault stopped it.
        """
        if self._stopped.is_set():
            raise self._refusal(self._fault)
        if self._queue.qsize() >= self._waiting_max:
            raise Overloaded("Too many requests are waiting; send it again later, with the same Idempotency-Key.")
        future: Future[T] = Future()
        self._queue.put((job, future))
        return future

    def _refusal(self, fault: BaseException | None) -> Unavailable:
        if isinstance(fault, LedgerNodeError):
            return DoorsClosed(f"Reads work; nothing is written until this is mended: {fault.detail}")
        return Stopping("The node is stopping; send the request again in a moment, with the same Idempotency-Key.")

    def run(self, job: Job[T], timeout: float | None = None) -> T:
        """Submit and wait."""
        return self.submit(job).result(timeout)

    def stop(self) -> None:
        """Finish what is queued, then end the thread."""
        self._stopped.set()
        self._queue.put(_STOP)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            group = self._take_group()
            if not group:
                return
            try:
                self._run_group([item for item in group if item is not _STOP])
            except Unavailable as setback:
                self._drain(setback)  # each of them would wait as long for the same
            except BaseException as fault:  # the outermost loop of this thread
                self._fault = fault
                self._stopped.set()
                self._on_fault(fault)
                self._drain(fault)
                return
            if _STOP in group:
                return

    def _take_group(self) -> list[Any]:
        group = [self._queue.get()]
        while len(group) < self._group_max and group[-1] is not _STOP:
            try:
                group.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return group

    def _run_group(self, group: list[tuple[Job[Any], Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with self._database.write() as connection:
                for job, future in group:
                    if not future.set_running_or_notify_cancel():
                        continue  # its caller went away before its turn
                    outcomes.append((future, *attempt(connection, job)))
                self._before_commit(connection)
        except BaseException as fault:
            if isinstance(fault, Unavailable):
                self._on_setback(fault)  # before anybody hears of it and tries again
            for _, future in group:
                _fail(future, self._told(fault))
            raise
        try:
            self._after_commit()
        except Unavailable as trouble:
            self._on_setback(trouble)
        finally:  # whatever comes after it, it is durable
            for future, result, failure in outcomes:
                if failure is None:
                    future.set_result(result)
                else:
                    future.set_exception(failure)

    def _drain(self, fault: BaseException) -> None:
        for _ in range(self._queue.qsize()):  # not those who come back at once
            item = self._queue.get_nowait()
            if item is _STOP:
                self._queue.put(_STOP)
            else:
                _fail(item[1], self._told(fault))

    def _told(self, fault: BaseException) -> BaseException:
        """What a job's caller hears: a disk is the operator's to mend, and the job may be given again then."""
        return self._refusal(fault) if isinstance(fault, StorageFailed) else fault


def _fail(future: Future[Any], fault: BaseException) -> None:
    if not future.cancelled() and (future.running() or future.set_running_or_notify_cancel()):
        future.set_exception(fault)


def attempt(connection: sa.Connection, part: Callable[[sa.Connection], T]) -> tuple[T | None, Exception | None]:
    """Do a part of a transaction: its result, or its error, and then it has left no trace and the rest stands.

    What it raises itself is the whole transaction's: the disk fails, or the part could not be undone.
    """
    cursor = connection.connection.cursor()
    cursor.execute("SAVEPOINT part")
    result, failure = None, None
    try:
        result = part(connection)
    except (StorageFailed, StorageUnavailable):
        raise  # no neighbour fares better on this disk
    except Exception as error:
        if storage.failure("", error) is not None:
            raise
        failure = error
        cursor.execute("ROLLBACK TO SAVEPOINT part")
    cursor.execute("RELEASE SAVEPOINT part")
    return result, failure
