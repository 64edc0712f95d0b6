"""API keys of a member, made and revoked by the operator. The key itself is in one answer only."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import views
from ledger_node.gateway.answers import Json, durable
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.credentials import KeyRing, keys_of
from ledger_node.gateway.forms import ApiKeyForm, Id
from ledger_node.gateway.identity import Operator, Overseer
from ledger_node.settlement.house import House

router = APIRouter(route_class=LedgerRoute, tags=["members"])

_PATH = "/v1/members/{member_id}/api_keys"


class ApiKeysView(BaseModel):
    data: list[views.ApiKeyView]


@router.post(_PATH, status_code=201, summary="Make an API key", responses={201: {"model": views.NewApiKeyView}})
async def create_api_key(request: Request, caller: Operator, member_id: Id, form: ApiKeyForm | None = None) -> Response:
    house: House = request.app.state.house
    keys: KeyRing = request.app.state.keys
    name = (form or ApiKeyForm()).name
    house.queries.member(caller, member_id)
    key, secret = await durable(
        house.writer.submit(lambda connection: keys.create(connection, scope="member", member_id=member_id, name=name))
    )
    return Json(views.api_key(key) | {"api_key": secret}, status_code=201)


@router.get(_PATH, summary="List a member's API keys", responses={200: {"model": ApiKeysView}})
def list_api_keys(request: Request, caller: Overseer, member_id: Id) -> Response:
    house: House = request.app.state.house
    house.queries.member(caller, member_id)
    with house.database.read() as connection:
        found = keys_of(connection, member_id=member_id)
    return Json({"data": [views.api_key(key) for key in found]})


@router.post(
    _PATH + "/{key_id}/revoke", summary="Revoke an API key, at once", responses={200: {"model": views.ApiKeyView}}
)
async def revoke_api_key(request: Request, caller: Operator, member_id: Id, key_id: Id) -> Response:
    house: House = request.app.state.house
    keys: KeyRing = request.app.state.keys
    key = await durable(house.writer.submit(lambda connection: keys.revoke(connection, key_id, member_id=member_id)))
    return Json(views.api_key(key))
