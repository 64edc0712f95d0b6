"""Every transcript in tests/conformance/rpc/ is answered as it is written, and every method has one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_node.rpc.methods import METHODS
from tests.conformance.rpc.schema import faults
from tests.conformance.rpc.transcripts import (
    FILES,
    HERE,
    learn,
    network,
    network_of,
    permissioned_network,
    play,
    read,
)
from tests.rpc.server import Client

CHANGING = {"eth_sendRawTransaction", "eth_sendRawTransactionSync"}
"""Their transcripts make blocks, so each is played on a network of its own."""


@pytest.fixture(scope="module")
def rpc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with network(tmp_path_factory.mktemp("transcripts") / "chain") as client:
        yield client


@pytest.fixture(scope="module")
def permissioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with permissioned_network(tmp_path_factory.mktemp("transcripts") / "chain") as client:
        yield client


COMMON = [file for file in FILES if file.stem not in CHANGING and network_of(file) is network]


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in COMMON])
def test_the_transcript_is_answered_as_it_is_written(rpc: Client, file: Path) -> None:
    replay(rpc, file)


@pytest.mark.parametrize(
    "file", [pytest.param(file, id=file.stem) for file in FILES if network_of(file) is permissioned_network]
)
def test_the_transcript_of_permissions_is_answered_as_it_is_written(permissioned: Client, file: Path) -> None:
    replay(permissioned, file)


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_the_transcript_of_a_change_is_answered_as_it_is_written(tmp_path: Path, name: str) -> None:
    with network(tmp_path / "chain") as client:
        replay(client, HERE / f"{name}.io")


def replay(rpc: Client, file: Path) -> None:
    words: dict[str, str] = {}
    exchanges = read(file)
    assert exchanges
    for exchange in exchanges:
        answer = play(rpc, exchange, words)
        assert exchange.answered is not None, "python -m tests.conformance.rpc.record writes the answer"
        assert answer == learn(json.loads(exchange.answered), answer, words), exchange.sent
        if "result" in answer:
            assert faults(json.loads(exchange.sent)["method"], answer["result"]) == []


def test_every_method_has_its_transcript() -> None:
    served = {name for name, method in METHODS.items() if method.profile == "production"}
    assert served - {file.stem for file in FILES} == set()
    assert {file.stem for file in FILES} - served == set()
