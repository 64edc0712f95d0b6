"""Member banks: admitted, activated, limited, suspended, reinstated, let go by the operator. A member sees itself."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import acting, issuer_views, views
from ledger_node.gateway.acting import ActQuery, answers
from ledger_node.gateway.answers import Json, PageView, page
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import Id, LimitsForm, MemberForm, ReasonForm
from ledger_node.gateway.identity import Anybody, Operator
from ledger_node.gateway.paging import ListQuery

router = APIRouter(route_class=LedgerRoute, tags=["members"])

Rehearse = Annotated[ActQuery, Query()]


@router.post(
    "/v1/members",
    status_code=201,
    summary="Admit a member; it is pending until it is activated",
    responses=answers(views.MemberView, made=True),
)
async def admit_member(request: Request, caller: Operator, form: MemberForm, query: Rehearse) -> Response:
    return await acting.act(request, caller, "member.admit", form.model_dump(), query, made="/v1/members")


@router.get("/v1/members", summary="List members", responses={200: {"model": PageView[views.MemberView]}})
def list_members(request: Request, caller: Anybody, query: Annotated[ListQuery, Query()]) -> Response:
    return page(request.app.state.settlement.queries.members(caller, query.part()), views.member)


@router.get("/v1/members/{member_id}", summary="Read a member", responses={200: {"model": views.MemberView}})
def read_member(request: Request, caller: Anybody, member_id: Id) -> Response:
    return Json(views.member(request.app.state.settlement.queries.member(caller, member_id)))


def _add(act: str, means: str) -> None:
    async def change_member(
        request: Request, caller: Operator, member_id: Id, query: Rehearse, form: ReasonForm | None = None
    ) -> Response:
        reason = form.reason if form else None
        return await acting.act(request, caller, f"member.{act}", {"member": member_id}, query, reason=reason)

    router.add_api_route(
        f"/v1/members/{{member_id}}/{act}",
        change_member,
        methods=["POST"],
        name=f"{act}_member",
        summary=means,
        responses=answers(views.MemberView),
    )


_add("activate", "Let a pending member pay and be paid")
_add("suspend", "Stop a member: it can read, but neither pay nor be paid; what it asked for and waits is rejected")
_add("reinstate", "Take a suspended member back")
_add("offboard", "Let a member go that has no money left; its accounts close")


# LIMITS


class AllLimitsView(BaseModel):
    data: list[issuer_views.LimitsView]


@router.get(
    "/v1/members/{member_id}/limits",
    summary="What was agreed with a member, in every currency",
    responses={200: {"model": AllLimitsView}},
)
def read_limits(request: Request, caller: Anybody, member_id: Id) -> Response:
    found = request.app.state.settlement.queries.limits(
        caller, member_id, request.app.state.settlement.settings.currencies
    )
    return Json({"data": [issuer_views.limits(each) for each in found]})


@router.put(
    "/v1/members/{member_id}/limits/{currency}",
    summary="Change a member's limits in a currency; what is left out stays",
    responses=answers(issuer_views.LimitsChangeView),
)
async def set_limits(
    request: Request, caller: Operator, member_id: Id, currency: Id, form: LimitsForm, query: Rehearse
) -> Response:
    given = {"member": member_id, "currency": currency, **form.model_dump(exclude={"reason"}, exclude_unset=True)}
    return await acting.act(request, caller, "member.limits", given, query, reason=form.reason)
