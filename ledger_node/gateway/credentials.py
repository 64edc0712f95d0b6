"""API keys: who may come through this door, and as whom. A key is shown once, when it is made; only its hash is kept.

A key is 256 random bits, so a plain SHA-256 of it cannot be searched and needs no salt or slow derivation. The ring
holds all live keys in memory: looking one up costs a hash, and revoking takes effect with the transaction that does it.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from ledger_node.access import operators
from ledger_node.access.model import Caller, Duty
from ledger_node.clock import Clock
from ledger_node.database import Database, Row, metadata
from ledger_node.errors import AlreadyExists, Unauthenticated, WrongState
from ledger_node.gateway.errors import ApiKeyNotFound
from ledger_node.ids import new_id

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
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("revoked_at", sa.BigInteger),
    sa.CheckConstraint("scope IN ('member', 'operator', 'supervisor')", name="scope"),
    sa.CheckConstraint("(scope = 'member') = (member_id IS NOT NULL)", name="member_named"),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What may be told of a key. `hint` is its first characters, enough to recognise it and too few to use it.

    `person` is whose key it is: a named operator's id, a bank's own name for its user, or the key's own id. Two keys of
    one person are one pair of eyes.
    """

    id: str
    hint: str
    scope: Scope
    member_id: str | None
    person: str
    name: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None


