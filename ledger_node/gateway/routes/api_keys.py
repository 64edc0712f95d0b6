"""API keys, made and revoked by the operator: those of a member, and those of the operator's own house.

The key itself is in one answer only, or in none: its owner makes the secret and gives its digest. With four eyes on,
nobody makes another person's key alone, nor sees it. Nobody revokes the key they are using, so one operator's key is
always left.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.access import audit_log, operators
from ledger_node.access.model import Caller, Named
from ledger_node.errors import Forbidden, WrongState
from ledger_node.gateway import acting, issuer_views, views
from ledger_node.gateway.acting import ActQuery
from ledger_node.gateway.answers import Json, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.credentials import ApiKey, KeyRing, Scope, keys_of
from ledger_node.gateway.forms import ApiKeyForm, HouseKeyForm, Id, RotateForm
from ledger_node.gateway.identity import Operator, Overseer
from ledger_node.gateway.waiting import durable
from ledger_node.settlement.actions.operator_actions import Parameters
from ledger_node.settlement.engine import SettlementEngine

router = APIRouter(route_class=LedgerRoute, tags=["members"])

Rehearse = Annotated[ActQuery, Query()]

_MEMBERS, _HOUSE = "/v1/members/{member_id}/api_keys", "/v1/api_keys"


class ApiKeysView(BaseModel):
    data: list[views.ApiKeyView]


MADE: dict[int | str, dict[str, Any]] = {
    201: {"model": views.NewApiKeyView},
    **acting.rehearsal(views.ApiKeyView),
    202: {"model": issuer_views.ApprovalView, "description": "It waits for a second person."},
    **problems(409),
}


@router.post(_MEMBERS, status_code=201, summary="Make an API key", responses=MADE)
async def create_api_key(
    request: Request, caller: Operator, member_id: Id, query: Rehearse, form: ApiKeyForm | None = None
) -> Response:
    await asyncio.to_thread(request.app.state.settlement.queries.member, caller, member_id)
    form = form or ApiKeyForm()
    return await created(
        request, query, scope="member", member_id=member_id, name=form.name, user=form.user, digest=form.digest
    )


@router.get(_MEMBERS, summary="List a member's API keys", responses={200: {"model": ApiKeysView}})
def list_api_keys(request: Request, caller: Overseer, member_id: Id) -> Response:
    request.app.state.settlement.queries.member(caller, member_id)
    return _listed(request, member_id)


@router.post(
    _MEMBERS + "/{key_id}/revoke",
    summary="Revoke an API key, at once",
    responses={200: {"model": views.ApiKeyView, "headers": acting.HEADERS}},
)
async def revoke_api_key(request: Request, caller: Operator, member_id: Id, key_id: Id, query: Rehearse) -> Response:
    return await _revoked(request, caller, key_id, member_id, query)


@router.post(
    _MEMBERS + "/{key_id}/rotate",
    status_code=201,
    summary="Make a new key for the same user; the old one works on for a while",
    responses=MADE,
)
async def rotate_api_key(
    request: Request, caller: Operator, member_id: Id, key_id: Id, query: Rehearse, form: RotateForm | None = None
) -> Response:
    return await _rotated(request, caller, key_id, member_id, form, query)


@router.post(
    _HOUSE,
    status_code=201,
    summary="Make an API key for somebody of the operator's house",
    responses=MADE,
)
async def create_house_key(request: Request, caller: Operator, form: HouseKeyForm, query: Rehearse) -> Response:
    return await created(
        request, query, scope=form.scope, member_id=None, name=form.name, user=None, digest=form.digest
    )


@router.get(_HOUSE, summary="List the API keys of the operator's house", responses={200: {"model": ApiKeysView}})
def list_house_keys(request: Request, caller: Overseer) -> Response:
    return _listed(request, None)


@router.post(
    _HOUSE + "/{key_id}/revoke",
    summary="Revoke an API key of the operator's house, at once",
    responses={200: {"model": views.ApiKeyView, "headers": acting.HEADERS}, **problems(409)},
)
async def revoke_house_key(request: Request, caller: Operator, key_id: Id, query: Rehearse) -> Response:
    return await _revoked(request, caller, key_id, None, query)


@router.post(
    _HOUSE + "/{key_id}/rotate",
    status_code=201,
    summary="Make a new key for the same person of the house, oneself for one; the old one works on for a while",
    responses=MADE,
)
async def rotate_house_key(
    request: Request, caller: Operator, key_id: Id, query: Rehearse, form: RotateForm | None = None
) -> Response:
    return await _rotated(request, caller, key_id, None, form, query)


async def created(
    request: Request, query: ActQuery, *, scope: Scope, member_id: str | None, name: str, user: str | None,
    digest: str | None, person: Named | None = None,
) -> Response:  # fmt: skip
    """A key, or the request for one. `person`: the named operator whose it is."""
    acting.tries(request, "api_key.create")
    caller: Caller = request.state.caller
    operators.must_have(caller, "admin")
    if digest is not None:
        given = {"scope": scope, "member": member_id, "name": name, "user": user, "digest": digest}
        return await _asked(request, "api_key.create", given | {"operator": person.id if person else None}, query)
    keys: KeyRing = request.app.state.keys

    def create(connection: sa.Connection) -> tuple[ApiKey, str]:
        if person is None or person.id != caller.person:
            _alone(request, connection)
        duties = person.duties if person else None
        owner = person.id if person else user
        return keys.create(
            connection, scope=scope, member_id=member_id, name=name, person=owner, duties=duties,
            rehearse=query.dry_run,
        )  # fmt: skip

    return await _shown(request, "api_key.create", create, query)


async def _rotated(
    request: Request, caller: Caller, key_id: str, member_id: str | None, form: RotateForm | None, query: ActQuery
) -> Response:
    acting.tries(request, "api_key.rotate")
    form = form or RotateForm()
    overlap_ms = form.overlap_s * 1000
    if key_id != caller.id:
        operators.must_have(caller, "admin")
    if form.digest is not None:
        given = {"key": key_id, "member": member_id, "overlap_ms": overlap_ms, "digest": form.digest}
        return await _asked(request, "api_key.rotate", given, query)
    keys: KeyRing = request.app.state.keys

    def rotate(connection: sa.Connection) -> tuple[ApiKey, str]:
        if key_id != caller.id:
            _alone(request, connection)
        return keys.rotate(
            connection, key_id, member_id=member_id, overlap_ms=overlap_ms, rehearse=query.dry_run
        )  # fmt: skip

    return await _shown(request, "api_key.rotate", rotate, query)


async def _shown(
    request: Request, action: str, change: Callable[[sa.Connection], tuple[ApiKey, str]], query: ActQuery
) -> Response:
    """A new key with its secret; of one that was only rehearsed there is none to show."""
    key, secret = await _noted(request, action, change, query)
    if query.dry_run:
        return acting.rehearsed(views.api_key(key))
    return Json(views.api_key(key) | {"api_key": secret}, status_code=201)


async def _asked(request: Request, action: str, given: Parameters, query: ActQuery) -> Response:
    """A key whose secret only its owner knows: made at once, or when a second person agrees."""
    settlement: SettlementEngine = request.app.state.settlement
    trail = acting.trail(request)
    asking = settlement.four_eyes.do(request.state.caller, action, given, rehearse=query.dry_run, trail=trail)
    done = await durable(asking)
    if done.rehearsal or done.approval is not None:
        return acting.answer(done)
    return Json(views.api_key(done.result) | {"api_key": None}, status_code=201)


def _alone(request: Request, connection: sa.Connection) -> None:
    """Whoever sees another person's key could act as that person. Raises Forbidden."""
    settlement: SettlementEngine = request.app.state.settlement
    if settlement.four_eyes.staffed(connection):
        raise Forbidden(
            "With four_eyes on, nobody sees another person's key: its owner makes the secret and gives its digest "
            "(`ledger-node operator secret`), and a second operator agrees."
        )  # fmt: skip


