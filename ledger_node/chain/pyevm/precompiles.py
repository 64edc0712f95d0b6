"""Prague's precompiled contracts at our network's prices: gas that bounds time on this engine.

py-evm computes these in Python, at 0.04 to 1 million gas a second where a loop of ordinary opcodes runs at 2
to 5. At Ethereum's prices one transaction of pairings could hold up the chain for minutes. They stay, dearer by the
factors of `chain/prices.py`, so that none runs slower than about two million gas a second; nothing else differs.
"""

from collections.abc import Callable
from typing import Any

from eth.vm.forks.prague.computation import PRAGUE_PRECOMPILES

from ledger_node.chain.prices import PRECOMPILE_FACTORS

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
    factors = {number.to_bytes(20, "big"): factor for number, factor in PRECOMPILE_FACTORS.items()}
    return {
        address: _priced(precompile, factors[address]) if factors.get(address, 1) > 1 else precompile
        for address, precompile in PRAGUE_PRECOMPILES.items()
    }
