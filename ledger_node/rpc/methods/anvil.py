"""More helpers of the dev profile, as anvil has them: blocks, pool, senders and clock. Elsewhere they do not exist."""

from typing import Annotated, Any

from ledger_node.rpc.door import Door
from ledger_node.rpc.dumps import read_dump, write_dump
from ledger_node.rpc.errors import invalid_params
from ledger_node.rpc.methods.dev import named_as_parameters
from ledger_node.rpc.parse import (
    AddressParam,
    BoolParam,
    DataParam,
    HashParam,
    NumberParam,
    Parser,
    QuantityParam,
    fields,
    parsed,
)
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed

MILLISECONDS = 10**11
"""JavaScript's clocks count these: a time above, in seconds, is three thousand years ahead."""

INTERVAL_S_MAX = 365 * 86_400

# BLOCKS


@method("anvil_getAutomine", "hardhat_getAutomine", profile="dev")
def get_automine(door: Door) -> bool:
    return door.dev.automines


@method("anvil_setIntervalMining", "evm_setIntervalMining", profile="dev")
def set_interval_mining(door: Door, seconds: NumberParam) -> None:
    if seconds > INTERVAL_S_MAX:
        raise invalid_params(f"blocks are at most {INTERVAL_S_MAX} seconds apart, not {seconds}; 0 makes none")
    door.dev.set_interval(seconds)


@method("anvil_getIntervalMining", profile="dev")
def get_interval_mining(door: Door) -> int | None:
    return door.dev.interval_s


GAS_LIMIT_MIN, UINT63 = 5_000, 2**63 - 1


@method("anvil_setBlockGasLimit", "evm_setBlockGasLimit", profile="dev")
def set_block_gas_limit(door: Door, gas_limit: NumberParam) -> bool:
    if not GAS_LIMIT_MIN <= gas_limit <= UINT63:
        raise invalid_params(f"a block's gas limit is from {GAS_LIMIT_MIN} to {UINT63}, not {gas_limit}")
    door.dev.set_gas_limit(gas_limit)
    return True


@method("anvil_setChainId", profile="dev")
def set_chain_id(door: Door, chain_id: NumberParam) -> None:
    if not 0 < chain_id <= UINT63:
        raise invalid_params(f"a chain id is from 1 to {UINT63}, not {chain_id}")
    door.dev.set_chain_id(chain_id)


@method("anvil_setTime", "evm_setTime", profile="dev")
def set_time(door: Door, time: NumberParam) -> int:
    with named_as_parameters():
        return door.dev.set_time(time // 1000 if time > MILLISECONDS else time)


@method("anvil_setBlockTimestampInterval", profile="dev")
def set_block_timestamp_interval(door: Door, seconds: NumberParam) -> None:
    if seconds > INTERVAL_S_MAX:
        raise invalid_params(f"blocks' timestamps are at most {INTERVAL_S_MAX} seconds apart, not {seconds}")
    door.dev.set_timestamp_interval(seconds)


@method("anvil_removeBlockTimestampInterval", profile="dev")
def remove_block_timestamp_interval(door: Door) -> bool:
    return door.dev.remove_timestamp_interval()


def _no_fork(value: Any) -> None:
    if fields(fields(value).get("forking", {})):
        raise ValueError("this node forks no other network; leave forking out")


ForkParam = Annotated[None, Parser(_no_fork)]


@method("anvil_reset", "hardhat_reset", lane="execute", profile="dev")
def reset(door: Door, fork: ForkParam = None) -> None:
    door.dev.reset()


# THE POOL


@method("anvil_dropTransaction", "hardhat_dropTransaction", profile="dev")
def drop_transaction(door: Door, transaction_hash: HashParam) -> str | None:
    """Its hash, or null if it did not wait."""
    return hexed(transaction_hash) if door.dev.drop_transaction(transaction_hash) else None


@method("anvil_dropAllTransactions", "hardhat_dropAllTransactions", profile="dev")
def drop_all_transactions(door: Door) -> None:
    door.dev.drop_transactions()


@method("anvil_removePoolTransactions", profile="dev")
def remove_pool_transactions(door: Door, sender: AddressParam) -> None:
    door.dev.drop_transactions(sender)


# STATE


@method("anvil_dumpState", "hardhat_dumpState", lane="execute", profile="dev")
def dump_state(door: Door, with_history: BoolParam = False) -> str:
    if with_history:
        raise invalid_params("a dump has the newest state alone; leave the argument out, or send false")
    return hexed(write_dump(door.dev.dump()))


@method("anvil_loadState", "hardhat_loadState", lane="execute", profile="dev")
def load_state(door: Door, dump: DataParam) -> bool:
    # Taken apart here and not as a parameter: that is done on the event loop.
    door.dev.load(parsed(read_dump, dump, "invalid argument 0 (dump)"))
    return True


# ACCOUNTS


@method("anvil_addBalance", "hardhat_addBalance", profile="dev")
def add_balance(door: Door, address: AddressParam, amount: QuantityParam) -> None:
    door.dev.add_balance(address, amount)


@method("anvil_autoImpersonateAccount", "hardhat_autoImpersonateAccount", profile="dev")
def auto_impersonate_account(door: Door, enabled: BoolParam) -> None:
    door.dev.impersonate_all(enabled)
