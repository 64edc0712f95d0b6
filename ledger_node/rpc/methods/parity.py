"""Traces in Parity's shape, as explorers and indexers ask for them: a flat list of frames, each with its place.

Nobody is rewarded on this network, so there are no reward traces.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from ledger_node.chain.blocks import BlockRef, Hash32
from ledger_node.chain.errors import BlockNotFound
from ledger_node.chain.inspection import BlockTrace, CallFrame, Trace, TraceConfig
from ledger_node.rpc import parse
from ledger_node.rpc.callargs import CallParam
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import SERVER_ERROR, RpcError, asks_too_much, invalid_params
from ledger_node.rpc.flatjson import Placed, in_block, parity_trace, parity_traces, placed
from ledger_node.rpc.parse import BlockParam, HashParam, Parser, array, fields, member, shown, text
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed

FRAMES = TraceConfig(tracer="call", message_gas=True)

# WHAT WAS MINED


@method("trace_block", lane="execute")
def trace_block(door: Door, block: BlockParam) -> list[dict[str, Any]]:
    try:
        return list(_shown(_traced(door, block)))
    except BlockNotFound:
        return []


def _traced(door: Door, block: BlockRef) -> BlockTrace:
    header = door.chain.header(block)
    pinned = block if block == "pending" else header.hash
    return BlockTrace(header, door.chain.trace_block(pinned, FRAMES))


@method("trace_transaction", lane="execute")
def trace_transaction(door: Door, transaction_hash: HashParam) -> list[dict[str, Any]]:
    found = door.chain.transaction(transaction_hash)
    if found is None or found.block_number is None or found.block_hash is None or found.index is None:
        return []
    place = in_block(found.block_number, found.block_hash, found.index, transaction_hash)
    return [trace | place for trace in parity_traces(_frames(door.chain.trace_transaction(transaction_hash, FRAMES)))]


def _indexes(value: Any) -> tuple[int, ...]:
    return array(value, parse.quantity_or_integer, "indexes")


IndexesParam = Annotated[tuple[int, ...], Parser(_indexes)]


@method("trace_get", lane="execute")
def trace_get(door: Door, transaction_hash: HashParam, at: IndexesParam) -> dict[str, Any] | None:
    """The trace at a trace address; null where there is none."""
    traces = trace_transaction(door, transaction_hash)
    return next((trace for trace in traces if trace["traceAddress"] == list(at)), None)


def _shown(traced: BlockTrace) -> Iterator[dict[str, Any]]:
    for position, one in enumerate(traced.transactions):
        place = _place(traced, position, one.transaction_hash)
        yield from (trace | place for trace in parity_traces(_frames(one.trace)))


def _place(traced: BlockTrace, position: int, transaction_hash: Hash32) -> dict[str, Any]:
    return in_block(traced.header.number, traced.header.hash, position, transaction_hash)


def _frames(trace: Trace | None) -> CallFrame:
    assert isinstance(trace, CallFrame), "the call tracer was asked for"
    return trace


# FOUND BY ADDRESS


@dataclass(frozen=True, slots=True)
class Wanted:
    first: BlockRef
    last: BlockRef
    senders: frozenset[bytes]
    recipients: frozenset[bytes]
    both: bool
    after: int
    count: int | None

    def takes(self, frame: CallFrame) -> bool:
        """With both lists given, a frame of either is wanted, or in the mode `intersection` one that is in both."""
        sent, received = frame.sender in self.senders, frame.to in self.recipients
        if self.senders and self.recipients:
            return (sent and received) if self.both else (sent or received)
        return sent or received or not (self.senders or self.recipients)


def _wanted(value: Any) -> Wanted:
    given = fields(value)
    known = ("fromBlock", "toBlock", "fromAddress", "toAddress", "mode", "after", "count")
    for name in given:
        if name not in known:
            raise ValueError(f"unknown member {shown(name)}; known are {', '.join(known)}")
    return Wanted(
        first=member(given, "fromBlock", parse.block_number_or_tag, "earliest"),
        last=member(given, "toBlock", parse.block_number_or_tag, "latest"),
        senders=member(given, "fromAddress", _addresses, frozenset()),
        recipients=member(given, "toAddress", _addresses, frozenset()),
        both=member(given, "mode", _mode, "union") == "intersection",
        after=member(given, "after", parse.quantity_or_integer, 0),
        count=member(given, "count", parse.quantity_or_integer, None),
    )


def _addresses(value: Any) -> frozenset[bytes]:
    return frozenset(array(value, parse.address, "addresses"))


def _mode(value: Any) -> str:
    if value not in ("union", "intersection"):
        raise ValueError(f'expected "union" or "intersection", got {shown(value)}')
    return str(value)


WantedParam = Annotated[Wanted, Parser(_wanted)]


@method("trace_filter", lane="execute")
def trace_filter(door: Door, wanted: WantedParam) -> list[dict[str, Any]]:
    """`after` of the traces found are left out, and at most `count` shown."""
    if len(wanted.senders) + len(wanted.recipients) > door.limits.log_addresses:
        raise asks_too_much(f"too many addresses: at most {door.limits.log_addresses}; ask in parts")
    traced = door.chain.trace_blocks(_range(door, wanted), FRAMES)
    most = door.limits.trace_results
    found: list[dict[str, Any]] = []
    for index, trace in enumerate(_matching(traced, wanted)):
        if wanted.count is not None and len(found) >= wanted.count:
            break
        if index < wanted.after:
            continue
        if len(found) >= most:
            raise asks_too_much(f"more than {most} traces: ask with a `count` of at most {most}, or for fewer blocks")
        found.append(trace)
    return found


def _range(door: Door, wanted: Wanted) -> range:
    head = door.chain.head().number
    first, last = (at if isinstance(at, int) else door.chain.header(at).number for at in (wanted.first, wanted.last))
    if first > last:
        raise invalid_params(f"invalid block range: fromBlock {first} is above toBlock {last}")
    blocks = range(first, min(last, head) + 1)
    if len(blocks) > door.limits.trace_blocks:
        most = door.limits.trace_blocks
        raise asks_too_much(f"block range is too wide: {len(blocks)} blocks, {most} allowed; ask in parts")
    return blocks


def _matching(traced: tuple[BlockTrace, ...], wanted: Wanted) -> Iterator[dict[str, Any]]:
    for block in traced:
        for position, one in enumerate(block.transactions):
            place = _place(block, position, one.transaction_hash)
            matching: Iterator[Placed] = (frame for frame in placed(_frames(one.trace)) if wanted.takes(frame[0]))
            yield from (parity_trace(*frame) | place for frame in matching)


# WHAT WOULD BE, AND REPLAYS


def _kinds(value: Any) -> tuple[str, ...]:
    kinds = array(value, text, "kinds of traces")
    for kind in kinds:
        if kind != "trace":
            raise ValueError(f'{shown(kind)} is not made here: ask for "trace", and for changes use prestateTracer')
    return kinds


KindsParam = Annotated[tuple[str, ...], Parser(_kinds)]


@method("trace_call", lane="execute")
def trace_call(door: Door, transaction: CallParam, kinds: KindsParam, at: BlockParam = "latest") -> dict[str, Any]:
    call = transaction.for_chain(door.chain.chain_id)
    return _replayed(_frames(door.chain.trace_call(call, at, FRAMES)), kinds)


@method("trace_replayTransaction", lane="execute")
def replay_transaction(door: Door, transaction_hash: HashParam, kinds: KindsParam) -> dict[str, Any]:
    trace = door.chain.trace_transaction(transaction_hash, FRAMES)
    if trace is None:
        raise RpcError(SERVER_ERROR, f"transaction not found: {hexed(transaction_hash)} is not in a block")
    return _replayed(_frames(trace), kinds)


@method("trace_replayBlockTransactions", lane="execute")
def replay_block(door: Door, block: BlockParam, kinds: KindsParam) -> list[dict[str, Any]]:
    return [
        _replayed(_frames(one.trace), kinds) | {"transactionHash": hexed(one.transaction_hash)}
        for one in _traced(door, block).transactions
    ]


def _replayed(top: CallFrame, kinds: tuple[str, ...]) -> dict[str, Any]:
    trace = parity_traces(top) if kinds else []
    return {"output": hexed(top.output), "stateDiff": None, "trace": trace, "vmTrace": None}
