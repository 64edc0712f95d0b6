"""`POST /v1/transfers/bulk`: many transfers in one request, each with a key, a judgement and an answer of its own.

An item is what `POST /v1/transfers` would have been with that key: sent again in any company, it moves money once. The
request as a whole fails only when it cannot be read or too much waits; then nothing of it was accepted.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field, SkipValidation, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.access.model import Caller
from ledger_node.errors import LedgerNodeError
from ledger_node.gateway import examples, views
from ledger_node.gateway.acting import note_refusal
from ledger_node.gateway.answers import Json, problems
from ledger_node.gateway.bodies import BulkRoute
from ledger_node.gateway.forms import Form, PaymentForm, Settlement
from ledger_node.gateway.headers import PREFER_WAIT, preferred_wait_s
from ledger_node.gateway.identity import Payer
from ledger_node.gateway.problems import misshapen, problem_body
from ledger_node.gateway.waiting import durable
from ledger_node.settlement.engine import SettlementEngine
from ledger_node.settlement.intake import rules
from ledger_node.settlement.intake.desk import Answer
from ledger_node.settlement.model import FINAL, Accepted, Operation, PaymentRequest

ITEMS_MAX = 10_000
SLICE = 500
"""Items read or told before the event loop may see to other requests."""

router = APIRouter(route_class=BulkRoute, tags=["payments"])


class BulkItemForm(PaymentForm):
    """A transfer and its idempotency key."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [examples.BULK_ITEM]})

    idempotency_key: Annotated[
        str, Field(description="As the header of a single transfer: 1 to 255 visible ASCII characters, kept for ever.")
    ]
    settlement: Settlement = "gross"


class BulkForm(Form):
    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"transfers": [examples.BULK_ITEM]}]}
    )

    # Each item is read on its own, so that a bad one spoils nothing but itself.
    transfers: Annotated[list[SkipValidation[BulkItemForm]], Field(min_length=1, max_length=ITEMS_MAX)]


class BulkItemView(views.View):
    """What one item was answered: a payment, or a problem."""

    idempotency_key: str | None = Field(description="The item's; null when it had none that could be read.")
    status: int = Field(description="What a single request would have been answered: 201, 202, or the problem's.")
    replayed: bool = Field(description="Whether an earlier request with this key had made the payment.")
    payment: views.PaymentView | None
    problem: views.ProblemView | None


