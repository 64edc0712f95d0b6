"""The three verbs: `/v1/mints`, `/v1/transfers`, `/v1/redemptions`. One set of handlers, made once per verb."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.access.model import Caller
from ledger_node.gateway import acting, views
from ledger_node.gateway.answers import Json, PageView, page, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import Id, PaymentForm, ReasonForm, TransferForm
from ledger_node.gateway.headers import ANSWERED, IDEMPOTENCY_KEY, PREFER_WAIT, idempotency_key, preferred_wait_s
from ledger_node.gateway.identity import Anybody, Payer
from ledger_node.gateway.paging import CurrencyFilter, ListQuery
from ledger_node.gateway.waiting import done_within, durable
from ledger_node.settlement.engine import SettlementEngine
from ledger_node.settlement.model import (
    FINAL,
    Accepted,
    Authorization,
    Operation,
    PaymentKind,
    PaymentRequest,
    Settlement,
    Status,
)

router = APIRouter(route_class=LedgerRoute, tags=["payments"])

Handler = Callable[..., Awaitable[Response]]


class PaymentsQuery(ListQuery):
    status: Status | None = None
    currency: CurrencyFilter | None = None
    account: Annotated[Id | None, Field(description="Only with this debtor or creditor account.")] = None


def _submit(kind: PaymentKind) -> Handler:
    async def submit(request: Request, caller: Payer, form: TransferForm) -> Response:
        asked = PaymentRequest(
            kind=kind,
            caller=caller,
            idempotency_key=idempotency_key(request),
            debtor_account=form.debtor_account,
            creditor_account=form.creditor_account,
            amount=form.amount,
            currency=form.currency,
            end_to_end_id=form.end_to_end_id,
            uetr=form.uetr,
            external_id=form.external_id,
            authorization=_authorization(form),
            settlement=_settlement(form),
        )
        settlement: SettlementEngine = request.app.state.settlement
        if asked.authorization is not None:
            asked = await asyncio.to_thread(settlement.examiner.examine, asked)
        return await _answer(request, caller, await durable(settlement.desk.submit(asked)))

    if kind != "transfer":
        submit.__annotations__["form"] = PaymentForm
    return submit


def _authorization(form: PaymentForm) -> Authorization | None:
    given = form.authorization if isinstance(form, TransferForm) else None
    if given is None:
        return None
    nonce, signature = bytes.fromhex(given.nonce[2:]), bytes.fromhex(given.signature[2:])
    return Authorization(given.valid_after, given.valid_before, nonce, signature)


def _settlement(form: PaymentForm) -> Settlement:
    return form.settlement if isinstance(form, TransferForm) else "gross"


async def _answer(request: Request, caller: Caller, accepted: Accepted) -> Response:
    operation, status_code = accepted.operation, 201
    headers = {"Location": f"{request.scope['path']}/{operation.id}"}
    if accepted.replayed:
        headers["Idempotent-Replayed"] = "true"
    wait_s = preferred_wait_s(request)
    if operation.status == "pending_approval":
        status_code = 202  # people take longer than anybody waits
    elif wait_s is not None:
        operation = await _reached(request.app.state.settlement, caller, accepted, wait_s)
        status_code = 201 if operation.status in FINAL else 202
        headers["Preference-Applied"] = f"wait={wait_s:g}"
    return Json(views.payment(operation), status_code=status_code, headers=headers)


async def _reached(settlement: SettlementEngine, caller: Caller, accepted: Accepted, wait_s: float) -> Operation:
    """The operation once it is final, or as it stands when the wait is over."""
    operation_id = accepted.operation.id
    # An operation of long ago is looked up in the database, which is no work for the event loop.
    watched = (
        await asyncio.to_thread(settlement.desk.watch, operation_id)
        if accepted.replayed
        else settlement.desk.watch(operation_id)
    )
    if await done_within(watched, wait_s):
        return watched.result()
    return await asyncio.to_thread(settlement.queries.operation, caller, operation_id)


def _list(kind: PaymentKind) -> Callable[..., Response]:
    def list_payments(request: Request, caller: Anybody, query: Annotated[PaymentsQuery, Query()]) -> Response:
        found = request.app.state.settlement.queries.operations(
            caller, query.part(), kind=kind, status=query.status, account_id=query.account, currency=query.currency
        )
        return page(found, views.payment)

    return list_payments


def _read(kind: PaymentKind) -> Callable[..., Response]:
    def read_payment(request: Request, caller: Anybody, payment_id: Id) -> Response:
        return Json(views.payment(request.app.state.settlement.queries.operation(caller, payment_id, kind)))

    return read_payment


def _cancel(kind: PaymentKind) -> Handler:
    async def cancel_payment(request: Request, caller: Payer, payment_id: Id) -> Response:
        settlement: SettlementEngine = request.app.state.settlement
        return Json(views.payment(await durable(settlement.cancel(caller, payment_id, kind))))

    return cancel_payment


def _decide(kind: PaymentKind, *, approve: bool) -> Handler:
    async def decide_payment(
        request: Request, caller: Payer, payment_id: Id, form: ReasonForm | None = None
    ) -> Response:
        settlement: SettlementEngine = request.app.state.settlement
        await asyncio.to_thread(settlement.queries.operation, caller, payment_id, kind)
        reason = form.reason if form else None
        done = await durable(
            settlement.four_eyes.decide_operation(
                caller, payment_id, approve=approve, reason=reason, trail=acting.trail(request)
            )
        )  # fmt: skip
        now = done.result or await asyncio.to_thread(settlement.queries.operation, caller, payment_id, kind)
        return Json(views.payment(now))

    return decide_payment


def _add(kind: PaymentKind, path: str, means: str) -> None:
    made: dict[int | str, Any] = {
        201: {"model": views.PaymentView, "description": "Accepted, or final if waited for.", "headers": ANSWERED},
        202: {
            "model": views.PaymentView,
            "description": "The wait is over, or a second user must approve.",
            "headers": ANSWERED,
        },
        **problems(404, 422),
    }
    one: dict[int | str, Any] = {200: {"model": views.PaymentView}}
    router.add_api_route(
        path,
        _submit(kind),
        methods=["POST"],
        status_code=201,
        name=f"create_{kind}",
        summary=means,
        responses=made,
        openapi_extra={"parameters": [IDEMPOTENCY_KEY, PREFER_WAIT]},
    )
    listed: dict[int | str, Any] = {200: {"model": PageView[views.PaymentView]}}
    router.add_api_route(
        path, _list(kind), methods=["GET"], name=f"list_{kind}s", summary=f"List {kind}s", responses=listed
    )
    router.add_api_route(
        f"{path}/{{payment_id}}",
        _read(kind),
        methods=["GET"],
        name=f"read_{kind}",
        summary=f"Read a {kind}",
        responses=one,
    )
    router.add_api_route(
        f"{path}/{{payment_id}}/cancel",
        _cancel(kind),
        methods=["POST"],
        name=f"cancel_{kind}",
        summary=f"Cancel a {kind} that is not yet on its way to the chain",
        responses=one | problems(409),
    )
    router.add_api_route(
        f"{path}/{{payment_id}}/approve",
        _decide(kind, approve=True),
        methods=["POST"],
        name=f"approve_{kind}",
        summary=f"Approve a {kind} that another user of the member asked for",
        responses=one | problems(409),
    )
    router.add_api_route(
        f"{path}/{{payment_id}}/reject",
        _decide(kind, approve=False),
        methods=["POST"],
        name=f"reject_{kind}",
        summary=f"Reject a {kind} that another user of the member asked for; the reason is required",
        responses=one | problems(409),
    )


_add("mint", "/v1/mints", "Mint: fiat on a DDA becomes tokens on a BDA")
_add("transfer", "/v1/transfers", "Transfer: tokens go from a BDA to another")
_add("redemption", "/v1/redemptions", "Redeem: tokens on a BDA become fiat on a DDA")
