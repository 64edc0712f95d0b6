"""People of the operator's house, what waits for a second one of them, and the log of what they and others did."""

import asyncio
from concurrent.futures import Future
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.access import audit_log, operators
from ledger_node.access.model import ApprovalStatus, Named
from ledger_node.errors import WrongState
from ledger_node.gateway import acting, issuer_views
from ledger_node.gateway.acting import ActQuery, answers
from ledger_node.gateway.answers import Json, PageView, page, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.credentials import ApiKey, KeyRing
from ledger_node.gateway.forms import NO_CONTROLS, Id, OperatorForm, OperatorKeyForm, OrderForm, ReasonForm
from ledger_node.gateway.identity import Anybody, Operator, Overseer, Writer
from ledger_node.gateway.paging import ListQuery
from ledger_node.gateway.routes.api_keys import MADE, created
from ledger_node.gateway.waiting import durable
from ledger_node.settlement.actions.four_eyes import Done
from ledger_node.settlement.engine import SettlementEngine

router = APIRouter(route_class=LedgerRoute, tags=["people"])

Rehearse = Annotated[ActQuery, Query()]


# OPERATORS


class OperatorsView(BaseModel):
    data: list[issuer_views.OperatorView]


@router.post(
    "/v1/operators",
    status_code=201,
    summary="Name a person of the operator's house; answers their first API key if no second person must agree",
    responses=answers(issuer_views.NewOperatorView, made=True)
    | {200: {"model": issuer_views.OperatorView, "description": "Whom it would name (`dry_run`)."}},
)
async def name_operator(request: Request, caller: Operator, form: OperatorForm, query: Rehearse) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    acting.tries(request, "operator.name")
    given = {"name": form.name, "duties": sorted(set(form.duties))}
    done = await durable(
        settlement.four_eyes.do(
            caller, "operator.name", given, reason=form.reason, rehearse=query.dry_run, trail=acting.trail(request)
        )
    )
    if done.rehearsal or done.approval is not None:
        return acting.answer(done)
    secret = await _first_key(request, done.result.id)
    return acting.answer(done, made="/v1/operators", more={"api_key": secret[1]})


@router.get("/v1/operators", summary="List operators", responses={200: {"model": OperatorsView}})
def list_operators(request: Request, caller: Overseer) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    with settlement.database.read() as connection:
        found = operators.listed(connection)
    return Json({"data": [issuer_views.operator(person) for person in found]})


@router.post(
    "/v1/operators/{operator_id}/revoke",
    summary="A person is of the house no more; all their keys end at once",
    responses=answers(issuer_views.OperatorView),
)
async def revoke_operator(
    request: Request, caller: Operator, operator_id: Id, query: Rehearse, form: ReasonForm | None = None
) -> Response:
    acting.tries(request, "operator.revoke")
    if operator_id == caller.person:
        raise WrongState("Nobody revokes themselves; another operator does.")
    reason = form.reason if form else None
    return await acting.act(request, caller, "operator.revoke", {"operator": operator_id}, query, reason=reason)


@router.post(
    "/v1/operators/{operator_id}/api_keys",
    status_code=201,
    summary="Make an API key for a named person of the house",
    responses=MADE,
)
async def create_operator_key(
    request: Request, caller: Operator, operator_id: Id, query: Rehearse, form: OperatorKeyForm | None = None
) -> Response:
    acting.tries(request, "api_key.create")
    person = await asyncio.to_thread(_named, request.app.state.settlement, operator_id)
    if person.status != "active":
        raise WrongState(f"{person.name} is {person.status}.")
    digest = form.digest if form else None
    return await created(
        request, query, scope="operator", member_id=None, name=person.name, user=None, digest=digest, person=person
    )


def _named(settlement: SettlementEngine, operator_id: str) -> Named:
    with settlement.database.read() as connection:
        return operators.find(connection, operator_id)


