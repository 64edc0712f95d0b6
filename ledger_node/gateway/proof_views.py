"""Attestations, proofs and the reconciliation as JSON, for OpenAPI and for the routes that answer them."""

from pydantic import Field

from ledger_node.clock import iso8601
from ledger_node.gateway import proof_examples as examples
from ledger_node.gateway.views import Body, View, _like, _money
from ledger_node.proofs import document
from ledger_node.settlement.assurance.attestations import Attested
from ledger_node.settlement.assurance.reconciler import Break, Reconciliation


class DomainView(View):
    """The token's EIP-712 domain: whom the signature is for."""

    name: str
    version: str
    chain_id: int
    verifying_contract: str


class SignedView(View):
    """What the reserve attestor signed with one batch."""

    id: str = Field(description="The batch's.")
    currency: str
    batch_id: str = Field(description="The batch's 32 bytes on chain.")
    reserve: str
    claims_root: str = Field(description="Root of the Merkle-sum tree over all claims.")
    ledger_sequence: int = Field(description="How far the ledger's journal had come.")
    ledger_head: str = Field(description="The journal's hash there.")
    signature: str = Field(description="EIP-712 signature of ReserveAttestation, r ‖ s ‖ v.")
    attestor: str
    domain: DomainView
    block_number: int
    transaction_hash: str


class AttestationView(SignedView):
    model_config = _like(examples.ATTESTATION)

    claims: str = Field(description="What all claims add up to: the supply as booked when the batch was cut.")
    created_at: str


def attestation(attested: Attested) -> Body:
    return document.attestation_written(attested.signed) | {
        "claims": _money(attested.claims, attested.signed.currency),
        "created_at": iso8601(attested.created_at),
    }


class ClaimView(View):
    account: str
    balance: str
    salt: str = Field(description="The account's secret: with it, anybody can recognise the account in every proof.")
    place: int


class SiblingView(View):
    hash: str
    sum: str


class ProofView(View):
    """Save it to a file as it is: `ledger-node proof verify FILE` checks it without asking anybody."""

    model_config = _like(examples.PROOF)

    version: int
    attestation: SignedView
    claim: ClaimView
    siblings: list[SiblingView] = Field(description="On the way from the leaf to the root, lowest first.")
    claims: str = Field(description="What all claims under the root add up to.")


class BreakView(View):
    """One difference. `book` and `chain` are what the two sides say."""

    code: str
    subject: str = Field(description="An account's id, or a currency.")
    currency: str
    book: str
    chain: str
    since_block: int
    detail: str


class ReconciliationView(View):
    """No breaks: book and chain agreed at `block_number`. Everything was compared last at `complete_at_block`."""

    model_config = _like(examples.RECONCILIATION)

    agree: bool
    block_number: int
    compared_at: str
    complete_at: str
    complete_at_block: int
    accounts_compared: int = Field(description="The last time.")
    breaks: list[BreakView]


def reconciliation(known: Reconciliation) -> Body:
    return {
        "agree": not known.breaks,
        "block_number": known.block_number,
        "compared_at": iso8601(known.compared_at),
        "complete_at": iso8601(known.complete_at),
        "complete_at_block": known.complete_at_block,
        "accounts_compared": known.accounts_compared,
        "breaks": [_break(each) for each in known.breaks],
    }


def _break(each: Break) -> Body:
    finding = each.finding
    return {
        "code": finding.code, "subject": finding.subject, "currency": finding.currency,
        "book": _money(finding.book, finding.currency), "chain": _money(finding.chain, finding.currency),
        "since_block": each.since_block, "detail": finding.detail,
    }  # fmt: skip
