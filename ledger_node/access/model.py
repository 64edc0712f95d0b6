"""What access speaks of, as plain frozen data: who asks, what a second person decides on, and what the audit log keeps.

Times are milliseconds since 1970 UTC. Nothing here knows HTTP or SQL.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Duty: TypeAlias = Literal["maker", "checker", "admin"]
"""Ask for what needs four eyes; approve it; look after operators and their keys."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a member (`member_id` set) or somebody of the operator's house (`member_id` None).

    `id` is the API key's. `person` is whose key it is, so that one person with two keys is one pair of eyes; `duties`
    what a named operator may do, None for a key without a name.
    """

    id: str
    scope: Literal["member", "operator", "supervisor"]
    member_id: str | None = None
    person: str = ""
    duties: frozenset[Duty] | None = None

    @property
    def who(self) -> str:
        return self.person or self.id


NODE = Caller("node", "operator", person="node")
"""Who decides what time decides."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What leads from a line of the audit log back to the request: its id, and a hash of all that was sent."""

    request_id: str | None = None
    request_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A person of the operator's house, with a name and duties."""

    id: str
    name: str
    duties: frozenset[Duty]
    status: Literal["active", "revoked"]
    created_at: int


ApprovalStatus: TypeAlias = Literal["pending_approval", "approved", "rejected", "expired", "failed", "canceled"]


@dataclass(frozen=True, slots=True)
class Approval:
    """A request that waits for a second person, or what became of it; `code` and `detail` when it failed then."""

    id: str
    action: str
    parameters: dict[str, Any]
    member_id: str | None
    resource_id: str | None
    status: ApprovalStatus
    maker: str
    reason: str | None
    created_at: int
    expires_at: int
    decided_at: int | None = None
    checker: str | None = None
    decision_reason: str | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A line of the audit log. `outcome`: done, pending_approval, approved, rejected, expired, failed or refused."""

    id: str
    sequence: int
    created_at: int
    person: str
    api_key: str
    scope: str
    member_id: str | None
    action: str
    resource_id: str | None
    reason: str | None
    outcome: str
    code: str | None
    request_id: str | None
    request_hash: bytes | None
    hash: bytes
