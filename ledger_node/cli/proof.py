"""The commands about proofs: `ledger-node proof verify`. Needs no data directory, no node and no network."""

import sys
from pathlib import Path

import click

from ledger_node.errors import ProofInvalid
from ledger_node.json_files import read_json
from ledger_node.money import currency, decimal_string
from ledger_node.proofs import payment_document
from ledger_node.proofs.document import SignedAttestation, Verdict, verify
from ledger_node.proofs.payment_document import PaymentProof


@click.group()
def proof() -> None:
    """Check what the node hands out as proof, without asking it."""


@proof.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--attestor", metavar="ADDRESS", help="The reserve attestor's address as you know it from elsewhere.")
def proof_verify(file: Path, attestor: str | None) -> None:
    """Check a proof of reserves, or of a payment settled net, saved from the REST interface (exit status 1: no)."""
    known = None if attestor is None else _address(attestor)
    try:
        document = _read(file)
        if payment_document.is_of_payment(document):
            told = _told_of_payment(payment_document.verify(document, attestor=known))
        else:
            told = _told(verify(document, attestor=known))
    except ProofInvalid as invalid:
        click.echo(f"INVALID: {invalid.detail}")
        sys.exit(1)
    if known is None:
        told.append("Compare the signer with the attestor's address as you know it (--attestor checks it).")
    click.echo("\n".join(told))


def _read(file: Path) -> object:
    try:
        return read_json(file)
    except ValueError:
        raise ProofInvalid("The file is not JSON.") from None


def _address(text: str) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise click.BadParameter("an address is 40 hexadecimal digits after 0x", param_hint="--attestor")
    return address


def _told_of_payment(proof: PaymentProof) -> list[str]:
    paid, said = proof.payment, proof.attestation
    of = currency(paid.currency)
    return [
        f"VALID: {paid.id} of {decimal_string(paid.amount, of)} {of}, from 0x{paid.debtor.hex()} to "
        f"0x{paid.creditor.hex()}, is among the payments of the net batch 0x{said.batch_id.hex()}.",
        *_signed(said),
        "It settled if that transaction has a NetSettled event of this root.",
    ]


def _signed(said: SignedAttestation) -> list[str]:
    return [
        f"Signed by 0x{said.attestor.hex()} for {said.token_name} (0x{said.token.hex()}) on chain {said.chain_id}, "
        f"at ledger sequence {said.ledger_sequence}.",
        f"The chain should have it in block {said.block_number}, transaction 0x{said.transaction_hash.hex()}.",
    ]


def _told(verdict: Verdict) -> list[str]:
    proof, said = verdict.proof, verdict.proof.attestation
    of = currency(said.currency)
    return [
        f"VALID: {proof.account_id} is owed {decimal_string(proof.balance, of)} {of}.",
        f"It is part of claims of {decimal_string(verdict.claims, of)} {of} in all, "
        f"against a reserve of {decimal_string(said.reserve, of)} {of}.",
        *_signed(said),
    ]
