"""Netting cycles, and the proof of a payment that one settled, as JSON, for OpenAPI and for their routes."""

from pydantic import Field

from ledger_node.clock import iso8601
from ledger_node.gateway import examples, proof_examples
from ledger_node.gateway.proof_views import SignedView
from ledger_node.gateway.views import Body, View, _like, _money, _time
from ledger_node.settlement.model import CycleStatus, NettingCycle


class NettingCycleView(View):
    """`returned`: the chain refused a net, so nothing moved and what was taken went back to the queue."""

    model_config = _like(examples.NETTING_CYCLE)

    id: str
    currency: str
    status: CycleStatus
    batch: str | None = Field(
        description="The batch, whose id names the Merkle root over the payments; on chain the root."
    )
    payments: int = Field(description="So many were taken,")
    gross: str = Field(description="worth so much,")
    net: str = Field(description="of which so many tokens moved.")
    liquidity_saved: str = Field(description="1 - net / gross.")
    left: int = Field(description="Payments that stayed in the queue.")
    code: str | None
    reason: str | None
    created_at: str
    ended_at: str | None


def netting_cycle(cycle: NettingCycle) -> Body:
    saved = 10_000 * (cycle.gross - cycle.net) // cycle.gross if cycle.gross else 0
    return {
        "id": cycle.id,
        "currency": cycle.currency,
        "status": cycle.status,
        "batch": cycle.batch_id,
        "payments": cycle.payments,
        "gross": _money(cycle.gross, cycle.currency),
        "net": _money(cycle.net, cycle.currency),
        "liquidity_saved": f"{saved // 10_000}.{saved % 10_000:04d}",
        "left": cycle.left,
        "code": cycle.code,
        "reason": cycle.reason,
        "created_at": iso8601(cycle.created_at),
        "ended_at": _time(cycle.ended_at),
    }


class ProvenPaymentView(View):
    """`debtor` and `creditor` are the accounts' addresses on chain."""

    id: str
    uetr: str
    debtor: str
    creditor: str
    amount: str
    currency: str
    salt: str = Field(description="The payment's secret: without it nobody can tell its leaf from any other.")
    place: int


class PaymentProofView(View):
    """Save it to a file as it is: `ledger-node proof verify FILE` checks it without asking anybody."""

    model_config = _like(proof_examples.PAYMENT_PROOF)

    version: int
    attestation: SignedView
    payment: ProvenPaymentView
    siblings: list[str] = Field(description="On the way from the leaf to the root, lowest first.")
