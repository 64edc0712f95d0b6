"""Accounts: DDAs (fiat) and BDAs (tokens), what is on them and what moved."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import acting, views
from ledger_node.gateway.acting import ActQuery, answers
from ledger_node.gateway.answers import Json, PageView, page
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import AccountForm, Id, ReasonForm
from ledger_node.gateway.identity import Anybody, Operator
from ledger_node.gateway.paging import CurrencyFilter, ListQuery

router = APIRouter(route_class=LedgerRoute, tags=["accounts"])


class AccountsQuery(ListQuery):
    member: Annotated[Id | None, Field(description="Only this member's.")] = None
    kind: Literal["DDA", "BDA"] | None = None
    currency: CurrencyFilter | None = None


@router.post(
    "/v1/accounts",
    status_code=201,
    summary="Open an account for a member; a BDA is pending until it is on the token's register",
    responses=answers(views.AccountView, made=True),
)
async def open_account(
    request: Request, caller: Operator, form: AccountForm, query: Annotated[ActQuery, Query()]
) -> Response:
    return await acting.act(request, caller, "account.open", form.model_dump(), query, made="/v1/accounts")


@router.post(
    "/v1/accounts/{account_id}/close",
    summary="Close an empty account for good; its member may open another, in self custody with another address",
    responses=answers(views.AccountView),
)
async def close_account(
    request: Request, caller: Operator, account_id: Id, query: Annotated[ActQuery, Query()],
    form: ReasonForm | None = None,
) -> Response:  # fmt: skip
    reason = form.reason if form else None
    return await acting.act(request, caller, "account.close", {"account": account_id}, query, reason=reason)


@router.get("/v1/accounts", summary="List accounts", responses={200: {"model": PageView[views.AccountView]}})
def list_accounts(request: Request, caller: Anybody, query: Annotated[AccountsQuery, Query()]) -> Response:
    found = request.app.state.settlement.queries.accounts(
        caller, query.part(), member_id=query.member, kind=query.kind, currency=query.currency
    )
    return page(found, views.account)


@router.get("/v1/accounts/{account_id}", summary="Read an account", responses={200: {"model": views.AccountView}})
def read_account(request: Request, caller: Anybody, account_id: Id) -> Response:
    return Json(views.account(request.app.state.settlement.queries.account(caller, account_id)))


@router.get(
    "/v1/accounts/{account_id}/balances",
    summary="Booked and available, at the last booked block",
    responses={200: {"model": views.BalancesView}},
)
def read_balances(request: Request, caller: Anybody, account_id: Id) -> Response:
    return Json(views.balances(request.app.state.settlement.queries.balances(caller, account_id)))


@router.get(
    "/v1/accounts/{account_id}/entries",
    summary="List what moved on an account",
    responses={200: {"model": PageView[views.EntryView]}},
)
def list_entries(request: Request, caller: Anybody, account_id: Id, query: Annotated[ListQuery, Query()]) -> Response:
    return page(request.app.state.settlement.queries.entries(caller, account_id, query.part()), views.entry)
