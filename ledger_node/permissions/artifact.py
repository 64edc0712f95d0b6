"""The compiled permissions contract, as committed, and where every node of a network finds it."""

from functools import cache
from pathlib import Path

from ledger_node.chain.contract import Contract, load_contract
from ledger_node.chain.genesis import PERMISSIONS as ADDRESS

PATH = Path(__file__).parent / "artifacts" / "Permissions.json"

__all__ = ["ADDRESS", "PATH", "permissions_contract"]


@cache
def permissions_contract() -> Contract:
    return load_contract(PATH)
