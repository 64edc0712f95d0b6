"""Overrides: the state and block a question pretends, laid over the real ones."""

from dataclasses import replace
from typing import Any

from ledger_node.chain.blocks import Address, Header
from ledger_node.chain.errors import CallFailed
from ledger_node.chain.inspection import AccountOverride, Overrides
from ledger_node.chain.pyevm.forks import Fork


def overridden(header: Header, overrides: Overrides) -> Header:
    block = overrides.block
    named = {
        "number": block.number,
        "timestamp": block.timestamp,
        "gas_limit": block.gas_limit,
        "coinbase": block.coinbase,
        "base_fee_per_gas": block.base_fee_per_gas,
    }
    return replace(header, **{name: value for name, value in named.items() if value is not None})  # type: ignore[arg-type]


def apply_account(world: Any, address: Address, override: AccountOverride) -> None:
    if override.storage is not None and override.storage_diff is not None:
        raise CallFailed(f"account 0x{address.hex()} has both state and stateDiff overrides")
    if override.nonce is not None:
        world.set_nonce(address, override.nonce)
    if override.code is not None:
        world.set_code(address, override.code)
    if override.balance is not None:
        world.set_balance(address, override.balance)
    if override.storage is not None:
        world.delete_storage(address)
    for slot, value in (override.storage or override.storage_diff or {}).items():
        world.set_storage(address, slot, value)


def with_moved_precompiles(fork: Fork, overrides: Overrides) -> Fork:
    moved = {
        address: override.move_precompile_to
        for address, override in overrides.accounts.items()
        if override.move_precompile_to is not None
    }
    overridden = set(overrides.accounts)  # whatever of it is: what is pretended is an account
    computation: Any = fork.computation
    plain = computation.get_precompiles()
    precompiles = dict(plain)
    if not moved and not overridden & set(precompiles):
        return fork
    for address, target in moved.items():
        if address not in precompiles:
            raise CallFailed(f"account 0x{address.hex()} is not a precompile")
        precompiles[target] = precompiles.pop(address)
    for address in overridden - set(moved.values()):
        precompiles.pop(address, None)
    # As in geth, the fork's own addresses stay warm, and where a precompile was moved to is cold.
    members = {"_precompiles": precompiles, "get_precompiles": classmethod(lambda _: plain)}
    return replace(fork, computation=type(computation.__name__, (computation,), members))
