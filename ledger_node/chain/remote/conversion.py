"""JSON-RPC objects of any Ethereum client to the chain's frozen data, and questions the other way.

Clients differ in what they leave out: `blockTimestamp` of logs and transactions (taken from the block's header here),
`type` of old receipts, fields of forks they do not know. Knows no connection.
"""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from ledger_node.chain.blocks import (
    Address,
    Authorization,
    Block,
    Call,
    Header,
    Log,
    LogFilter,
    Receipt,
    Transaction,
)
from ledger_node.chain.errors import ChainUnavailable
from ledger_node.chain.remote.envelope import raw_transaction

Json = dict[str, Any]
T = TypeVar("T")


# ANSWERS: each raises ChainUnavailable for an object that lacks what every client gives


def _understood(read: Callable[..., T]) -> Callable[..., T]:
    @functools.wraps(read)
    def reading(*arguments: Any) -> T:
        try:
            return read(*arguments)
        except (KeyError, TypeError, ValueError, AttributeError) as strange:
            raise ChainUnavailable(
                f"The chain's answer is no {read.__name__.removesuffix('_of')}: {strange!r}."
            ) from None

    return reading


@_understood
def header_of(json: Json) -> Header:
    return Header(
        number=integer(json["number"]),
        hash=octets(json["hash"]),
        parent_hash=octets(json["parentHash"]),
        ommers_hash=octets(json["sha3Uncles"]),
        coinbase=octets(json["miner"]),
        state_root=octets(json["stateRoot"]),
        transactions_root=octets(json["transactionsRoot"]),
        receipts_root=octets(json["receiptsRoot"]),
        logs_bloom=octets(json["logsBloom"]),
        difficulty=integer(json.get("difficulty") or "0x0"),
        gas_limit=integer(json["gasLimit"]),
        gas_used=integer(json["gasUsed"]),
        timestamp=integer(json["timestamp"]),
        extra_data=octets(json["extraData"]),
        mix_hash=octets(json.get("mixHash") or "0x" + "00" * 32),
        nonce=octets(json.get("nonce") or "0x" + "00" * 8),
        base_fee_per_gas=_optional_integer(json, "baseFeePerGas"),
        withdrawals_root=_optional_octets(json, "withdrawalsRoot"),
        blob_gas_used=_optional_integer(json, "blobGasUsed"),
        excess_blob_gas=_optional_integer(json, "excessBlobGas"),
        parent_beacon_block_root=_optional_octets(json, "parentBeaconBlockRoot"),
        requests_hash=_optional_octets(json, "requestsHash"),
    )


@_understood
def block_of(json: Json) -> Block:
    """From an answer with whole transactions, not their hashes."""
    header = header_of(json)
    withdrawals = json.get("withdrawals")
    return Block(
        header=header,
        transactions=tuple(transaction_of(each, header.timestamp) for each in json["transactions"]),
        size=integer(json["size"]),
        withdrawals=None if withdrawals is None else tuple(_withdrawal(each) for each in withdrawals),
        ommers=tuple(octets(each) for each in json.get("uncles") or ()),
    )


@_understood
def transaction_of(json: Json, block_timestamp: int | None) -> Transaction:
    """Mined when it names a block, whose timestamp the caller knows; else pending."""
    kind = _optional_integer(json, "type") or 0
    v = integer(json["v"] if json.get("v") is not None else json["yParity"])
    mined = json.get("blockHash") is not None and json.get("blockNumber") is not None
    access_list = json.get("accessList")
    authorizations = json.get("authorizationList")
    transaction = Transaction(
        hash=octets(json["hash"]),
        type=kind,
        chain_id=_chain_id(json, kind, v),
        nonce=integer(json["nonce"]),
        sender=octets(json["from"]),
        to=_optional_octets(json, "to"),
        value=integer(json["value"]),
        data=octets(json["input"]),
        gas=integer(json["gas"]),
        # Clients put the price paid into `gasPrice` of type 2 and later, where it is no field of the transaction.
        gas_price=integer(json["gasPrice"]) if kind in (0, 1) else None,
        max_fee_per_gas=None if kind in (0, 1) else integer(json["maxFeePerGas"]),
        max_priority_fee_per_gas=None if kind in (0, 1) else integer(json["maxPriorityFeePerGas"]),
        access_list=None if kind == 0 else tuple(_access(each) for each in access_list or ()),
        authorization_list=tuple(_authorization(each) for each in authorizations or ()) if kind == 4 else None,
        v=v,
        r=integer(json["r"]),
        s=integer(json["s"]),
        raw=b"",
        max_fee_per_blob_gas=_optional_integer(json, "maxFeePerBlobGas") if kind == 3 else None,
        blob_versioned_hashes=tuple(octets(each) for each in json["blobVersionedHashes"]) if kind == 3 else None,
        block_number=integer(json["blockNumber"]) if mined else None,
        block_hash=octets(json["blockHash"]) if mined else None,
        index=integer(json["transactionIndex"]) if mined else None,
        block_timestamp=block_timestamp if mined else None,
    )
    return replace(transaction, raw=raw_transaction(transaction))


