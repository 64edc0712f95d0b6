"""The commands as an operator types them: processes that follow, are killed, attest, and catch what was altered."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_node.demo.process import NodeProcess
from tests.journeys.test_backup import Bank
from tests.rpc.server import Client

LEDGER_NODE = (sys.executable, "-m", "ledger_node")
PUBLIC_CHAIN = Path(__file__).parents[1] / "conformance" / "data"
PUBLIC_HEAD = "0xe27a3e81bd7cfe2aec2cc9e832c73a17c93e7efcf659cf4b39883b96c48708c2"
TIMEOUT_S = 180
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}


class ChainProcess:
    """`ledger-node follow` or `run`, which need not become ready."""

    def __init__(self, data: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> None:
        self.data = data
        (data / "running.json").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*LEDGER_NODE, arguments[0], "--data", str(data), "--rpc-port", "0", "--call-workers", "0", *arguments[1:]],
            stderr=subprocess.PIPE, env=ENVIRONMENT | dict(settings or {}), text=True,
        )  # fmt: skip

    def ready(self) -> dict[str, Any]:
        """What it says as soon as it is ready, or has halted."""
        pause = threading.Event()
        for _ in range(TIMEOUT_S * 20):
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            try:
                answer = httpx.get(f"{self.url}/readyz", timeout=5)
                said: dict[str, Any] = answer.json()
                if answer.is_success or "difference" in said:
                    return said
            except (FileNotFoundError, ValueError, httpx.TransportError):
                pass
            pause.wait(0.05)
        raise AssertionError("it was never ready")

    @property
    def url(self) -> str:
        return str(json.loads((self.data / "running.json").read_text())["rpc"])

    @property
    def gateway_url(self) -> str:
        """Of a bank's node."""
        return str(json.loads((self.data / "running.json").read_text())["gateway"])

    def reaches(self, number: int) -> None:
        pause = threading.Event()
        for _ in range(TIMEOUT_S * 20):
            if self.ready()["head"] >= number:
                return
            pause.wait(0.05)
        raise AssertionError("it did not get there")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        status = self.process.wait(TIMEOUT_S)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return status


def command(*arguments: str) -> str:
    return subprocess.run(
        [*LEDGER_NODE, *arguments], check=True, capture_output=True, text=True, env=ENVIRONMENT
    ).stdout.strip()


@pytest.fixture
def processes() -> Iterator[list[ChainProcess]]:
    started: list[ChainProcess] = []
    yield started
    for one in started:
        one.process.kill()
        one.ended()


@pytest.mark.slow
def test_a_follower_follows_attests_outlives_a_kill_and_catches_an_altered_block(
    tmp_path: Path, processes: list[ChainProcess]
) -> None:
    def follow(name: str, *flags: str) -> ChainProcess:
        processes.append(ChainProcess(tmp_path / name, "follow", "--from", node.rpc_url, *flags))
        return processes[-1]

    attestor = command("follow", "--data", str(tmp_path / "follower"), "--init-key")
    node = NodeProcess(tmp_path / "node", "--call-workers", "0")
    credentials = node.init("--sample", "--attestor", attestor)
    node.start()
    try:
        with Bank(node.gateway_url, credentials) as bank:
            bank.mint("first", "100.00")
            follower = follow("follower")
            rpc = Client(node.rpc_url)
            follower.reaches(int(rpc("eth_blockNumber"), 16))

            follower.process.kill()
            follower.ended()
            bank.mint("second", "11.00")
            follower = follow("follower")
            head = int(rpc("eth_blockNumber"), 16)
            follower.reaches(head)
            said = follower.ready()
            assert (said["status"], said["finalized"]) == ("following", head)
            assert rpc("eth_getBlockByNumber", "finalized", False) == rpc("eth_getBlockByNumber", hex(head), False)
            assert rpc("ledger_getBlockAttestations", hex(head))[0]["attestor"] == attestor
            same = Client(follower.url)
            assert same("eth_getBlockByNumber", "latest", True) == rpc("eth_getBlockByNumber", "latest", True)
        assert follower.stop() == 0
        assert node.stop() == 0

        with closing(sqlite3.connect(node.data / "chain" / "chain.sqlite")) as store:  # by hand
            first, last = store.execute("SELECT min(id), max(id) FROM transactions").fetchone()
            store.execute(
                "UPDATE transactions SET raw = (SELECT raw FROM transactions WHERE id = ?) WHERE id = ?", (first, last)
            )
            store.commit()
        node.start()
        suspicious = follow("suspicious")
        said = suspicious.ready()
        assert said["status"] == "halted"
        assert said["ready"] is False
        assert said["difference"]["number"] == last >> 24
        assert said["difference"]["field"] == "transactions"
        assert Client(suspicious.url)("eth_blockNumber") == hex((last >> 24) - 1), "what is verified is served"
        assert suspicious.stop() == 3
        assert follow("hasty", "--exit-on-difference").ended() == 3
        (evidence,) = (tmp_path / "hasty" / "evidence").iterdir()
        assert json.loads((evidence / "difference.json").read_text())["source"] == node.rpc_url
        assert node.stop() == 0
    finally:
        node.end()


