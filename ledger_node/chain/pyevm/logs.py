"""Logs and their index: every log is found by its address and by each of its topics, without reading other logs.

`log_keys` holds a 64-bit key per (place, value), the place being the address or a topic's position. A search walks the
rarest of its keys and checks the rest exactly, so it takes time proportional to what it finds. Two values that share a
key by chance cost a look, nothing else.
"""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from ledger_node.chain.blocks import Hash32, Log, LogFilter
from ledger_node.chain.pyevm.store import POSITIONS, LogRow, Store

_ADDRESS = 4
"""The place of the address; 0 to 3 are the topics'."""
_TOPICS = ("topic0", "topic1", "topic2", "topic3")
_COLUMNS = (*_TOPICS, "address")
_COUNTED = 4096


@lru_cache(maxsize=65536)
def _key(place: int, value: bytes) -> int:
    return int.from_bytes(blake2b(value, digest_size=8, salt=bytes((place,))).digest(), "big", signed=True)


def put_logs(db: sqlite3.Connection, first: int, logs: Sequence[LogRow]) -> None:
    """Write a block's logs, in order; `first` is the row id of its log 0."""
    rows = []
    keys = []
    for index, log in enumerate(logs, first):
        topics = [*log.topics, None, None, None, None][:4]
        rows.append((index, log.position, log.address, *topics, log.data))
        keys.append((_key(_ADDRESS, log.address), index))
        keys.extend((_key(place, topic), index) for place, topic in enumerate(log.topics))
    db.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    keys.sort()
    db.executemany("INSERT OR IGNORE INTO log_keys VALUES (?, ?)", keys)


def block_logs(store: Store, number: int) -> list[LogRow]:
    with store.reading() as db:
        rows = db.execute(
            "SELECT position, address, topic0, topic1, topic2, topic3, data FROM logs "
            "WHERE id BETWEEN ? AND ? ORDER BY id",
            (number * POSITIONS, (number + 1) * POSITIONS - 1),
        ).fetchall()
    return [LogRow(row[0], row[1], tuple(topic for topic in row[2:6] if topic is not None), row[6]) for row in rows]


def find_logs(store: Store, query: LogFilter) -> list[Log]:
    """The logs of `query` between its `first` and `last` block, in the order of the chain."""
    wanted = {place: alternatives for place, alternatives in enumerate(query.topics) if alternatives is not None}
    if query.addresses:
        wanted[_ADDRESS] = query.addresses
    ids = (query.first * POSITIONS, (query.last + 1) * POSITIONS - 1)
    if len(query.topics) > len(_TOPICS):
        return []
    # A filter with more topics than a log has does not match it, even where the filter takes any.
    conditions = [f"{column} IS NOT NULL" for column in _TOPICS[: len(query.topics)]]
    exact: list[bytes] = []
    for place, alternatives in wanted.items():
        conditions.append(f"{_COLUMNS[place]} IN ({_marks(alternatives)})")
        exact.extend(alternatives)
    with store.reading() as db:
        if wanted:
            rarest = _rarest(db, wanted, ids)
            keys = sorted({_key(rarest, value) for value in wanted[rarest]})
            candidates = f"SELECT id FROM log_keys WHERE key IN ({_marks(keys)}) AND id BETWEEN ? AND ?"  # noqa: S608
            source = f"({candidates}) JOIN logs USING (id)"
        else:
            keys, source = [], "(SELECT * FROM logs WHERE id BETWEEN ? AND ?)"
        # Only column names and question marks are put into the text.
        rows = db.execute(
            "SELECT id, position, address, topic0, topic1, topic2, topic3, data "  # noqa: S608
            f"FROM {source} WHERE {' AND '.join(conditions) or 'TRUE'} ORDER BY id",
            [*keys, *ids, *exact],
        ).fetchall()
        return _located(db, rows)


def _rarest(db: sqlite3.Connection, wanted: dict[int, tuple[bytes, ...]], ids: tuple[int, int]) -> int:
    """The place with the fewest candidates, counted no further than needed."""
    if len(wanted) == 1:
        return next(iter(wanted))
    limit = 64
    while True:
        counts = {}
        for place, alternatives in wanted.items():
            keys = [_key(place, value) for value in alternatives]
            counts[place] = db.execute(
                "SELECT count(*) FROM (SELECT 1 FROM log_keys "  # noqa: S608
                f"WHERE key IN ({_marks(keys)}) AND id BETWEEN ? AND ? LIMIT ?)",
                [*keys, *ids, limit],
            ).fetchone()[0]
        best = min(counts, key=lambda place: counts[place])
        if counts[best] < limit or limit >= _COUNTED:
            return best
        limit *= 8


def _located(db: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[Log]:
    """Rows with the block and transaction they belong to."""
    blocks: dict[int, tuple[Hash32, int]] = {}
    hashes: dict[int, Hash32] = {}
    found = []
    for row in rows:
        number, index = divmod(row[0], POSITIONS)
        transaction = number * POSITIONS + row[1]
        if number not in blocks:
            blocks[number] = db.execute("SELECT hash, timestamp FROM blocks WHERE number = ?", (number,)).fetchone()
        if transaction not in hashes:
            (hashes[transaction],) = db.execute("SELECT hash FROM transactions WHERE id = ?", (transaction,)).fetchone()
        found.append(
            Log(
                address=row[2],
                topics=tuple(topic for topic in row[3:7] if topic is not None),
                data=row[7],
                block_number=number,
                block_hash=blocks[number][0],
                block_timestamp=blocks[number][1],
                transaction_hash=hashes[transaction],
                transaction_index=row[1],
                log_index=index,
            )
        )
    return found


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
