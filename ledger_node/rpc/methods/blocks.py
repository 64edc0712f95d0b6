"""Blocks and headers. A block that is not there is null, never an error."""

from typing import Any

from ledger_node.chain.blocks import Block, BlockRef
from ledger_node.chain.errors import BlockNotFound
from ledger_node.rpc.door import Door
from ledger_node.rpc.parse import BlockNumberParam, BlockParam, BoolParam, HashParam, Uint64Param
from ledger_node.rpc.receipts import receipts_json
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import block_json, header_json, quantity, receipt_json


@method("eth_blockNumber", lane="now")
def block_number(door: Door) -> str:
    return quantity(door.chain.head().number)


@method("eth_getBlockByNumber")
def get_block_by_number(door: Door, block: BlockNumberParam, full: BoolParam = False) -> dict[str, Any] | None:
    found = find_block(door, block)
    return None if found is None else block_json(found, full_transactions=full)


@method("eth_getBlockByHash")
def get_block_by_hash(door: Door, block_hash: HashParam, full: BoolParam = False) -> dict[str, Any] | None:
    return get_block_by_number(door, block_hash, full)


@method("eth_getHeaderByNumber", lane="quick")
def get_header_by_number(door: Door, block: BlockNumberParam) -> dict[str, Any] | None:
    try:
        return header_json(door.chain.header(block))
    except BlockNotFound:
        return None


@method("eth_getHeaderByHash", lane="quick")
def get_header_by_hash(door: Door, block_hash: HashParam) -> dict[str, Any] | None:
    return get_header_by_number(door, block_hash)


@method("eth_getBlockTransactionCountByNumber")
def transaction_count_by_number(door: Door, block: BlockNumberParam) -> str | None:
    found = find_block(door, block)
    return None if found is None else quantity(len(found.transactions))


@method("eth_getBlockTransactionCountByHash")
def transaction_count_by_hash(door: Door, block_hash: HashParam) -> str | None:
    return transaction_count_by_number(door, block_hash)


@method("eth_getBlockReceipts")
def get_block_receipts(door: Door, block: BlockParam) -> list[dict[str, Any]] | None:
    found = find_block(door, block)
    if found is None:
        return None
    if found.header.number > door.chain.head().number:  # the next one: what waits may change between two questions
        return [receipt_json(receipt) for receipt in door.chain.receipts(block)]
    return receipts_json(door.chain, found, found.header.hash)


# UNCLES: proof of authority has none, but imported chains may name some by hash


@method("eth_getUncleCountByBlockNumber")
def uncle_count_by_number(door: Door, block: BlockNumberParam) -> str | None:
    found = find_block(door, block)
    return None if found is None else quantity(len(found.ommers))


@method("eth_getUncleCountByBlockHash")
def uncle_count_by_hash(door: Door, block_hash: HashParam) -> str | None:
    return uncle_count_by_number(door, block_hash)


@method("eth_getUncleByBlockNumberAndIndex")
def uncle_by_number(door: Door, block: BlockNumberParam, index: Uint64Param) -> None:
    return None


@method("eth_getUncleByBlockHashAndIndex")
def uncle_by_hash(door: Door, block_hash: HashParam, index: Uint64Param) -> None:
    return None


def find_block(door: Door, block: BlockRef) -> Block | None:
    try:
        return door.chain.block(block)
    except BlockNotFound:
        return None
