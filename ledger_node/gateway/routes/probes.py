"""Probes for whoever runs the container, and metrics for the operator."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ledger_node.gateway.answers import Json
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.identity import Overseer
from ledger_node.gateway.views import LivenessView, ReadinessView
from ledger_node.settlement.assurance.readiness import needs_restart
from ledger_node.settlement.engine import SettlementEngine

router = APIRouter(route_class=LedgerRoute, tags=["node"])


@router.get(
    "/livez",
    summary="Whether the process answers and a restart would not help",
    responses={
        200: {"model": LivenessView},
        503: {"model": LivenessView, "description": "Something unforeseen stopped money: restart the node."},
    },
)
async def livez(request: Request) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    live = not needs_restart(settlement.fault)
    return Json({"live": live}, status_code=200 if live else 503)


@router.get(
    "/readyz",
    summary="Whether payments can be settled now, and if not, why",
    responses={
        200: {"model": ReadinessView},
        503: {"model": ReadinessView, "description": "Not ready; a problem when the store is silent."},
    },
)
def readyz(request: Request) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    reasons = settlement.reasons_not_ready()
    return Json({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)


@router.get(
    "/metrics",
    summary="Counters in Prometheus's text format",
    response_class=PlainTextResponse,
)
def metrics(request: Request, caller: Overseer) -> Response:
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4")
