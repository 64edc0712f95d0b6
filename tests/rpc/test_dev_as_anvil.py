"""The dev profile's helpers that anvil has: blocks at an interval, a pool that forgets, any sender, a fresh start."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger_node.rpc.settings import RpcSettings
from ledger_node.rpc.signing import dev_keys
from tests.rpc.network import CHAIN_ID, FUNDED, GENESIS_TIME, Developer, open_dev_network, open_network
from tests.rpc.server import Answered, Client, RpcServer

ME, OTHER = ("0x" + address.hex() for address in FUNDED[:2])
NOBODY, TO, NOWHERE = "0x" + "99" * 20, "0x" + "11" * 20, "0x" + "99" * 32


@pytest.fixture
def rpc(tmp_path: Path) -> Iterator[Client]:
    settings = RpcSettings(profile="dev", dev_keys=dev_keys())
    with closing(open_dev_network(tmp_path / "chain")) as chain, RpcServer(chain, settings) as server:
        yield server.client


@pytest.fixture
def waiting(rpc: Client) -> Client:
    """A node that makes no blocks by itself."""
    rpc("evm_setAutomine", False)
    return rpc


def send(rpc: Client, sender: str = ME) -> str:
    transaction_hash: str = rpc("eth_sendTransaction", {"from": sender, "to": TO, "value": "0x0", "gas": "0x5208"})
    return transaction_hash


def test_automine_and_the_interval_are_told(rpc: Client) -> None:
    assert rpc("anvil_getAutomine") is rpc("hardhat_getAutomine") is True
    assert rpc("anvil_getIntervalMining") is None
    rpc("evm_setIntervalMining", 3600)
    assert (rpc("anvil_getIntervalMining"), rpc("anvil_getAutomine")) == (3600, False)
    send(rpc)
    assert rpc("txpool_status")["pending"] == "0x1"
    rpc("anvil_setIntervalMining", 0)
    assert rpc("anvil_getIntervalMining") is None
    assert rpc("eth_blockNumber") == "0x0"


def test_blocks_come_at_the_interval(rpc: Client) -> None:
    rpc("anvil_setIntervalMining", 1)
    first = send(rpc)
    for _ in range(20_000):
        if rpc("eth_getTransactionReceipt", first) is not None:
            return
    raise AssertionError("no block came")


def test_what_waits_is_dropped(waiting: Client) -> None:
    rpc = waiting
    mine, others = send(rpc), send(rpc, OTHER)
    assert rpc("anvil_dropTransaction", mine) == mine
    assert rpc("hardhat_dropTransaction", mine) is rpc("anvil_dropTransaction", NOWHERE) is None
    assert rpc("eth_getTransactionByHash", mine) is None
    send(rpc)
    rpc("anvil_removePoolTransactions", ME)
    assert rpc("eth_getTransactionByHash", others)["hash"] == others
    rpc("hardhat_dropAllTransactions")
    assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    rpc("anvil_mine")
    assert rpc("eth_getBlockByNumber", "latest", False)["transactions"] == []


def test_any_sender_is_taken_while_that_is_on(waiting: Client) -> None:
    rpc = waiting
    rpc("hardhat_autoImpersonateAccount", True)
    assert rpc("eth_getTransactionByHash", send(rpc, NOBODY))["from"] == NOBODY
    rpc("anvil_autoImpersonateAccount", False)
    with pytest.raises(Answered, match="not impersonated"):
        send(rpc, "0x" + "98" * 20)


def test_balance_is_added(rpc: Client) -> None:
    rpc("anvil_addBalance", NOBODY, "0x5")
    rpc("hardhat_addBalance", NOBODY, "0x6")
    assert rpc("eth_getBalance", NOBODY) == "0xb"
    rpc("anvil_addBalance", NOBODY, hex(2**256 - 1))
    assert rpc("eth_getBalance", NOBODY) == hex(2**256 - 1)


def test_the_gas_limit_and_the_chain_id_are_set_for_what_comes(rpc: Client) -> None:
    Developer(rpc).send(to=TO)
    assert rpc("evm_setBlockGasLimit", 60_000) is True
    rpc("anvil_mine")
    assert rpc("eth_getBlockByNumber", "latest", False)["gasLimit"] == hex(60_000)
    assert rpc("eth_getBlockByNumber", "0x1", False)["gasLimit"] != hex(60_000)
    with pytest.raises(Answered, match="gas"):
        Developer(rpc, nonce=1).send(to=TO, gas=60_001)
    rpc("anvil_setChainId", 5)
    assert (rpc("eth_chainId"), rpc("net_version")) == ("0x5", "5")
    with pytest.raises(Answered, match="invalid chain id"):
        Developer(rpc, nonce=1).send(to=TO, gas=21_000)
    assert Developer(rpc, nonce=1).send(to=TO, gas=21_000, chainId=5)["status"] == "0x1"
    rpc("anvil_setChainId", CHAIN_ID)
    assert Developer(rpc, nonce=2).send(to=TO, gas=21_000)["status"] == "0x1"


def test_the_clock_is_set(rpc: Client) -> None:
    later = 2_000_000_000
    assert rpc("evm_setTime", later) > 0
    assert rpc("anvil_setTime", later * 1000) == 0
    rpc("anvil_mine")
    assert rpc("eth_getBlockByNumber", "latest", False)["timestamp"] == hex(later)
    with pytest.raises(Answered, match="lower than the newest block") as refused:
        rpc("anvil_setTime", GENESIS_TIME)
    assert refused.value.code == -32602


def test_timestamps_are_an_interval_apart_while_that_is_set(rpc: Client) -> None:
    def mined() -> int:
        rpc("anvil_mine")
        return int(rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    assert rpc("evm_setAutomine", True) is rpc("anvil_setBlockTimestampInterval", 7) is None
    assert [mined(), mined()] == [GENESIS_TIME + 7, GENESIS_TIME + 14]
    rpc("evm_setNextBlockTimestamp", GENESIS_TIME + 100)
    assert [mined(), mined()] == [GENESIS_TIME + 100, GENESIS_TIME + 107]
    assert rpc("anvil_removeBlockTimestampInterval") is True
    assert rpc("anvil_removeBlockTimestampInterval") is False
    assert mined() < GENESIS_TIME + 114


def test_a_reset_starts_afresh(rpc: Client) -> None:
    genesis = rpc("eth_getBlockByNumber", "0x0", False)
    book, taken = Developer(rpc).deploy(), rpc("evm_snapshot")
    rpc("anvil_setBalance", NOBODY, "0x5")
    rpc("evm_increaseTime", 100)
    rpc("anvil_impersonateAccount", NOBODY)
    rpc("evm_setAutomine", False)
    send(rpc, OTHER)
    rpc("hardhat_reset", {})
    assert rpc("eth_getBlockByNumber", "latest", False) == genesis
    assert (rpc("eth_getBalance", NOBODY), rpc("eth_getCode", book)) == ("0x0", "0x")
    assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    assert rpc("evm_revert", taken) is False
    with pytest.raises(Answered, match="not impersonated"):
        send(rpc, NOBODY)
    rpc("evm_setAutomine", True)
    assert Developer(rpc).send(to=TO)["blockNumber"] == "0x1"
    with pytest.raises(Answered, match="forks no other network") as refused:
        rpc("anvil_reset", {"forking": {"jsonRpcUrl": "http://127.0.0.1:1"}})
    assert refused.value.code == -32602


@pytest.mark.parametrize("way", ["reset", "revert"])
def test_what_was_gone_back_to_is_there_after_a_restart(tmp_path: Path, way: str) -> None:
    with closing(open_dev_network(tmp_path / "chain")) as chain:
        taken = chain.snapshot()
        chain.set_balance(FUNDED[0], 5)
        if way == "reset":
            chain.reset()
        else:
            chain.revert_to(taken)
        before = chain.balance(FUNDED[0])
    with closing(open_dev_network(tmp_path / "chain")) as chain:
        assert chain.balance(FUNDED[0]) == before != 5


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("anvil_setBlockGasLimit", [0]), ("anvil_setBlockGasLimit", [2**63]), ("anvil_setChainId", [0]),
        ("anvil_setChainId", [2**64]), ("anvil_setTime", [2**200]), ("evm_setIntervalMining", [2**200]),
        ("evm_setIntervalMining", [-1]), ("anvil_setIntervalMining", [10**10]),
        ("anvil_setBlockTimestampInterval", [-1]), ("anvil_setBlockTimestampInterval", [2**200]),
        ("anvil_addBalance", [NOBODY, 5]), ("anvil_dropTransaction", ["0x12"]),
        ("anvil_autoImpersonateAccount", ["yes"]), ("anvil_reset", [[]]), ("anvil_reset", [{"forking": []}]),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(rpc: Client, method: str, params: list[Any]) -> None:
    with pytest.raises(Answered) as refused:
        rpc(method, *params)
    assert refused.value.code == -32602
    assert Developer(rpc).send(to=TO)["status"] == "0x1"


def test_none_of_it_is_there_outside_dev(tmp_path: Path) -> None:
    with closing(open_network(tmp_path / "chain")) as chain, RpcServer(chain) as server:
        for method in ("anvil_reset", "anvil_setChainId", "evm_setTime", "hardhat_dropAllTransactions"):
            with pytest.raises(Answered) as refused:
                server.client(method)
            assert refused.value.code == -32601
