"""eth_simulateV1: blocks of calls on top of a block, none of them kept."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from ledger_node.chain.blocks import Call, Header
from ledger_node.chain.errors import InvalidTransaction
from ledger_node.chain.inspection import BlockOverride, Overrides, SimulatedBlock, SimulatedCall, SimulationStep
from ledger_node.rpc import parse
from ledger_node.rpc.callargs import Arguments, arguments, block_override, state_overrides
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import RpcError, as_rpc_error, asks_too_much, invalid_params
from ledger_node.rpc.parse import BlockParam, Parser, array, boolean, fields, member, within
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import block_json, hexed, logs_json, quantity

SECONDS_BETWEEN_BLOCKS = 12

# Codes of the specification for what makes a whole simulation impossible.
BLOCK_NUMBERS_OUT_OF_ORDER = -38020
TIMESTAMPS_OUT_OF_ORDER = -38021
PRECOMPILE_MOVED_TO_ITSELF = -38022
PRECOMPILES_MOVED_TOGETHER = -38023
TOO_MANY_BLOCKS = -38026
REFUSALS = {
    "nonce_too_low": -38010,
    "nonce_too_high": -38011,
    "underpriced": -38012,
    "intrinsic_gas_too_low": -38013,
    "insufficient_balance_for_gas": -38014,
    "gas_limit_too_high": -38015,
}


@dataclass(frozen=True, slots=True)
class Step:
    arguments: tuple[Arguments, ...]
    overrides: Overrides
    withdrawals: tuple[tuple[int, int, bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Payload:
    steps: tuple[Step, ...]
    validation: bool
    trace_transfers: bool
    full_transactions: bool


def _payload(value: Any) -> Payload:
    given = fields(value)
    steps = member(given, "blockStateCalls", lambda item: array(item, _step, "blocks"), ())
    if not steps:
        raise ValueError("empty input: blockStateCalls needs at least one block")
    return Payload(
        steps,
        validation=member(given, "validation", boolean, False),
        trace_transfers=member(given, "traceTransfers", boolean, False),
        full_transactions=member(given, "returnFullTransactions", boolean, False),
    )


def _step(value: Any) -> Step:
    given = fields(value)
    block = given.get("blockOverrides", {})
    return Step(
        arguments=member(given, "calls", lambda item: array(item, arguments, "calls"), ()),
        overrides=Overrides(
            member(given, "stateOverrides", state_overrides, {}),
            within("blockOverrides", block_override, block),
        ),
        withdrawals=member(fields(block), "withdrawals", lambda item: array(item, _withdrawal, "withdrawals"), ()),
    )


def _withdrawal(value: Any) -> tuple[int, int, bytes, int]:
    given = fields(value)
    for name in ("index", "validatorIndex", "address", "amount"):
        if name not in given:
            raise ValueError(f"a withdrawal needs {name}")
    return (
        within("index", parse.uint64, given["index"]),
        within("validatorIndex", parse.uint64, given["validatorIndex"]),
        within("address", parse.address, given["address"]),
        within("amount", parse.uint64, given["amount"]),
    )


PayloadParam = Annotated[Payload, Parser(_payload)]


@method("eth_simulateV1", lane="execute")
def simulate(door: Door, payload: PayloadParam, at: BlockParam = "latest") -> list[dict[str, Any]]:
    calls = sum(len(step.arguments) for step in payload.steps)
    if calls > door.limits.simulated_calls:
        raise asks_too_much(f"too many calls: {calls}, and {door.limits.simulated_calls} are allowed; send fewer")
    parent = door.chain.header(at)
    steps = in_order(payload.steps, parent, door.limits.simulated_blocks, door.chain.chain_id)
    on = at if at == "pending" else parent.hash
    try:
        blocks = door.chain.simulate(
            steps,
            on,
            validation=payload.validation,
            trace_transfers=payload.trace_transfers,
        )
    except InvalidTransaction as error:
        shown = as_rpc_error(error)
        raise RpcError(REFUSALS.get(error.code, shown.code), shown.message) from error
    return [_block_json(block, full_transactions=payload.full_transactions) for block in blocks]


def in_order(steps: tuple[Step, ...], parent: Header, most: int, chain_id: int) -> list[SimulationStep]:
    """Every block with its number and time, and empty blocks where numbers are skipped, as geth fills them in."""
    number, timestamp = parent.number, parent.timestamp
    filled: list[SimulationStep] = []
    for step in steps:
        _check_precompiles(step.overrides)
        wanted = step.overrides.block
        own_number = number + 1 if wanted.number is None else wanted.number
        if own_number <= number:
            raise RpcError(BLOCK_NUMBERS_OUT_OF_ORDER, f"block numbers must be in order: {own_number} <= {number}")
        if own_number - parent.number > most:
            raise RpcError(TOO_MANY_BLOCKS, f"too many blocks: at most {most} can be simulated at once")
        while number + 1 < own_number:
            number, timestamp = number + 1, timestamp + SECONDS_BETWEEN_BLOCKS
            filled.append(SimulationStep(overrides=Overrides(block=BlockOverride(number=number, timestamp=timestamp))))
        own_time = timestamp + SECONDS_BETWEEN_BLOCKS if wanted.timestamp is None else wanted.timestamp
        if own_time <= timestamp:
            raise RpcError(TIMESTAMPS_OUT_OF_ORDER, f"block timestamps must be in order: {own_time} <= {timestamp}")
        number, timestamp = own_number, own_time
        block = replace(wanted, number=number, timestamp=timestamp)
        made: tuple[Call, ...] = tuple(one.for_chain(chain_id) for one in step.arguments)
        filled.append(SimulationStep(made, Overrides(step.overrides.accounts, block), step.withdrawals))
    return filled


def _check_precompiles(overrides: Overrides) -> None:
    targets: set[bytes] = set()
    for address, override in overrides.accounts.items():
        target = override.move_precompile_to
        if target is None:
            continue
        if target == address:
            raise RpcError(PRECOMPILE_MOVED_TO_ITSELF, f"MovePrecompileToAddress referenced itself: {hexed(address)}")
        if target in targets:
            raise RpcError(PRECOMPILES_MOVED_TOGETHER, f"multiple MovePrecompileToAddress to {hexed(target)}")
        if target in overrides.accounts:
            raise invalid_params(f"account {hexed(target)} is overridden and the target of a moved precompile")
        targets.add(target)


def _block_json(simulated: SimulatedBlock, *, full_transactions: bool) -> dict[str, Any]:
    shown = block_json(simulated.block, full_transactions=full_transactions)
    shown["calls"] = [_call_json(call) for call in simulated.calls]
    return shown


def _call_json(call: SimulatedCall) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "returnData": hexed(call.return_data) if call.succeeded else "0x",  # revert data goes with the error
        "logs": logs_json(call.logs),
        "gasUsed": quantity(call.gas_used),
        "maxUsedGas": quantity(call.max_used_gas),
        "status": "0x1" if call.succeeded else "0x0",
    }
    if not call.succeeded:
        shown["error"] = {"code": call.error_code, "message": call.error}
        if call.error_code == 3:
            shown["error"]["data"] = hexed(call.return_data)
    return shown
