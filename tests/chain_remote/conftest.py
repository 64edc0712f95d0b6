"""A fresh anvil per test, a RemoteChain on it, and a sender who pays for transactions."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth_account import Account

from ledger_node.chain.blocks import Receipt
from ledger_node.chain.remote import RemoteChain
from tests.networks.anvil import FUNDED_KEYS, Anvil

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


def mined(chain: RemoteChain, transaction_hash: bytes) -> Receipt:
    """The receipt, once there is one."""
    pause = threading.Event()
    for _ in range(2000):
        receipt = chain.receipt(transaction_hash)
        if receipt is not None:
            return receipt
        pause.wait(0.01)
    raise AssertionError("the transaction is not mined")


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    with Anvil() as process:
        yield process


@pytest.fixture
def connect() -> Iterator[Callable[..., RemoteChain]]:
    chains: list[RemoteChain] = []

    def connected(url: str, **settings: Any) -> RemoteChain:
        chains.append(RemoteChain(url, **({"timeout_s": 5.0, "poll_interval_s": 0.02} | settings)))
        return chains[-1]

    yield connected
    for chain in chains:
        chain.close()


@pytest.fixture
def chain(anvil: Anvil, connect: Callable[..., RemoteChain]) -> RemoteChain:
    return connect(anvil.url)


@pytest.fixture
def sender() -> Sender:
    return Sender()
