"""The compiled deposit token, as committed: contracts/build.js makes it, `make artifacts-check` proves it."""

from functools import cache
from pathlib import Path

from ledger_node.chain.contract import Contract, load_contract

PATH = Path(__file__).parent / "artifacts" / "DepositToken.json"


@cache
def deposit_token() -> Contract:
    return load_contract(PATH)
