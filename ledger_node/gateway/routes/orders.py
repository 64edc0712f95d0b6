"""Orders of the operator: freeze an account or an amount, force a transfer, pause a token, limit what may be minted.

Each needs its reason.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import acting, issuer_views
from ledger_node.gateway.acting import ActQuery, answers
from ledger_node.gateway.answers import Json, PageView, page
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import ForcedTransferForm, FreezeAmountForm, Id, MintLimitForm, OrderForm
from ledger_node.gateway.identity import Anybody, Operator
from ledger_node.gateway.paging import ListQuery

router = APIRouter(route_class=LedgerRoute, tags=["orders"])

Rehearse = Annotated[ActQuery, Query()]


class OrdersQuery(ListQuery):
    account: Annotated[Id | None, Field(description="Only against this account.")] = None


def _add(act: str, means: str) -> None:
    async def order(request: Request, caller: Operator, account_id: Id, form: OrderForm, query: Rehearse) -> Response:
        given = {"account": account_id}
        return await acting.act(request, caller, f"account.{act}", given, query, reason=form.reason, made="/v1/orders")

    router.add_api_route(
        f"/v1/accounts/{{account_id}}/{act}",
        order,
        methods=["POST"],
        status_code=201,
        name=f"{act}_account",
        summary=means,
        responses=answers(issuer_views.OrderView, made=True),
    )


_add("freeze", "Freeze a BDA: it neither pays nor is paid")
_add("unfreeze", "Lift the freeze of a BDA")


@router.post(
    "/v1/accounts/{account_id}/freeze_amount",
    status_code=201,
    summary="Freeze part of what a BDA holds; the rest stays free",
    responses=answers(issuer_views.OrderView, made=True),
)
async def freeze_amount(
    request: Request, caller: Operator, account_id: Id, form: FreezeAmountForm, query: Rehearse
) -> Response:
    given = {"account": account_id, "amount": form.amount}
    return await acting.act(
        request, caller, "account.freeze_amount", given, query, reason=form.reason, made="/v1/orders"
    )


@router.post(
    "/v1/forced_transfers",
    status_code=201,
    summary="Move tokens without their holder's consent, also from a frozen or suspended account",
    responses=answers(issuer_views.OrderView, made=True),
)
async def force_transfer(request: Request, caller: Operator, form: ForcedTransferForm, query: Rehearse) -> Response:
    given = form.model_dump(exclude={"reason"})
    return await acting.act(request, caller, "forced_transfer", given, query, reason=form.reason, made="/v1/orders")


def _add_for_token(act: str, means: str) -> None:
    async def order(request: Request, caller: Operator, currency: Id, form: OrderForm, query: Rehearse) -> Response:
        given = {"currency": currency}
        return await acting.act(request, caller, f"token.{act}", given, query, reason=form.reason, made="/v1/orders")

    router.add_api_route(
        f"/v1/tokens/{{currency}}/{act}",
        order,
        methods=["POST"],
        status_code=201,
        name=f"{act}_token",
        summary=means,
        responses=answers(issuer_views.OrderView, made=True),
    )


_add_for_token("pause", "Pause a token: nothing of this currency moves")
_add_for_token("unpause", "Let a paused token move again")


@router.post(
    "/v1/tokens/{currency}/limit_minting",
    status_code=201,
    summary="Limit what may be minted of a token in 24 hours, also by a stolen settlement key",
    responses=answers(issuer_views.OrderView, made=True),
)
async def limit_minting(
    request: Request, caller: Operator, currency: Id, form: MintLimitForm, query: Rehearse
) -> Response:
    given = {"currency": currency, "per_day": form.per_day}
    return await acting.act(request, caller, "token.limit_minting", given, query, reason=form.reason, made="/v1/orders")


@router.get("/v1/orders", summary="List orders", responses={200: {"model": PageView[issuer_views.OrderView]}})
def list_orders(request: Request, caller: Anybody, query: Annotated[OrdersQuery, Query()]) -> Response:
    found = request.app.state.settlement.queries.orders(caller, query.part(), account_id=query.account)
    return page(found, issuer_views.order)


@router.get("/v1/orders/{order_id}", summary="Read an order", responses={200: {"model": issuer_views.OrderView}})
def read_order(request: Request, caller: Anybody, order_id: Id) -> Response:
    return Json(issuer_views.order(request.app.state.settlement.queries.order(caller, order_id)))


class TokensView(BaseModel):
    data: list[issuer_views.TokenView]


@router.get(
    "/v1/tokens", summary="The token contracts, with their EIP-712 domains", responses={200: {"model": TokensView}}
)
def list_tokens(request: Request, caller: Anybody) -> Response:
    settlement = request.app.state.settlement
    chain_id = settlement.chain.chain_id
    return Json({"data": [issuer_views.token(each, chain_id=chain_id) for each in settlement.queries.tokens()]})
