"""Backup while the node runs, restore elsewhere, and every way in which a backup can be no backup any more."""

import itertools
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_node.config import load_config
from ledger_node.demo.process import NodeProcess
from ledger_node.errors import ConfigurationError, Unavailable
from ledger_node.operations import doctor
from ledger_node.operations.backup import back_up, restore, verify
from ledger_node.operations.doctor import examine


class Bank:
    """One sample bank as an HTTP client, with a key for each payment."""

    def __init__(self, url: str, credentials: dict[str, Any]) -> None:
        self._member = credentials["members"][0]
        self._operator = httpx.Client(base_url=url, headers=_bearer(credentials["operator"]), timeout=60)
        self._client = httpx.Client(base_url=url, headers=_bearer(self._member), timeout=60)
        self.accounts = {a["kind"]: a["id"] for a in self._member["accounts"] if a["currency"] == "USD"}

    def mint(self, key: str, amount: str) -> dict[str, Any]:
        deposit = {"account": self.accounts["DDA"], "amount": amount, "currency": "USD"}
        assert self._operator.post("/v1/deposits", json=deposit, headers=_once(key)).is_success
        answer = self.asked_to_mint(key, amount).json()
        assert answer["status"] == "settled", answer
        return dict(answer)

    def asked_to_mint(self, key: str, amount: str) -> httpx.Response:
        """Whatever comes of it."""
        money = {"amount": amount, "currency": "USD"}
        body = {"debtor_account": self.accounts["DDA"], "creditor_account": self.accounts["BDA"], **money}
        return self._client.post("/v1/mints", json=body, headers=_once(key))

    def __enter__(self) -> "Bank":
        return self

    def __exit__(self, *_: object) -> None:
        self._operator.close()
        self._client.close()

    def booked(self) -> str:
        return str(self._client.get(f"/v1/accounts/{self.accounts['BDA']}/balances").json()["booked"])


def _once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key, "Prefer": "wait=20"}


def _bearer(owner: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {owner['api_key']}"}


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, dict[str, Any]]]:
    """A backup taken between two mints of a running node, which is stopped afterwards."""
    directory = tmp_path_factory.mktemp("backup")
    node = NodeProcess(directory / "node")
    credentials = node.init("--sample")
    node.start()
    try:
        with Bank(node.gateway_url, credentials) as bank:
            bank.mint("before", "100.00")
            back_up(load_config({"data": node.data}), directory / "copy")
            bank.mint("after", "11.00")
            assert bank.booked() == "111.00"
        assert node.stop() == 0
        yield directory / "copy", node.data, credentials
    finally:
        node.end()


