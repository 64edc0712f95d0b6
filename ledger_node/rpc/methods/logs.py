"""Logs: asked for once, polled by a filter, or pushed to a WebSocket subscriber."""

from typing import Any

from ledger_node.chain.blocks import Log, Transaction
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import METHOD_NOT_FOUND, RpcError, asks_too_much, invalid_params
from ledger_node.rpc.filters import find_logs
from ledger_node.rpc.logquery import EVERYTHING, LogQueryParam, check_size, log_query, transaction_hashes
from ledger_node.rpc.parse import AnyParam, BoolParam, TextParam, boolean, parsed, shown
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, log_json, logs_json, transaction_json


@method("eth_getLogs")
def get_logs(door: Door, query: LogQueryParam) -> list[dict[str, Any]]:
    return logs_json(find_logs(door.chain, query, door.limits))


# POLLED


@method("eth_newFilter")
def new_filter(door: Door, query: LogQueryParam = EVERYTHING) -> str:
    if isinstance(query.first, int) and isinstance(query.last, int) and query.first > query.last:
        raise invalid_params(f"invalid block range params: fromBlock {query.first} is after toBlock {query.last}")
    return door.filters.add_log_filter(query)


@method("eth_newBlockFilter")
def new_block_filter(door: Door) -> str:
    return door.filters.add_block_filter()


@method("eth_newPendingTransactionFilter")
def new_pending_transaction_filter(door: Door, full_transactions: BoolParam = False) -> str:
    return door.filters.add_transaction_filter(full_transactions=full_transactions)


@method("eth_getFilterChanges")
def get_filter_changes(door: Door, filter_id: TextParam) -> list[Any]:
    return [_change_json(change) for change in door.filters.changes(filter_id)]


@method("eth_getFilterLogs")
def get_filter_logs(door: Door, filter_id: TextParam) -> list[dict[str, Any]]:
    return logs_json(door.filters.logs(filter_id))


@method("eth_uninstallFilter")
def uninstall_filter(door: Door, filter_id: TextParam) -> bool:
    return door.filters.remove(filter_id)


def _change_json(change: bytes | Transaction | Log) -> Any:
    match change:
        case bytes():
            return hexed(change)
        case Transaction():
            return transaction_json(change, base_fee=None)
        case Log():
            return log_json(change)


# PUSHED


@method("eth_subscribe", transport="websocket")
def subscribe(door: Door, topic: TextParam, option: AnyParam = None) -> str:
    """`newHeads`; `logs` with a filter; `newPendingTransactions`, with `true` for whole transactions; `syncing`;
    `transactionReceipts`, a block's in one message, with `transactionHashes` to hear of these alone."""
    turn = door.connection
    if topic in ("newHeads", "syncing"):
        return turn.subscribe("newHeads" if topic == "newHeads" else "syncing")
    if topic == "newPendingTransactions":
        full = option is not None and parsed(boolean, option, "invalid argument 1 (fullTransactions)")
        return turn.subscribe("newPendingTransactions", full_transactions=full)
    if topic == "logs":
        query = parsed(log_query, option or {}, "invalid argument 1 (filter)")
        check_size(query, door.limits)
        return turn.subscribe("logs", query)
    if topic == "transactionReceipts":
        wanted = parsed(transaction_hashes, option or {}, "invalid argument 1 (filter)")
        if len(wanted) > door.limits.log_topics:
            raise asks_too_much(f"exceed max transaction hashes: {door.limits.log_topics} are allowed; send several")
        return turn.subscribe("transactionReceipts", transactions=frozenset(map(hexed, wanted)))
    raise RpcError(
        METHOD_NOT_FOUND,
        f"no {shown(topic)} subscription in eth namespace: subscribe to newHeads, logs, newPendingTransactions or "
        "transactionReceipts",
    )


@method("eth_unsubscribe", transport="websocket")
def unsubscribe(door: Door, subscription_id: TextParam) -> bool:
    if not door.connection.unsubscribe(subscription_id):
        raise invalid_params(f"subscription not found: {shown(subscription_id)} is none of this connection's")
    return True
