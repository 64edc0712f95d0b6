"""Requests that wait for a second person: who asked, who may decide, until when. Knows nothing of what they ask for.

A request of the operator's house is decided by another named operator with the duty of a checker, a member's own
payment by another user of the same member. Nobody decides on what they asked for themselves, whatever keys they
hold.
"""

from dataclasses import replace
from typing import Any

import orjson
import sqlalchemy as sa

from ledger_node.access import operators
from ledger_node.access.model import Approval, ApprovalStatus, Caller
from ledger_node.access.tables import approvals
from ledger_node.database import Row, fetch
from ledger_node.errors import ApprovalExpired, ApprovalNotFound, Forbidden, NamedOperatorNeeded, OwnRequest, WrongState
from ledger_node.ids import new_id
from ledger_node.pages import Page, Slice, page
from ledger_node.values import json_of


def ask(
    connection: sa.Connection, maker: Caller, action: str, parameters: dict[str, Any], *, at: int, expires_at: int,
    reason: str | None = None, resource_id: str | None = None, request_hash: bytes | None = None,
) -> Approval:  # fmt: skip
    """A new request; the one that waits already when it asks for the same."""
    text = orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS).decode()
    same = sa.and_(
        approvals.c.status == "pending_approval", approvals.c.action == action, approvals.c.parameters == text,
        approvals.c.member_id.is_not_distinct_from(maker.member_id), approvals.c.expires_at > at,
    )  # fmt: skip
    if (row := connection.execute(sa.select(approvals).where(same)).first()) is not None:
        return from_row(row)
    approval = Approval(
        id=new_id("apr"), action=action, parameters=parameters, member_id=maker.member_id, resource_id=resource_id,
        status="pending_approval", maker=maker.who, reason=reason, created_at=at, expires_at=expires_at,
    )  # fmt: skip
    facts = {name: getattr(approval, name) for name in Approval.__slots__}
    row_ = facts | {"parameters": text, "request_hash": request_hash or bytes(32)}
    connection.execute(approvals.insert().values(row_))
    return approval


def find(connection: sa.Connection, caller: Caller, approval_id: str) -> Approval:
    """Raises ApprovalNotFound, also for another member's."""
    row = connection.execute(sa.select(approvals).where(approvals.c.id == approval_id)).first()
    if row is None or caller.member_id not in (None, row.member_id):
        raise ApprovalNotFound(f"There is no request for approval {approval_id}.")
    return from_row(row)


def listed(
    connection: sa.Connection, caller: Caller, part: Slice, *, status: ApprovalStatus | None = None
) -> Page[Approval]:
    """Newest first; a member sees those of its own payments."""
    query = sa.select(approvals).where(approvals.c.created_at.between(part.since, part.until - 1))
    if caller.member_id is not None:
        query = query.where(approvals.c.member_id == caller.member_id)
    if status is not None:
        query = query.where(approvals.c.status == status)
    if (before := part.number()) is not None:
        query = query.where(approvals.c.number < before)
    found = connection.execute(query.order_by(approvals.c.number.desc()).limit(part.limit + 1)).all()
    return page(found, part, read=from_row, position=lambda row: row.number)


def of_operation(connection: sa.Connection, operation_id: str) -> Approval | None:
    """The request that a payment or fiat movement waited for, if it ever did."""
    query = sa.select(approvals).where(approvals.c.resource_id == operation_id, approvals.c.action.like("payment.%"))
    row = connection.execute(query.order_by(approvals.c.number.desc())).first()
    return None if row is None else from_row(row)


def action_of(connection: sa.Connection, approval_id: str | None) -> str | None:
    """What was asked for with this id, if anything was."""
    query = sa.select(approvals.c.action).where(approvals.c.id == approval_id)
    return None if approval_id is None else connection.execute(query).scalar()


def may_decide(approval: Approval, caller: Caller, *, at: int) -> None:
    """Raises Forbidden, NamedOperatorNeeded, OwnRequest, WrongState, ApprovalExpired."""
    if caller.scope == "supervisor" or caller.member_id != approval.member_id:
        raise Forbidden("Only somebody of the house that asked decides on this.")
    if approval.member_id is None:
        named(caller)
        operators.must_have(caller, "checker")
    if caller.who == approval.maker:
        raise OwnRequest("You asked for this yourself; another person decides.", approval=approval.id)
    if approval.status != "pending_approval":
        raise WrongState(f"The request is {approval.status} already.", status=approval.status)
    if at >= approval.expires_at:
        raise ApprovalExpired("Nobody decided in time; ask again.", approval=approval.id)


def named(caller: Caller) -> None:
    """Raises NamedOperatorNeeded for a key of the house that is nobody's in particular."""
    if caller.scope == "operator" and caller.duties is None:
        raise NamedOperatorNeeded("With four_eyes on, only named operators ask and approve; this key has no name.")


def decide(
    connection: sa.Connection, approval: Approval, status: ApprovalStatus, *, at: int, checker: Caller | None = None,
    reason: str | None = None, code: str | None = None, detail: str | None = None, resource_id: str | None = None,
) -> Approval:  # fmt: skip
    decided = replace(
        approval, status=status, decided_at=at, checker=checker.who if checker else None, decision_reason=reason,
        code=code, detail=detail, resource_id=resource_id or approval.resource_id,
    )  # fmt: skip
    names = ("status", "decided_at", "checker", "decision_reason", "code", "detail", "resource_id")
    changes = {name: getattr(decided, name) for name in names}
    connection.execute(approvals.update().where(approvals.c.id == approval.id).values(changes))
    return decided


def waiting_of(connection: sa.Connection, operator_id: str) -> list[Approval]:
    """What this person of the operator's house asked for and nobody has decided."""
    mine = sa.and_(
        approvals.c.status == "pending_approval", approvals.c.maker == operator_id, approvals.c.member_id.is_(None)
    )
    return [from_row(row) for row in connection.execute(sa.select(approvals).where(mine)).all()]


def withdraw(connection: sa.Connection, operation_id: str, *, at: int) -> None:
    """The payment that it was for has ended otherwise."""
    mine = sa.and_(approvals.c.resource_id == operation_id, approvals.c.status == "pending_approval")
    connection.execute(approvals.update().where(mine).values(status="canceled", decided_at=at))


def due(connection: sa.Connection, *, at: int, most: int) -> list[Approval]:
    """Those that nobody decided in time, `most` of them."""
    return [from_row(row) for row in fetch(connection, _DUE, at=at, most=most)]


_DUE = (
    sa.select(approvals)
    .where(sa.text("approvals.status = 'pending_approval'"), approvals.c.expires_at <= sa.bindparam("at"))
    .limit(sa.bindparam("most"))
)


def from_row(row: Row) -> Approval:
    facts = {name: getattr(row, name) for name in Approval.__slots__}
    return Approval(**(facts | {"parameters": json_of(row.parameters)}))
