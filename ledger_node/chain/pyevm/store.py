"""The chain on disk: one SQLite file, one database transaction per block, and readers that never wait for the writer.

Trie nodes and code lie under their hashes and are never removed, so the state of every block stays readable. Blocks,
transactions and logs are rows; nothing is stored twice (receipts are put together from rows, blooms computed). Blocks
follow each other without forks: what is committed is final. Knows no rules and executes nothing.
"""

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, LiteralString

from lru import LRU

from ledger_node import storage
from ledger_node.chain import tries
from ledger_node.chain.blocks import Hash32, Header
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import ChainUnavailable, GenesisMismatch
from ledger_node.chain.pyevm.lock import locked
from ledger_node.chain.pyevm.rows import BlockRow, TransactionRow, block_row, transaction_row, understood
from ledger_node.chain.wire import decode_header, encode_header
from ledger_node.errors import ConfigurationError, StorageFailed, StorageUnavailable

FORMAT = "1"
POSITIONS = 1 << 24
"""Row ids of transactions and logs are block number times this, plus the position in the block."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nodes (hash BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE blocks (
    number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, timestamp INTEGER NOT NULL,
    header BLOB NOT NULL, ommers BLOB NOT NULL, withdrawals BLOB, size INTEGER NOT NULL
);
CREATE TABLE transactions (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, sender BLOB NOT NULL, raw BLOB NOT NULL, outcome BLOB NOT NULL,
    gas_used INTEGER NOT NULL, cumulative_gas_used INTEGER NOT NULL, price TEXT NOT NULL, contract BLOB
);
CREATE TABLE logs (
    id INTEGER PRIMARY KEY, position INTEGER NOT NULL, address BLOB NOT NULL,
    topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL
);
CREATE TABLE log_keys (key INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (key, id)) WITHOUT ROWID;
"""

_SELECT_TRANSACTIONS: LiteralString = (
    "SELECT hash, sender, raw, outcome, gas_used, cumulative_gas_used, price, contract FROM transactions "
)

DurableWrite = Callable[[Literal["before", "after"]], None]


def nothing(_: Literal["before", "after"]) -> None:
    return None


