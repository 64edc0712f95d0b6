"""The house's keys on chain: which one holds each office, and how another comes to hold it."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import acting, issuer_views
from ledger_node.gateway.acting import ActQuery, answers
from ledger_node.gateway.answers import Json
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import Id, OfficeForm, ReasonForm
from ledger_node.gateway.identity import Operator, Overseer
from ledger_node.settlement.engine import SettlementEngine
from ledger_node.settlement.onchain import signing_keys

router = APIRouter(route_class=LedgerRoute, tags=["house keys"])

Rehearse = Annotated[ActQuery, Query()]


class HouseKeysView(BaseModel):
    data: list[issuer_views.HouseKeyView]


@router.post(
    "/v1/house_keys",
    status_code=201,
    summary="Make a key that is to hold an office of the house in another's place, with overlap",
    responses=answers(issuer_views.HouseKeyView, made=True),
)
async def rotate_house_key(request: Request, caller: Operator, form: OfficeForm, query: Rehearse) -> Response:
    given = {"office": form.office}
    return await acting.act(
        request, caller, "house_key.rotate", given, query, reason=form.reason, made="/v1/house_keys"
    )  # fmt: skip


@router.get("/v1/house_keys", summary="List the house's keys", responses={200: {"model": HouseKeysView}})
def list_house_keys(request: Request, caller: Overseer) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    with settlement.database.read() as connection:
        found = signing_keys.listed(connection)
    return Json({"data": [issuer_views.house_key(key) for key in found]})


@router.get(
    "/v1/house_keys/{house_key_id}",
    summary="Read a key of the house",
    responses={200: {"model": issuer_views.HouseKeyView}},
)
def read_house_key(request: Request, caller: Overseer, house_key_id: Id) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    with settlement.database.read() as connection:
        return Json(issuer_views.house_key(signing_keys.find(connection, house_key_id)))


@router.post(
    "/v1/house_keys/{house_key_id}/cancel",
    summary="A key that is on its way shall not hold its office; what tokens gave it is taken back",
    responses=answers(issuer_views.HouseKeyView),
)
async def cancel_house_key(
    request: Request, caller: Operator, house_key_id: Id, query: Rehearse, form: ReasonForm | None = None
) -> Response:
    reason = form.reason if form else None
    return await acting.act(request, caller, "house_key.cancel", {"house_key": house_key_id}, query, reason=reason)
