"""What happened to the caller's resources, newest first."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import views
from ledger_node.gateway.answers import PageView, page
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.identity import Anybody
from ledger_node.gateway.paging import ListQuery

router = APIRouter(route_class=LedgerRoute, tags=["house"])


class EventsQuery(ListQuery):
    type: Annotated[
        str | None, Field(pattern=r"^[a-z_.]{1,64}$", description="Only this type, e.g. `transfer.settled`.")
    ] = None


@router.get("/v1/events", summary="List events", responses={200: {"model": PageView[views.EventView]}})
def list_events(request: Request, caller: Anybody, query: Annotated[EventsQuery, Query()]) -> Response:
    return page(request.app.state.settlement.queries.events(caller, query.part(), type=query.type), views.event)
