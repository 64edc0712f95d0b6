"""Calls that change nothing: the result, the gas, the access list."""

from typing import Any

from ledger_node.rpc.callargs import BlockOverrideParam, CallParam, StateOverridesParam, overrides
from ledger_node.rpc.door import Door
from ledger_node.rpc.parse import BlockParam
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import access_list_json, hexed, quantity


@method("eth_call", lane="execute")
def call(
    door: Door,
    transaction: CallParam,
    at: BlockParam = "latest",
    state: StateOverridesParam = None,
    block: BlockOverrideParam = None,
) -> str:
    asked = transaction.for_chain(door.chain.chain_id)
    return hexed(door.chain.call_with(asked, at, overrides(state, block)))


@method("eth_estimateGas", lane="execute")
def estimate_gas(
    door: Door,
    transaction: CallParam,
    at: BlockParam = "latest",
    state: StateOverridesParam = None,
    block: BlockOverrideParam = None,
) -> str:
    asked = transaction.for_chain(door.chain.chain_id)
    return quantity(door.chain.estimate_gas_with(asked, at, overrides(state, block)))


@method("eth_createAccessList", lane="execute")
def create_access_list(
    door: Door,
    transaction: CallParam,
    at: BlockParam = "latest",
    state: StateOverridesParam = None,
) -> dict[str, Any]:
    asked = transaction.for_chain(door.chain.chain_id)
    found = door.chain.create_access_list(asked, at, overrides(state, None))
    answer: dict[str, Any] = {
        "accessList": access_list_json(found.access_list),
        "gasUsed": quantity(found.gas_used),
    }
    if found.error is not None:
        answer["error"] = found.error
    return answer
