"""Member banks: admitted, activated, suspended and reinstated by the operator. A member sees itself."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import views
from ledger_node.gateway.answers import Json, PageView, durable, page, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import Id, MemberForm
from ledger_node.gateway.identity import Anybody, Operator
from ledger_node.gateway.paging import ListQuery

router = APIRouter(route_class=LedgerRoute, tags=["members"])


@router.post(
    "/v1/members",
    status_code=201,
    summary="Admit a member (pending)",
    responses={201: {"model": views.MemberView}, **problems(409)},
)
async def admit_member(request: Request, caller: Operator, form: MemberForm) -> Response:
    admitted = await durable(
        request.app.state.house.admit(caller, bic=form.bic, lei=form.lei, legal_name=form.legal_name)
    )
    return Json(views.member(admitted), status_code=201, headers={"Location": f"/v1/members/{admitted.id}"})


@router.get("/v1/members", summary="List members", responses={200: {"model": PageView[views.MemberView]}})
def list_members(request: Request, caller: Anybody, query: Annotated[ListQuery, Query()]) -> Response:
    return page(request.app.state.house.queries.members(caller, query.part()), views.member)


@router.get("/v1/members/{member_id}", summary="Read a member", responses={200: {"model": views.MemberView}})
def read_member(request: Request, caller: Anybody, member_id: Id) -> Response:
    return Json(views.member(request.app.state.house.queries.member(caller, member_id)))
