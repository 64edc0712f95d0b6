"""What a disk does to the store on it, in words for people; whether a store's file is sound; and many rows at once.

Knows SQLite's and PostgreSQL's codes and no table. A statement that is wrong is not its business.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, LiteralString

from ledger_node.errors import StorageFailed, StorageUnavailable

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 100

DAMAGED = "Stop the node, let `ledger-node doctor` look at everything, and restore a backup, or sync the chain again."
_WRITABLE = "Let the node's user write to it; the node tries again by itself."
_RELEASE = "Another process holds it; the node tries again by itself."
_PASSES = {
    sqlite3.SQLITE_BUSY: _RELEASE,
    sqlite3.SQLITE_LOCKED: _RELEASE,
    sqlite3.SQLITE_PROTOCOL: _RELEASE,
    sqlite3.SQLITE_FULL: "Make room on the disk; the node tries again by itself.",
    sqlite3.SQLITE_IOERR: "Look at the disk; the node tries again by itself.",
    sqlite3.SQLITE_READONLY: _WRITABLE,
    sqlite3.SQLITE_PERM: _WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _WRITABLE,
}
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_NO_TEXT = "Could not decode to UTF-8"
_SERVER = "Look at the database server; the node tries again by itself."
_PASSING_STATES = ("08", "40", "53", "55", "57", "58", "25006", "25P03", "28", "42501")
"""Connection lost, transaction to be repeated, no space or sessions left, lock not given, shut down or canceled, the
server's own disk, read-only, not authorised: the first letters of PostgreSQL's SQLSTATE."""

Failure = StorageFailed | StorageUnavailable


class Unreadable(ValueError):
    """A stored value that is not what it should be. Says which kind, never which value."""


def failure(name: str, error: BaseException) -> Failure | None:
    """What went wrong with the store `name`, when it was the store; None for everything else that is refused.

    SQLite's result code and PostgreSQL's SQLSTATE tell what passes from damage; the errors' classes do not.
    """
    if isinstance(error, Unreadable):
        return damaged(name, str(error))
    if isinstance(error, sqlite3.Error):
        return _sqlite_failure(name, error)
    return _server_failure(name, error) if hasattr(error, "sqlstate") else None


def _sqlite_failure(name: str, error: sqlite3.Error) -> Failure | None:
    if str(error).startswith(_NO_TEXT):
        return damaged(name, "it holds a text that is not UTF-8")  # the message itself would show what it holds
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF in _DAMAGE or code == sqlite3.SQLITE_IOERR_CORRUPTFS:
        return damaged(name, str(error))
    remedy = _PASSES.get(code & 0xFF)  # the rest of an extended code is a detail
    return None if remedy is None else StorageUnavailable(f"{name}: {error}. {remedy}")


def _server_failure(name: str, error: BaseException) -> Failure | None:
    state: str | None = error.sqlstate  # type: ignore[attr-defined]
    lines = str(error).splitlines()
    said = lines[0].rstrip(".") if lines else type(error).__name__
    if state is None:  # the driver's own word: no connection, or one that is lost
        kinds = {kind.__name__ for kind in type(error).__mro__}  # a timeout is a kind of its own
        lost = "OperationalError" in kinds or "connection is" in said
        return StorageUnavailable(f"{name}: {said}. {_SERVER}") if lost else None
    if state.startswith("XX00") and state != "XX000":
        return damaged(name, said)
    return StorageUnavailable(f"{name}: {said}. {_SERVER}") if state.startswith(_PASSING_STATES) else None


def unwritable(file: Path) -> StorageUnavailable | None:
    """Why SQLite could not write this store, as far as the system says so without writing."""
    beside = [file.with_name(file.name + end) for end in ("-wal", "-shm")]
    for path in [file.parent, file, *(each for each in beside if each.exists())]:
        if not os.access(path, os.W_OK):
            return StorageUnavailable(f"{file.name}: {path} is not writable. {_WRITABLE}")
    return None


def damaged(name: str, what: str) -> StorageFailed:
    return StorageFailed(f"{name}: {what}. {DAMAGED}")


@contextmanager
def telling(name: str) -> Iterator[None]:
    """StorageFailed or StorageUnavailable for what the disk did to the file `name`."""
    try:
        yield
    except (sqlite3.Error, Unreadable) as error:
        failed = failure(name, error)
        if failed is None:
            raise
        raise failed from error


def insert_many(db: sqlite3.Connection, insert: LiteralString, rows: Sequence[tuple[Any, ...]]) -> None:
    """Many rows in one statement: SQLite lets go of the interpreter lock and takes it again with every step."""
    if not rows:
        return
    one = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % ROWS_AT_ONCE
    if whole:
        starts = range(0, whole, ROWS_AT_ONCE)
        flat = [tuple(chain.from_iterable(rows[start : start + ROWS_AT_ONCE])) for start in starts]
        db.executemany(insert + ", ".join([one] * ROWS_AT_ONCE), flat)
    db.executemany(insert + one, rows[whole:])


class Inspection:
    """Looks at every page of some stores once, on a thread of its own, while they are in use.

    What it takes grows with history, so `begin` waits only `patience_s`; what is found later goes to `on_damage`.
    """

    def __init__(self, files: Sequence[Path], *, on_damage: Callable[[StorageFailed], None]) -> None:
        self._files = files
        self._on_damage = on_damage
        self._damage: StorageFailed | None = None
        self._connection: sqlite3.Connection | None = None
        self._stopping = False
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="inspection", daemon=True)

    def begin(self, patience_s: float) -> None:
        """Raises StorageFailed when damage is found soon."""
        self._thread.start()
        self._thread.join(patience_s)
        if self._damage is not None:
            raise self._damage

    def stop(self) -> None:
        with self._guard:
            self._stopping = True
            if self._connection is not None:
                self._connection.interrupt()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        for path in self._files:
            verdict = self._look_at(path)
            if self._stopping:
                return
            if verdict != "ok":
                self._damage = damaged(path.name, verdict)
                self._on_damage(self._damage)
                return

    def _look_at(self, path: Path) -> str:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
        with self._guard:
            self._connection = connection
        try:
            verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            return " ".join(verdict.removeprefix("*** in database main ***").split())
        except sqlite3.Error as error:
            return str(error)
        finally:
            with self._guard:
                self._connection = None
            connection.close()
