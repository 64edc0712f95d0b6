"""Somebody who signs and pays for transactions, and waits for them, on any engine."""

import threading
from dataclasses import dataclass
from typing import Any

from eth_account import Account

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Receipt
from tests.networks.anvil import FUNDED_KEYS

GWEI = 10**9


@dataclass
class Sender:
    """Signs transactions of one funded key with the next nonce."""

    chain_id: int = 31337
    key: bytes = FUNDED_KEYS[0]
    nonce: int = 0
    fees: tuple[int, int] = (3 * GWEI, GWEI)

    @property
    def address(self) -> bytes:
        return bytes.fromhex(Account.from_key(self.key).address[2:])

    def sign(self, **fields: Any) -> bytes:
        kind = fields.get("type", 2)
        price = {"gasPrice": self.fees[0]}
        if kind in (2, 4):
            price = {"maxFeePerGas": self.fees[0], "maxPriorityFeePerGas": self.fees[1]}
        transaction = {"type": kind, "chainId": self.chain_id, "nonce": self.nonce, "gas": 200_000, "value": 0}
        transaction |= price | {"to": "0x" + "11" * 20} | fields
        self.nonce = transaction["nonce"] + 1
        if kind == 0:
            del transaction["type"]
        return bytes(Account.sign_transaction(transaction, self.key).raw_transaction)


def mined(chain: ChainBackend, transaction_hash: bytes) -> Receipt:
    """The receipt, once there is one."""
    pause = threading.Event()
    for _ in range(2000):
        receipt = chain.receipt(transaction_hash)
        if receipt is not None:
            return receipt
        pause.wait(0.01)
    raise AssertionError("the transaction is not mined")