@pytest.mark.slow
def test_a_member_exports_and_verifies_beside_the_running_node(tmp_path: Path) -> None:
    """Blocks are read beside the node, also after it was killed; history and statement are checked from the files."""
    node = NodeProcess(tmp_path / "node", "--call-workers", "0")
    credentials = node.init("--sample")
    node.start()
    blocks, statement, genesis = tmp_path / "blocks.rlp", tmp_path / "statement.json", node.data / "genesis.json"
    export = ("chain", "export", "--data", str(node.data), str(blocks))
    try:
        with Bank(node.gateway_url, credentials) as bank:
            bank.mint("first", "100.00")
            bank.mint("second", "11.00")
            command(*export)
            head = int(Client(node.rpc_url)("eth_blockNumber"), 16)
            account = f"{node.gateway_url}/v1/accounts/{bank.accounts['BDA']}"
            key = {"Authorization": f"Bearer {credentials['members'][0]['api_key']}"}
            statement.write_text(httpx.get(f"{account}/entries", headers=key).text)
            address = httpx.get(account, headers=key).json()["address"]
            verify = ("chain", "verify", str(blocks), "--genesis", str(genesis), "--statement", str(statement))
            verdict = json.loads(command(*verify, "--address", address))
            assert (verdict["verdict"], verdict["head_number"]) == ("valid", head)
            assert verdict["statement"] == {"lines": 2, "wrong": []}
        node.kill()
        before = blocks.read_bytes()
        command(*export)
        assert blocks.read_bytes() == before
    finally:
        node.end()


@pytest.mark.slow
def test_a_chain_of_other_clients_is_imported_and_served(tmp_path: Path, processes: list[ChainProcess]) -> None:
    said = command(
        "chain", "import", "--data", str(tmp_path / "public"), "--genesis", str(PUBLIC_CHAIN / "genesis.json"),
        str(PUBLIC_CHAIN / "chain.rlp"),
    )  # fmt: skip
    assert said == f"Head: block 45, {PUBLIC_HEAD}."
    node = ChainProcess(tmp_path / "public", "run", "--no-produce")
    processes.append(node)
    assert node.ready()["head"] == 45
    rpc = Client(node.url)
    assert rpc("eth_getBlockByNumber", "finalized", False)["hash"] == PUBLIC_HEAD
    assert node.stop() == 0
    command("chain", "export", "--data", str(tmp_path / "public"), "--first", "1", str(tmp_path / "out.rlp"))
    assert (tmp_path / "out.rlp").read_bytes() == (PUBLIC_CHAIN / "chain.rlp").read_bytes()
