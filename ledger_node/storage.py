"""What a disk does to the store on it, in words for people; whether a store's file is sound; and many rows at once.

Knows SQLite's result codes and no table. A statement that is wrong is not its business.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, LiteralString

from ledger_node.errors import StorageFailed

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 100

DAMAGED = "Stop the node, let `ledger-node doctor` look at everything, and restore a backup, or sync the chain again."
_REMEDIES = {
    sqlite3.SQLITE_FULL: "Make room on the disk and start the node again.",
    sqlite3.SQLITE_IOERR: "Look at the disk, then start the node again.",
    sqlite3.SQLITE_READONLY: "Let the node's user write to it, then start the node again.",
    sqlite3.SQLITE_PERM: "Let the node's user write to it, then start the node again.",
    sqlite3.SQLITE_CANTOPEN: "Let the node's user write to it, then start the node again.",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}


def failure(name: str, error: BaseException) -> StorageFailed | None:
    """What went wrong with the file `name`, when it was the disk; None for everything else that SQLite refuses."""
    if not isinstance(error, sqlite3.Error):
        return None
    remedy = _REMEDIES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)  # the rest of an extended code is a detail
    return None if remedy is None else StorageFailed(f"{name}: {error}. {remedy}")


def damaged(name: str, what: str) -> StorageFailed:
    return StorageFailed(f"{name}: {what}. {DAMAGED}")


@contextmanager
def telling(name: str) -> Iterator[None]:
    """StorageFailed for what the disk did to the file `name`."""
    try:
        yield
    except sqlite3.Error as error:
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
