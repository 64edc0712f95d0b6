"""The compiled contracts, as committed: contracts/build.js makes them, `make artifacts-check` proves it.

A token deployed by an earlier release keeps that release's code for ever. It differs in code alone: its functions,
events and errors, and the storage slots that are read here, are the same in every release, which a test holds.
"""

from functools import cache
from pathlib import Path

from ledger_node.chain.contract import Contract, load_contract

ARTIFACTS = Path(__file__).parent / "artifacts"
RELEASED = ARTIFACTS / "released"
"""Tokens as earlier releases deployed them: a file is added when the code changes, and none is ever changed."""


@cache
def deposit_token() -> Contract:
    return load_contract(ARTIFACTS / "DepositToken.json")


@cache
def atomic_settlement() -> Contract:
    return load_contract(ARTIFACTS / "AtomicSettlement.json")


@cache
def released_tokens() -> tuple[Contract, ...]:
    """The deposit tokens of earlier releases."""
    return tuple(load_contract(path) for path in sorted(RELEASED.glob("DepositToken-*.json")))


def is_deposit_token(code: bytes) -> bool:
    """Whether deployed code is a deposit token's of any release."""
    return any(contract.is_code_of(code) for contract in (deposit_token(), *released_tokens()))
