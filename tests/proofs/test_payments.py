"""The proof of a payment settled net: it holds as handed out, and with any part of it altered it does not."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ledger_node.cli.main import cli
from ledger_node.errors import ProofInvalid
from ledger_node.gateway.proof_examples import PAYMENT_PROOF
from ledger_node.proofs.payment_document import verify
from ledger_node.proofs.payments import Payment, PaymentTree, batch_named, root_named, root_of

PAID = Payment("trf_1", "uetr", b"d" * 20, b"c" * 20, 60_00, "USD")


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_every_leaf_is_led_to_the_root_by_its_branch(leaves: list[bytes], data: st.DataObject) -> None:
    tree = PaymentTree(leaves)
    place = data.draw(st.integers(0, len(leaves) - 1))
    assert root_of(leaves[place], place, tree.branch(place)) == tree.root


def test_another_salt_amount_or_party_is_another_leaf() -> None:
    leaf = PAID.leaf(b"s" * 32)
    assert leaf != PAID.leaf(b"t" * 32)
    assert leaf != Payment("trf_1", "uetr", b"d" * 20, b"c" * 20, 60_01, "USD").leaf(b"s" * 32)
    assert leaf != Payment("trf_1", "uetr", b"d" * 20, b"x" * 20, 60_00, "USD").leaf(b"s" * 32)


def test_a_net_batchs_id_names_its_root_and_no_other_id_does() -> None:
    assert root_named(batch_named(b"r" * 32)) == b"r" * 32
    assert root_named("bat_01981b3e0d537c1ab6c42f6d1f1a9a08") is None
    assert root_named("bat_" + "G" * 64) is None
    assert root_named("bat_" + "AB" * 32) is None


def test_a_proof_holds_as_it_was_handed_out() -> None:
    assert verify(PAYMENT_PROOF).payment.amount == 60_00


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("payment", "amount"), "60.01"),
        (("payment", "amount"), "60"),
        (("payment", "id"), "trf_other"),
        (("payment", "uetr"), "other"),
        (("payment", "debtor"), "0x" + "00" * 20),
        (("payment", "creditor"), "0x" + "00" * 20),
        (("payment", "currency"), "EUR"),
        (("payment", "salt"), "0x" + "00" * 32),
        (("payment", "place"), 0),
        (("payment", "place"), 2),
        (("siblings",), []),
        (("siblings",), ["0x" + "00" * 32]),
        (("siblings",), [7]),
        (("siblings",), "0x"),
        (("version",), 2),
        (("attestation", "id"), "bat_" + "00" * 32),
        (("attestation", "batch_id"), "0x" + "00" * 32),
        (("attestation", "reserve"), "5000.01"),
        (("attestation", "signature"), "0x" + "00" * 65),
        (("attestation", "attestor"), "0x" + "00" * 20),
    ],
)
def test_a_tampered_proof_never_holds(path: tuple[str, ...], value: object) -> None:
    altered: Any = copy.deepcopy(PAYMENT_PROOF)
    at = altered
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    with pytest.raises(ProofInvalid):
        verify(altered)


def test_a_proof_signed_by_another_than_the_known_attestor_does_not_hold() -> None:
    known = bytes.fromhex(PAYMENT_PROOF["attestation"]["attestor"][2:])
    assert verify(PAYMENT_PROOF, attestor=known)
    with pytest.raises(ProofInvalid, match="not by 0x0000"):
        verify(PAYMENT_PROOF, attestor=bytes(20))


def test_the_command_tells_a_proof_that_holds_from_one_that_does_not(tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(PAYMENT_PROOF), encoding="utf-8")
    told = CliRunner().invoke(cli, ["proof", "verify", str(file)])
    assert told.exit_code == 0, told.output
    assert told.output.startswith(f"VALID: {PAYMENT_PROOF['payment']['id']} of 60.00 USD")
    file.write_text(json.dumps(PAYMENT_PROOF).replace("60.00", "60.01"), encoding="utf-8")
    told = CliRunner().invoke(cli, ["proof", "verify", str(file)])
    assert (told.exit_code, told.output[:8]) == (1, "INVALID:")
