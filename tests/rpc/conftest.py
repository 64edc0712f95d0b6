"""A developer's view: a fresh network of ours behind the JSON-RPC door on a real socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_node.chain.backend import LocalChain
from ledger_node.rpc.settings import RpcSettings
from tests.rpc.network import Developer, open_network
from tests.rpc.server import Client, RpcServer


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[LocalChain]:
    network = open_network(tmp_path / "chain")
    yield network
    network.close()


@pytest.fixture
def settings() -> RpcSettings:
    return RpcSettings()


@pytest.fixture
def server(chain: LocalChain, settings: RpcSettings) -> Iterator[RpcServer]:
    with RpcServer(chain, settings) as running:
        yield running


@pytest.fixture
def rpc(server: RpcServer) -> Client:
    return server.client


@pytest.fixture
def developer(rpc: Client) -> Developer:
    return Developer(rpc)
