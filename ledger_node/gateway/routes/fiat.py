"""Fiat into and out of a DDA, on the operator's word: `/v1/deposits`, `/v1/withdrawals`."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import acting, views
from ledger_node.gateway.acting import ActQuery
from ledger_node.gateway.answers import Json, PageView, page, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import FiatForm, Id
from ledger_node.gateway.headers import ANSWERED, IDEMPOTENCY_KEY, idempotency_key
from ledger_node.gateway.identity import Anybody, Operator
from ledger_node.gateway.routes.payments import PaymentsQuery
from ledger_node.gateway.waiting import durable
from ledger_node.settlement.engine import SettlementEngine
from ledger_node.settlement.model import FiatKind, FiatRequest

router = APIRouter(route_class=LedgerRoute, tags=["fiat"])


def _submit(kind: FiatKind) -> Callable[..., Awaitable[Response]]:
    async def submit(
        request: Request, caller: Operator, form: FiatForm, query: Annotated[ActQuery, Query()]
    ) -> Response:
        asked = FiatRequest(
            kind=kind,
            caller=caller,
            idempotency_key=idempotency_key(request),
            account=form.account,
            amount=form.amount,
            currency=form.currency,
            end_to_end_id=form.end_to_end_id,
            external_id=form.external_id,
        )
        settlement: SettlementEngine = request.app.state.settlement
        if query.dry_run:
            would = (await durable(settlement.desk.rehearse(asked))).operation
            return acting.rehearsed(views.fiat(would), needs_approval=would.status == "pending_approval")
        accepted = await durable(settlement.desk.submit(asked))
        headers = {"Location": f"{request.scope['path']}/{accepted.operation.id}"}
        if accepted.replayed:
            headers["Idempotent-Replayed"] = "true"
        waits = accepted.operation.status == "pending_approval"
        return Json(views.fiat(accepted.operation), status_code=202 if waits else 201, headers=headers)

    return submit


def _list(kind: FiatKind) -> Callable[..., Response]:
    def list_movements(request: Request, caller: Anybody, query: Annotated[PaymentsQuery, Query()]) -> Response:
        found = request.app.state.settlement.queries.operations(
            caller, query.part(), kind=kind, status=query.status, account_id=query.account, currency=query.currency
        )
        return page(found, views.fiat)

    return list_movements


def _read(kind: FiatKind) -> Callable[..., Response]:
    def read_movement(request: Request, caller: Anybody, movement_id: Id) -> Response:
        return Json(views.fiat(request.app.state.settlement.queries.operation(caller, movement_id, kind)))

    return read_movement


def _add(kind: FiatKind, path: str, means: str) -> None:
    made: dict[int | str, Any] = {
        201: {"model": views.FiatView, "description": "Done.", "headers": ANSWERED},
        202: {"model": views.FiatView, "description": "It waits for a second operator.", "headers": ANSWERED},
        **acting.rehearsal(views.FiatView),
        **problems(404, 422),
    }
    router.add_api_route(
        path,
        _submit(kind),
        methods=["POST"],
        status_code=201,
        name=f"create_{kind}",
        summary=means,
        responses=made,
        openapi_extra={"parameters": [IDEMPOTENCY_KEY]},
    )
    listed: dict[int | str, Any] = {200: {"model": PageView[views.FiatView]}}
    router.add_api_route(
        path, _list(kind), methods=["GET"], name=f"list_{kind}s", summary=f"List {kind}s", responses=listed
    )
    one: dict[int | str, Any] = {200: {"model": views.FiatView}}
    router.add_api_route(
        f"{path}/{{movement_id}}",
        _read(kind),
        methods=["GET"],
        name=f"read_{kind}",
        summary=f"Read a {kind}",
        responses=one,
    )


_add("deposit", "/v1/deposits", "Book fiat that came in onto a DDA")
_add("withdrawal", "/v1/withdrawals", "Book fiat that went out of a DDA")
