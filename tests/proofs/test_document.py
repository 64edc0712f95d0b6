"""A proof holds as it was handed out, and in no other form."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_node.chain.encoding import keccak
from ledger_node.chain.wire import SECP256K1_N
from ledger_node.cli.proof import proof as command
from ledger_node.deposit_token.attestation import signature_bytes
from ledger_node.errors import ProofInvalid
from ledger_node.gateway import proof_examples
from ledger_node.keys import LocalSigner
from ledger_node.proofs.document import ClaimProof, SignedAttestation, verify, written
from ledger_node.proofs.tree import MerkleSumTree, leaf_id

ATTESTOR = LocalSigner(keccak(b"test key attestor"))
IMPOSTOR = LocalSigner(keccak(b"test key impostor"))
BALANCES = {0: 6000, 3: 0, 5: 1234567, 6: 1}
UNPROVEN = {("attestation", "block_number"), ("attestation", "transaction_hash")}
"""Where to look on chain; the signature does not cover it."""


def salt(place: int) -> bytes:
    return keccak(b"salt" + bytes([place]))


def a_proof(place: int = 0, *, reserve: int = 2_000_000, signer: LocalSigner = ATTESTOR) -> ClaimProof:
    tree = MerkleSumTree(3)
    tree.put({each: (leaf_id(salt(each), f"acct_{each}"), balance) for each, balance in BALANCES.items()})
    said = SignedAttestation(
        id="bat_1", currency="USD", reserve=reserve, claims_root=tree.root.hash, ledger_sequence=17,
        ledger_head=keccak(b"head"), signature=b"", attestor=signer.address, token_name="USD Deposit Token",
        chain_id=7331, token=b"\x11" * 20, block_number=9, transaction_hash=keccak(b"tx"),
    )  # fmt: skip
    said = replace(said, signature=signature_bytes(signer.sign(said.digest)))
    return ClaimProof(said, f"acct_{place}", BALANCES[place], salt(place), place, tree.branch(place))


@pytest.mark.parametrize("place", BALANCES)
def test_every_claim_of_the_tree_is_proved(place: int) -> None:
    verdict = verify(json.loads(json.dumps(written(a_proof(place)))), attestor=ATTESTOR.address)
    assert (verdict.proof, verdict.claims) == (a_proof(place), sum(BALANCES.values()))


def test_the_example_of_the_interface_holds() -> None:
    assert verify(proof_examples.PROOF).claims == 500_000


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [path]


DOCUMENT = written(a_proof())
TAMPERABLE = [path for path in leaves(DOCUMENT) if path not in UNPROVEN]


@st.composite
def tampered(draw: st.DrawFn) -> dict[str, Any]:
    """The document with one value changed to another of its kind."""
    document = copy.deepcopy(DOCUMENT)
    path = draw(st.sampled_from(TAMPERABLE))
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    was = parent[path[-1]]
    if isinstance(was, int):
        parent[path[-1]] = draw(st.integers(-5, 2**70).filter(lambda new: new != was))
    elif was.startswith("0x"):
        bits = int(was, 16) ^ 1 << draw(st.integers(0, 4 * (len(was) - 2) - 1))
        parent[path[-1]] = f"0x{bits:0{len(was) - 2}x}"
    elif was.replace(".", "").isdigit() and "." in was:
        minor = draw(st.integers(0, 2**90).map(str)).rjust(3, "0")
        parent[path[-1]] = f"{minor[:-2]}.{minor[-2:]}"
        if parent[path[-1]] == was:
            parent[path[-1]] = "0.07"
    else:
        parent[path[-1]] = draw(st.text(max_size=40).filter(lambda new: new != was))
    return document


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(tampered())
def test_a_tampered_proof_never_holds(document: dict[str, Any]) -> None:
    with pytest.raises(ProofInvalid):
        verify(document, attestor=ATTESTOR.address)


@given(st.sampled_from(TAMPERABLE), st.sampled_from([None, -1, 1.5, [], {}, "", "0x", True]))
def test_a_value_of_another_kind_is_refused(path: tuple[Any, ...], value: Any) -> None:
    document: Any = copy.deepcopy(DOCUMENT)
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    with pytest.raises(ProofInvalid):
        verify(document)


@pytest.mark.parametrize("document", [None, [], "proof", {}, DOCUMENT | {"more": 1}, DOCUMENT | {"siblings": "0x"},
                                      DOCUMENT | {"siblings": DOCUMENT["siblings"][:-1]},
                                      DOCUMENT | {"siblings": [*DOCUMENT["siblings"], DOCUMENT["siblings"][0]]},
                                      DOCUMENT | {"version": 2}])  # fmt: skip
def test_another_shape_is_refused(document: object) -> None:
    with pytest.raises(ProofInvalid):
        verify(document)


def test_a_signature_by_another_key_is_not_the_attestors() -> None:
    forged = written(a_proof(signer=IMPOSTOR))
    assert verify(forged).claims, "it holds for the address that it names"
    with pytest.raises(ProofInvalid, match=f"signed by 0x{IMPOSTOR.address.hex()}, not by"):
        verify(forged, attestor=ATTESTOR.address)
    forged["attestation"]["attestor"] = "0x" + ATTESTOR.address.hex()
    with pytest.raises(ProofInvalid, match="not signed by the attestor it names"):
        verify(forged)


def test_the_signature_has_one_form() -> None:
    """Whoever flips s has another signature of the same words; the contract does not take it, nor do we."""
    document = copy.deepcopy(DOCUMENT)
    signature = bytes.fromhex(document["attestation"]["signature"][2:])
    flipped = SECP256K1_N - int.from_bytes(signature[32:64], "big")
    other = signature[:32] + flipped.to_bytes(32, "big") + bytes([55 - signature[64]])
    document["attestation"]["signature"] = "0x" + other.hex()
    with pytest.raises(ProofInvalid, match="s is high"):
        verify(document)


def test_claims_above_the_reserve_are_not_proved() -> None:
    with pytest.raises(ProofInvalid, match="more than the reserve"):
        verify(written(a_proof(reserve=sum(BALANCES.values()) - 1)))
    assert verify(written(a_proof(reserve=sum(BALANCES.values()))))


# THE COMMAND


def check(path: Path, content: str, *arguments: str) -> tuple[int, str]:
    path.write_text(content)
    outcome = CliRunner().invoke(command, ["verify", str(path), *arguments])
    return outcome.exit_code, outcome.output


def test_the_command_says_what_a_proof_proves(tmp_path: Path) -> None:
    known = "0x" + ATTESTOR.address.hex()
    status, told = check(tmp_path / "proof.json", json.dumps(DOCUMENT), "--attestor", known)
    assert status == 0
    assert told.startswith("VALID: acct_0 is owed 60.00 USD.")
    assert "against a reserve of 20000.00 USD" in told
    status, told = check(tmp_path / "proof.json", json.dumps(DOCUMENT))
    assert status == 0
    assert "Compare the signer" in told


def test_the_command_says_why_a_proof_does_not_hold(tmp_path: Path) -> None:
    altered = copy.deepcopy(DOCUMENT)
    altered["claim"]["balance"] = "60.01"
    assert check(tmp_path / "proof.json", json.dumps(altered)) == (
        1, "INVALID: The leaf and its siblings do not lead to the root that was attested.\n",
    )  # fmt: skip
    assert check(tmp_path / "proof.json", "{") == (1, "INVALID: The file is not JSON.\n")
    assert check(tmp_path / "proof.json", json.dumps(DOCUMENT), "--attestor", "0x12")[0] == 2
    assert check(tmp_path / "proof.json", json.dumps(DOCUMENT), "--attestor", "attestor")[0] == 2
    status, _ = check(tmp_path / "proof.json", json.dumps(DOCUMENT), "--attestor", "0x" + IMPOSTOR.address.hex())
    assert status == 1
