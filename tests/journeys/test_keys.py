"""Keys stay where they belong: in encrypted keystores, and in nothing that a node writes, says or is started with."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from eth_account import Account

from ledger_node.data_directory import KEY_NAMES
from ledger_node.settlement.onchain.signing_keys import OFFICES

LEDGER_NODE = [sys.executable, "-m", "ledger_node"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a node that ran with every log line on; beside it its log, arguments and environment."""
    directory = tmp_path_factory.mktemp("keys")
    data = directory / "node"
    made = subprocess.run([*LEDGER_NODE, "init", "--data", str(data), "--sample"], capture_output=True, check=True)
    (directory / "init.log").write_bytes(made.stdout + made.stderr)
    flags = ["--data", str(data), "--gateway-port", "0", "--rpc-port", "0", "--log-level", "debug"]
    with (directory / "run.log").open("wb") as log:
        node = subprocess.Popen([*LEDGER_NODE, "run", *flags], stdout=log, stderr=log)
    try:
        url = _ready(data, node)
        for name in ("cmdline", "environ"):
            (directory / name).write_bytes(Path(f"/proc/{node.pid}/{name}").read_bytes())
        (directory / "answers").write_text(_answers(url, json.loads((data / "credentials.json").read_text())))
    finally:
        node.terminate()
        node.wait(60)
    return directory


def _ready(data: Path, node: "subprocess.Popen[bytes]") -> str:
    pause = Event()
    for _ in range(1200):
        try:
            url: str = json.loads((data / "running.json").read_text())["gateway"]
            if httpx.get(f"{url}/readyz", timeout=5, trust_env=False).is_success:
                return url
        except (OSError, ValueError, httpx.TransportError):
            assert node.poll() is None, "the node ended"
        pause.wait(0.1)
    raise AssertionError("the node did not become ready")


def _answers(url: str, credentials: dict[str, Any]) -> str:
    """A payment settled and one refused, as the bank and the operator are told of them."""
    bank = credentials["members"][0]
    dda, bda = (
        next(each["id"] for each in bank["accounts"] if (each["kind"], each["currency"]) == (kind, "USD"))
        for kind in ("DDA", "BDA")
    )
    money = {"amount": "10.00", "currency": "USD"}
    heads = [{"Authorization": f"Bearer {each['api_key']}"} for each in (credentials["operator"], bank)]
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        told = [
            http.post("/v1/deposits", json={"account": dda, **money}, headers=heads[0] | {"Idempotency-Key": "d"}),
            *(
                http.post(
                    "/v1/mints", json={"debtor_account": dda, "creditor_account": bda, **money},
                    headers=heads[1] | {"Idempotency-Key": key, "Prefer": "wait=30"},
                )
                for key in ("m1", "m2")
            ),
            *(http.post("/v1/house_keys", json={"office": office}, headers=heads[0]) for office in OFFICES),
            *(http.get(path, headers=heads[0])
              for path in ("/v1/house_keys", "/v1/audit_log", "/v1/tokens", "/v1/events", "/readyz")),
        ]  # fmt: skip
    assert [answer.status_code for answer in told[:6]] == [201, 201, 422, 201, 201, 201]
    return "\n".join(answer.text for answer in told)


def secrets_of(data: Path) -> dict[str, bytes]:
    password = (data / "keys" / "password").read_text().strip()
    keys = {
        path.stem: bytes(Account.decrypt(json.loads(path.read_text()), password))
        for path in (data / "keys").glob("*.json")
    }
    assert len(keys) == len(KEY_NAMES) + len(OFFICES), "those of init, and those that were made by rotating"
    return keys | {"password": password.encode()}


def forms(secret: bytes) -> list[bytes]:
    """As bytes, and as the texts that might stand for them."""
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), str(int.from_bytes(secret, "big")).encode()]


def test_no_key_is_in_what_a_node_writes_says_or_is_started_with(ran: Path) -> None:
    data = ran / "node"
    places = [path for path in ran.rglob("*") if path.is_file() and data / "keys" not in path.parents]
    assert {
        "ledger.sqlite",
        "chain.sqlite",
        "genesis.json",
        "run.log",
        "init.log",
        "cmdline",
        "environ",
        "answers",
    } <= {path.name for path in places}
    assert "settled" in (ran / "answers").read_text()
    found = [
        (name, path.name)
        for path in places
        for content in [path.read_bytes()]
        for name, secret in secrets_of(data).items()
        if any(form in content for form in forms(secret))
    ]
    assert found == []


def test_the_search_finds_a_key_that_is_there(ran: Path, tmp_path: Path) -> None:
    """The twin: the same search over a database that does hold one."""
    secret = secrets_of(ran / "node")["settlement"]
    with sqlite3.connect(tmp_path / "careless.sqlite") as careless:
        careless.execute("CREATE TABLE kept (what BLOB)")
        careless.execute("INSERT INTO kept VALUES (?)", (secret,))
    assert any(form in (tmp_path / "careless.sqlite").read_bytes() for form in forms(secret))


def test_a_keystore_that_cannot_be_opened_is_named_and_nothing_of_it_is_told(ran: Path, tmp_path: Path) -> None:
    data = shutil.copytree(ran / "node", tmp_path / "node")
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password-at-all\n")
    command = [*LEDGER_NODE, "run", "--data", str(data), "--password-file", str(wrong), "--log-level", "debug"]
    outcome = subprocess.run(command, capture_output=True, timeout=120)
    said = outcome.stdout + outcome.stderr
    assert outcome.returncode != 0
    assert b"cannot be opened with the password given" in said
    told = [b"not-the-password-at-all", json.loads((data / "keys" / "sealer.json").read_text())["crypto"]["ciphertext"]]
    assert not any((each if isinstance(each, bytes) else each.encode()) in said for each in told)


def test_keystores_and_credentials_are_their_owners_only(ran: Path) -> None:
    data = ran / "node"
    private = [*(data / "keys").iterdir(), data / "credentials.json"]
    assert {oct(path.stat().st_mode & 0o777) for path in private} == {"0o600"}
    assert oct((data / "keys").stat().st_mode & 0o777) == "0o700"
