"""Raw bytes as peers carry them, traces (what a transaction or call did, by steps or frames), an account's storage."""

from typing import Annotated, Any

from ledger_node.chain.blocks import BlockRef
from ledger_node.chain.encoding import NotCanonical
from ledger_node.chain.inspection import Trace, TraceConfig
from ledger_node.chain.wire import decode_block
from ledger_node.rpc import parse
from ledger_node.rpc.callargs import CallParam
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import SERVER_ERROR, RpcError, invalid_params
from ledger_node.rpc.flatjson import in_block
from ledger_node.rpc.parse import AddressParam, BlockNumberParam, BlockParam, DataParam, HashParam, Parser
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, word
from ledger_node.rpc.traceoptions import NO_OPTIONS, Asked, TraceParam, answers

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


@method("debug_traceTransaction", lane="execute")
def trace_transaction(door: Door, transaction_hash: HashParam, options: TraceParam = NO_OPTIONS) -> Any:
    found = door.chain.transaction(transaction_hash)
    if found is None or found.block_number is None:
        raise RpcError(
            SERVER_ERROR, f"transaction not found: {hexed(transaction_hash)} is not in a block of this chain"
        )

    def run(config: TraceConfig) -> list[Trace]:
        trace = door.chain.trace_transaction(transaction_hash, config)
        assert trace is not None, "it is mined"
        return [trace]

    assert found.block_hash is not None and found.index is not None
    place = in_block(found.block_number, found.block_hash, found.index, transaction_hash)
    return answers(options, run, [place], steps_max=door.limits.trace_steps)[0]


@method("debug_traceCall", lane="execute")
def trace_call(door: Door, transaction: CallParam, at: BlockParam = "latest", options: TraceParam = NO_OPTIONS) -> Any:
    call = transaction.for_chain(door.chain.chain_id)
    header = door.chain.header(at)
    pinned = at if at == "pending" else header.hash  # several tracers see one block

    def run(config: TraceConfig) -> list[Trace]:
        return [door.chain.trace_call(call, pinned, config, options.overrides)]

    place = {"blockHash": None, "blockNumber": 0, "transactionHash": None, "transactionPosition": 0}
    return answers(options, run, [place], steps_max=door.limits.trace_steps)[0]


@method("debug_traceBlockByNumber", lane="execute")
def trace_block_by_number(door: Door, block: BlockNumberParam, options: TraceParam = NO_OPTIONS) -> list[Any]:
    return _trace_block(door, block, options)


@method("debug_traceBlockByHash", lane="execute")
def trace_block_by_hash(door: Door, block_hash: HashParam, options: TraceParam = NO_OPTIONS) -> list[Any]:
    return _trace_block(door, block_hash, options)


@method("debug_traceBlock", lane="execute")
def trace_encoded_block(door: Door, raw: DataParam, options: TraceParam = NO_OPTIONS) -> list[Any]:
    """A block in RLP, if it is one of this chain's: another was not executed here, so its state is not known."""
    try:
        block_hash = decode_block(raw).header.hash
    except NotCanonical as error:
        raise invalid_params(f"invalid argument 0 (raw): the block cannot be decoded: {error}") from None
    return _trace_block(door, block_hash, options)


def _trace_block(door: Door, block: BlockRef, options: Asked) -> list[Any]:
    found = door.chain.block(block)
    header = found.header
    if header.number == 0:
        raise RpcError(SERVER_ERROR, "genesis is not traceable: it has no transactions")
    hashes = [transaction.hash for transaction in found.transactions]
    places = [in_block(header.number, header.hash, index, one) for index, one in enumerate(hashes)]

    pinned = block if block == "pending" else header.hash

    def run(config: TraceConfig) -> list[Trace]:
        traced = door.chain.trace_block(pinned, config)
        if [one.transaction_hash for one in traced] != hashes:
            raise RpcError(SERVER_ERROR, "the next block changed while it was traced; ask again")
        return [one.trace for one in traced]

    shown = answers(options, run, places, steps_max=door.limits.trace_steps)
    return [{"txHash": hexed(one), "result": result} for one, result in zip(hashes, shown, strict=True)]


# STORAGE

IndexParam = Annotated[int, Parser(parse.integer)]


@method("debug_storageRangeAt", lane="execute")
def storage_range_at(
    door: Door, at: BlockParam, index: IndexParam, address: AddressParam, start: DataParam, most: IndexParam
) -> dict[str, Any]:
    """An account's storage before a transaction of a block. More than may be in one answer is at `nextKey`."""
    block = door.chain.block(at)
    if block.header.number == 0:
        raise RpcError(SERVER_ERROR, "no transaction in genesis")
    if index not in range(max(len(block.transactions), 1)):
        shown = hexed(block.header.hash)
        raise RpcError(SERVER_ERROR, f"transaction index {index} out of range for block {shown}")
    pinned = at if at == "pending" else block.header.hash
    most = min(max(most, 0), door.limits.storage_slots)
    found = door.chain.storage_range(pinned, index, address, start, most)
    if found is None:
        return {"storage": None, "nextKey": None}
    entries = {hexed(one.hashed_slot): {"key": None, "value": word(one.value)} for one in found.entries}
    going_on = found.next_hashed_slot
    return {"storage": entries, "nextKey": None if going_on is None else hexed(going_on)}
