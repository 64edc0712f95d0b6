"""The commands about proofs: `ledger-node proof verify`. Needs no data directory, no node and no network."""

import json
import sys
from pathlib import Path

import click

from ledger_node.errors import ProofInvalid
from ledger_node.money import currency, decimal_string
from ledger_node.proofs.document import Verdict, verify


@click.group()
def proof() -> None:
    """Check what the node hands out as proof, without asking it."""


@proof.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--attestor", metavar="ADDRESS", help="The reserve attestor's address as you know it from elsewhere.")
def proof_verify(file: Path, attestor: str | None) -> None:
    """Check a proof of reserves saved from the REST interface (exit status 1 when it does not hold)."""
    try:
        verdict = verify(_read(file), attestor=None if attestor is None else _address(attestor))
    except ProofInvalid as invalid:
        click.echo(f"INVALID: {invalid.detail}")
        sys.exit(1)
    click.echo(_told(verdict, known=attestor is not None))


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
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


def _told(verdict: Verdict, *, known: bool) -> str:
    proof, said = verdict.proof, verdict.proof.attestation
    of = currency(said.currency)
    lines = [
        f"VALID: {proof.account_id} is owed {decimal_string(proof.balance, of)} {of}.",
        f"It is part of claims of {decimal_string(verdict.claims, of)} {of} in all, "
        f"against a reserve of {decimal_string(said.reserve, of)} {of}.",
        f"Signed by 0x{said.attestor.hex()} for {said.token_name} (0x{said.token.hex()}) on chain {said.chain_id}, "
        f"at ledger sequence {said.ledger_sequence}.",
        f"The chain should have it in block {said.block_number}, transaction 0x{said.transaction_hash.hex()}.",
    ]
    if not known:
        lines.append("Compare the signer with the attestor's address as you know it (--attestor checks it).")
    return "\n".join(lines)
