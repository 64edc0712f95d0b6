"""The journal: a hash chain over what the ledger records, written in the transaction that records it.

An entry stands for some rows of one kind, in their order. Its hash covers the entry before it, so the newest hash, the
head, stands for everything ever recorded; every attestation on chain carries it. The journal keeps digests, no facts:
whoever checks it reads the rows again (settlement/assurance/deep_audit.py). Knows neither what the rows mean nor the
chain.

    line    = JSON array of the row's reference and facts (UTF-8, no blanks; bytes as lower-case hex)
    digest  = SHA-256 of the lines, each ended by a newline
    hash    = SHA-256 of the hash before (32 zero bytes before the first), and of the JSON array
              [sequence, kind, created_at, number of lines, digest]
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from ledger_node.database import execute_many, fetch, metadata

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("rows_named", sa.Text, nullable=False),
    sa.Column("tags", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)
"""`rows_named` are the rows' references, in order, separated by blanks; `tags` four bytes of checksum a row, which tell
which one differs when the digest does."""

TAG_BYTES = 4
_BEFORE_THE_FIRST = bytes(32)

Row = tuple[str, Sequence[Any]]
"""A row's reference (no blanks in it) and its facts: integers, strings, bytes, booleans, None."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry; `sequence` 0 before the first."""

    sequence: int = 0
    hash: bytes = _BEFORE_THE_FIRST


@dataclass(frozen=True, slots=True)
class Entry:
    sequence: int
    kind: str
    references: tuple[str, ...]
    tags: bytes
    digest: bytes
    hash: bytes
    created_at: int


def append(connection: sa.Connection, kind: str, rows: Sequence[Row], *, at: int) -> None:
    """Add one entry for these rows; for none, nothing. Only the writer's transaction may call it."""
    if not rows:
        return
    before = head(connection)
    lines = [line(reference, facts) for reference, facts in rows]
    sequence, digest = before.sequence + 1, digest_of(lines)
    entry = {
        "sequence": sequence, "kind": kind, "rows_named": " ".join([reference for reference, _ in rows]),
        "tags": tags_of(lines), "digest": digest, "created_at": at,
        "hash": link(before.hash, sequence=sequence, kind=kind, created_at=at, count=len(rows), digest=digest),
    }  # fmt: skip
    execute_many(connection, _APPEND, [entry])


def head(connection: sa.Connection) -> Head:
    found = fetch(connection, _HEAD)
    return Head(*found[0]) if found else Head()


def entries(connection: sa.Connection, *, after: int = 0, limit: int = 500) -> Iterator[Entry]:
    """In order, read `limit` at a time."""
    while True:
        query = sa.select(journal).where(journal.c.sequence > after).order_by(journal.c.sequence).limit(limit)
        found = connection.execute(query).all()
        for row in found:
            yield Entry(
                row.sequence, row.kind, tuple(row.rows_named.split(" ")), row.tags, row.digest, row.hash, row.created_at
            )
        if len(found) < limit:
            return
        after = found[-1].sequence


def hash_at(connection: sa.Connection, sequence: int) -> bytes | None:
    """The hash of an entry, of 0 that before the first; None for a sequence the journal has not."""
    if sequence == 0:
        return _BEFORE_THE_FIRST
    found: bytes | None = connection.execute(
        sa.select(journal.c.hash).where(journal.c.sequence == sequence)
    ).scalar()  # fmt: skip
    return found


# HASHES


def line(reference: str, facts: Iterable[Any]) -> bytes:
    return orjson.dumps([reference, *facts], default=bytes.hex)


def digest_of(lines: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"\n".join([*lines, b""])).digest()


def tags_of(lines: Sequence[bytes]) -> bytes:
    return b"".join([tag(each) for each in lines])


def tag(of: bytes) -> bytes:
    return zlib.crc32(of).to_bytes(TAG_BYTES, "big")


def link(before: bytes, *, sequence: int, kind: str, created_at: int, count: int, digest: bytes) -> bytes:
    facts = orjson.dumps([sequence, kind, created_at, count, digest], default=bytes.hex)
    return hashlib.sha256(before + facts).digest()


_APPEND = journal.insert().inline()
_HEAD = sa.select(journal.c.sequence, journal.c.hash).order_by(journal.c.sequence.desc()).limit(1)
