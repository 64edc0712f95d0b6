"""A running node whose ledger may not be written any more says so, and goes on by itself when it may be again."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_node.demo import process
from ledger_node.demo.process import NodeProcess

pytestmark = pytest.mark.slow

# Root may write whatever its mode says; without this capability it may not.
AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")
PATIENCE_S = 60.0


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NodeProcess]:
    if os.geteuid() == 0:
        assert shutil.which(AS_ANYBODY[0]), "setpriv is part of util-linux, which every Debian has"
        monkeypatch.setattr(process, "_LEDGER_NODE", (*AS_ANYBODY, sys.executable, "-m", "ledger_node"))
    node = NodeProcess(tmp_path / "node")
    node.init("--sample")
    node.start()
    try:
        yield node
    finally:
        for path, mode in ((node.data, 0o700), (node.data / "ledger.sqlite", 0o600)):
            path.chmod(mode)
        node.end()


def readiness(node: NodeProcess) -> tuple[int, dict[str, Any]]:
    answer = httpx.get(node.gateway_url + "/readyz", timeout=30)
    return answer.status_code, answer.json()


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "it did not come about in time"


@pytest.mark.parametrize("what", ["ledger.sqlite", "."])
def test_readiness_names_what_may_not_be_written_and_heals(node: NodeProcess, what: str) -> None:
    assert readiness(node) == (200, {"ready": True, "reasons": []})
    path = node.data / what
    allowed = path.stat().st_mode
    path.chmod(0o500 if path.is_dir() else 0o400)
    wait_until(lambda: readiness(node)[0] == 503)
    assert str(path.resolve()) in " ".join(readiness(node)[1]["reasons"])
    assert httpx.get(node.gateway_url + "/livez", timeout=30).status_code == 200

    path.chmod(allowed)
    wait_until(lambda: readiness(node) == (200, {"ready": True, "reasons": []}))
    credentials = json.loads((node.data / "credentials.json").read_text())
    account = next(each["id"] for each in credentials["members"][0]["accounts"] if each["kind"] == "DDA")
    currency = next(each["currency"] for each in credentials["members"][0]["accounts"] if each["id"] == account)
    paid = httpx.post(
        node.gateway_url + "/v1/deposits",
        json={"account": account, "amount": "100", "currency": currency},
        headers={"Authorization": f"Bearer {credentials['operator']['api_key']}", "Idempotency-Key": "healed"},
        timeout=30,
    )
    assert paid.json()["status"] == "settled", paid.text
