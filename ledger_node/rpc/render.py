"""The chain's plain data in geth's JSON shapes. Decides no rule and reads no chain."""

from collections.abc import Iterable
from typing import Any

from ledger_node.chain.blocks import Authorization, Block, Header, Log, Receipt, Transaction
from ledger_node.chain.inspection import AccessList

BLOB_GAS = 131_072
BLOB_TRANSACTION = 3


def quantity(number: int) -> str:
    return hex(number)


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def word(number: int) -> str:
    return f"0x{number:064x}"


def _maybe(data: bytes | None) -> str | None:
    return None if data is None else hexed(data)


# HEADERS AND BLOCKS


def header_json(header: Header) -> dict[str, Any]:
    """As in a `newHeads` notification. Fields of later forks are absent from earlier blocks; no totalDifficulty."""
    shown: dict[str, Any] = {
        "number": quantity(header.number),
        "hash": hexed(header.hash),
        "parentHash": hexed(header.parent_hash),
        "nonce": hexed(header.nonce),
        "mixHash": hexed(header.mix_hash),
        "sha3Uncles": hexed(header.ommers_hash),
        "logsBloom": hexed(header.logs_bloom),
        "transactionsRoot": hexed(header.transactions_root),
        "stateRoot": hexed(header.state_root),
        "receiptsRoot": hexed(header.receipts_root),
        "miner": hexed(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": hexed(header.extra_data),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
    }
    if header.base_fee_per_gas is not None:
        shown["baseFeePerGas"] = quantity(header.base_fee_per_gas)
    if header.withdrawals_root is not None:
        shown["withdrawalsRoot"] = hexed(header.withdrawals_root)
    if header.blob_gas_used is not None:
        shown["blobGasUsed"] = quantity(header.blob_gas_used)
    if header.excess_blob_gas is not None:
        shown["excessBlobGas"] = quantity(header.excess_blob_gas)
    if header.parent_beacon_block_root is not None:
        shown["parentBeaconBlockRoot"] = hexed(header.parent_beacon_block_root)
    if header.requests_hash is not None:
        shown["requestsHash"] = hexed(header.requests_hash)
    return shown


def block_json(block: Block, *, full_transactions: bool) -> dict[str, Any]:
    shown = header_json(block.header)
    shown["size"] = quantity(block.size)
    base_fee = block.header.base_fee_per_gas
    shown["transactions"] = [
        transaction_json(transaction, base_fee=base_fee) if full_transactions else hexed(transaction.hash)
        for transaction in block.transactions
    ]
    shown["uncles"] = [hexed(ommer) for ommer in block.ommers]
    if block.withdrawals is not None:
        shown["withdrawals"] = [
            {
                "index": quantity(index),
                "validatorIndex": quantity(validator),
                "address": hexed(address),
                "amount": quantity(gwei),
            }
            for index, validator, address, gwei in block.withdrawals
        ]
    return shown


# TRANSACTIONS


def transaction_json(transaction: Transaction, *, base_fee: int | None) -> dict[str, Any]:
    """`base_fee` is that of its block; not used while it is pending."""
    shown: dict[str, Any] = {
        "blockHash": _maybe(transaction.block_hash),
        "blockNumber": None if transaction.block_number is None else quantity(transaction.block_number),
        "transactionIndex": None if transaction.index is None else quantity(transaction.index),
        "blockTimestamp": None if transaction.block_timestamp is None else quantity(transaction.block_timestamp),
        "hash": hexed(transaction.hash),
        "type": quantity(transaction.type),
        "nonce": quantity(transaction.nonce),
        "from": hexed(transaction.sender),
        "to": _maybe(transaction.to),
        "value": quantity(transaction.value),
        "input": hexed(transaction.data),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(effective_gas_price(transaction, base_fee)),
        "v": quantity(transaction.v),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    if transaction.chain_id is not None:  # a legacy transaction without EIP-155 has none
        shown["chainId"] = quantity(transaction.chain_id)
    if transaction.type > 0:
        shown["yParity"] = quantity(transaction.v)
    if transaction.access_list is not None:
        shown["accessList"] = access_list_json(transaction.access_list)
    if transaction.max_fee_per_gas is not None:
        shown["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        shown["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas or 0)
    if transaction.max_fee_per_blob_gas is not None:
        shown["maxFeePerBlobGas"] = quantity(transaction.max_fee_per_blob_gas)
        shown["blobVersionedHashes"] = [hexed(item) for item in transaction.blob_versioned_hashes or ()]
    if transaction.authorization_list is not None:
        shown["authorizationList"] = [_authorization_json(item) for item in transaction.authorization_list]
    return shown


def effective_gas_price(transaction: Transaction, base_fee: int | None) -> int:
    """What a mined transaction paid per gas; while pending, the most it would pay."""
    if transaction.max_fee_per_gas is None:
        return transaction.gas_price or 0
    if transaction.block_number is None:
        return transaction.max_fee_per_gas
    return min((base_fee or 0) + (transaction.max_priority_fee_per_gas or 0), transaction.max_fee_per_gas)


def access_list_json(access_list: AccessList) -> list[dict[str, Any]]:
    return [
        {"address": hexed(address), "storageKeys": [word(slot) for slot in slots]} for address, slots in access_list
    ]


def _authorization_json(authorization: Authorization) -> dict[str, str]:
    return {
        "chainId": quantity(authorization.chain_id),
        "address": hexed(authorization.address),
        "nonce": quantity(authorization.nonce),
        "yParity": quantity(authorization.y_parity),
        "r": quantity(authorization.r),
        "s": quantity(authorization.s),
    }


# RECEIPTS AND LOGS


def receipt_json(receipt: Receipt, *, blobs: int = 0, blob_base_fee: int = 0) -> dict[str, Any]:
    """`blobs` of the transaction and the block's blob base fee matter for type 3 alone."""
    shown: dict[str, Any] = {
        "type": quantity(receipt.type),
        "cumulativeGasUsed": quantity(receipt.cumulative_gas_used),
        "logsBloom": hexed(receipt.logs_bloom),
        "logs": logs_json(receipt.logs),
        "transactionHash": hexed(receipt.transaction_hash),
        "transactionIndex": quantity(receipt.transaction_index),
        "blockHash": hexed(receipt.block_hash),
        "blockNumber": quantity(receipt.block_number),
        "gasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(receipt.effective_gas_price),
        "from": hexed(receipt.sender),
        "to": _maybe(receipt.to),
        "contractAddress": _maybe(receipt.contract_address),
    }
    if receipt.state_root is not None:
        shown["root"] = hexed(receipt.state_root)
    else:
        shown["status"] = "0x1" if receipt.succeeded else "0x0"
    if receipt.type == BLOB_TRANSACTION:
        shown["blobGasUsed"] = quantity(blobs * BLOB_GAS)
        shown["blobGasPrice"] = quantity(blob_base_fee)
    return shown


def log_json(log: Log) -> dict[str, Any]:
    # Written out, because an answer may hold thousands: `hexed` and `quantity` would take half of the time.
    return {
        "address": f"0x{log.address.hex()}",
        "topics": [f"0x{topic.hex()}" for topic in log.topics],
        "data": f"0x{log.data.hex()}",
        "blockNumber": hex(log.block_number),
        "transactionHash": f"0x{log.transaction_hash.hex()}",
        "transactionIndex": hex(log.transaction_index),
        "blockHash": f"0x{log.block_hash.hex()}",
        "blockTimestamp": hex(log.block_timestamp),
        "logIndex": hex(log.log_index),
        "removed": False,
    }


def logs_json(logs: Iterable[Log]) -> list[dict[str, Any]]:
    return [log_json(log) for log in logs]
