"""The operator of a permissioned network rotates the house's keys while the node runs, with the guide's commands."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ledger_node.demo.process import NodeProcess

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("house_keys")]
"""One node through its life: the tests follow each other."""

PATIENCE_S = 60


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    node = NodeProcess(tmp_path_factory.mktemp("keys") / "node")
    node.init("--sample", "--permissions", "enforced")
    node.start()
    try:
        yield node
        assert node.stop() == 0
    finally:
        node.end()


def command(node: NodeProcess, *words: str) -> str:
    given = [sys.executable, "-m", "ledger_node", *words, "--data", str(node.data)]
    done = subprocess.run(given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ask(node: NodeProcess, path: str) -> list[dict[str, str]]:
    """What the gateway tells the operator, newest first."""
    secret = json.loads((node.data / "credentials.json").read_text())["operator"]["api_key"]
    answered = httpx.get(node.gateway_url + path, headers={"Authorization": f"Bearer {secret}"}, trust_env=False)
    told: list[dict[str, str]] = answered.raise_for_status().json()["data"]
    return told


def keys(node: NodeProcess, office: str) -> dict[str, dict[str, str]]:
    """By status."""
    return {each["status"]: each for each in ask(node, "/v1/house_keys") if each["office"] == office}


def wait_for(node: NodeProcess, office: str, *statuses: str, waits_for: str = "") -> dict[str, dict[str, str]]:
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = keys(node, office)
        if set(found) == set(statuses) and waits_for in "".join(each["waits_for"] or "" for each in found.values()):
            return found
        pause.wait(0.2)
    raise AssertionError(found)


def pay(node: NodeProcess, key: str) -> Any:
    """A mint, to its end."""
    credentials = json.loads((node.data / "credentials.json").read_text())
    bank = credentials["members"][0]
    dda, bda = (next(each["id"] for each in bank["accounts"] if (each["kind"], each["currency"]) == (kind, "USD"))
                for kind in ("DDA", "BDA"))  # fmt: skip
    with httpx.Client(base_url=node.gateway_url, timeout=60, trust_env=False) as http:
        http.post(
            "/v1/deposits", json={"account": dda, "amount": "10.00", "currency": "USD"},
            headers={"Authorization": f"Bearer {credentials['operator']['api_key']}", "Idempotency-Key": f"d-{key}"},
        ).raise_for_status()  # fmt: skip
        return http.post(
            "/v1/mints", json={"debtor_account": dda, "creditor_account": bda, "amount": "10.00", "currency": "USD"},
            headers={"Authorization": f"Bearer {bank['api_key']}", "Idempotency-Key": key, "Prefer": "wait=30"},
        ).json()  # fmt: skip


def test_the_settlement_key_changes_once_the_network_lets_the_new_one_in(node: NodeProcess) -> None:
    assert pay(node, "before")["status"] == "settled"
    rehearsed = command(node, "key", "rotate", "settlement", "--dry-run")
    assert "Nothing was done." in rehearsed
    made = json.loads(command(node, "key", "rotate", "settlement", "--reason", "Yearly rotation"))
    assert (node.data / "keys" / f"settlement-{made['address']}.json").stat().st_mode & 0o777 == 0o600
    waiting = wait_for(node, "settlement", "current", "incoming", waits_for="network grant")["incoming"]
    granting = waiting["waits_for"].partition("(ledger-node ")[2].partition(")")[0]
    assert pay(node, "meanwhile")["status"] == "settled"
    command(node, *granting.split())
    changed = wait_for(node, "settlement", "current", "retired")
    assert changed["current"]["address"] == made["address"]
    after = pay(node, "after")
    assert after["status"] == "settled"
    sent = {"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionByHash", "params": [after["transaction_hash"]]}
    assert httpx.post(node.rpc_url, json=sent, trust_env=False).json()["result"]["from"] == made["address"]
    command(node, "network", "revoke", changed["retired"]["address"])


def test_the_attestor_needs_nobody_and_a_killed_node_goes_on_with_both(node: NodeProcess) -> None:
    made = json.loads(command(node, "key", "rotate", "attestor"))
    node.kill()
    node.start()
    changed = wait_for(node, "attestor", "current", "retired")
    assert changed["current"]["address"] == made["address"]
    assert pay(node, "attested-anew")["status"] == "settled"
    assert "backed" in command(node, "audit")
    assert f"{made['id']}\tattestor\tcurrent\t{made['address']}" in command(node, "key", "list")
    attestors = [each["attestor"] for each in ask(node, "/v1/reserve/attestations")]
    assert attestors[0] == made["address"] != attestors[-1]


def test_an_admin_on_its_way_waits_for_its_right_and_can_be_canceled(node: NodeProcess) -> None:
    made = json.loads(command(node, "key", "rotate", "admin"))
    wait_for(node, "admin", "current", "incoming", waits_for="to let it deploy")
    assert "6 keystores open" in command(node, "doctor")
    command(node, "network", "grant", made["address"], "deploy")
    wait_for(node, "admin", "current", "incoming", waits_for="the delay of the admin's office")
    command(node, "key", "cancel", made["id"], "--reason", "Not before the audit")
    retired = wait_for(node, "admin", "current", "retired")["retired"]
    assert retired["id"] == made["id"]


def test_keystores_of_keys_that_were_retired_may_be_destroyed(node: NodeProcess) -> None:
    (node.data / "keys" / "settlement.json").unlink()
    (node.data / "keys" / "attestor.json").unlink()
    assert node.stop() == 0
    assert "keystores open" in command(node, "doctor")
    node.start()
    assert pay(node, "without-them")["status"] == "settled"