async def _first_key(request: Request, operator_id: str) -> tuple[ApiKey, str]:
    """That of one of the first two; those who come later bring the digest of their own."""
    settlement: SettlementEngine = request.app.state.settlement
    keys: KeyRing = request.app.state.keys
    caller = request.state.caller

    def job(connection: sa.Connection) -> tuple[ApiKey, str]:
        person = operators.find(connection, operator_id)
        key, secret = keys.create(
            connection, scope="operator", member_id=None, name=person.name, person=person.id, duties=person.duties
        )
        audit_log.record(
            connection, caller, "api_key.create", "done", at=settlement.clock.now_ms(), resource_id=key.id,
            trail=acting.trail(request),
        )  # fmt: skip
        return key, secret

    return await durable(settlement.writer.submit(job))


# APPROVALS


_DECIDED: dict[int | str, dict[str, Any]] = {
    200: {"model": issuer_views.ApprovalView, "headers": acting.HEADERS}, **problems(409)
}  # fmt: skip


class ApprovalsQuery(ListQuery):
    status: ApprovalStatus | None = None


@router.get(
    "/v1/approvals",
    summary="List what waits for a second person, and what became of it",
    responses={200: {"model": PageView[issuer_views.ApprovalView]}},
)
def list_approvals(request: Request, caller: Anybody, query: Annotated[ApprovalsQuery, Query()]) -> Response:
    found = request.app.state.settlement.queries.approvals(caller, query.part(), status=query.status)
    return page(found, issuer_views.approval)


@router.get(
    "/v1/approvals/{approval_id}",
    summary="Read a request for approval",
    responses={200: {"model": issuer_views.ApprovalView}},
)
def read_approval(request: Request, caller: Anybody, approval_id: Id) -> Response:
    return Json(issuer_views.approval(request.app.state.settlement.queries.approval(caller, approval_id)))


@router.post(
    "/v1/approvals/{approval_id}/approve",
    summary="Agree to what another person asked for; it is done at once, or `failed` says why it could not be",
    responses=_DECIDED,
)
async def approve(
    request: Request, caller: Writer, approval_id: Id, query: Rehearse, form: ReasonForm | None = None
) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    reason = form.reason if form else None
    trail = acting.trail(request)
    return await _decided(
        settlement.four_eyes.approve(caller, approval_id, reason=reason, rehearse=query.dry_run, trail=trail)
    )


@router.post(
    "/v1/approvals/{approval_id}/reject",
    summary="Say no to what another person asked for",
    responses=_DECIDED,
)
async def reject(request: Request, caller: Writer, approval_id: Id, form: OrderForm, query: Rehearse) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    trail = acting.trail(request)
    return await _decided(
        settlement.four_eyes.reject(caller, approval_id, reason=form.reason, rehearse=query.dry_run, trail=trail)
    )


async def _decided(deciding: Future[Done]) -> Response:
    done = await durable(deciding)
    assert done.approval is not None
    shown = issuer_views.approval(done.approval)
    return acting.rehearsed(shown) if done.rehearsal else Json(shown)


# THE AUDIT LOG


class AuditQuery(ListQuery):
    action: Annotated[str | None, Field(max_length=100, pattern=NO_CONTROLS, description="Only this action.")] = None
    outcome: Annotated[
        str | None, Field(max_length=32, pattern=NO_CONTROLS, description="Only what ended so, e.g. `refused`.")
    ] = None
    resource: Annotated[Id | None, Field(description="Only what concerned this.")] = None


@router.get(
    "/v1/audit_log",
    summary="Who did or tried what, when, why, and how it ended",
    responses={200: {"model": PageView[issuer_views.AuditEntryView]}},
)
def list_audit_log(request: Request, caller: Overseer, query: Annotated[AuditQuery, Query()]) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    found = audit_log.entries(
        settlement.database, query.part(), action=query.action, outcome=query.outcome, resource_id=query.resource
    )
    return page(found, issuer_views.audit_entry)
