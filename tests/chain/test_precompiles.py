"""Precompiled contracts at our prices: the same answers, dearer where they are slow."""

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.chain.errors import CallFailed
from ledger_node.chain.pyevm.engine import PyEvmChain

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