@_understood
def receipt_of(json: Json, block_timestamp: int) -> Receipt:
    status = _optional_integer(json, "status")
    return Receipt(
        transaction_hash=octets(json["transactionHash"]),
        transaction_index=integer(json["transactionIndex"]),
        block_number=integer(json["blockNumber"]),
        block_hash=octets(json["blockHash"]),
        type=_optional_integer(json, "type") or 0,
        sender=octets(json["from"]),
        to=_optional_octets(json, "to"),
        contract_address=_optional_octets(json, "contractAddress"),
        succeeded=status != 0,
        gas_used=integer(json["gasUsed"]),
        cumulative_gas_used=integer(json["cumulativeGasUsed"]),
        effective_gas_price=_optional_integer(json, "effectiveGasPrice") or 0,
        logs_bloom=octets(json["logsBloom"]),
        logs=tuple(log_of(each, block_timestamp) for each in json["logs"]),
        state_root=_optional_octets(json, "root") if status is None else None,
    )


@_understood
def log_of(json: Json, block_timestamp: int) -> Log:
    return Log(
        address=octets(json["address"]),
        topics=tuple(octets(each) for each in json["topics"]),
        data=octets(json["data"]),
        block_number=integer(json["blockNumber"]),
        block_hash=octets(json["blockHash"]),
        block_timestamp=block_timestamp,
        transaction_hash=octets(json["transactionHash"]),
        transaction_index=integer(json["transactionIndex"]),
        log_index=integer(json["logIndex"]),
    )


# QUESTIONS


def call_json(call: Call) -> Json:
    json: Json = {"from": hexadecimal(call.sender)}
    if call.to is not None:
        json["to"] = hexadecimal(call.to)
    if call.data:
        json["data"] = hexadecimal(call.data)
    if call.value:
        json["value"] = hex(call.value)
    for name, value in (
        ("gas", call.gas),
        ("gasPrice", call.gas_price),
        ("maxFeePerGas", call.max_fee_per_gas),
        ("maxPriorityFeePerGas", call.max_priority_fee_per_gas),
        ("nonce", call.nonce),
    ):
        if value is not None:
            json[name] = hex(value)
    if call.access_list:
        json["accessList"] = [
            {"address": hexadecimal(address), "storageKeys": [hexadecimal(slot.to_bytes(32, "big")) for slot in slots]}
            for address, slots in call.access_list
        ]
    if call.authorization_list:
        json["authorizationList"] = [_authorization_json(each) for each in call.authorization_list]
    return json


def filter_json(query: LogFilter, *, first: int, last: int) -> Json:
    json: Json = {}
    if query.block_hash is not None:
        json["blockHash"] = hexadecimal(query.block_hash)
    else:
        json |= {"fromBlock": hex(first), "toBlock": hex(last)}
    if query.addresses:
        json["address"] = [hexadecimal(each) for each in query.addresses]
    if query.topics:
        json["topics"] = [None if each is None else [hexadecimal(topic) for topic in each] for each in query.topics]
    return json


# VALUES


def integer(value: Any) -> int:
    return int(value, 16) if isinstance(value, str) else int(value)


def octets(value: str) -> bytes:
    digits = value.removeprefix("0x")
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


def hexadecimal(value: bytes) -> str:
    return "0x" + value.hex()


def _optional_integer(json: Json, name: str) -> int | None:
    return None if json.get(name) is None else integer(json[name])


def _optional_octets(json: Json, name: str) -> bytes | None:
    return None if json.get(name) is None else octets(json[name])


def _chain_id(json: Json, kind: int, v: int) -> int | None:
    if kind == 0:
        # EIP-155: v = chain id * 2 + 35 or 36; 27 and 28 name no chain.
        return (v - 35) // 2 if v >= 35 else None
    return integer(json["chainId"])


def _access(json: Json) -> tuple[Address, tuple[int, ...]]:
    return octets(json["address"]), tuple(integer(each) for each in json.get("storageKeys") or ())


def _authorization(json: Json) -> Authorization:
    return Authorization(
        chain_id=integer(json["chainId"]),
        address=octets(json["address"]),
        nonce=integer(json["nonce"]),
        y_parity=integer(json["yParity"] if json.get("yParity") is not None else json["v"]),
        r=integer(json["r"]),
        s=integer(json["s"]),
    )


def _authorization_json(authorization: Authorization) -> Json:
    return {
        "chainId": hex(authorization.chain_id),
        "address": hexadecimal(authorization.address),
        "nonce": hex(authorization.nonce),
        "yParity": hex(authorization.y_parity),
        "r": hex(authorization.r),
        "s": hex(authorization.s),
    }


def _withdrawal(json: Json) -> tuple[int, int, Address, int]:
    return (
        integer(json["index"]),
        integer(json["validatorIndex"]),
        octets(json["address"]),
        integer(json["amount"]),
    )
