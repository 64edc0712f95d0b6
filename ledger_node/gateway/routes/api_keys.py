"""API keys, made and revoked by the operator: those of a member, and those of the operator's own house.

The key itself is in one answer only. Nobody revokes the key they are using, so one operator's key is always left.
"""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.errors import WrongState
from ledger_node.gateway import views
from ledger_node.gateway.answers import Json, durable, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.credentials import KeyRing, Scope, keys_of
from ledger_node.gateway.forms import ApiKeyForm, HouseKeyForm, Id
from ledger_node.gateway.identity import Operator, Overseer
from ledger_node.settlement.house import House
from ledger_node.settlement.model import Caller

router = APIRouter(route_class=LedgerRoute, tags=["members"])

_MEMBERS, _HOUSE = "/v1/members/{member_id}/api_keys", "/v1/api_keys"


class ApiKeysView(BaseModel):
    data: list[views.ApiKeyView]


@router.post(_MEMBERS, status_code=201, summary="Make an API key", responses={201: {"model": views.NewApiKeyView}})
async def create_api_key(request: Request, caller: Operator, member_id: Id, form: ApiKeyForm | None = None) -> Response:
    request.app.state.house.queries.member(caller, member_id)
    return await _created(request, scope="member", member_id=member_id, name=(form or ApiKeyForm()).name)


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
    _HOUSE,
    status_code=201,
    summary="Make an API key for somebody of the operator's house",
    responses={201: {"model": views.NewApiKeyView}},
)
async def create_house_key(request: Request, caller: Operator, form: HouseKeyForm) -> Response:
    return await _created(request, scope=form.scope, member_id=None, name=form.name)


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


async def _created(request: Request, *, scope: Scope, member_id: str | None, name: str) -> Response:
    house: House = request.app.state.house
    keys: KeyRing = request.app.state.keys
    key, secret = await durable(
        house.writer.submit(lambda connection: keys.create(connection, scope=scope, member_id=member_id, name=name))
    )
    return Json(views.api_key(key) | {"api_key": secret}, status_code=201)


def _listed(request: Request, member_id: str | None) -> Response:
    house: House = request.app.state.house
    with house.database.read() as connection:
        found = keys_of(connection, member_id=member_id)
    return Json({"data": [views.api_key(key) for key in found]})


async def _revoked(request: Request, caller: Caller, key_id: str, member_id: str | None) -> Response:
    if key_id == caller.id:
        raise WrongState("This is the key you are using; revoke it with another one.")
    house: House = request.app.state.house
    keys: KeyRing = request.app.state.keys
    key = await durable(house.writer.submit(lambda connection: keys.revoke(connection, key_id, member_id=member_id)))
    return Json(views.api_key(key))
