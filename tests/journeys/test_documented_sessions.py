"""The shell sessions of README.md and docs/start.md run as written, on free ports and in a temporary place."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def run_session(page: Path, place: Path, *, then: str = "") -> str:
    """Run all `sh` blocks of a page in one shell that stops at the first error; returns its output."""
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    ports = {"8080": free_port(), "8545": free_port(), "8546": free_port()}
    for written, free in ports.items():
        script = script.replace(f"127.0.0.1:{written}", f"127.0.0.1:{free}")
        script = script.replace(f"--rpc-port {written}", f"--rpc-port {free}")
    (place / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
    environment = os.environ | {"LEDGER_GATEWAY_PORT": str(ports["8080"]), "LEDGER_RPC_PORT": str(ports["8545"])}
    shell = subprocess.Popen(
        ["sh", "-eu", "-c", script + "\n" + then],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = shell.communicate(timeout=300)
        assert shell.returncode == 0, f"{output}\n{errors}"
        return output
    finally:
        subprocess.run(["pkill", "-KILL", "-s", str(shell.pid)], check=False)


def answers(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{") and line.endswith("}")]


def test_the_readmes_session_moves_sixty_dollars_and_catches_an_altered_block(tmp_path: Path) -> None:
    output = run_session(ROOT / "README.md", tmp_path)
    payments = [answer for answer in answers(output) if "kind" in answer]
    assert [(payment["kind"], payment["amount"], payment["status"]) for payment in payments] == [
        ("deposit", "1000.00", "settled"),
        ("mint", "500.00", "settled"),
        ("transfer", "60.00", "settled"),
    ]
    (balances,) = [answer for answer in answers(output) if "booked" in answer]
    assert (balances["booked"], balances["available"]) == ("440.00", "440.00")
    (reserve,) = [answer["data"] for answer in answers(output) if "data" in answer]
    dollars = next(position for position in reserve if position["currency"] == "USD")
    assert (dollars["reserve"], dollars["supply"], dollars["backed"]) == ("500.00", "500.00", True)
    (block,) = [answer["result"] for answer in answers(output) if "jsonrpc" in answer]
    assert int(block, 16) >= payments[-1]["block_number"]

    (followed,) = [answer for answer in answers(output) if "source" in answer]
    assert (followed["status"], followed["head"]) == ("following", int(block, 16))
    assert "exit status 3" in output
    (evidence,) = (tmp_path / "suspicious" / "evidence").glob("*/difference.json")
    difference = json.loads(evidence.read_text(encoding="utf-8"))
    assert (difference["number"], difference["field"]) == (int(block, 16), "transactions")


def test_the_first_walk_ends_backed(tmp_path: Path) -> None:
    output = run_session(ROOT / "docs" / "start.md", tmp_path)
    payments = [answer for answer in answers(output) if "status" in answer]
    assert [(payment["kind"], payment["amount"], payment["status"]) for payment in payments] == [
        ("deposit", "1000.00", "settled"),
        ("mint", "500.00", "settled"),
        ("transfer", "60.00", "settled"),
        ("transfer", "60.00", "settled"),
        ("redemption", "25.00", "settled"),
    ]
    assert payments[2] == payments[3]
    booked = [answer["booked"] for answer in answers(output) if "booked" in answer]
    assert booked == ["500.00", "500.00", "60.00", "35.00", "25.00"]
    assert output.splitlines()[-1] == "Every token is backed; book and chain agree."
