"""What Otterscan asks of a node: its twelve methods, and Erigon's one that it calls beside them."""

import time
from collections.abc import Iterator
from typing import Any

from ledger_node.chain.blocks import Address, Block
from ledger_node.chain.inspection import BlockTrace, CallFrame, Trace, TraceConfig
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import asks_too_much
from ledger_node.rpc.flatjson import placed
from ledger_node.rpc.methods.blocks import find_block, get_header_by_number
from ledger_node.rpc.methods.transactions import get_by_sender_and_nonce
from ledger_node.rpc.parse import AddressParam, BlockParam, HashParam, NumberOrBlockParam, NumberParam
from ledger_node.rpc.receipts import receipts_json
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import block_json, hexed, quantity, transaction_json
from ledger_node.rpc.tracejson import CREATIONS

API_LEVEL = 8
FRAMES = TraceConfig(tracer="call")
OPERATIONS = {"SELFDESTRUCT": 1, "CREATE": 2, "CREATE2": 3}


@method("ots_getApiLevel", lane="now")
def get_api_level(door: Door) -> int:
    return API_LEVEL


@method("erigon_getHeaderByNumber", lane="quick")
def erigon_header(door: Door, block: NumberOrBlockParam) -> dict[str, Any] | None:
    return get_header_by_number(door, block)


@method("ots_hasCode", lane="quick")
def has_code(door: Door, address: AddressParam, at: BlockParam = "latest") -> bool:
    return door.chain.code(address, at) != b""


# A TRANSACTION


@method("ots_getInternalOperations", lane="execute")
def get_internal_operations(door: Door, transaction_hash: HashParam) -> list[dict[str, Any]]:
    """Ether that moved below the transaction itself, contracts made and destroyed."""
    return [
        {
            "type": kind,
            "from": hexed(frame.sender),
            "to": hexed(frame.to or bytes(20)),
            "value": quantity(frame.value or 0),
        }
        for frame, at, _ in _placed(door, transaction_hash)
        if at and (kind := _operation(frame)) is not None
    ]


def _operation(frame: CallFrame) -> int | None:
    return 0 if frame.type == "CALL" and frame.value else OPERATIONS.get(frame.type)


@method("ots_getTransactionError", lane="execute")
def get_transaction_error(door: Door, transaction_hash: HashParam) -> str:
    """What it reverted with."""
    top = next(_placed(door, transaction_hash), None)
    return "0x" if top is None or top[0].error is None else hexed(top[0].output)


@method("ots_traceTransaction", lane="execute")
def trace_transaction(door: Door, transaction_hash: HashParam) -> list[dict[str, Any]]:
    return [
        {
            "type": frame.type,
            "depth": len(at),
            "from": hexed(frame.sender),
            "to": hexed(frame.to or bytes(20)),
            "value": quantity(frame.value or 0),
            "input": hexed(frame.input),
            "output": hexed(frame.output),
        }
        for frame, at, _ in _placed(door, transaction_hash)
    ]


def _placed(door: Door, transaction_hash: bytes) -> Iterator[tuple[CallFrame, tuple[int, ...], int]]:
    trace = door.chain.trace_transaction(transaction_hash, FRAMES)
    return iter(()) if trace is None else placed(_frames(trace), precompiled=True)


def _frames(trace: Trace) -> CallFrame:
    assert isinstance(trace, CallFrame), "the call tracer was asked for"
    return trace


@method("ots_getTransactionBySenderAndNonce")
def get_transaction_by_sender_and_nonce(door: Door, sender: AddressParam, nonce: NumberParam) -> str | None:
    found = get_by_sender_and_nonce(door, sender, nonce)
    return None if found is None else str(found["hash"])


# BLOCKS


@method("ots_getBlockDetails")
def get_block_details(door: Door, block: NumberOrBlockParam) -> dict[str, Any] | None:
    found = find_block(door, block)
    if found is None:
        return None
    shown = _counted(found)
    del shown["transactions"]
    receipts = door.chain.receipts(found.header.hash)
    nothing = quantity(0)  # nobody is rewarded
    return {
        "block": shown,
        "issuance": {"blockReward": nothing, "uncleReward": nothing, "issuance": nothing},
        "totalFees": quantity(sum(receipt.gas_used * receipt.effective_gas_price for receipt in receipts)),
    }


@method("ots_getBlockDetailsByHash")
def get_block_details_by_hash(door: Door, block_hash: HashParam) -> dict[str, Any] | None:
    return get_block_details(door, block_hash)


