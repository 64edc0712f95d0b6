"""Hardhat 3: it compiles, and Ignition deploys, calls, reads an event, decodes a custom error, and is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ledger_node.demo.process import NodeProcess
from tests.clients.guestbook import SOURCE
from tests.clients.network import MAY_NOT_DEPLOY
from tests.clients.tools import CONTRACTS, HERE, NODE, environment, need, run
from tests.rpc.network import calldata
from tests.rpc.server import Client

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clients")]


class Hardhat:
    """A project of a developer's, in a directory of its own."""

    def __init__(self, project: Path, node: NodeProcess) -> None:
        self.project = project
        self._settings = {
            **environment(node),
            "SOLC": str(CONTRACTS / "node_modules" / "solc" / "soljson.js"),
            "HARDHAT_IGNITION_CONFIRM_DEPLOYMENT": "true",
            "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true",
        }

    def deploy(self, module: str, *, network: str, status: int = 0) -> str:
        program = need(HERE / "node_modules" / "hardhat" / "dist" / "src" / "cli.js")
        options = ("--network", network, "--deployment-id", network)
        command: list[str | Path] = [need(NODE), program, "ignition", "deploy", f"ignition/modules/{module}.js"]
        return run([*command, *options], self._settings, self.project, status=status)

    def journal(self, network: str) -> list[dict[str, Any]]:
        path = self.project / "ignition" / "deployments" / network / "journal.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


@pytest.fixture(scope="module")
def hardhat(node: NodeProcess, tmp_path_factory: pytest.TempPathFactory) -> Hardhat:
    project = tmp_path_factory.mktemp("hardhat")
    shutil.copytree(HERE / "hardhat", project, dirs_exist_ok=True)
    (project / "contracts").mkdir()
    shutil.copy(SOURCE, project / "contracts")
    (project / "node_modules").symlink_to(HERE / "node_modules")
    return Hardhat(project, node)


def test_ignition_deploys_calls_and_reads_an_event(hardhat: Hardhat, node: NodeProcess) -> None:
    printed = hardhat.deploy("guestbook", network="deployer")
    assert "[ Guests ] successfully deployed" in printed
    (read,) = (entry for entry in hardhat.journal("deployer") if entry["type"].startswith("READ_EVENT_ARGUMENT"))
    assert read["result"] == {"_kind": "bigint", "value": "1"}
    book = json.loads((hardhat.project / "ignition/deployments/deployer/deployed_addresses.json").read_bytes())
    pages = Client(node.rpc_url)("eth_call", {"to": book["Guests#Guestbook"], "data": calldata("pages()")})
    assert int(pages, 16) == 2


def test_ignition_decodes_the_custom_error(hardhat: Hardhat) -> None:
    printed = hardhat.deploy("rude", network="deployer", status=1)
    assert "Reverted with custom error TooLong(12, 8)" in printed


def test_ignition_is_refused_what_permissions_refuse(hardhat: Hardhat) -> None:
    printed = hardhat.deploy("guestbook", network="transactor", status=1)
    assert MAY_NOT_DEPLOY in printed
    assert "code: -32007" in printed
