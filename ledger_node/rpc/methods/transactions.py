"""Transactions and receipts, mined and pending. One that is not there is null."""

from typing import Any

from ledger_node.chain.blocks import BlockRef, Transaction
from ledger_node.rpc.blobs import blob_base_fee
from ledger_node.rpc.door import Door
from ledger_node.rpc.methods.blocks import find_block
from ledger_node.rpc.parse import AddressParam, BlockNumberParam, HashParam, Uint64Param
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import BLOB_TRANSACTION, hexed, receipt_json, transaction_json


@method("eth_getTransactionByHash", lane="quick")
def get_transaction_by_hash(door: Door, transaction_hash: HashParam) -> dict[str, Any] | None:
    return shown(door, door.chain.transaction(transaction_hash))


@method("eth_getTransactionByBlockNumberAndIndex")
def get_by_number_and_index(door: Door, block: BlockNumberParam, index: Uint64Param) -> dict[str, Any] | None:
    return shown(door, _at(door, block, index))


@method("eth_getTransactionByBlockHashAndIndex")
def get_by_hash_and_index(door: Door, block_hash: HashParam, index: Uint64Param) -> dict[str, Any] | None:
    return shown(door, _at(door, block_hash, index))


@method("eth_getRawTransactionByHash", lane="quick")
def get_raw_by_hash(door: Door, transaction_hash: HashParam) -> str | None:
    return _raw(door.chain.transaction(transaction_hash))


@method("eth_getRawTransactionByBlockNumberAndIndex")
def get_raw_by_number_and_index(door: Door, block: BlockNumberParam, index: Uint64Param) -> str | None:
    return _raw(_at(door, block, index))


@method("eth_getRawTransactionByBlockHashAndIndex")
def get_raw_by_hash_and_index(door: Door, block_hash: HashParam, index: Uint64Param) -> str | None:
    return _raw(_at(door, block_hash, index))


@method("eth_getTransactionBySenderAndNonce")
def get_by_sender_and_nonce(door: Door, sender: AddressParam, nonce: Uint64Param) -> dict[str, Any] | None:
    """Pending ones from the pool; mined ones by bisecting the sender's nonce over the history."""
    for transaction in (*door.chain.pending_transactions(), *door.chain.queued_transactions()):
        if transaction.sender == sender and transaction.nonce == nonce:
            return shown(door, transaction)
    head = door.chain.head().number
    if door.chain.nonce(sender, head) <= nonce:
        return None
    first, last = 0, head
    while first < last:
        middle = (first + last) // 2
        first, last = (middle + 1, last) if door.chain.nonce(sender, middle) <= nonce else (first, middle)
    mined = (one for one in door.chain.block(first).transactions if (one.sender, one.nonce) == (sender, nonce))
    return shown(door, next(mined, None))


@method("eth_getTransactionReceipt")
def get_transaction_receipt(door: Door, transaction_hash: HashParam) -> dict[str, Any] | None:
    receipt = door.chain.receipt(transaction_hash)
    if receipt is None:
        return None
    if receipt.type != BLOB_TRANSACTION:
        return receipt_json(receipt)
    transaction = door.chain.transaction(transaction_hash)
    assert transaction is not None, "a receipt has a transaction"
    fee = blob_base_fee(door.chain.header(receipt.block_number))
    return receipt_json(receipt, blobs=len(transaction.blob_versioned_hashes or ()), blob_base_fee=fee)


def shown(door: Door, transaction: Transaction | None) -> dict[str, Any] | None:
    if transaction is None:
        return None
    base_fee = None
    if transaction.block_number is not None and transaction.max_fee_per_gas is not None:
        number = transaction.block_number
        base_fee = door.chain.header(number if number <= door.chain.head().number else "pending").base_fee_per_gas
    return transaction_json(transaction, base_fee=base_fee)


def _at(door: Door, block: BlockRef, index: int) -> Transaction | None:
    found = find_block(door, block)
    return found.transactions[index] if found is not None and index < len(found.transactions) else None


def _raw(transaction: Transaction | None) -> str | None:
    return None if transaction is None else hexed(transaction.raw)
