"""The backing, for everybody with a key: fiat held against tokens issued, per currency."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import views
from ledger_node.gateway.answers import Json
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.identity import Anybody

router = APIRouter(route_class=LedgerRoute, tags=["house"])


class ReservePositionsView(BaseModel):
    data: list[views.ReserveView]


@router.get("/v1/reserve", summary="Reserve against supply", responses={200: {"model": ReservePositionsView}})
def reserve(request: Request, caller: Anybody) -> Response:
    positions = request.app.state.settlement.queries.reserve()
    return Json({"data": [views.reserve_position(position) for position in positions]})
