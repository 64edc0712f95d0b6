"""The methods, by what they are about; importing this registers them all."""

from ledger_node.rpc.methods import (
    anvil,
    blocks,
    configuration,
    debug,
    dev,
    execution,
    fees,
    filling,
    ledger,
    logs,
    network,
    otterscan,
    parity,
    perm,
    sending,
    simulation,
    state,
    transactions,
    txpool,
)
from ledger_node.rpc.registry import METHODS

__all__ = [
    "METHODS", "anvil", "blocks", "configuration", "debug", "dev", "execution", "fees", "filling", "ledger", "logs",
    "network", "otterscan", "parity", "perm", "sending", "simulation", "state", "transactions", "txpool",
]  # fmt: skip
