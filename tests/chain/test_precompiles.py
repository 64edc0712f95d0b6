"""Precompiled contracts at our prices: the same answers, dearer where they are slow."""

import random
from types import SimpleNamespace
from typing import Any

import pytest
from eth.precompiles import ecrecover as their_ecrecover

from ledger_node.chain.blocks import Call
from ledger_node.chain.errors import CallFailed
from ledger_node.chain.pyevm.engine import PyEvmChain
from ledger_node.chain.pyevm.precompiles import ecrecover
from ledger_node.chain.wire import SECP256K1_N
from ledger_node.keys import LocalSigner

G1 = (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
MULTIPLY = bytes(19) + b"\x07"
INTRINSIC = 21_000


def test_a_slow_precompile_answers_as_it_should_at_our_price(chain: PyEvmChain) -> None:
    call = Call(to=MULTIPLY, data=G1 + (1).to_bytes(32, "big"))
    assert chain.call(call) == G1
    assert chain.estimate_gas(call) > INTRINSIC + 60_000
    with pytest.raises(CallFailed, match="out of gas"):
        chain.call(Call(to=MULTIPLY, data=call.data, gas=INTRINSIC + 40_000))


def test_a_fast_one_costs_what_it_costs_everywhere(chain: PyEvmChain) -> None:
    identity = Call(to=bytes(19) + b"\x04", data=b"\x01" * 32)
    assert chain.call(identity) == identity.data
    assert chain.estimate_gas(identity) < INTRINSIC + 2_000


def test_pairings_that_would_run_for_a_minute_do_not_fit_into_a_transaction(chain: PyEvmChain) -> None:
    pairs = bytes(384) * 128  # 128 pairs of points at infinity: 4.2 million gas elsewhere
    with pytest.raises(CallFailed, match="out of gas"):
        chain.call(Call(to=bytes(19) + b"\x0f", data=pairs))


def answer(precompile: Any, data: bytes) -> tuple[bytes, list[int]]:
    """What it puts out, and what it charged."""
    charged: list[int] = []
    computation = SimpleNamespace(
        msg=SimpleNamespace(data_as_bytes=data), output=b"", consume_gas=lambda amount, reason: charged.append(amount)
    )
    precompile(computation)
    return computation.output, charged


def signed(digest: bytes, seed: int) -> bytes:
    y_parity, r, s = LocalSigner(seed.to_bytes(32, "big")).sign(digest)
    return b"".join([digest, *(number.to_bytes(32, "big") for number in (27 + y_parity, r, s))])


@pytest.mark.parametrize("seed", range(1, 40))
def test_a_signer_is_recovered_as_elsewhere(seed: int) -> None:
    data = signed(random.Random(seed).randbytes(32), seed)
    found, charged = answer(ecrecover, data)
    assert found[12:] == LocalSigner(seed.to_bytes(32, "big")).address
    assert (found, charged) == answer(their_ecrecover, data)


def test_what_is_no_signature_recovers_nobody_as_elsewhere() -> None:
    good = signed(b"\x07" * 32, 7)
    words = [good[at : at + 32] for at in range(0, 128, 32)]
    edges = [0, 1, 26, 27, 28, 29, 255, SECP256K1_N - 1, SECP256K1_N, SECP256K1_N + 1, 2**255, 2**256 - 1]
    changed = [
        b"".join([*words[:place], edge.to_bytes(32, "big"), *words[place + 1 :]])
        for place in range(4) for edge in edges
    ]  # fmt: skip
    high_s = b"".join([*words[:3], (SECP256K1_N - int.from_bytes(words[3], "big")).to_bytes(32, "big")])
    cut_short = [good[:length] for length in (0, 1, 31, 32, 63, 64, 96, 127)]
    dice = random.Random(1)
    for data in [*changed, high_s, *cut_short, good + b"more", *(dice.randbytes(128) for _ in range(20))]:
        assert answer(ecrecover, data) == answer(their_ecrecover, data), data.hex()