class Store:
    """Opens (or makes) DIRECTORY/chain.sqlite and holds DIRECTORY/chain.lock as long as it is open.

    With `read_only` it takes no lock and only reads, beside the process that holds it.
    Raises ChainUnavailable when another process holds it, ConfigurationError for another release's format or when there
    is nothing to read, and in all it does StorageFailed when it is damaged, StorageUnavailable while it cannot be used.
    """

    def __init__(
        self, directory: Path, *, on_durable_write: DurableWrite = nothing, nodes_cached: int = 50_000,
        read_only: bool = False,
    ) -> None:  # fmt: skip
        self.path = directory / "chain.sqlite"
        self._read_only = read_only
        self._lock_file: int | None = None
        if read_only and not self.path.is_file():
            raise ConfigurationError(f"There is no chain in {directory}.")
        if not read_only:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock_file = locked(directory / "chain.lock")
        self._on_durable_write = on_durable_write
        self.on_failure: Callable[[StorageFailed], None] = lambda _: None  # of a reader; who writes hears it anyway
        self._readers: deque[sqlite3.Connection] = deque()
        self._open: list[sqlite3.Connection] = []
        self._closed = False
        self._guard = threading.Lock()
        self._nodes: LRU[Hash32, tries.Node] = LRU(nodes_cached)
        self._codes: LRU[Hash32, bytes] = LRU(1_000)
        self._headers: LRU[int, Header] = LRU(4_000)
        try:
            with storage.telling(self.path.name):
                self._writer = self._connect()
                self._open_schema(directory)
        except BaseException:
            self.close()
            raise

    def _open_schema(self, directory: Path) -> None:
        begun = self._writer.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        if not begun and self._read_only:
            raise ConfigurationError(f"The chain in {directory} is only being made; try again in a moment.")
        if not begun:
            self._create()
        found = self.meta("format")
        if found != FORMAT:
            raise ConfigurationError(
                f"The chain in {directory} has format {found}; this release reads {FORMAT}. "
                "Install the release that wrote it, or import its exported blocks into a new directory."
            )

    # CONNECTIONS

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=256)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        with self._guard:
            self._open.append(connection)
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if self._read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA cache_size = -16384")
        connection.execute("PRAGMA wal_autocheckpoint = 16000")  # as the ledger's, and for the same reason

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own; each statement sees the last commit."""
        if self._closed:
            raise ChainUnavailable("The chain is stopping.")
        try:
            connection = self._readers.pop()
        except IndexError:
            with storage.telling(self.path.name):
                connection = self._connect()
        try:
            with storage.telling(self.path.name), understood():
                yield connection
        except StorageFailed as failed:
            self.on_failure(failed)
            raise
        finally:
            self._readers.append(connection)

    @contextmanager
    def reading_into(self) -> Iterator[None]:
        """Around what takes the bytes of rows apart: StorageFailed, as in `reading`, where they are none of a chain."""
        try:
            with storage.telling(self.path.name), understood():
                yield
        except StorageFailed as failed:
            self.on_failure(failed)
            raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction, for the thread that owns the chain. Undone when the block raises."""
        try:
            with storage.telling(self.path.name), self._transaction() as db:
                yield db
        except StorageUnavailable:
            self._reconnect()
            raise

    def _reconnect(self) -> None:
        """A file that was opened while it was not writable stays so until it is opened again."""
        with suppress(sqlite3.Error):
            old, self._writer = self._writer, self._connect()
            with self._guard:
                self._open.remove(old)
            old.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield self._writer
            self._on_durable_write("before")
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:  # a full disk may have ended it
                self._writer.execute("ROLLBACK")
            raise
        self._on_durable_write("after")

    def close(self) -> None:
        with self._guard:
            self._closed = True
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._readers.clear()
        if self._lock_file is not None:
            os.close(self._lock_file)

    def _create(self) -> None:
        with self.writing() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            self.put_meta(db, "format", FORMAT)

    # META

    def meta(self, key: str) -> str | None:
        with self.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    @staticmethod
    def put_meta(db: sqlite3.Connection, key: str, value: str) -> None:
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # WRITE

    def put_genesis(self, document: str, block: BlockRow, nodes: Mapping[Hash32, bytes]) -> None:
        """Start the chain, or see that it is the one that was started. Raises GenesisMismatch."""
        first = self.header(0)
        if first is None:
            with self.writing() as db:
                self.put_meta(db, "genesis", document)
                self.put_nodes(db, nodes.items())
                self.put_block(db, block, ())
        elif first.hash != block.header.hash:
            raise GenesisMismatch(
                f"The chain in {self.path.parent} started from genesis 0x{first.hash.hex()}, the genesis given is "
                f"0x{block.header.hash.hex()}. Use the genesis file this directory was made with, or another directory."
            )

    @staticmethod
    def put_nodes(db: sqlite3.Connection, nodes: Iterable[tuple[Hash32, bytes]]) -> None:
        # In the order of the hashes, so that neighbours in the index are written together.
        storage.insert_many(db, "INSERT OR IGNORE INTO nodes VALUES ", sorted(nodes))

    @staticmethod
    def put_values(db: sqlite3.Connection, values: Iterable[tuple[bytes, bytes]]) -> None:
        """Values under keys that are no hashes and may change."""
        db.executemany("INSERT OR REPLACE INTO nodes VALUES (?, ?)", sorted(values))

    @staticmethod
    def put_block(db: sqlite3.Connection, block: BlockRow, transactions: Sequence[TransactionRow]) -> None:
        header = block.header
        first = header.number * POSITIONS
        of_block = (block.ommers, block.withdrawals, block.size)
        columns = (header.number, header.hash, header.timestamp, encode_header(header), *of_block)
        db.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)", columns)
        db.executemany(
            "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    first + position,
                    row.hash,
                    row.sender,
                    row.raw,
                    row.outcome,
                    row.gas_used,
                    row.cumulative_gas_used,
                    str(row.price),
                    row.contract,
                )
                for position, row in enumerate(transactions)
            ],
        )

    def remember(self, header: Header, created: Mapping[Hash32, tuple[bytes, tries.Node]]) -> None:
        """What was just committed will be read first."""
        for node_hash, (_, node) in created.items():
            self._nodes[node_hash] = node
        self._headers[header.number] = header

    def drop_after(self, number: int) -> None:
        """Forget every block above `number`. Only a developer's chain does that."""
        with self.writing() as db:
            last = (number + 1) * POSITIONS
            db.execute("DELETE FROM log_keys WHERE id >= ?", (last,))
            db.execute("DELETE FROM logs WHERE id >= ?", (last,))
            db.execute("DELETE FROM transactions WHERE id >= ?", (last,))
            db.execute("DELETE FROM blocks WHERE number > ?", (number,))
        self._headers.clear()

    # STATE

    def node(self, node_hash: Hash32) -> tries.Node:
        """Raises tries.MissingNode."""
        node = self._nodes.get(node_hash)
        if node is None:
            node = tries.decode_node(self._sound(node_hash))
            self._nodes[node_hash] = node
        return node

    def code(self, code_hash: Hash32) -> bytes:
        code = self._codes.get(code_hash)
        if code is None:
            code = self._sound(code_hash)
            self._codes[code_hash] = code
        return code

    def _sound(self, value_hash: Hash32) -> bytes:
        """What lies under this hash, and has it: a byte that changed on the disk is no state of any block."""
        value = self.value(value_hash)
        if keccak(value) != value_hash:
            failed = storage.damaged(self.path.name, f"what lies under 0x{value_hash.hex()} is not what has this hash")
            self.on_failure(failed)
            raise failed
        return value

    def value(self, value_hash: Hash32) -> bytes:
        """Raises tries.MissingNode."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM nodes WHERE hash = ?", (value_hash,)).fetchone()
        if row is None:
            raise tries.MissingNode(value_hash.hex())
        value: bytes = row[0]
        return value

    # BLOCKS

    def head(self) -> Header | None:
        with self.reading() as db:
            row = db.execute("SELECT header FROM blocks ORDER BY number DESC LIMIT 1").fetchone()
            return None if row is None else decode_header(row[0])

    def header(self, number: int) -> Header | None:
        header = self._headers.get(number)
        if header is None:
            with self.reading() as db:
                row = db.execute("SELECT header FROM blocks WHERE number = ?", (number,)).fetchone()
                if row is None:
                    return None
                header = decode_header(row[0])
            self._headers[number] = header
        return header

    def number(self, block_hash: Hash32) -> int | None:
        with self.reading() as db:
            row = db.execute("SELECT number FROM blocks WHERE hash = ?", (block_hash,)).fetchone()
        return None if row is None else row[0]

    def block(self, header: Header) -> BlockRow | None:
        with self.reading() as db:
            row = db.execute(
                "SELECT ommers, withdrawals, size FROM blocks WHERE number = ?", (header.number,)
            ).fetchone()
            return None if row is None else block_row(header, *row)

    def transactions(self, number: int) -> list[TransactionRow]:
        return self._transactions(
            "WHERE id BETWEEN ? AND ? ORDER BY id", number * POSITIONS, (number + 1) * POSITIONS - 1
        )

    def find_transaction(self, transaction_hash: Hash32) -> tuple[int, int] | None:
        """(block number, position)."""
        with self.reading() as db:
            row = db.execute("SELECT id FROM transactions WHERE hash = ?", (transaction_hash,)).fetchone()
        return None if row is None else divmod(row[0], POSITIONS)

    def transaction(self, number: int, position: int) -> TransactionRow:
        (row,) = self._transactions("WHERE id = ?", number * POSITIONS + position)
        return row

    def _transactions(self, where: LiteralString, *values: int) -> list[TransactionRow]:
        with self.reading() as db:
            rows = db.execute(_SELECT_TRANSACTIONS + where, values).fetchall()
            return [transaction_row(*row) for row in rows]
