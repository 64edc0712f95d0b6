"""API keys, made and revoked by the operator: those of a member, and those of the operator's own house.

The key itself is in one answer only. Nobody revokes the key they are using, so one operator's key is always left.
"""

from collections.abc import Callable

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.errors import WrongState
from ledger_node.gateway import acting, views
from ledger_node.gateway.answers import Json, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.credentials import ApiKey, KeyRing, Scope, keys_of
from ledger_node.gateway.forms import ApiKeyForm, HouseKeyForm, Id, RotateForm
from ledger_node.gateway.identity import Operator, Overseer
from ledger_node.gateway.waiting import durable
from ledger_node.settlement import audit_log, operators
from ledger_node.settlement.house import House
from ledger_node.settlement.model import Caller

router = APIRouter(route_class=LedgerRoute, tags=["members"])

_MEMBERS, _HOUSE = "/v1/members/{member_id}/api_keys", "/v1/api_keys"


class ApiKeysView(BaseModel):
    data: list[views.ApiKeyView]


@router.post(_MEMBERS, status_code=201, summary="Make an API key", responses={201: {"model": views.NewApiKeyView}})
async def create_api_key(request: Request, caller: Operator, member_id: Id, form: ApiKeyForm | None = None) -> Response:
    request.app.state.house.queries.member(caller, member_id)
    form = form or ApiKeyForm()
    return await _created(request, scope="member", member_id=member_id, name=form.name, user=form.user)


@router.get(_MEMBERS, summary="List a member's API keys", responses={200: {"model": ApiKeysView}})
def list_api_keys(request: Request, caller: Overseer, member_id: Id) -> Response:
    request.app.state.house.queries.member(caller, member_id)
    return _listed(request, member_id)


@router.post(
    _MEMBERS + "/{key_id}/revoke", summary="Revoke an API key, at once", responses={200: {"model": views.ApiKeyView}}
)
async def revoke_api_key(request: Request, caller: Operator, member_id: Id, key_id: Id) -> Response:
    return await _revoked(request, caller, key_id, member_id)


@router.post(
    _MEMBERS + "/{key_id}/rotate",
    status_code=201,
    summary="Make a new key for the same user; the old one works on for a while",
    responses={201: {"model": views.NewApiKeyView}, **problems(409)},
)
async def rotate_api_key(
    request: Request, caller: Operator, member_id: Id, key_id: Id, form: RotateForm | None = None
) -> Response:
    return await _rotated(request, caller, key_id, member_id, form)


@router.post(
    _HOUSE,
    status_code=201,
    summary="Make an API key for somebody of the operator's house",
    responses={201: {"model": views.NewApiKeyView}},
)
async def create_house_key(request: Request, caller: Operator, form: HouseKeyForm) -> Response:
    return await _created(request, scope=form.scope, member_id=None, name=form.name, user=None)


@router.get(_HOUSE, summary="List the API keys of the operator's house", responses={200: {"model": ApiKeysView}})
def list_house_keys(request: Request, caller: Overseer) -> Response:
    return _listed(request, None)


@router.post(
    _HOUSE + "/{key_id}/revoke",
    summary="Revoke an API key of the operator's house, at once",
    responses={200: {"model": views.ApiKeyView}, **problems(409)},
)
async def revoke_house_key(request: Request, caller: Operator, key_id: Id) -> Response:
    return await _revoked(request, caller, key_id, None)


@router.post(
    _HOUSE + "/{key_id}/rotate",
    status_code=201,
    summary="Make a new key for the same person of the house, oneself for one; the old one works on for a while",
    responses={201: {"model": views.NewApiKeyView}, **problems(409)},
)
async def rotate_house_key(request: Request, caller: Operator, key_id: Id, form: RotateForm | None = None) -> Response:
    return await _rotated(request, caller, key_id, None, form)


async def _created(request: Request, *, scope: Scope, member_id: str | None, name: str, user: str | None) -> Response:
    operators.must_have(request.state.caller, "admin")
    keys: KeyRing = request.app.state.keys

    def create(connection: sa.Connection) -> tuple[ApiKey, str]:
        return keys.create(connection, scope=scope, member_id=member_id, name=name, person=user)

    key, secret = await _noted(request, "api_key.create", create)
    return Json(views.api_key(key) | {"api_key": secret}, status_code=201)


async def _rotated(
    request: Request, caller: Caller, key_id: str, member_id: str | None, form: RotateForm | None
) -> Response:
    if key_id != caller.id:
        operators.must_have(caller, "admin")
    keys: KeyRing = request.app.state.keys
    overlap_ms = (form or RotateForm()).overlap_s * 1000

    def rotate(connection: sa.Connection) -> tuple[ApiKey, str]:
        return keys.rotate(connection, key_id, member_id=member_id, overlap_ms=overlap_ms)

    key, secret = await _noted(request, "api_key.rotate", rotate)
    return Json(views.api_key(key) | {"api_key": secret}, status_code=201)


def _listed(request: Request, member_id: str | None) -> Response:
    house: House = request.app.state.house
    with house.database.read() as connection:
        found = keys_of(connection, member_id=member_id)
    return Json({"data": [views.api_key(key) for key in found]})


async def _revoked(request: Request, caller: Caller, key_id: str, member_id: str | None) -> Response:
    operators.must_have(caller, "admin")
    if key_id == caller.id:
        raise WrongState("This is the key you are using; revoke it with another one.")
    keys: KeyRing = request.app.state.keys

    def revoke(connection: sa.Connection) -> tuple[ApiKey, str]:
        return keys.revoke(connection, key_id, member_id=member_id), ""

    key, _ = await _noted(request, "api_key.revoke", revoke)
    return Json(views.api_key(key))


async def _noted(
    request: Request, action: str, change: Callable[[sa.Connection], tuple[ApiKey, str]]
) -> tuple[ApiKey, str]:
    """The change, with its line in the audit log."""
    house: House = request.app.state.house
    caller: Caller = request.state.caller

    def job(connection: sa.Connection) -> tuple[ApiKey, str]:
        changed = change(connection)
        at, resource_id = house.clock.now_ms(), changed[0].id
        audit_log.record(
            connection, caller, action, "done", at=at, resource_id=resource_id, trail=acting.trail(request)
        )
        return changed

    return await durable(house.writer.submit(job))
