"""What waits in the pool: `pending` for the next block, `queued` behind a missing nonce."""

from collections.abc import Iterable
from typing import Any

from eth_utils.address import to_checksum_address

from ledger_node.chain.blocks import Transaction
from ledger_node.rpc.door import Door
from ledger_node.rpc.parse import AddressParam
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import effective_gas_price, quantity, transaction_json


@method("txpool_status")
def status(door: Door) -> dict[str, str]:
    return {
        "pending": quantity(len(door.chain.pending_transactions())),
        "queued": quantity(len(door.chain.queued_transactions())),
    }


@method("txpool_content")
def content(door: Door) -> dict[str, Any]:
    return {
        "pending": _by_sender(door.chain.pending_transactions(), _whole),
        "queued": _by_sender(door.chain.queued_transactions(), _whole),
    }


@method("txpool_contentFrom")
def content_from(door: Door, address: AddressParam) -> dict[str, Any]:
    pending = [one for one in door.chain.pending_transactions() if one.sender == address]
    queued = [one for one in door.chain.queued_transactions() if one.sender == address]
    return {
        "pending": {str(one.nonce): _whole(one) for one in pending},
        "queued": {str(one.nonce): _whole(one) for one in queued},
    }


@method("txpool_inspect")
def inspect(door: Door) -> dict[str, Any]:
    return {
        "pending": _by_sender(door.chain.pending_transactions(), _in_short),
        "queued": _by_sender(door.chain.queued_transactions(), _in_short),
    }


def _by_sender(transactions: Iterable[Transaction], show: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for transaction in transactions:
        found.setdefault(to_checksum_address(transaction.sender), {})[str(transaction.nonce)] = show(transaction)
    return found


def _whole(transaction: Transaction) -> dict[str, Any]:
    return transaction_json(transaction, base_fee=None)


def _in_short(transaction: Transaction) -> str:
    to = "contract creation" if transaction.to is None else to_checksum_address(transaction.to)
    price = effective_gas_price(transaction, None)
    return f"{to}: {transaction.value} wei + {transaction.gas} gas × {price} wei"