class BulkView(views.View):
    """`data` has one answer per item, in the order of the request."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.BULK]})

    data: list[BulkItemView]
    accepted: int
    refused: int


@router.post(
    "/v1/transfers/bulk",
    status_code=200,
    name="create_transfers",
    summary="Ask for up to 10,000 transfers, each with its own idempotency key and its own answer",
    responses={200: {"model": BulkView}, **problems(503)},
    openapi_extra={"parameters": [PREFER_WAIT]},
)
async def create_transfers(request: Request, caller: Payer, form: BulkForm) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    wait_s = preferred_wait_s(request)
    items = [_Item(raw, position) for position, raw in enumerate(form.transfers)]
    for some in _slices(items):
        for item in some:
            item.read(caller)
        await asyncio.sleep(0)
    asked = [item for item in items if item.asked is not None]
    answers = await durable(settlement.desk.submit_many([item.asked for item in asked if item.asked is not None]))
    for item, answer in zip(asked, answers, strict=True):
        item.take(answer)
    # One line of the audit log for each kind of refusal, however many transfers tried it.
    refused = {item.failure.code: item.failure for item in asked if isinstance(item.failure, LedgerNodeError)}
    for failure in refused.values():
        await note_refusal(request, failure)
    if wait_s is not None:
        await _reach(settlement, caller, [item for item in asked if item.accepted is not None], wait_s)
    return await _answer(request, items, waited=wait_s is not None)


class _Item:
    """One transfer on its way through the request."""

    __slots__ = ("accepted", "asked", "failure", "key", "operation", "position", "raw")

    def __init__(self, raw: Any, position: int) -> None:
        self.raw = raw
        self.position = position
        key = raw.get("idempotency_key") if isinstance(raw, dict) else None
        self.key: str | None = key if isinstance(key, str) else None
        self.asked: PaymentRequest | None = None
        self.accepted: Accepted | None = None
        self.operation: Operation | None = None
        self.failure: LedgerNodeError | ValidationError | None = None

    def read(self, caller: Caller) -> None:
        try:
            form = BulkItemForm.model_validate(self.raw)
            rules.key_usable(form.idempotency_key)
        except (ValidationError, LedgerNodeError) as failure:
            self.failure = failure
            return
        self.asked = PaymentRequest(
            kind="transfer",
            caller=caller,
            idempotency_key=form.idempotency_key,
            debtor_account=form.debtor_account,
            creditor_account=form.creditor_account,
            amount=form.amount,
            currency=form.currency,
            end_to_end_id=form.end_to_end_id,
            uetr=form.uetr,
            external_id=form.external_id,
            settlement=form.settlement,
        )

    def take(self, answer: Answer) -> None:
        """What the desk answered."""
        if isinstance(answer, Accepted):
            self.accepted = answer
            self.operation = answer.operation
        else:
            self.failure = answer

    def answer(self, request: Request, *, waited: bool) -> views.Body:
        body: views.Body = {
            "idempotency_key": self.key, "status": 201, "replayed": False, "payment": None, "problem": None,
        }  # fmt: skip
        if self.accepted is not None and self.operation is not None:
            pending = waited or self.operation.status == "pending_approval"
            body["status"] = 202 if pending and self.operation.status not in FINAL else 201
            body["replayed"] = self.accepted.replayed
            body["payment"] = views.payment(self.operation)
        elif self.failure is not None:
            told = self._problem(request)
            body["status"], body["problem"] = told["status"], told
        return body

    def _problem(self, request: Request) -> views.Body:
        """As a single request's, its pointers leading to this item of the body."""
        failure: LedgerNodeError | ValidationError | None = self.failure
        errors: list[dict[str, str]] = []
        if isinstance(failure, ValidationError):
            place = ("body", "transfers", self.position)
            failure, errors = misshapen([{**entry, "loc": (*place, *entry["loc"])} for entry in failure.errors()])
        elif failure is not None and failure.pointer is not None:
            errors = [{"pointer": f"/transfers/{self.position}{failure.pointer}", "detail": failure.detail}]
        assert failure is not None
        return problem_body(failure, request_id=request.state.request_id, instance=request.url.path, errors=errors)


async def _reach(settlement: SettlementEngine, caller: Caller, items: Sequence[_Item], wait_s: float) -> None:
    """Bring each item's operation to its final state, or to where it stands when the wait is over."""
    going = [item for item in items if item.operation is not None and item.operation.status != "pending_approval"]
    ids = [item.operation.id for item in going if item.operation is not None]
    if any(item.accepted is not None and item.accepted.replayed for item in going):
        watched = await asyncio.to_thread(settlement.desk.watch_all, ids)  # those of long ago are looked up
    else:
        watched = settlement.desk.watch_all(ids)
    await asyncio.wait([asyncio.wrap_future(watched.done)], timeout=wait_s)
    late = []
    for item, operation_id in zip(going, ids, strict=True):
        item.operation = watched.final.get(operation_id, item.operation)
        if operation_id not in watched.final:
            late.append(item)

    def look() -> None:
        for item in late:
            if item.operation is not None:
                item.operation = settlement.queries.operation(caller, item.operation.id)

    if late:
        await asyncio.to_thread(look)


async def _answer(request: Request, items: Sequence[_Item], *, waited: bool) -> Response:
    data: list[views.Body] = []
    for some in _slices(items):
        data += [item.answer(request, waited=waited) for item in some]
        await asyncio.sleep(0)
    accepted = sum(item.accepted is not None for item in items)
    return Json({"data": data, "accepted": accepted, "refused": len(items) - accepted})


def _slices(items: Sequence[_Item]) -> Iterable[Sequence[_Item]]:
    return (items[start : start + SLICE] for start in range(0, len(items), SLICE))
