"""Net settlement: cycles are called and read here, and a payment that one settled is proved."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import acting, net_views, views
from ledger_node.gateway.acting import ActQuery, answers
from ledger_node.gateway.answers import Json, PageView, page
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import Id, NettingCycleForm
from ledger_node.gateway.identity import Anybody, Operator, Overseer
from ledger_node.gateway.paging import CurrencyFilter, ListQuery
from ledger_node.proofs import payment_document
from ledger_node.settlement.engine import SettlementEngine

router = APIRouter(route_class=LedgerRoute, tags=["payments"])


class CyclesQuery(ListQuery):
    currency: CurrencyFilter | None = None


@router.post(
    "/v1/netting_cycles",
    status_code=201,
    summary="Call a netting cycle: settle the most queued payments whose nets every bank can cover",
    responses=answers(net_views.NettingCycleView, made=True),
)
async def call_netting_cycle(
    request: Request, caller: Operator, form: NettingCycleForm, query: Annotated[ActQuery, Query()]
) -> Response:
    given = {"currency": form.currency}
    return await acting.act(
        request, caller, "netting.call", given, query, reason=form.reason, made="/v1/netting_cycles"
    )  # fmt: skip


@router.get(
    "/v1/netting_cycles",
    summary="List netting cycles",
    responses={200: {"model": PageView[net_views.NettingCycleView]}},
)
def list_netting_cycles(request: Request, caller: Overseer, query: Annotated[CyclesQuery, Query()]) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    return page(settlement.queries.netting_cycles(query.part(), currency=query.currency), net_views.netting_cycle)


@router.get(
    "/v1/netting_cycles/{cycle_id}",
    summary="Read a netting cycle",
    responses={200: {"model": net_views.NettingCycleView}},
)
def read_netting_cycle(request: Request, caller: Overseer, cycle_id: Id) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    return Json(net_views.netting_cycle(settlement.queries.netting_cycle(cycle_id)))


@router.get(
    "/v1/netting_cycles/{cycle_id}/payments",
    summary="List the gross payments that a netting cycle took; a member sees its own, and those settled to it",
    responses={200: {"model": PageView[views.PaymentView]}},
)
def list_netted_payments(
    request: Request, caller: Anybody, cycle_id: Id, query: Annotated[ListQuery, Query()]
) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    return page(settlement.queries.netted_in(caller, cycle_id, query.part()), views.payment)


@router.get(
    "/v1/transfers/{payment_id}/proof",
    summary="Prove that a transfer was among those that a net settlement on chain settled",
    responses={200: {"model": net_views.PaymentProofView}},
)
def prove_payment(request: Request, caller: Anybody, payment_id: Id) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    return Json(payment_document.written(settlement.attestations.payment_proof(caller, payment_id)))
