"""The methods, by what they are about; importing this registers them all."""

from ledger_node.rpc.methods import (
    blocks,
    debug,
    dev,
    execution,
    fees,
    logs,
    network,
    sending,
    simulation,
    state,
    transactions,
    txpool,
)
from ledger_node.rpc.registry import METHODS

__all__ = [
    "METHODS", "blocks", "debug", "dev", "execution", "fees", "logs", "network", "sending", "simulation", "state",
    "transactions", "txpool",
]  # fmt: skip
