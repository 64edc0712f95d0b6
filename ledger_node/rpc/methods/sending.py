"""Handing in signed transactions; and the methods that would sign with a key of the node's, which are refused."""

import contextlib
import queue
import time
from collections.abc import Callable
from typing import Any

import orjson

from ledger_node.chain.blocks import Call, Header
from ledger_node.chain.wire import decode_transaction
from ledger_node.rpc.callargs import CallParam
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import SERVER_ERROR, SYNC_TIMEOUT, SYNC_UNREADY, RpcError, invalid_params
from ledger_node.rpc.methods.transactions import get_transaction_receipt
from ledger_node.rpc.parse import AddressParam, AnyParam, DataParam, NumberParam
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, transaction_json


@method("eth_sendRawTransaction")
def send_raw_transaction(door: Door, raw: DataParam) -> str:
    return hexed(_send(door, raw))


def _send(door: Door, raw: bytes) -> bytes:
    def send() -> bytes:
        transaction_hash = door.chain.send_raw_transaction(raw)
        door.chain.build_on(transaction_hash)
        return transaction_hash

    return send() if door.settings.profile != "dev" else _until_mined(door, send)


def _until_mined(door: Door, send: Callable[[], bytes]) -> bytes:
    """In the dev profile a transaction is answered when its receipt is there, where blocks are made at once: test
    suites are written for that. One that waits for an earlier nonce, or that no block takes, is not waited for."""
    heads: queue.SimpleQueue[Header] = queue.SimpleQueue()
    stop_listening = door.chain.on_new_head(heads.put)
    try:
        transaction_hash = send()
        deadline = time.monotonic() + door.limits.send_sync_timeout_ms / 1000
        while door.dev.automines and _is_ready(door, transaction_hash) and time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                heads.get(timeout=0.05)  # a block that leaves it out has no head to tell of
        return transaction_hash
    finally:
        stop_listening()


def _is_ready(door: Door, transaction_hash: bytes) -> bool:
    return any(one.hash == transaction_hash for one in door.chain.pending_transactions())


@method("eth_sendRawTransactionSync", lane="wait")
def send_raw_transaction_sync(door: Door, raw: DataParam, timeout_ms: NumberParam = 0) -> dict[str, Any]:
    """EIP-7966: the receipt, once it is mined.

    Code 4 when that takes longer than the timeout, code 5 when it waits for an earlier nonce; both carry the hash, and
    the transaction stays in the pool. A timeout of 0, or above the node's limit, means the node's default.
    """
    heads: queue.SimpleQueue[Header] = queue.SimpleQueue()
    stop_listening = door.chain.on_new_head(heads.put)  # before sending: no head may slip by
    try:
        transaction_hash = _send(door, raw)
        if any(waiting.hash == transaction_hash for waiting in door.chain.queued_transactions()):
            raise RpcError(
                SYNC_UNREADY,
                "the transaction is in the pool but waits for an earlier nonce of its sender; send that one",
                hexed(transaction_hash),
            )
        return _mined(door, transaction_hash, heads, timeout_ms)
    finally:
        stop_listening()


def _mined(door: Door, transaction_hash: bytes, heads: "queue.SimpleQueue[Header]", timeout_ms: int) -> dict[str, Any]:
    limits = door.limits
    wait_ms = timeout_ms if 0 < timeout_ms <= limits.send_sync_timeout_max_ms else limits.send_sync_timeout_ms
    deadline = time.monotonic() + wait_ms / 1000
    while (receipt := get_transaction_receipt(door, transaction_hash)) is None:
        try:
            heads.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            words = f"the transaction is in the pool but was not mined in {wait_ms} ms; ask for its receipt later"
            raise RpcError(SYNC_TIMEOUT, words, hexed(transaction_hash)) from None
    return receipt


# SIGNING WITH A KEY OF THE NODE'S: it has none to lend, but for the dev profile's


def no_such_key(address: bytes) -> RpcError:
    return RpcError(
        SERVER_ERROR,
        f"unknown account {hexed(address)}: this node signs for nobody else; "
        "sign with your own key and use eth_sendRawTransaction",
    )


@method("eth_accounts", "eth_requestAccounts", lane="now")
def accounts(door: Door) -> list[str]:
    return [hexed(address) for address in door.accounts.addresses]


@method("eth_sendTransaction", lane="execute")
def send_transaction(door: Door, transaction: CallParam) -> str:
    call = transaction.for_chain(door.chain.chain_id)
    if call.sender in door.accounts:
        return hexed(_send(door, _signed(door, call)))
    if door.settings.profile == "dev":
        return hexed(_until_mined(door, lambda: door.dev.send_unsigned(call)))
    raise no_such_key(call.sender)


@method("eth_signTransaction", lane="execute")
def sign_transaction(door: Door, transaction: CallParam) -> dict[str, Any]:
    call = transaction.for_chain(door.chain.chain_id)
    if call.sender not in door.accounts:
        raise no_such_key(call.sender)
    raw = _signed(door, call)
    return {"raw": hexed(raw), "tx": transaction_json(decode_transaction(raw), base_fee=None)}


@method("eth_sign")
def sign(door: Door, address: AddressParam, message: DataParam) -> str:
    if address not in door.accounts:
        raise no_such_key(address)
    return hexed(door.accounts.sign_message(address, message))


@method("personal_sign", profile="dev")
def personal_sign(door: Door, message: DataParam, address: AddressParam) -> str:
    return sign(door, address, message)


@method("eth_signTypedData_v4", profile="dev")
def sign_typed_data(door: Door, address: AddressParam, document: AnyParam) -> str:
    if address not in door.accounts:
        raise no_such_key(address)
    try:
        document = orjson.loads(document) if isinstance(document, str) else document
        return hexed(door.accounts.sign_typed_data(address, document))
    except (ValueError, KeyError, TypeError) as error:
        raise invalid_params(f"invalid argument 1 (document): no EIP-712 document: {error}") from None


def _signed(door: Door, call: Call) -> bytes:
    nonce = call.nonce if call.nonce is not None else door.chain.nonce(call.sender, "pending")
    gas = call.gas if call.gas is not None else door.chain.estimate_gas(call, "pending")
    return door.accounts.sign_transaction(call, nonce=nonce, gas=gas, chain_id=door.chain.chain_id)
