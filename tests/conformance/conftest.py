"""The engines that one conformance suite runs on: whatever stands behind the chain door must answer alike.

`engine` is a fresh network per test: `engine.chain` its door, `engine.sender` somebody who can pay, whose transactions
are mined as they come (`mined` in tests/networks/sender.py waits for one), `engine.name` which it is.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest

from ledger_node.chain.backend import ChainBackend, LocalChain
from ledger_node.chain.encoding import keccak
from ledger_node.chain.genesis import GenesisAccount, build_genesis
from ledger_node.chain.pyevm.engine import open_chain
from ledger_node.chain.remote.backend import RemoteChain
from ledger_node.clock import SystemClock
from ledger_node.keys import LocalSigner
from tests.networks.anvil import Anvil
from tests.networks.ethereumjs_network import two_nodes
from tests.networks.sender import Sender, mined
from tests.rpc.server import RpcServer


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


@contextmanager
def own_node() -> Iterator[Engine]:
    """The embedded engine behind our own JSON-RPC door, over HTTP: chain and gateway in processes of their own."""
    with pyevm() as engine, RpcServer(cast(LocalChain, engine.chain)) as server:
        chain = RemoteChain(server.url, poll_interval_s=0.02)
        try:
            yield Engine("own node", chain, engine.sender)
        finally:
            chain.close()


@contextmanager
def own_node_announcing() -> Iterator[Engine]:
    """The same over a WebSocket. It is never polled: whatever goes on does so because a head was announced."""
    with pyevm() as engine, RpcServer(cast(LocalChain, engine.chain)) as server:
        chain = RemoteChain(server.ws_url, poll_interval_s=3600.0)
        try:
            yield Engine("own node, WebSocket", chain, engine.sender)
        finally:
            chain.close()


@contextmanager
def ethereumjs(url: str, name: str) -> Iterator[Engine]:
    """Node b of a network of another client, whose blocks node a makes, one a second; each test has its own sender."""
    chain = RemoteChain(url, poll_interval_s=0.05)
    try:
        rich = Sender(chain_id=chain.chain_id, fees=chain.suggest_fees())
        rich.nonce = chain.nonce(rich.address)
        sender = replace(rich, key=keccak(name.encode()), nonce=0)
        mined(chain, chain.send_raw_transaction(rich.sign(to=sender.address, value=10**19)))
        yield Engine("ethereumjs", chain, sender)
    finally:
        chain.close()


@pytest.fixture(scope="session")
def ethereumjs_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with two_nodes(tmp_path_factory.mktemp("ethereumjs")) as (_, b):
        yield b.url


ENGINES: dict[str, Callable[[], AbstractContextManager[Engine]]] = {
    "pyevm": pyevm,
    "anvil": anvil,
    "own node": own_node,
    "own node, WebSocket": own_node_announcing,
}

EXPLAINED = {
    ("ethereumjs", "test_the_estimate_is_enough_and_not_much_more"): "it says what one run used; we add a quarter",
    ("ethereumjs", "test_what_cannot_take_effect_is_refused"): "its pool keeps what lacks intrinsic gas",
}
"""Where an engine differs, and why; also in docs/guides/other-engines.md."""


@pytest.fixture(params=[*ENGINES, pytest.param("ethereumjs", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    reason = EXPLAINED.get((request.param, request.node.originalname))
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    starting = (
        ENGINES[request.param]()
        if request.param in ENGINES
        else ethereumjs(request.getfixturevalue("ethereumjs_url"), request.node.name)
    )
    with starting as running:
        yield running
