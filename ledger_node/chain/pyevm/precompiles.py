"""Prague's precompiled contracts at our network's prices: gas that bounds time on this engine.

py-evm computes these in Python, at 0.04 to 1 million gas a second where a loop of ordinary opcodes runs at 2
to 5. At Ethereum's prices one transaction of pairings could hold up the chain for minutes. They stay, dearer by the
factors of `chain/prices.py`, so that none runs slower than about two million gas a second; nothing else differs.
"""

from collections.abc import Callable
from typing import Any

from eth import constants
from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES

from ledger_node.chain.prices import PRECOMPILE_FACTORS
from ledger_node.chain.wire import BadSignature, recover

ECRECOVER = (1).to_bytes(20, "big")

Precompile = Callable[[Any], Any]


def _priced(precompile: Precompile, factor: int) -> Precompile:
    def run(computation: Any) -> Any:
        charge = computation.consume_gas
        computation.consume_gas = lambda amount, reason: charge(amount * factor, reason)
        try:
            return precompile(computation)
        finally:
            del computation.consume_gas

    return run


def ecrecover(computation: Any) -> Any:
    """py-evm's, by the library that recovers senders: every batch has the attestor's signature checked."""
    computation.consume_gas(constants.GAS_ECRECOVER, reason="ECRecover Precompile")
    data = computation.msg.data_as_bytes[:128].ljust(128, b"\0")
    v, r, s = (int.from_bytes(data[at : at + 32], "big") for at in (32, 64, 96))
    try:
        address = recover(data[:32], v - 27, r, s)
    except BadSignature:
        return computation
    computation.output = address.rjust(32, b"\0")
    return computation


def network_precompiles() -> dict[Any, Precompile]:
    factors = {number.to_bytes(20, "big"): factor for number, factor in PRECOMPILE_FACTORS.items()}
    return {
        address: _priced(precompile, factors[address]) if factors.get(address, 1) > 1 else precompile
        for address, precompile in (PRAGUE_PRECOMPILES | {ECRECOVER: ecrecover}).items()
    }