class KeyRing:
    """The live keys. `create` and `revoke` are jobs for the writer: they run inside its transaction.

    They change the memory before the commit. That is safe in both directions: a key nobody has been told yet opens
    nothing, and if the commit fails the writer stops and with it this node. What is only rehearsed is undone after,
    and leaves the memory alone.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._live: dict[bytes, tuple[bytes, Caller, int | None]] = {}
        with database.read() as connection:
            duties = operators.duties_of_all(connection)
            for row in connection.execute(sa.select(api_keys).where(api_keys.c.revoked_at.is_(None))):
                self._admit(bytes(row.digest), _key(row), duties.get(row.person))

    def caller(self, shown: str) -> Caller:
        """Who shows this key. Raises Unauthenticated for a key that was never made, is revoked or has expired."""
        digest = digest_of(shown)
        found = self._live.get(digest[:8])
        if found is None or not hmac.compare_digest(found[0], digest):
            raise Unauthenticated("This API key is not known here, or it was revoked.")
        if found[2] is not None and self._clock.now_ms() >= found[2]:
            raise Unauthenticated("This API key has expired.")
        return found[1]

    def create(
        self, connection: sa.Connection, *, scope: Scope, member_id: str | None, name: str, person: str | None = None,
        duties: frozenset[Duty] | None = None, rehearse: bool = False,
    ) -> tuple[ApiKey, str]:  # fmt: skip
        """A new key and its secret text, which is nowhere else and cannot be read again.

        `person` is whose it is (None: its own), `duties` what a named operator may do.
        """
        secret = new_secret()
        hint = secret[: len(PREFIX) + 4]
        key = self._store(
            connection, digest_of(secret), hint, scope=scope, member_id=member_id, name=name, person=person,
            duties=duties, rehearse=rehearse,
        )  # fmt: skip
        return key, secret

    def _store(
        self, connection: sa.Connection, digest: bytes, hint: str, *, scope: Scope, member_id: str | None, name: str,
        person: str | None, duties: frozenset[Duty] | None, rehearse: bool,
    ) -> ApiKey:  # fmt: skip
        key_id = new_id("key")
        key = ApiKey(
            id=key_id,
            hint=hint,
            scope=scope,
            member_id=member_id,
            person=person or key_id,
            name=name,
            created_at=self._clock.now_ms(),
        )
        connection.execute(api_keys.insert().values(asdict(key) | {"digest": digest}))
        if not rehearse:
            self._admit(digest, key, duties)
        return key

    def check_new(self, connection: sa.Connection, *, digest: bytes) -> None:
        """Raises AlreadyExists for the digest of a key made before."""
        known = sa.select(api_keys.c.id).where(api_keys.c.digest == digest)
        if connection.execute(known).first() is not None:
            raise AlreadyExists("There is an API key with this digest already.", pointer="/digest")

    def enrol(
        self, connection: sa.Connection, given: dict[str, Any], duties: frozenset[Duty] | None, *, rehearse: bool
    ) -> ApiKey:
        """A key whose secret its owner has made: `given` has its digest in hexadecimal, and whose it is."""
        return self._store(
            connection, bytes.fromhex(given["digest"]), hint_of(given["digest"]), scope=given["scope"],
            member_id=given["member"], name=given["name"], person=given["operator"] or given["user"], duties=duties,
            rehearse=rehearse,
        )  # fmt: skip

    def check_rotation(self, connection: sa.Connection, key_id: str, *, member_id: str | None) -> None:
        """Raises ApiKeyNotFound; WrongState for a key that works no more."""
        _live_row(connection, key_id, member_id, now=self._clock.now_ms())

    def renew(self, connection: sa.Connection, given: dict[str, Any], *, rehearse: bool) -> ApiKey:
        """As `rotate`, with a secret that the key's owner has made. Raises as `rotate` does."""
        row, duties = self._phase_out(connection, given["key"], given["member"], given["overlap_ms"], rehearse)
        return self._store(
            connection, bytes.fromhex(given["digest"]), hint_of(given["digest"]), scope=row.scope,
            member_id=row.member_id, name=row.name, person=row.person, duties=duties, rehearse=rehearse,
        )  # fmt: skip

    def rotate(
        self, connection: sa.Connection, key_id: str, *, member_id: str | None, overlap_ms: int, rehearse: bool = False
    ) -> tuple[ApiKey, str]:
        """A new key for the person of this one, which works on beside it for `overlap_ms` and no longer.

        Raises ApiKeyNotFound; WrongState for a key that works no more.
        """
        row, duties = self._phase_out(connection, key_id, member_id, overlap_ms, rehearse)
        return self.create(
            connection, scope=row.scope, member_id=member_id, name=row.name, person=row.person, duties=duties,
            rehearse=rehearse,
        )  # fmt: skip

    def _phase_out(
        self, connection: sa.Connection, key_id: str, member_id: str | None, overlap_ms: int, rehearse: bool
    ) -> tuple[Row, frozenset[Duty] | None]:  # fmt: skip
        """Let a key end after `overlap_ms`; what it was, and what its person may do."""
        now = self._clock.now_ms()
        row = _live_row(connection, key_id, member_id, now=now)
        ends = now + overlap_ms if row.expires_at is None else min(row.expires_at, now + overlap_ms)
        digest = bytes(row.digest)
        connection.execute(api_keys.update().where(api_keys.c.id == key_id).values(expires_at=ends))
        with self._lock:
            caller = self._live[digest[:8]][1]
            if not rehearse:
                self._live[digest[:8]] = (digest, caller, ends)
        return row, caller.duties

    def revoke(
        self, connection: sa.Connection, key_id: str, *, member_id: str | None, rehearse: bool = False
    ) -> ApiKey:
        """Ends a key of this member (None: of the operator's house) for ever; again is the same as once.

        Raises ApiKeyNotFound.
        """
        row = _row(connection, key_id, member_id)
        return _key(row) if row.revoked_at is not None else self._end(connection, row, rehearse=rehearse)

    def revoke_all(self, connection: sa.Connection, *, person: str) -> None:
        """Every key of a person of the operator's house."""
        live = (api_keys.c.person == person, api_keys.c.member_id.is_(None), api_keys.c.revoked_at.is_(None))
        for row in connection.execute(sa.select(api_keys).where(*live)).all():
            self._end(connection, row, rehearse=False)

    def _end(self, connection: sa.Connection, row: Row, *, rehearse: bool) -> ApiKey:
        revoked_at = self._clock.now_ms()
        connection.execute(api_keys.update().where(api_keys.c.id == row.id).values(revoked_at=revoked_at))
        if not rehearse:
            with self._lock:
                self._live.pop(bytes(row.digest)[:8], None)
        return replace(_key(row), revoked_at=revoked_at)

    def _admit(self, digest: bytes, key: ApiKey, duties: frozenset[Duty] | None) -> None:
        # One person is one pair of eyes, however their bank wrote the name of each key's user.
        person = operators.one_name(key.person).casefold() if key.scope == "member" else key.person
        caller = Caller(key.id, key.scope, key.member_id, person=person, duties=duties)
        # The handle is part of a hash of the key, so the time a look-up takes says nothing about any key.
        with self._lock:
            self._live[digest[:8]] = (digest, caller, key.expires_at)


def keys_of(connection: sa.Connection, *, member_id: str | None) -> list[ApiKey]:
    """Every key ever made for this member (None: for the operator's house), newest first."""
    rows = connection.execute(
        sa.select(api_keys)
        .where(api_keys.c.member_id.is_not_distinct_from(member_id))
        .order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc())
    )
    return [_key(row) for row in rows]


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def hint_of(digest: str) -> str:
    """How a key whose secret was never here is recognised."""
    return f"sha256:{digest[:8]}"


def _live_row(connection: sa.Connection, key_id: str, member_id: str | None, *, now: int) -> Row:
    row = _row(connection, key_id, member_id)
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise WrongState(f"The API key {key_id} works no more; make a new one.")
    return row


def _row(connection: sa.Connection, key_id: str, member_id: str | None) -> Row:
    mine = api_keys.c.member_id.is_not_distinct_from(member_id)
    row = connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id, mine)).one_or_none()
    if row is None:
        raise ApiKeyNotFound(f"There is no API key {key_id} here.")
    return row


def _key(row: Row) -> ApiKey:
    return ApiKey(**{name: getattr(row, name) for name in ApiKey.__slots__})


def digest_of(shown: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).digest()
