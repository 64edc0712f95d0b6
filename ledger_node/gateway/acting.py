"""How the operator's actions are asked for and answered: done, waiting for a second person (202), or only rehearsed.

Also where a refused attempt of somebody known becomes a line of the audit log. Holds no rule.
"""

import hashlib
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.access import approvals, audit_log
from ledger_node.access.model import Caller, Trail
from ledger_node.errors import (
    AccountClosed,
    AccountNotActive,
    AuthorizationExpired,
    AuthorizationInvalid,
    AuthorizationNotYetValid,
    AuthorizationUsed,
    Conflict,
    CreditorNotActive,
    LedgerNodeError,
    LimitExceeded,
    NotAllowed,
    NotFound,
    SelfCustody,
    Unavailable,
)
from ledger_node.gateway import issuer_views
from ledger_node.gateway.answers import Json, problems
from ledger_node.gateway.waiting import durable
from ledger_node.settlement.actions.four_eyes import Done
from ledger_node.settlement.actions.operator_actions import Parameters
from ledger_node.settlement.engine import SettlementEngine

AUDITED = (
    NotAllowed, NotFound, Conflict, SelfCustody, LimitExceeded, AuthorizationInvalid, AuthorizationNotYetValid,
    AuthorizationExpired, AuthorizationUsed, AccountNotActive, AccountClosed, CreditorNotActive,
)  # fmt: skip
"""Refusals of somebody who tried what they may not. A slip of the pen, or too little money, is none."""


class ActQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    dry_run: Annotated[bool, Field(description="Say what it would do, and whether it needs approval; do nothing.")] = (
        False
    )


def answers(model: type[Any], *, made: bool = False) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries of an action's answers."""
    done: dict[int | str, dict[str, Any]] = {200: {"model": model, "headers": HEADERS}}
    if made:
        done = {201: {"model": model}, **rehearsal(model)}
    waits = {202: {"model": issuer_views.ApprovalView, "description": "It waits for a second person."}}
    return done | waits | problems(404, 409, 422)


def rehearsal(model: type[Any]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entry of a dry run, of what answers 201 otherwise."""
    return {200: {"model": model, "description": "What it would make (`dry_run`).", "headers": HEADERS}}


HEADERS = {
    "Dry-Run": {"description": "`true` when nothing was done.", "schema": {"type": "string"}},
    "Needs-Approval": {
        "description": "Of a dry run: whether a second person would have to agree.",
        "schema": {"type": "string"},
    },
}


async def act(
    request: Request, caller: Caller, action: str, parameters: Parameters, query: ActQuery, *,
    reason: str | None = None, made: str | None = None,
) -> Response:  # fmt: skip
    """Do it and answer. `made`: the path under which what it makes is found, for an action that makes something."""
    tries(request, action)
    settlement: SettlementEngine = request.app.state.settlement
    done = await durable(
        settlement.four_eyes.do(
            caller, action, parameters, reason=reason, rehearse=query.dry_run, trail=trail(request)
        )
    )  # fmt: skip
    return answer(done, made=made)


def answer(done: Done, *, made: str | None = None, more: dict[str, Any] | None = None) -> Response:
    if done.rehearsal:
        return rehearsed(issuer_views.result(done.result), needs_approval=done.needs_approval)
    if done.approval is not None:
        location = f"/v1/approvals/{done.approval.id}"
        return Json(issuer_views.approval(done.approval), status_code=202, headers={"Location": location})
    body = issuer_views.result(done.result) | (more or {})
    if made is None:
        return Json(body)
    return Json(body, status_code=201, headers={"Location": f"{made}/{body['id']}"})


def rehearsed(body: Any, *, needs_approval: bool = False) -> Response:
    """What would be there, had it been done."""
    return Json(body, headers={"Dry-Run": "true", "Needs-Approval": "true" if needs_approval else "false"})


def trail(request: Request) -> Trail:
    body: bytes = getattr(request, "_body", b"")
    asked = f"{request.method} {request.url.path}\n".encode() + body
    return Trail(getattr(request.state, "request_id", None), hashlib.sha256(asked).digest())


def tries(request: Request, action: str) -> None:
    """What a refusal of this request is called in the audit log: as the action is when it is done."""
    request.state.action = action


async def note_refusal(request: Request, error: LedgerNodeError) -> None:
    """A line in the audit log for an attempt that was refused, if somebody known made it to change something."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or request.method == "GET" or not isinstance(error, AUDITED):
        return
    settlement: SettlementEngine = request.app.state.settlement
    route = getattr(request.scope.get("route"), "path", request.url.path)
    resource = next(iter(request.path_params.values()), None)

    def note(connection: sa.Connection) -> None:
        action = getattr(request.state, "action", None) or approvals.action_of(connection, resource)
        audit_log.record(
            connection, caller, action or f"{request.method} {route}", "refused", at=settlement.clock.now_ms(),
            resource_id=resource, code=error.code, trail=trail(request),
        )  # fmt: skip

    try:
        await durable(settlement.writer.submit(note))
    except Unavailable:
        return  # the node is stopping, and nothing happened anyway
