"""API keys: who may come through this door, and as whom. A key is shown once, when it is made; only its hash is kept.

A key is 256 random bits, so a plain SHA-256 of it cannot be searched and needs no salt or slow derivation. The ring
holds all live keys in memory: looking one up costs a hash, and revoking takes effect with the transaction that does it.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from ledger_node.clock import Clock
from ledger_node.database import Database, metadata
from ledger_node.errors import Unauthenticated
from ledger_node.gateway.errors import ApiKeyNotFound
from ledger_node.settlement.ids import new_id
from ledger_node.settlement.model import Caller

Scope = Literal["member", "operator", "supervisor"]

PREFIX = "lnk_"
_SECRET_BYTES = 32

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("hint", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sa.CheckConstraint("scope IN ('member', 'operator', 'supervisor')", name="scope"),
    sa.CheckConstraint("(scope = 'member') = (member_id IS NOT NULL)", name="member_named"),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What may be told of a key. `hint` is its first characters, enough to recognise it and too few to use it."""

    id: str
    hint: str
    scope: Scope
    member_id: str | None
    name: str
    created_at: int
    revoked_at: int | None = None


class KeyRing:
    """The live keys. `create` and `revoke` are jobs for the writer: they run inside its transaction.

    They change the memory before the commit. That is safe in both directions: a key nobody has been told yet opens
    nothing, and if the commit fails the writer stops and with it this node.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._live: dict[bytes, tuple[bytes, Caller]] = {}
        with database.read() as connection:
            for row in connection.execute(sa.select(api_keys).where(api_keys.c.revoked_at.is_(None))):
                self._admit(bytes(row.digest), Caller(row.id, row.scope, row.member_id))

    def caller(self, shown: str) -> Caller:
        """Who shows this key. Raises Unauthenticated for a key that was never made or is revoked."""
        digest = _digest(shown)
        found = self._live.get(digest[:8])
        if found is None or not hmac.compare_digest(found[0], digest):
            raise Unauthenticated("This API key is not known here, or it was revoked.")
        return found[1]

    def create(
        self, connection: sa.Connection, *, scope: Scope, member_id: str | None, name: str
    ) -> tuple[ApiKey, str]:
        """A new key and its secret text, which is nowhere else and cannot be read again."""
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            id=new_id("key"),
            hint=secret[: len(PREFIX) + 4],
            scope=scope,
            member_id=member_id,
            name=name,
            created_at=self._clock.now_ms(),
        )
        digest = _digest(secret)
        connection.execute(
            api_keys.insert().values(
                id=key.id,
                digest=digest,
                hint=key.hint,
                scope=scope,
                member_id=member_id,
                name=name,
                created_at=key.created_at,
                revoked_at=None,
            )
        )
        self._admit(digest, Caller(key.id, scope, member_id))
        return key, secret

    def revoke(self, connection: sa.Connection, key_id: str, *, member_id: str | None) -> ApiKey:
        """Ends a key of this member (None: of the operator's house) for ever; again is the same as once.

        Raises ApiKeyNotFound.
        """
        row = connection.execute(
            sa.select(api_keys).where(api_keys.c.id == key_id, api_keys.c.member_id.is_not_distinct_from(member_id))
        ).one_or_none()
        if row is None:
            raise ApiKeyNotFound(f"There is no API key {key_id} here.")
        if row.revoked_at is not None:
            return _key(row)
        revoked_at = self._clock.now_ms()
        connection.execute(api_keys.update().where(api_keys.c.id == key_id).values(revoked_at=revoked_at))
        with self._lock:
            self._live.pop(bytes(row.digest)[:8], None)
        return _key(row, revoked_at=revoked_at)

    def _admit(self, digest: bytes, caller: Caller) -> None:
        # The handle is part of a hash of the key, so the time a look-up takes says nothing about any key.
        with self._lock:
            self._live[digest[:8]] = (digest, caller)


def keys_of(connection: sa.Connection, *, member_id: str | None) -> list[ApiKey]:
    """Every key ever made for this member (None: for the operator's house), newest first."""
    rows = connection.execute(
        sa.select(api_keys)
        .where(api_keys.c.member_id.is_not_distinct_from(member_id))
        .order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc())
    )
    return [_key(row) for row in rows]


def _key(row: sa.Row[tuple[object, ...]], *, revoked_at: int | None = None) -> ApiKey:
    return ApiKey(
        id=row.id,
        hint=row.hint,
        scope=row.scope,
        member_id=row.member_id,
        name=row.name,
        created_at=row.created_at,
        revoked_at=row.revoked_at if revoked_at is None else revoked_at,
    )


def _digest(shown: str) -> bytes:
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).digest()
