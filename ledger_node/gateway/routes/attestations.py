"""What the reserve attestor signed with each batch, and a member's own proof that its claim is in it."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway import proof_views
from ledger_node.gateway.answers import Json, PageView, page, problems
from ledger_node.gateway.bodies import LedgerRoute
from ledger_node.gateway.forms import BatchId, Id
from ledger_node.gateway.identity import Anybody
from ledger_node.gateway.paging import CurrencyFilter, ListQuery
from ledger_node.proofs import document
from ledger_node.settlement.engine import SettlementEngine

router = APIRouter(route_class=LedgerRoute, tags=["house"])


class AttestationsQuery(ListQuery):
    currency: CurrencyFilter | None = None


class ProofQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Annotated[Id, Field(description="A BDA of the attestation's currency; a member's own.")]


@router.get(
    "/v1/reserve/attestations",
    summary="List what the reserve attestor signed, batch by batch",
    responses={200: {"model": PageView[proof_views.AttestationView]}},
)
def list_attestations(request: Request, caller: Anybody, query: Annotated[AttestationsQuery, Query()]) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    return page(settlement.attestations.listed(query.part(), currency=query.currency), proof_views.attestation)


@router.get(
    "/v1/reserve/attestations/{attestation_id}",
    summary="Read an attestation",
    responses={200: {"model": proof_views.AttestationView}},
)
def read_attestation(request: Request, caller: Anybody, attestation_id: BatchId) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    return Json(proof_views.attestation(settlement.attestations.find(attestation_id)))


@router.get(
    "/v1/reserve/attestations/{attestation_id}/proof",
    summary="Prove that an account's tokens were among the claims attested",
    responses={200: {"model": proof_views.ProofView}, **problems(422)},
)
def prove_claim(
    request: Request, caller: Anybody, attestation_id: BatchId, query: Annotated[ProofQuery, Query()]
) -> Response:
    settlement: SettlementEngine = request.app.state.settlement
    return Json(document.written(settlement.attestations.proof(caller, attestation_id, query.account)))
