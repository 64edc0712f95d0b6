"""A data directory that a released version made works on: it migrates, keeps its history, and pays."""

import json
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_node.demo.process import NodeProcess

pytestmark = pytest.mark.slow

RELEASED = sorted((Path(__file__).parents[1] / "fixtures").glob("data-*.tar.gz"))
BACKED = {"EUR": "7485.00", "JPY": "899769", "USD": "14962.98"}
"""Reserve and supply that 0.1.0 answered last."""


@pytest.fixture(params=RELEASED, ids=lambda path: path.name)
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path / "node", filter="data")
    return tmp_path / "node"


@pytest.fixture
def node(data: Path) -> Iterator[NodeProcess]:
    node = NodeProcess(data)
    node.start()
    try:
        yield node
    finally:
        node.stop()


def ask(node: NodeProcess, owner: dict[str, Any], path: str) -> Any:
    return httpx.get(node.gateway_url + path, headers=bearer(owner), timeout=60).raise_for_status().json()


def bearer(owner: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {owner['api_key']}"}


def deep_audit(data: Path) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "ledger_node", "audit", "--deep", "--data", str(data))
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_it_goes_on_with_its_history_and_its_money(node: NodeProcess, data: Path) -> None:
    credentials = json.loads((data / "credentials.json").read_text())
    operator, bank = credentials["operator"], credentials["members"][0]
    reserve = ask(node, operator, "/v1/reserve")["data"]
    assert {each["currency"]: each["supply"] for each in reserve} == BACKED
    assert all(each["backed"] for each in reserve)
    statuses = [payment["status"] for payment in ask(node, operator, "/v1/transfers?limit=100")["data"]]
    assert len(statuses) == 14
    assert statuses.count("settled") == 12
    accounts = {each["kind"]: each["id"] for each in bank["accounts"] if each["currency"] == "USD"}
    before = ask(node, bank, f"/v1/accounts/{accounts['BDA']}/balances")["booked"]

    body = {"debtor_account": accounts["DDA"], "creditor_account": accounts["BDA"], "amount": "1.00", "currency": "USD"}
    headers = bearer(bank) | {"Idempotency-Key": "after", "Prefer": "wait=20"}
    paid = httpx.post(node.gateway_url + "/v1/mints", json=body, headers=headers, timeout=60).json()
    assert paid["status"] == "settled"
    after = ask(node, bank, f"/v1/accounts/{accounts['BDA']}/balances")["booked"]
    assert round(float(after) - float(before), 2) == 1.0

    node.stop()
    outcome = deep_audit(data)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "Nothing was altered." in outcome.stdout


def test_what_was_altered_in_it_is_found_after_the_migration(node: NodeProcess, data: Path) -> None:
    node.stop()
    with closing(sqlite3.connect(data / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE operations SET amount = amount + 1 WHERE number = 5")
    outcome = deep_audit(data)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "Nothing was altered." not in outcome.stdout
