"""The audit log: who did or tried what, when, why, and how it ended. Written in the transaction of the thing itself.

Each line's hash covers the line before it: whoever changes one behind the triggers' back must change all that
follow, and the last hash that somebody wrote down elsewhere tells.
"""

import hashlib
from typing import Any

import sqlalchemy as sa
from orjson import dumps

from ledger_node import journal
from ledger_node.access.model import AuditEntry, Caller, Trail
from ledger_node.access.tables import audit_log
from ledger_node.database import Database, Row
from ledger_node.ids import new_id
from ledger_node.pages import Page, Slice, page

NO_TRAIL = Trail()
_BEFORE_THE_FIRST = bytes(32)


def record(
    connection: sa.Connection, caller: Caller, action: str, outcome: str, *, at: int, resource_id: str | None = None,
    reason: str | None = None, code: str | None = None, trail: Trail = NO_TRAIL,
) -> None:  # fmt: skip
    """Add a line."""
    facts: dict[str, Any] = {
        "id": new_id("aud"), "created_at": at, "person": caller.who, "api_key": caller.id, "scope": caller.scope,
        "member_id": caller.member_id, "action": action, "resource_id": resource_id, "reason": reason,
        "outcome": outcome, "code": code, "request_id": trail.request_id, "request_hash": trail.request_hash,
    }  # fmt: skip
    newest = sa.select(audit_log.c.hash).order_by(audit_log.c.sequence.desc()).limit(1)
    before = connection.execute(newest).scalar() or _BEFORE_THE_FIRST
    hash_ = _hash(before, facts)
    connection.execute(audit_log.insert().values(facts | {"hash": hash_}))
    journal.append(connection, "admin", [(facts["id"], (hash_,))], at=at)


def entries(
    database: Database, part: Slice, *, action: str | None = None, outcome: str | None = None,
    resource_id: str | None = None,
) -> Page[AuditEntry]:  # fmt: skip
    """The log, newest first."""
    query = sa.select(audit_log).where(audit_log.c.created_at.between(part.since, part.until - 1))
    for column, wanted in (
        (audit_log.c.action, action), (audit_log.c.outcome, outcome), (audit_log.c.resource_id, resource_id),
    ):  # fmt: skip
        query = query if wanted is None else query.where(column == wanted)
    if (before := part.number()) is not None:
        query = query.where(audit_log.c.sequence < before)
    with database.read() as connection:
        found = connection.execute(query.order_by(audit_log.c.sequence.desc()).limit(part.limit + 1)).all()
    return page(found, part, read=_entry, position=lambda row: row.sequence)


def first_broken(connection: sa.Connection) -> int | None:
    """The sequence of the first line that is not what was written, or None when the whole log holds."""
    before, expected = _BEFORE_THE_FIRST, 1
    for row in connection.execute(sa.select(audit_log).order_by(audit_log.c.sequence)):
        facts = {name: getattr(row, name) for name in _FACTS}
        if row.sequence != expected or row.hash != _hash(before, facts):
            return int(row.sequence)
        before, expected = row.hash, expected + 1
    return None


_FACTS = [name for name in AuditEntry.__slots__ if name not in ("sequence", "hash")]


def _hash(before: bytes, facts: dict[str, Any]) -> bytes:
    written = [value.hex() if isinstance(value := facts[name], bytes) else value for name in _FACTS]
    return hashlib.sha256(before + dumps(written)).digest()


def _entry(row: Row) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__})
