"""Hyperledger Caliper 0.6 over WebSocket, with the web3 1.3 it binds: legacy transactions, heads on an idle chain."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from ledger_node.demo.process import NodeProcess
from tests.clients.guestbook import artifact
from tests.clients.network import DEPLOYER, DEPLOYER_KEY, MAY_NOT_DEPLOY, TRANSACTOR, TRANSACTOR_KEY
from tests.clients.node import CHAIN_ID, permissioned_node
from tests.clients.tools import HERE, NODE, environment, need, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clients")]

CALIPER = HERE / "caliper"


@pytest.fixture(scope="module")
def idle_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """Makes a block twice a second when nobody sends anything: web3 1.3 waits for receipts by counting heads."""
    process = permissioned_node(tmp_path_factory.mktemp("caliper-node") / "node", "--block-interval-s", "0.5")
    try:
        process.start()
        yield process
    finally:
        process.end()


def network(node: NodeProcess, *, deployer: bytes, key: bytes) -> dict[str, Any]:
    return {
        "caliper": {"blockchain": "ethereum", "command": {}},
        "ethereum": {
            "url": node.rpc_url.replace("http", "ws", 1),
            "chainId": CHAIN_ID,
            "contractDeployerAddress": to_checksum_address(deployer),
            "contractDeployerAddressPrivateKey": f"0x{key.hex()}",
            "fromAddress": to_checksum_address(TRANSACTOR),
            "fromAddressPrivateKey": f"0x{TRANSACTOR_KEY.hex()}",
            "transactionConfirmationBlocks": 1,
            "contracts": {"guestbook": {"path": "guestbook.json", "gas": {"sign": 200_000}, "estimateGas": False}},
        },
    }


def launch(workspace: Path, node: NodeProcess, *, status: int = 0, **who: bytes) -> str:
    shutil.copy(CALIPER / "workload.js", workspace)
    shutil.copy(CALIPER / "benchmark.yaml", workspace)
    (workspace / "node_modules").symlink_to(CALIPER / "node_modules")
    # Caliper hands no arguments to a constructor: they are in the code already, and its interface says so.
    abi = [entry for entry in artifact()["abi"] if entry["type"] != "constructor"]
    creation = artifact()["bytecode"] + encode(["uint256"], [8]).hex()
    contract = {"name": "Guestbook", "abi": abi, "bytecode": creation, "gas": 1_000_000}
    (workspace / "guestbook.json").write_text(json.dumps(contract), encoding="utf-8")
    (workspace / "network.json").write_text(json.dumps(network(node, **who)), encoding="utf-8")
    program = need(CALIPER / "node_modules" / "@hyperledger" / "caliper-cli" / "caliper.js")
    command: list[str | Path] = [need(NODE), program, "launch", "manager", "--caliper-workspace", workspace]
    config = ("--caliper-benchconfig", "benchmark.yaml", "--caliper-networkconfig", "network.json")
    quick = ("--caliper-progress-reporting-interval", "500")
    return run([*command, *config, *quick], environment(node), workspace, status=status)


def test_caliper_deploys_sends_reads_and_counts_what_succeeded(idle_node: NodeProcess, tmp_path: Path) -> None:
    printed = launch(tmp_path, idle_node, deployer=DEPLOYER, key=DEPLOYER_KEY)
    rows = {cells[1]: cells[2:4] for line in printed.splitlines() if len(cells := line.replace(" ", "").split("|")) > 8}
    assert rows["sign"] == ["20", "0"]
    assert rows["refuse"] == ["0", "3"]
    assert rows["read"] == ["20", "0"]
    assert "after sign: 20 events, 20 pages" in printed


def test_caliper_is_refused_what_permissions_refuse(idle_node: NodeProcess, tmp_path: Path) -> None:
    printed = launch(tmp_path, idle_node, deployer=TRANSACTOR, key=TRANSACTOR_KEY, status=1)
    assert MAY_NOT_DEPLOY in printed
