"""Logs and their index: every log is found by its address and by each of its topics, without reading other logs.

`log_keys` holds a 64-bit key per (place, value), the place being the address or a topic's position. A search walks the
rarest of its keys and checks the rest exactly, so it takes time proportional to what it finds. Two values that share a
key by chance cost a look, nothing else.
"""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from ledger_node import storage
from ledger_node.chain.blocks import Address, Hash32, Log, LogFilter
from ledger_node.chain.pyevm.rows import LogRow, log_row, log_topics
from ledger_node.chain.pyevm.store import POSITIONS, Store

_ADDRESS = 4
"""The place of the address; 0 to 3 are the topics'."""
_TOPICS = ("topic0", "topic1", "topic2", "topic3")
_MISSING = (None, None, None, None)
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
        topics = log.topics
        rows.append((index, log.position, log.address, *topics, *_MISSING[len(topics) :], log.data))
        keys.append((_key(_ADDRESS, log.address), index))
        keys += [(_key(place, topic), index) for place, topic in enumerate(topics)]
    storage.insert_many(db, "INSERT INTO logs VALUES ", rows)
    keys.sort()
    storage.insert_many(db, "INSERT OR IGNORE INTO log_keys VALUES ", keys)


def block_logs(store: Store, number: int) -> list[LogRow]:
    with store.reading() as db:
        rows = db.execute(
            "SELECT position, address, topic0, topic1, topic2, topic3, data FROM logs "
            "WHERE id BETWEEN ? AND ? ORDER BY id",
            (number * POSITIONS, (number + 1) * POSITIONS - 1),
        ).fetchall()
        return [log_row(row[0], row[1], row[2:6], row[6]) for row in rows]


def find_logs(store: Store, query: LogFilter) -> list[Log]:
    """The logs of `query` between its `first` and `last` block, in the order of the chain; no more than its limit."""
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
        # Only column names, question marks and one constant are put into the text.
        located = f"SELECT *, id / {POSITIONS} AS number FROM {source} WHERE {' AND '.join(conditions) or 'TRUE'}"  # noqa: S608
        rows = db.execute(
            "SELECT l.id, l.position, l.address, l.topic0, l.topic1, l.topic2, l.topic3, l.data, l.number, "  # noqa: S608
            f"b.hash, b.timestamp, t.hash FROM ({located}) l JOIN blocks b USING (number) "
            f"JOIN transactions t ON t.id = l.number * {POSITIONS} + l.position ORDER BY l.id LIMIT ?",
            [*keys, *ids, *exact, -1 if query.limit is None else query.limit],
        ).fetchall()
        return [_log(*row) for row in rows]


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


def _log(
    row: int, position: int, address: Address, topic0: Hash32 | None, topic1: Hash32 | None, topic2: Hash32 | None,
    topic3: Hash32 | None, data: bytes, number: int, block_hash: Hash32, timestamp: int, transaction_hash: Hash32,
) -> Log:  # fmt: skip
    return Log(
        address=address,
        topics=log_topics(position, address, (topic0, topic1, topic2, topic3), data),
        data=data,
        block_number=number,
        block_hash=block_hash,
        block_timestamp=timestamp,
        transaction_hash=transaction_hash,
        transaction_index=position,
        log_index=row % POSITIONS,
    )


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
