"""The commands as an operator types them: real processes on a real data directory."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ledger_node.cli.main import cli
from ledger_node.demo.process import NodeProcess

COMMAND = (sys.executable, "-m", "ledger_node")


def ledger_node(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment, timeout=120)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("commands") / "node"
    outcome = ledger_node("init", "--data", str(data), "--chain-id", "4711", "--sample")
    assert outcome.returncode == 0, outcome.stderr
    return data


def test_init_writes_three_banks_with_six_accounts_each_and_lets_nobody_else_read_it(sample: Path) -> None:
    credentials = json.loads((sample / "credentials.json").read_text())
    assert stat.S_IMODE((sample / "credentials.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(sample.stat().st_mode) == 0o700
    assert credentials["operator"]["api_key"]
    assert len(credentials["members"]) == 3
    for member in credentials["members"]:
        assert {(account["kind"], account["currency"]) for account in member["accounts"]} == {
            (kind, currency) for kind in ("DDA", "BDA") for currency in ("USD", "EUR", "JPY")
        }
    for keystore in (sample / "keys").iterdir():
        assert stat.S_IMODE(keystore.stat().st_mode) == 0o600


def test_init_does_not_touch_a_directory_that_is_a_nodes_already(sample: Path) -> None:
    before = {path: path.read_bytes() for path in sample.rglob("*") if path.is_file()}
    outcome = ledger_node("init", "--data", str(sample))
    assert (outcome.returncode, "already" in outcome.stderr) == (2, True)
    assert {path: path.read_bytes() for path in sample.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--data", "/nowhere/at/all"), "init"),
        (("run", "--gatway-port", "1"), "No such option"),
        (("audit", "--data", "/nowhere/at/all"), "init"),
        (("init", "--chain-id", "0"), "chain-id"),
        (("member", "add", "--bic", "X"), "--lei"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_how_to_mend_it(arguments: tuple[str, ...], said: str) -> None:
    outcome = ledger_node(*arguments)
    assert outcome.returncode == 2
    assert said in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_members_are_administered_with_and_without_a_running_node(sample: Path) -> None:
    bank = ("--bic", "DELTGB2LXXX", "--lei", "213800DELTABANKAB005", "--name", "Delta")
    added = ledger_node("member", "add", "--data", str(sample), *bank)
    assert added.returncode == 0, added.stderr
    made = json.loads(added.stdout)
    assert made["api_key"].startswith("lnk_")
    assert len(made["accounts"]) == 6
    assert "DELTGB2LXXX\tactive" in ledger_node("member", "list", "--data", str(sample)).stdout

    node = NodeProcess(sample)
    node.start()
    try:
        suspended = ledger_node("member", "suspend", "DELTGB2LXXX", "--data", str(sample))
        assert "\tsuspended\t" in suspended.stdout, suspended.stderr
        assert "DELTGB2LXXX\tsuspended" in ledger_node("member", "list", "--data", str(sample)).stdout
        limits = ("member", "limits", "DELTGB2LXXX", "USD", "--data", str(sample))
        assert ledger_node(*limits, "--per-day", "9.00", "--approval-above", "1.00").returncode == 0
        changed = json.loads(ledger_node(*limits, "--no-per-day").stdout)
        assert (changed["per_day"], changed["previous"]["per_day"], changed["approval_above"]) == (None, "9.00", "1.00")
        assert ledger_node(*limits, "--per-day", "9.00", "--no-per-day").returncode == 2
        unknown = ledger_node("member", "suspend", "NOBOGB2LXXX", "--data", str(sample))
        assert (unknown.returncode, "member_not_found" in unknown.stderr) == (2, True)
        assert ledger_node("health", "--data", str(sample)).returncode == 0
        assert ledger_node("audit", "--data", str(sample)).returncode == 0

        second = ledger_node("run", "--data", str(sample), "--gateway-port", "0", "--rpc-port", "0")
        assert (second.returncode, "Another process holds" in second.stderr) == (2, True)
    finally:
        assert node.stop() == 0
    assert ledger_node("health", "--data", str(sample), "--gateway-port", "1").returncode == 1
    assert ledger_node("audit", "--data", str(sample)).returncode == 0


READING = {
    "account": {"list", "orders"}, "api-key": {"list"}, "approval": {"list"}, "fiat": {"deposits", "withdrawals"},
    "key": {"list"}, "member": {"list"}, "net": {"list"}, "operator": {"list", "secret"}, "token": {"list"},
    "network": {"account", "organisations", "proposals", "roles", "status"},
}  # fmt: skip


@pytest.mark.parametrize("group", READING)
def test_whatever_changes_something_can_be_rehearsed(group: str) -> None:
    with click.Context(cli) as context:
        commands = cli.get_command(context, group)
    assert isinstance(commands, click.Group)
    without = {
        name for name, command in commands.commands.items() if "dry_run" not in {each.name for each in command.params}
    }
    assert without == READING[group]


def test_money_accounts_and_keys_are_administered_with_commands(sample: Path) -> None:
    def done(*arguments: str) -> str:
        outcome = ledger_node(*arguments, "--data", str(sample))
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout

    member = json.loads((sample / "credentials.json").read_text())["members"][0]
    ddas = {each["currency"]: each["id"] for each in member["accounts"] if each["kind"] == "DDA"}
    bic, dda = member["bic"], ddas["USD"]
    node = NodeProcess(sample)
    node.start()
    try:
        assert json.loads(done("account", "close", ddas["JPY"]))["status"] == "closed"
        accounts = done("account", "list").count("\n")
        assert "Nothing was done." in done("account", "open", bic, "DDA", "JPY", "--dry-run")
        assert done("account", "list").count("\n") == accounts
        assert json.loads(done("account", "open", bic, "DDA", "JPY"))["status"] == "active"
        assert done("account", "list").count("\n") == accounts + 1

        booked = done("fiat", "deposits").count("\n")
        once = ("fiat", "deposit", dda, "12.00", "USD", "--idempotency-key", "wire-77", "--end-to-end-id", "WIRE-77")
        assert "Nothing was done." in done(*once, "--dry-run")
        assert json.loads(done(*once))["id"] == json.loads(done(*once))["id"]
        assert done("fiat", "deposits").count("\n") == booked + 1
        assert json.loads(done("fiat", "withdrawal", dda, "12.00", "USD"))["status"] == "settled"
        assert done("fiat", "withdrawals").split("\t")[1:5] == ["settled", dda, "12.00", "USD"]

        assert "Nothing was done." in done("api-key", "create", "--member", bic, "--name", "clerk", "--dry-run")
        key = json.loads(done("api-key", "create", "--member", bic, "--name", "clerk"))
        renewed = json.loads(done("api-key", "rotate", key["id"], "--member", bic, "--overlap", "0"))
        done("api-key", "revoke", renewed["id"], "--member", bic)
        ended = {
            row.split("\t")[0]: row.split("\t")[5:] for row in done("api-key", "list", "--member", bic).splitlines()
        }
        assert (ended[key["id"]][0] != "", ended[renewed["id"]][1] != "") == (True, True)
        auditor = json.loads(done("api-key", "create", "--name", "auditor", "--scope", "supervisor"))
        assert f"{auditor['id']}\tsupervisor" in done("api-key", "list")
        nobodys = ledger_node("api-key", "create", "--name", "x", "--data", str(sample))
        assert (nobodys.returncode, "--scope" in nobodys.stderr) == (2, True)
    finally:
        assert node.stop() == 0
