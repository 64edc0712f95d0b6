"""What a member is given to prove that a payment was settled net, and how it is checked without anybody's help.

A proof says: this payment is one of those under the root by which the token knows the batch, and the reserve attestor
signed for that batch. Whether the batch settled, and what moved then, the chain says: `block_number` and
`transaction_hash` tell where to look for the token's NetSettled event of this root.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger_node.errors import ProofInvalid
from ledger_node.money import currency, decimal_string
from ledger_node.proofs.document import (
    VERSION,
    Fields,
    SignedAttestation,
    attestation_written,
    check_signature,
    read_attestation,
)  # fmt: skip
from ledger_node.proofs.payments import Payment, root_named, root_of
from ledger_node.proofs.tree import SALT_BYTES

_HASH = re.compile(r"0x[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PaymentProof:
    """One payment's branch under the root of a net batch."""

    attestation: SignedAttestation
    payment: Payment
    salt: bytes
    place: int
    branch: tuple[bytes, ...]


def is_of_payment(document: object) -> bool:
    """Whether this is written as such a proof; a proof of claims is not."""
    return isinstance(document, Mapping) and "payment" in document


def verify(document: object, *, attestor: bytes | None = None) -> PaymentProof:
    """Check a proof as it was handed out. Raises ProofInvalid, which names the first thing that is wrong.

    `attestor` is the address that the reader knows as the attestor's.
    """
    proof = _read(document)
    said = proof.attestation
    if proof.payment.currency != said.currency:
        raise ProofInvalid("The payment is in another currency than the token.")
    try:
        root = root_of(proof.payment.leaf(proof.salt), proof.place, proof.branch)
    except ValueError as wrong:
        raise ProofInvalid(f"The branch is not one of a tree over payments: {wrong}.") from None
    if root != root_named(said.id):
        raise ProofInvalid("The payment and its siblings do not lead to the root that names the batch.")
    check_signature(said, attestor)
    return proof


def written(proof: PaymentProof) -> dict[str, Any]:
    """The proof as a JSON object; `verify` reads it."""
    paid = proof.payment
    return {
        "version": VERSION,
        "attestation": attestation_written(proof.attestation),
        "payment": {
            "id": paid.id, "uetr": paid.uetr, "debtor": f"0x{paid.debtor.hex()}",
            "creditor": f"0x{paid.creditor.hex()}", "amount": decimal_string(paid.amount, currency(paid.currency)),
            "currency": paid.currency, "salt": f"0x{proof.salt.hex()}", "place": proof.place,
        },
        "siblings": [f"0x{sibling.hex()}" for sibling in proof.branch],
    }  # fmt: skip


def _read(document: object) -> PaymentProof:
    top = Fields(document, "", ("version", "attestation", "payment", "siblings"))
    top.known_version()
    attestation = read_attestation(top.of["attestation"])
    paid = Fields(
        top.of["payment"], "payment.",
        ("id", "uetr", "debtor", "creditor", "amount", "currency", "salt", "place"),
    )  # fmt: skip
    payment = Payment(
        paid.text("id"), paid.text("uetr"), paid.data("debtor", 20), paid.data("creditor", 20),
        paid.amount("amount", currency(attestation.currency)), paid.text("currency"),
    )  # fmt: skip
    branch = []
    for index, sibling in enumerate(top.listed("siblings")):
        if not isinstance(sibling, str) or not _HASH.fullmatch(sibling):
            raise ProofInvalid(f"siblings[{index}] is not 32 bytes in lower-case hex with 0x.")
        branch.append(bytes.fromhex(sibling[2:]))
    return PaymentProof(attestation, payment, paid.data("salt", SALT_BYTES), paid.integer("place"), tuple(branch))
