"""A bank's node hands the seal to another process by vote, and its gateway goes on settling through the new sealer."""

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_node.demo.process import NodeProcess
from tests.follower.test_processes import TIMEOUT_S, ChainProcess, command
from tests.journeys.test_backup import Bank
from tests.rpc.server import Client


@pytest.mark.slow
def test_after_the_vote_the_gateway_settles_through_the_new_sealer_and_on_nothing_that_differs(tmp_path: Path) -> None:
    a = NodeProcess(tmp_path / "a", "--call-workers", "0")
    credentials = a.init("--sample", "--permissions", "enforced")
    a.start()
    next_sealer = command("follow", "--data", str(tmp_path / "b"), "--init-key", "sealer")
    b = ChainProcess(tmp_path / "b", "follow", "--from", a.rpc_url)
    older: ChainProcess | None = None
    try:
        with Bank(a.gateway_url, credentials) as bank:
            bank.mint("before", "100.00")
        at_a = Client(a.rpc_url)
        b.reaches(int(at_a("eth_blockNumber"), 16))

        command("network", "set-sealer", next_sealer, "--data", str(a.data))
        decided = int(at_a("eth_blockNumber"), 16)
        b.reaches(decided)
        assert a.stop() == 0
        shutil.copytree(a.data, tmp_path / "older")

        a = NodeProcess(a.data, "--call-workers", "0", "--follow", b.url)
        a.start()
        with Bank(a.gateway_url, credentials) as bank:
            bank.mint("after", "11.00")
            assert bank.booked() == "111.00"
        newest = Client(b.url)("eth_getBlockByNumber", "latest", False)
        assert newest["miner"] == next_sealer
        assert int(newest["number"], 16) > decided
        assert Client(a.rpc_url)("eth_getBlockByNumber", newest["number"], False) == newest
        assert a.stop() == 0
        backed, findings = a.audit()
        assert backed, findings
        assert b.stop() == 0

        # What the new sealer made is altered by hand; a gateway that has not taken it yet settles nothing on it.
        with closing(sqlite3.connect(tmp_path / "b" / "chain" / "chain.sqlite")) as store:
            store.execute(
                "UPDATE transactions SET raw = (SELECT raw FROM transactions ORDER BY id LIMIT 1) "
                "WHERE id = (SELECT max(id) FROM transactions)"
            )
            store.commit()
        b = ChainProcess(tmp_path / "b", "run")
        assert b.ready()["ready"]
        older = ChainProcess(tmp_path / "older", "run", "--gateway-port", "0", "--follow", b.url)
        said = _says(older, "is not followed any further")
        assert not said["ready"]
        with Bank(older.gateway_url, credentials) as bank:
            refusal = bank.asked_to_mint("never", "1.00")
            assert (refusal.status_code, refusal.json()["code"]) == (503, "doors_closed")
            assert b.url in refusal.json()["detail"]
            assert bank.booked() == "100.00", "reads stay open"
        assert older.stop() == 0
        assert b.stop() == 0
    finally:
        a.end()
        for process in (b, older):
            if process is not None:
                process.process.kill()
                process.ended()


def _says(node: ChainProcess, reason: str) -> dict[str, Any]:
    """What the readiness probe of a node's gateway says once it names this reason."""
    pause = threading.Event()
    for _ in range(TIMEOUT_S * 20):
        try:
            said: dict[str, Any] = httpx.get(f"{node.gateway_url}/readyz", timeout=5).json()
            if any(reason in one for one in said["reasons"]):
                return said
        except (FileNotFoundError, ValueError, httpx.TransportError):
            pass
        pause.wait(0.05)
    raise AssertionError("it never said so")