def _listed(request: Request, member_id: str | None) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    with settlement.database.read() as connection:
        found = keys_of(connection, member_id=member_id)
    return Json({"data": [views.api_key(key) for key in found]})


async def _revoked(request: Request, caller: Caller, key_id: str, member_id: str | None, query: ActQuery) -> Response:
    acting.tries(request, "api_key.revoke")
    operators.must_have(caller, "admin")
    if key_id == caller.id:
        raise WrongState("This is the key you are using; revoke it with another one.")
    keys: KeyRing = request.app.state.keys

    def revoke(connection: sa.Connection) -> tuple[ApiKey, str]:
        return keys.revoke(connection, key_id, member_id=member_id, rehearse=query.dry_run), ""

    key, _ = await _noted(request, "api_key.revoke", revoke, query)
    return acting.rehearsed(views.api_key(key)) if query.dry_run else Json(views.api_key(key))


async def _noted(
    request: Request, action: str, change: Callable[[sa.Connection], tuple[ApiKey, str]], query: ActQuery
) -> tuple[ApiKey, str]:
    """The change, with its line in the audit log; or, in a dry run, neither."""
    settlement: SettlementEngine = request.app.state.settlement
    caller: Caller = request.state.caller

    def job(connection: sa.Connection) -> tuple[ApiKey, str]:
        if query.dry_run:
            with connection.begin_nested() as rehearsal:
                changed = change(connection)
                rehearsal.rollback()
            return changed
        changed = change(connection)
        at, resource_id = settlement.clock.now_ms(), changed[0].id
        audit_log.record(
            connection, caller, action, "done", at=at, resource_id=resource_id, trail=acting.trail(request)
        )
        return changed

    return await durable(settlement.writer.submit(job))
