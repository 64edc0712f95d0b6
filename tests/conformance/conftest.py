"""The engines that one conformance suite runs on: whatever stands behind the chain door must answer alike.

`engine` is a fresh network per test: `engine.chain` its door, `engine.sender` somebody who can pay, whose transactions
are mined as they come (`mined` in tests/networks/sender.py waits for one), `engine.name` which it is.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.encoding import keccak
from ledger_node.chain.genesis import GenesisAccount, build_genesis
from ledger_node.chain.pyevm.engine import open_chain
from ledger_node.chain.remote import RemoteChain
from ledger_node.clock import SystemClock
from ledger_node.keys import LocalSigner
from tests.networks.anvil import Anvil
from tests.networks.sender import Sender


@dataclass
class Engine:
    name: str
    chain: ChainBackend
    sender: Sender


@contextmanager
def anvil() -> Iterator[Engine]:
    """Another client over HTTP, with a base fee above zero."""
    with Anvil() as process:
        chain = RemoteChain(process.url, poll_interval_s=0.02)
        try:
            yield Engine("anvil", chain, Sender(chain_id=chain.chain_id, fees=chain.suggest_fees()))
        finally:
            chain.close()


@contextmanager
def pyevm() -> Iterator[Engine]:
    """The embedded engine, on disk."""
    sender = Sender(chain_id=20_131, fees=(0, 0))
    sealer = LocalSigner(keccak(b"sealer"))
    genesis = build_genesis(
        chain_id=sender.chain_id,
        sealer=sealer.address,
        timestamp=SystemClock().now_ms() // 1000,
        alloc={sender.address: GenesisAccount(balance=10**22)},
    )
    with TemporaryDirectory() as directory:
        chain = open_chain(Path(directory), genesis, sealer=sealer)
        try:
            yield Engine("pyevm", chain, sender)
        finally:
            chain.close()


ENGINES: dict[str, Callable[[], AbstractContextManager[Engine]]] = {"pyevm": pyevm, "anvil": anvil}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with ENGINES[request.param]() as running:
        yield running
