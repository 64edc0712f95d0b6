"""A fresh anvil per test, a RemoteChain on it, and a sender who pays for transactions."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledger_node.chain.remote.backend import RemoteChain
from tests.networks.anvil import Anvil
from tests.networks.sender import Sender


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
