"""A private network on disk: its genesis, its sealer, people with money, and a chain that makes blocks when told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from ledger_node.chain.blocks import Header
from ledger_node.chain.encoding import int_bytes, keccak, rlp_encode
from ledger_node.chain.genesis import Genesis, GenesisAccount, build_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain
from ledger_node.clock import HandSetClock
from ledger_node.keys import LocalSigner
from tests.chain.programs import SELF_DESCRIBING, deploying

CHAIN_ID = 20_131
SEALER = LocalSigner(keccak(b"sealer"))
IMPOSTOR = LocalSigner(keccak(b"impostor"))
START = 1_767_225_600
BY_HAND = ChainSettings(produce=False)


@dataclass
class Person:
    """Signs transactions one after another, for free unless told otherwise."""

    name: str
    nonce: int = 0
    key: bytes = field(init=False)
    address: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.key = keccak(self.name.encode())
        self.address = LocalSigner(self.key).address

    def sign(self, **fields: Any) -> bytes:
        transaction: dict[str, Any] = {
            "type": 2, "chainId": CHAIN_ID, "nonce": self.nonce, "gas": 200_000, "value": 0, "to": b"\x11" * 20,
            "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "data": b"",
        }  # fmt: skip
        transaction |= fields
        if transaction["type"] in (0, 1):
            del transaction["maxFeePerGas"], transaction["maxPriorityFeePerGas"]
            transaction.setdefault("gasPrice", 0)
        if transaction["type"] == 0:
            del transaction["type"]
        if transaction["to"] is None:
            del transaction["to"]
        self.nonce = transaction["nonce"] + 1
        return bytes(Account.sign_transaction(transaction, self.key).raw_transaction)


def created_by(person: Person, nonce: int) -> bytes:
    return keccak(rlp_encode([person.address, int_bytes(nonce)]))[12:]


def a_genesis(**changes: Any) -> Genesis:
    alloc = {Person(name).address: GenesisAccount(balance=10**21) for name in ("alice", "bob")}
    usual: dict[str, Any] = {"chain_id": CHAIN_ID, "sealer": SEALER.address, "timestamp": START, "alloc": alloc}
    return build_genesis(**(usual | changes))


@pytest.fixture
def alice() -> Person:
    return Person("alice")


@pytest.fixture
def bob() -> Person:
    return Person("bob")


@pytest.fixture
def clock() -> HandSetClock:
    return HandSetClock(START * 1000)


@pytest.fixture
def genesis() -> Genesis:
    return a_genesis()


Open = Callable[..., PyEvmChain]


@pytest.fixture
def open_at(clock: HandSetClock) -> Iterator[Open]:
    """Open a chain that makes blocks by hand; it is closed after the test."""
    opened: list[PyEvmChain] = []

    def open_one(directory: Path, genesis: Genesis | None = None, **options: Any) -> PyEvmChain:
        usual: dict[str, Any] = {"sealer": SEALER, "clock": clock, "settings": BY_HAND}
        chain = open_chain(directory, genesis, **(usual | options))
        opened.append(chain)
        return chain

    yield open_one
    for chain in opened:
        chain.close()


@pytest.fixture
def chain(tmp_path: Path, genesis: Genesis, open_at: Open) -> PyEvmChain:
    return open_at(tmp_path / "chain", genesis)


@pytest.fixture
def follower(tmp_path: Path, genesis: Genesis, open_at: Open) -> PyEvmChain:
    """A second node of the network, which has no key and takes blocks from the first."""
    return open_at(tmp_path / "follower", genesis, sealer=None)


@pytest.fixture
def cell(chain: PyEvmChain, alice: Person) -> bytes:
    """A contract (see programs.SELF_DESCRIBING) that alice deployed in block 1."""
    chain.send_raw_transaction(alice.sign(to=None, data=deploying(SELF_DESCRIBING)))
    made(chain)
    return created_by(alice, 0)


def made(chain: PyEvmChain) -> Header:
    """A block of what waits."""
    header = chain.make_block()
    assert header is not None, "nothing could go into a block"
    return header