@method("ots_getBlockTransactions")
def get_block_transactions(
    door: Door, block: NumberOrBlockParam, page: NumberParam, size: NumberParam
) -> dict[str, Any] | None:
    _check_page(door, size)
    found = find_block(door, block)
    if found is None:
        return None
    part = slice(page * size, (page + 1) * size)
    shown = _counted(found, full=True)
    shown["transactions"] = [_shortened(one) for one in shown["transactions"][part]]
    return {"fullblock": shown, "receipts": receipts_json(door.chain, found, found.header.hash)[part]}


def _counted(block: Block, *, full: bool = False) -> dict[str, Any]:
    return block_json(block, full_transactions=full) | {"transactionCount": len(block.transactions)}


def _shortened(transaction: dict[str, Any]) -> dict[str, Any]:
    """Only the selector of what it calls, as Otterscan wants it."""
    return transaction | {"input": transaction["input"][:10]}


def _check_page(door: Door, size: int) -> None:
    if size > (most := door.limits.trace_results):
        raise asks_too_much(f"the page is too large: {size} are asked for, {most} allowed")


# SEARCHES: the history is walked block by block, and what takes part only inside shows when a block is traced


@method("ots_searchTransactionsBefore", lane="execute")
def search_before(door: Door, address: AddressParam, block: NumberParam, size: NumberParam) -> dict[str, Any]:
    """The newest transactions before a block (0: before the next one) that `address` takes part in, newest first."""
    head = door.chain.head().number
    first = head if block == 0 else min(block - 1, head)
    found, at_end = _search(door, address, range(first, -1, -1), size)
    return _page(door, found, first=block == 0 or block > head, last=at_end)


@method("ots_searchTransactionsAfter", lane="execute")
def search_after(door: Door, address: AddressParam, block: NumberParam, size: NumberParam) -> dict[str, Any]:
    """The oldest ones after a block (0: from the first block on), newest first."""
    head = door.chain.head().number
    found, at_end = _search(door, address, range(1 if block == 0 else block + 1, head + 1), size)
    return _page(door, found[::-1], first=at_end, last=block == 0)


Found = tuple[Block, list[int]]


def _search(door: Door, address: Address, numbers: range, size: int) -> tuple[list[Found], bool]:
    """Whole blocks until the page is full; and whether there are no more.

    What one request may take ends the page, or raises -32602 where it is still empty.
    """
    _check_page(door, size)
    found: list[Found] = []
    traced = 0
    end = time.monotonic() + door.limits.search_ms / 1000
    for number in numbers:
        if sum(len(places) for _, places in found) >= max(size, 1):
            return found, False
        block = door.chain.block(number)
        late = time.monotonic() > end
        if not block.transactions and not late:
            continue
        if late or traced >= door.limits.trace_blocks:
            if found:
                return found, False
            raise asks_too_much(f"nothing is found in what one request may search; go on from block {number}")
        traced += 1
        (trace,) = door.chain.trace_blocks([number], FRAMES)
        if places := _taking_part(trace, address, block):
            found.append((block, places))
    return found, True


def _taking_part(traced: BlockTrace, address: Address, block: Block) -> list[int]:
    return [
        position
        for position, one in enumerate(traced.transactions)
        if address == block.transactions[position].sender
        or any(address in (frame.sender, frame.to) for frame, _, _ in placed(_frames(one.trace), precompiled=True))
    ]


def _page(door: Door, found: list[Found], *, first: bool, last: bool) -> dict[str, Any]:
    transactions, receipts = [], []
    for block, places in found:
        in_json = receipts_json(door.chain, block, block.header.hash)
        stamp = {"timestamp": quantity(block.header.timestamp)}
        for place in reversed(places):
            transactions.append(transaction_json(block.transactions[place], base_fee=block.header.base_fee_per_gas))
            receipts.append(in_json[place] | stamp)
    return {"txs": transactions, "receipts": receipts, "firstPage": first, "lastPage": last}


# WHO MADE A CONTRACT


@method("ots_getContractCreator", lane="execute")
def get_contract_creator(door: Door, address: AddressParam) -> dict[str, str] | None:
    """Null where there is no contract, or no transaction made it: it was there from the start."""
    head = door.chain.head().number
    if not door.chain.code(address, head) or door.chain.code(address, 0):
        return None
    before, there = 0, head
    while there - before > 1:
        middle = (before + there) // 2
        before, there = (before, middle) if door.chain.code(address, middle) else (middle, there)
    (traced,) = door.chain.trace_blocks([there], FRAMES)
    for one in traced.transactions:
        for frame, _, _ in placed(_frames(one.trace)):
            if frame.type in CREATIONS and frame.to == address and frame.error is None:
                return {"hash": hexed(one.transaction_hash), "creator": hexed(frame.sender)}
    return None