def test_a_restored_node_has_what_was_settled_and_goes_on(
    backup: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    copy, original, credentials = backup
    restore(copy, tmp_path / "node")
    shutil.copyfile(original / "keys" / "password", tmp_path / "node" / "keys" / "password")
    node = NodeProcess(tmp_path / "node")
    node.start()
    try:
        with Bank(node.gateway_url, credentials) as bank:
            assert bank.booked() == "100.00"
            bank.mint("after", "5.00")
            assert bank.booked() == "105.00"
        assert node.stop() == 0
        assert node.audit()[0]
    finally:
        node.end()


def test_backups_taken_under_load_are_each_of_one_moment(tmp_path: Path) -> None:
    """The chain in it has everything that the ledger in it has booked, and nothing that this ledger has not signed."""
    node = NodeProcess(tmp_path / "node", "--call-workers", "0")
    credentials = node.init("--sample")
    node.start()
    stopping, paid = threading.Event(), threading.Semaphore(0)

    def pay() -> int:
        with Bank(node.gateway_url, credentials) as bank:
            for number in itertools.count():
                if stopping.is_set():
                    return number
                bank.mint(f"{threading.get_ident()}/{number}", "1.00")
                paid.release()
        return 0

    try:
        with ThreadPoolExecutor(3) as payers:
            paying = [payers.submit(pay) for _ in range(3)]
            try:
                assert all(paid.acquire(timeout=60) for _ in range(4)), "they are paying"
                manifests = [back_up(load_config({"data": node.data}), tmp_path / f"copy {n}") for n in range(3)]
            finally:
                stopping.set()
            assert sum(payer.result() for payer in paying) > 3
        assert node.stop() == 0
        assert [manifest["booked"] for manifest in manifests] == sorted(manifest["booked"] for manifest in manifests)
        for number in range(3):
            data = tmp_path / f"restored {number}"
            restore(tmp_path / f"copy {number}", data)
            shutil.copyfile(node.data / "keys" / "password", data / "keys" / "password")
            restored = NodeProcess(data, "--call-workers", "0")
            restored.start()
            assert restored.stop() == 0
            assert restored.audit()[0]
    finally:
        node.end()


def test_secrets_that_open_everything_are_not_in_a_backup(backup: tuple[Path, Path, dict[str, Any]]) -> None:
    copy, original, _ = backup
    names = {path.name for path in copy.rglob("*")}
    assert {"admin.json", "settlement.json", "attestor.json", "sealer.json"} <= names
    assert not {"password", "credentials.json"} & names
    password = (original / "keys" / "password").read_bytes().strip()
    assert not [path for path in copy.rglob("*") if path.is_file() and password in path.read_bytes()]


def _flip_a_byte(copy: Path) -> str:
    path = copy / "ledger.sqlite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return "ledger.sqlite is not what"


def _lose_a_file(copy: Path) -> str:
    (copy / "genesis.json").unlink()
    return "genesis.json is missing"


def _add_a_file(copy: Path) -> str:
    (copy / "keys" / "extra.json").write_text("{}")
    return "not in the manifest"


def _lose_the_manifest(copy: Path) -> str:
    (copy / "manifest.json").unlink()
    return "is no backup"


def _come_from_the_future(copy: Path) -> str:
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    return "format 99"


@pytest.mark.parametrize("spoil", [_flip_a_byte, _lose_a_file, _add_a_file, _lose_the_manifest, _come_from_the_future])
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_written(
    backup: tuple[Path, Path, dict[str, Any]], tmp_path: Path, spoil: Any
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(backup[0], copy)
    verify(copy)
    said = spoil(copy)
    with pytest.raises(ConfigurationError, match=said):
        restore(copy, tmp_path / "node")
    assert not (tmp_path / "node").exists()


def test_neither_backup_nor_restore_overwrites(backup: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    copy, original, _ = backup
    with pytest.raises(ConfigurationError, match="there already"):
        back_up(load_config({"data": original}), copy)
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(ConfigurationError, match="not empty"):
        restore(copy, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_doctor_finds_a_healthy_directory_well(backup: tuple[Path, Path, dict[str, Any]]) -> None:
    findings = list(examine({"data": backup[1]}))
    assert [finding for finding in findings if not finding.well] == []


def test_the_doctor_names_what_is_ill_and_what_to_do(backup: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    data = tmp_path / "node"
    shutil.copytree(backup[1], data)
    (data / "credentials.json").chmod(0o644)
    (data / "keys" / "password").write_text("wrong")
    with closing(sqlite3.connect(data / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE holdings SET booked = booked + 1 WHERE booked > 0")
    ill = {finding.subject: finding for finding in examine({"data": data}) if not finding.well}
    assert set(ill) == {"permissions", "keys", "backing"}
    assert all(finding.remedy for finding in ill.values())


def _overwrite(path: Path, at: int, count: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * count)


def _execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as store, store:
        store.execute(statement)


def _keep_evidence(data: Path) -> None:
    (data / "evidence" / "7-abc-state_root").mkdir(parents=True)
    (data / "evidence" / "7-abc-state_root" / "difference.json").write_text("{}")


def _append(path: Path, line: str) -> None:
    path.write_text(path.read_text() + line + "\n")


DAMAGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "no TOML": (lambda data: _append(data / "config.toml", "garbage = ="), {"configuration"}),
    "an unknown setting": (lambda data: _append(data / "config.toml", "nonsense = 3"), {"configuration"}),
    "no directory": (shutil.rmtree, {"directory"}),
    "no password": (lambda data: (data / "keys" / "password").unlink(), {"keys"}),
    "a keystore lost": (lambda data: (data / "keys" / "attestor.json").unlink(), {"keys"}),
    "genesis spoilt": (lambda data: (data / "genesis.json").write_text("{"), {"genesis", "backing"}),
    "another genesis": (
        lambda data: (data / "genesis.json").write_text((data / "genesis.json").read_text().replace("1337", "1338")),
        {"backing"},
    ),
    "the ledger lost": (lambda data: (data / "ledger.sqlite").unlink(), {"ledger", "backing"}),
    "the ledger's first page": (
        lambda data: _overwrite(data / "ledger.sqlite", 0, 4096), {"ledger database", "ledger", "backing"}
    ),
    "a page of the ledger": (lambda data: _overwrite(data / "ledger.sqlite", 8 * 4096, 4096), {"ledger database"}),
    "a newer schema": (
        lambda data: _execute(data / "ledger.sqlite", "UPDATE alembic_version SET version_num = '9999'"),
        {"ledger", "backing"},
    ),
    "an older schema": (
        lambda data: _execute(data / "ledger.sqlite", "UPDATE alembic_version SET version_num = '0001_ledger'"),
        {"schema", "backing"},
    ),
    "the chain lost": (lambda data: shutil.rmtree(data / "chain"), {"chain", "backing"}),
    "a newer chain format": (
        lambda data: _execute(data / "chain" / "chain.sqlite", "UPDATE meta SET value = '7' WHERE key = 'format'"),
        {"chain", "backing"},
    ),
    "a clock behind": (
        lambda data: _execute(data / "chain" / "chain.sqlite", "UPDATE blocks SET timestamp = timestamp + 9999"),
        {"clock"},
    ),
    "the peer away": (lambda data: _append(data / "config.toml", 'follow = "http://127.0.0.1:1"'), {"peer"}),
    "evidence": (_keep_evidence, {"evidence"}),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_doctor_says_of_each_damage_what_to_do(
    backup: tuple[Path, Path, dict[str, Any]], tmp_path: Path, damage: str
) -> None:
    data = tmp_path / "node"
    shutil.copytree(backup[1], data)
    spoil, subjects = DAMAGES[damage]
    spoil(data)
    ill = {finding.subject: finding for finding in examine({"data": data}) if not finding.well}
    assert subjects <= set(ill)
    assert all(finding.remedy for finding in ill.values())
    if damage == "the ledger lost":
        assert not (data / "ledger.sqlite").exists(), "it only looks"
    if damage != "a page of the ledger":  # whose other finding depends on what was in it
        assert set(ill) == subjects


def test_the_doctor_knows_a_full_disk_and_a_directory_that_never_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = NodeProcess(tmp_path / "new")
    node.init("--sample")
    assert [finding for finding in examine({"data": node.data}) if not finding.well] == []
    monkeypatch.setattr(doctor, "FREE_BYTES_MIN", 1 << 60)
    (ill,) = [finding for finding in examine({"data": node.data}) if not finding.well]
    assert (ill.subject, bool(ill.remedy)) == ("disk", True)


def test_a_node_that_lost_its_ledger_does_not_start_another(
    backup: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    data = tmp_path / "node"
    shutil.copytree(backup[1], data)
    (data / "ledger.sqlite").unlink()
    with pytest.raises(Unavailable, match="There is no ledger"):
        NodeProcess(data).start()
    assert not (data / "ledger.sqlite").exists()
