"""Prague's precompiled contracts at our network's prices: gas that bounds time on this engine.

py-evm computes these in Python, at 0.04 to 1 million gas a second where a loop of ordinary opcodes runs at 2
to 5. At Ethereum's prices one transaction of pairings could hold up the chain for minutes. They stay, dearer by the
factors below, so that none runs slower than about two million gas a second; nothing else of them differs.
"""

from collections.abc import Callable
from typing import Any

from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES

_FACTORS = {
    0x06: 4,  # bn128 addition
    0x07: 10,  # bn128 multiplication
    0x08: 20,  # bn128 pairing
    0x09: 16,  # BLAKE2b compression
    0x0B: 1,  # BLS12-381: addition in G1
    0x0C: 16,  # multi-scalar multiplication in G1
    0x0D: 2,  # addition in G2
    0x0E: 40,  # multi-scalar multiplication in G2
    0x0F: 64,  # pairing
    0x10: 4,  # field element to G1
    0x11: 32,  # field element to G2
}

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


def network_precompiles() -> dict[Any, Precompile]:
    factors = {number.to_bytes(20, "big"): factor for number, factor in _FACTORS.items()}
    return {
        address: _priced(precompile, factors[address]) if factors.get(address, 1) > 1 else precompile
        for address, precompile in PRAGUE_PRECOMPILES.items()
    }
