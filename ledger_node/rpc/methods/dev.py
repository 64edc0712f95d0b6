"""Helpers of the dev profile under the names Hardhat and anvil gave them. Outside that profile they do not exist."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from ledger_node.chain.errors import InvalidBlock
from ledger_node.rpc import parse
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import invalid_params
from ledger_node.rpc.parse import AddressParam, BoolParam, DataParam, NumberParam, Parser, QuantityParam, SlotParam
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, quantity

MINED_AT_ONCE = 10_000

# TIME AND BLOCKS


def _when(value: Any) -> tuple[int | None, int]:
    """`evm_mine` takes a timestamp, or an object with `timestamp` and `blocks`."""
    if not isinstance(value, dict):
        return parse.quantity_or_integer(value), 1
    given = parse.fields(value)
    timestamp = parse.member(given, "timestamp", parse.quantity_or_integer, None)
    blocks = parse.member(given, "blocks", parse.quantity_or_integer, 1)
    return timestamp, blocks


WhenParam = Annotated[tuple[int | None, int], Parser(_when)]


@method("evm_mine", lane="execute", profile="dev")
def evm_mine(door: Door, when: WhenParam = (None, 1)) -> str:
    timestamp, blocks = when
    if timestamp is not None:
        _set_next_timestamp(door, timestamp)
    _mine(door, blocks, None)
    return "0x0"


MaybeNumberParam = Annotated[int | None, Parser(parse.quantity_or_integer)]


@method("anvil_mine", "hardhat_mine", lane="execute", profile="dev")
def mine(door: Door, blocks: NumberParam = 1, interval_seconds: MaybeNumberParam = None) -> None:
    _mine(door, blocks, interval_seconds)


def _mine(door: Door, blocks: int, interval_seconds: int | None) -> None:
    if blocks > MINED_AT_ONCE:
        raise invalid_params(f"at most {MINED_AT_ONCE} blocks at once; mine in parts")
    with named_as_parameters():
        door.dev.mine(blocks, interval_seconds)


@method("evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp", profile="dev")
def set_next_timestamp(door: Door, timestamp: NumberParam) -> str:
    _set_next_timestamp(door, timestamp)
    return str(timestamp)


def _set_next_timestamp(door: Door, timestamp: int) -> None:
    with named_as_parameters():
        door.dev.set_next_timestamp(timestamp)


@contextmanager
def named_as_parameters() -> Iterator[None]:
    """A time that no block can have is the caller's mistake."""
    try:
        yield
    except InvalidBlock as error:
        raise invalid_params(error.detail) from error


@method("evm_increaseTime", "anvil_increaseTime", profile="dev")
def increase_time(door: Door, seconds: NumberParam) -> int:
    with named_as_parameters():
        return door.dev.increase_time(seconds)


@method("evm_setAutomine", "anvil_setAutoMine", profile="dev")
def set_automine(door: Door, enabled: BoolParam) -> None:
    door.dev.set_automine(enabled)


# SNAPSHOTS


@method("evm_snapshot", "anvil_snapshot", profile="dev")
def snapshot(door: Door) -> str:
    return quantity(door.dev.snapshot())


@method("evm_revert", "anvil_revert", profile="dev")
def revert(door: Door, snapshot_id: NumberParam) -> bool:
    return door.dev.revert_to(snapshot_id)


# STATE


@method("anvil_setBalance", "hardhat_setBalance", profile="dev")
def set_balance(door: Door, address: AddressParam, balance: QuantityParam) -> bool:
    door.dev.set_balance(address, balance)
    return True


@method("anvil_setNonce", "hardhat_setNonce", profile="dev")
def set_nonce(door: Door, address: AddressParam, nonce: QuantityParam) -> bool:
    door.dev.set_nonce(address, nonce)
    return True


@method("anvil_setCode", "hardhat_setCode", profile="dev")
def set_code(door: Door, address: AddressParam, code: DataParam) -> bool:
    door.dev.set_code(address, code)
    return True


WordParam = Annotated[int, Parser(parse.storage_word)]


@method("anvil_setStorageAt", "hardhat_setStorageAt", profile="dev")
def set_storage_at(door: Door, address: AddressParam, slot: SlotParam, value: WordParam) -> bool:
    door.dev.set_storage(address, slot, value)
    return True


# ACCOUNTS


@method("anvil_impersonateAccount", "hardhat_impersonateAccount", profile="dev")
def impersonate_account(door: Door, address: AddressParam) -> bool:
    door.dev.impersonate(address)
    return True


@method("anvil_stopImpersonatingAccount", "hardhat_stopImpersonatingAccount", profile="dev")
def stop_impersonating_account(door: Door, address: AddressParam) -> bool:
    door.dev.stop_impersonating(address)
    return True


# WHAT NODE IS THIS


@method("anvil_nodeInfo", profile="dev")
def node_info(door: Door) -> dict[str, Any]:
    head = door.chain.head()
    return {
        "currentBlockNumber": quantity(head.number),
        "currentBlockTimestamp": head.timestamp,
        "currentBlockHash": hexed(head.hash),
        "hardFork": "prague",
        "transactionOrder": "fifo",
        "environment": {
            "baseFee": quantity(head.base_fee_per_gas or 0),
            "chainId": door.chain.chain_id,
            "gasLimit": quantity(head.gas_limit),
            "gasPrice": "0x0",
        },
        "forkConfig": {"forkUrl": None, "forkBlockNumber": None, "forkRetryBackoff": None},
    }


@method("hardhat_metadata", "anvil_metadata", profile="dev")
def metadata(door: Door) -> dict[str, Any]:
    genesis, head = door.chain.header(0), door.chain.head()
    return {
        "clientVersion": door.settings.client_version,
        "chainId": door.chain.chain_id,
        "instanceId": hexed(genesis.hash),
        "latestBlockNumber": head.number,
        "latestBlockHash": hexed(head.hash),
    }
