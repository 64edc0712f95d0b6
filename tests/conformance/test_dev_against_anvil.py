"""The dev profile's helpers and anvil's, in the same order on fresh chains: what each answers, and what is so then."""

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger_node.rpc.settings import RpcSettings
from ledger_node.rpc.signing import dev_keys
from tests.conformance.test_json_rpc_against_anvil import PAGE, Pair, report
from tests.networks.anvil import Anvil
from tests.rpc.network import FUNDED, open_dev_network
from tests.rpc.server import Client, RpcServer

ME, OTHER, NOWHERE = "0x" + FUNDED[0].hex(), "0x" + "66" * 20, "0x" + "99" * 32
WORD = "0x" + "00" * 31 + "05"
HARDHATS = "true, as Hardhat answers; anvil answers null"
A_STRING = "the timestamp as a string, as Hardhat answers; anvil answers null"

DUMPED = {"nonce": 2, "balance": "0x9", "code": "0x", "storage": {"0x" + "00" * 31 + "01": WORD}}
NO_BLOCK = {"block": None, "best_block_number": None, "blocks": [], "transactions": [], "historical_states": None}
DUMP = "0x" + gzip.compress(json.dumps({**NO_BLOCK, "accounts": {OTHER: DUMPED}}).encode()).hex()

OF_THE_DEV_PROFILE = {
    "anvil_setBalance": HARDHATS,
    "anvil_setNonce": HARDHATS,
    "anvil_setCode": HARDHATS,
    "anvil_impersonateAccount": HARDHATS,
    "anvil_stopImpersonatingAccount": HARDHATS,
    "evm_setNextBlockTimestamp": A_STRING,
}

STEPS: tuple[tuple[Any, ...], ...] = (
    ("evm_setAutomine", False),
    ("anvil_getAutomine",),
    ("evm_setAutomine", True),
    ("anvil_getAutomine",),
    ("anvil_getIntervalMining",),
    ("anvil_setBalance", OTHER, "0x5"),
    ("anvil_addBalance", OTHER, "0x6"),
    ("eth_getBalance", OTHER, "latest"),
    ("anvil_setNonce", OTHER, "0x7"),
    ("eth_getTransactionCount", OTHER, "latest"),
    ("anvil_setCode", OTHER, "0x6001"),
    ("eth_getCode", OTHER, "latest"),
    ("anvil_setStorageAt", OTHER, "0x0", WORD),
    ("eth_getStorageAt", OTHER, "0x0", "latest"),
    ("anvil_loadState", DUMP),
    ("eth_getBalance", OTHER, "latest"),
    ("eth_getTransactionCount", OTHER, "latest"),
    ("eth_getCode", OTHER, "latest"),
    ("eth_getStorageAt", OTHER, "0x0", "latest"),
    ("eth_getStorageAt", OTHER, "0x1", "latest"),
    ("eth_getBalance", ME, "latest"),
    ("anvil_impersonateAccount", OTHER),
    ("anvil_stopImpersonatingAccount", OTHER),
    ("anvil_autoImpersonateAccount", True),
    ("anvil_autoImpersonateAccount", False),
    ("evm_setBlockGasLimit", 40_000_000),
    ("evm_setNextBlockTimestamp", 4_000_000_000),
    ("evm_mine",),
    ("anvil_setBlockTimestampInterval", 7),
    ("anvil_mine", 2),
    ("anvil_removeBlockTimestampInterval",),
    ("anvil_removeBlockTimestampInterval",),
    ("anvil_dropTransaction", NOWHERE),
    ("anvil_dropAllTransactions",),
    ("anvil_removePoolTransactions", ME),
    ("anvil_setChainId", 31338),
    ("eth_chainId",),
    ("anvil_setIntervalMining", 0),
    ("anvil_getIntervalMining",),
    ("eth_blockNumber",),
)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    settings = RpcSettings(profile="dev", dev_keys=dev_keys())
    with (
        Anvil("--block-base-fee-per-gas", "0", "--timestamp", "1767225600") as process,
        closing(open_dev_network(tmp_path / "chain")) as chain,
        RpcServer(chain, settings) as server,
    ):
        yield Pair(server.client, Client(process.url))


def test_the_helpers_answer_as_anvils_do(pair: Pair) -> None:
    found = {path for step in STEPS for path in pair.compare(*step)}
    assert report(found, OF_THE_DEV_PROFILE) == ([], [])
    for number in ("0x1", "0x2", "0x3"):
        ours, theirs = (rpc("eth_getBlockByNumber", number, False) for rpc in (pair.ours, pair.theirs))
        for name in ("timestamp", "gasLimit", "transactions"):
            assert ours[name] == theirs[name], (number, name)


def test_every_difference_is_explained_on_the_reference_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [reason for reason in OF_THE_DEV_PROFILE.values() if reason not in page] == []
