"""Member banks: admitted, activated, suspended and reinstated by the operator. A member sees itself."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import views
from ledger_node.gateway.answers import Json, PageView, durable, page, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import Id, MemberForm
from ledger_node.gateway.identity import Anybody, Operator
from ledger_node.gateway.paging import ListQuery
from ledger_node.settlement.house import House
from ledger_node.settlement.members import Members
from ledger_node.settlement.model import Caller, Member

router = APIRouter(route_class=LedgerRoute, tags=["members"])


@router.post(
    "/v1/members",
    status_code=201,
    summary="Admit a member",
    responses={201: {"model": views.MemberView}, **problems(409)},
)
async def admit_member(request: Request, caller: Operator, form: MemberForm) -> Response:
    house: House = request.app.state.house
    admitted = await durable(house.members.admit(caller, bic=form.bic, lei=form.lei, legal_name=form.legal_name))
    return Json(views.member(admitted), status_code=201, headers={"Location": f"/v1/members/{admitted.id}"})


@router.get("/v1/members", summary="List members", responses={200: {"model": PageView[views.MemberView]}})
def list_members(request: Request, caller: Anybody, query: Annotated[ListQuery, Query()]) -> Response:
    return page(request.app.state.house.queries.members(caller, query.part()), views.member)


@router.get("/v1/members/{member_id}", summary="Read a member", responses={200: {"model": views.MemberView}})
def read_member(request: Request, caller: Anybody, member_id: Id) -> Response:
    return Json(views.member(request.app.state.house.queries.member(caller, member_id)))


Change = Callable[[Members], Callable[[Caller, str], Future[Member]]]


def _add(act: str, means: str, change: Change) -> None:
    async def change_member(request: Request, caller: Operator, member_id: Id) -> Response:
        house: House = request.app.state.house
        return Json(views.member(await durable(change(house.members)(caller, member_id))))

    answers: dict[int | str, Any] = {200: {"model": views.MemberView}, **problems(409)}
    router.add_api_route(
        f"/v1/members/{{member_id}}/{act}",
        change_member,
        methods=["POST"],
        name=f"{act}_member",
        summary=means,
        responses=answers,
    )


_add("activate", "Let a pending member pay and be paid", lambda members: members.activate)
_add("suspend", "Stop a member: it can read, but neither pay nor be paid", lambda members: members.suspend)
_add("reinstate", "Take a suspended member back", lambda members: members.activate)
