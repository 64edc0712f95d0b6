"""Raw bytes as peers carry them, and traces: what a transaction or call did, step by step or frame by frame."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from ledger_node.chain.blocks import BlockRef
from ledger_node.chain.inspection import Overrides, TraceConfig, Tracer
from ledger_node.rpc.callargs import CallParam, block_override, state_overrides
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import SERVER_ERROR, RpcError
from ledger_node.rpc.parse import BlockNumberParam, BlockParam, HashParam, Parser, boolean, fields, member, shown, text
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed
from ledger_node.rpc.tracejson import trace_json

# RAW BYTES


@method("debug_getRawHeader")
def get_raw_header(door: Door, block: BlockParam) -> str:
    return hexed(door.chain.raw_header(block))


@method("debug_getRawBlock")
def get_raw_block(door: Door, block: BlockParam) -> str:
    return hexed(door.chain.raw_block(block))


@method("debug_getRawReceipts")
def get_raw_receipts(door: Door, block: BlockParam) -> list[str]:
    return [hexed(receipt) for receipt in door.chain.raw_receipts(block)]


@method("debug_getRawTransaction")
def get_raw_transaction(door: Door, transaction_hash: HashParam) -> str:
    found = door.chain.transaction(transaction_hash)
    return "0x" if found is None else hexed(found.raw)


@method("debug_getBadBlocks", lane="now")
def get_bad_blocks(door: Door) -> list[Any]:
    return []  # a block that breaks a rule is refused and not kept


# TRACES

STEPS: Tracer = "struct"
TRACERS: dict[str, Tracer] = {"callTracer": "call", "prestateTracer": "prestate"}


@dataclass(frozen=True, slots=True)
class Asked:
    config: TraceConfig
    overrides: Overrides


OPTIONS = (
    "tracer", "tracerConfig", "enableMemory", "disableStack", "disableStorage", "enableReturnData", "limit",
    "stateOverrides", "blockOverrides",
    # These do nothing: the node has limits of its own, and geth, too, takes the last three and leaves them.
    "timeout", "reexec", "debug", "disableMemory", "disableReturnData",
)  # fmt: skip
TRACER_OPTIONS = ("onlyTopCall", "withLog", "diffMode", "disableCode", "disableStorage")


def named(given: dict[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """The members under their names, in whatever case they came: geth's own client writes some as Go does."""
    names = {name.lower(): name for name in known}
    for name in given:
        if name.lower() not in names:
            raise ValueError(f"unknown option {shown(name)}; known are {', '.join(known)}")
    return {names[name.lower()]: value for name, value in given.items()}


def _trace_options(value: Any) -> Asked:
    """geth's options."""
    given = named(fields(value), OPTIONS)
    tracer = member(given, "tracer", _tracer, STEPS)
    own = named(member(given, "tracerConfig", fields, {}), TRACER_OPTIONS)
    return Asked(
        TraceConfig(
            tracer=tracer,
            with_memory=member(given, "enableMemory", boolean, False),
            with_stack=not member(given, "disableStack", boolean, False),
            with_storage=not member(given, "disableStorage", boolean, False),
            with_return_data=member(given, "enableReturnData", boolean, False),
            limit=member(given, "limit", _limit, 0),
            only_top_call=member(own, "onlyTopCall", boolean, False),
            with_log=member(own, "withLog", boolean, False),
            diff_mode=member(own, "diffMode", boolean, False),
            with_code=not member(own, "disableCode", boolean, False),
        ),
        Overrides(
            member(given, "stateOverrides", state_overrides, {}),
            block_override(given.get("blockOverrides", {})),
        ),
    )


def _tracer(value: Any) -> Tracer:
    name = text(value)
    if name in ("", "structLogger"):
        return STEPS
    if name not in TRACERS:
        raise ValueError(f"tracer {shown(name)} is not known; use {', '.join(TRACERS)}, or none for single steps")
    return TRACERS[name]


def _limit(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"expected a number of steps, got {shown(value)}")
    return value


TraceParam = Annotated[Asked, Parser(_trace_options)]
NO_OPTIONS = Asked(TraceConfig(), Overrides())


@method("debug_traceTransaction", lane="execute")
def trace_transaction(door: Door, transaction_hash: HashParam, options: TraceParam = NO_OPTIONS) -> Any:
    config = _bounded(options.config, door)
    trace = door.chain.trace_transaction(transaction_hash, config)
    if trace is None:
        raise RpcError(
            SERVER_ERROR, f"transaction not found: {hexed(transaction_hash)} is not in a block of this chain"
        )
    return trace_json(trace, config)


@method("debug_traceCall", lane="execute")
def trace_call(door: Door, transaction: CallParam, at: BlockParam = "latest", options: TraceParam = NO_OPTIONS) -> Any:
    config = _bounded(options.config, door)
    call = transaction.for_chain(door.chain.chain_id)
    return trace_json(door.chain.trace_call(call, at, config, options.overrides), config)


@method("debug_traceBlockByNumber", lane="execute")
def trace_block_by_number(door: Door, block: BlockNumberParam, options: TraceParam = NO_OPTIONS) -> list[Any]:
    return _trace_block(door, block, options)


@method("debug_traceBlockByHash", lane="execute")
def trace_block_by_hash(door: Door, block_hash: HashParam, options: TraceParam = NO_OPTIONS) -> list[Any]:
    return _trace_block(door, block_hash, options)


def _trace_block(door: Door, block: BlockRef, options: Asked) -> list[Any]:
    if door.chain.header(block).number == 0:
        raise RpcError(SERVER_ERROR, "genesis is not traceable: it has no transactions")
    config = _bounded(options.config, door)
    return [
        {"txHash": hexed(one.transaction_hash), "result": trace_json(one.trace, config)}
        for one in door.chain.trace_block(block, config)
    ]


def _bounded(config: TraceConfig, door: Door) -> TraceConfig:
    most = door.limits.trace_steps
    return replace(config, limit=min(config.limit or most, most))
