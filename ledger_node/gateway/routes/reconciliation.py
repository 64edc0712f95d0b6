"""Whether book and chain agree, for whoever runs the house."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import proof_views
from ledger_node.gateway.answers import Json, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.identity import Operator, Overseer
from ledger_node.settlement.engine import SettlementEngine

router = APIRouter(route_class=LedgerRoute, tags=["house"])


@router.get(
    "/v1/reconciliation",
    summary="Where book and chain differ, if anywhere",
    responses={200: {"model": proof_views.ReconciliationView}, **problems(503)},
)
def read_reconciliation(request: Request, caller: Overseer) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    return Json(proof_views.reconciliation(settlement.reconciler.known()))


@router.post(
    "/v1/reconciliation",
    summary="Compare every account and total now; mended breaks go, and money moves again",
    responses={200: {"model": proof_views.ReconciliationView}, **problems(503)},
)
async def reconcile(request: Request, caller: Operator) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    await run_in_threadpool(settlement.reconciler.compare_all)
    return Json(proof_views.reconciliation(settlement.reconciler.known()))
