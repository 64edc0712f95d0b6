"""Reading does not wait for a block that is being made, however long it takes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_node.chain.backend import LocalChain
from ledger_node.chain.pyevm.engine import open_chain
from ledger_node.chain.pyevm.rules import ParentState, Permissions, everyone
from ledger_node.clock import HandSetClock
from tests.rpc.network import FUNDED, GENESIS, SEALER, Developer, calldata
from tests.rpc.server import Client

WAIT_S = 30


class SlowBlocks:
    """A network's permissions, which keep the producer waiting when told to; nobody else is kept."""

    def __init__(self) -> None:
        self.held = threading.Event()
        self.release = threading.Event()
        self.release.set()

    def __call__(self, state: ParentState) -> Permissions:
        if not self.release.is_set() and threading.current_thread().name == "chain-producer":
            self.held.set()
            assert self.release.wait(WAIT_S)
        return everyone(state)


@pytest.fixture
def slow() -> SlowBlocks:
    return SlowBlocks()


@pytest.fixture
def chain(tmp_path: Path, slow: SlowBlocks) -> Iterator[LocalChain]:
    network = open_chain(tmp_path / "chain", GENESIS, sealer=SEALER, clock=HandSetClock(), permissions_at=slow)
    yield network
    slow.release.set()
    network.close()


def test_reads_answer_while_a_block_is_being_made(rpc: Client, developer: Developer, slow: SlowBlocks) -> None:
    book = developer.deploy()
    head = rpc("eth_blockNumber")
    slow.release.clear()
    waiting = rpc("eth_sendRawTransaction", developer.sign(to=None, data="0x00"))
    assert slow.held.wait(WAIT_S)

    assert rpc("eth_blockNumber") == head
    assert rpc("eth_getBlockByNumber", "latest", True)["number"] == head
    assert int(rpc("eth_getBalance", "0x" + FUNDED[1].hex()), 16) > 0
    assert int(rpc("eth_call", {"to": book, "data": calldata("most()")}), 16) == 32
    assert rpc("eth_getLogs", {"fromBlock": "0x0"}) == []
    assert rpc("eth_getTransactionReceipt", waiting) is None

    slow.release.set()
    assert rpc("eth_sendRawTransactionSync", developer.sign(to=None, data="0x00"))["status"] == "0x1"
    assert rpc("eth_getTransactionReceipt", waiting)["status"] == "0x1"
