"""Starts the tools as a developer would: by their own commands, with the node's URL and the developers' keys."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ledger_node.demo.process import NodeProcess
from tests.clients.network import DEPLOYER_KEY, STRANGER_KEY, TRANSACTOR_KEY
from tests.clients.node import CHAIN_ID

HERE = Path(__file__).parent
CONTRACTS = HERE.parent.parent / "contracts"
NODE = HERE / "nodejs" / "node_modules" / ".bin" / "node"
ENOUGH_S = 120


def environment(node: NodeProcess) -> dict[str, str]:
    keys = {"DEPLOYER_KEY": DEPLOYER_KEY, "TRANSACTOR_KEY": TRANSACTOR_KEY, "STRANGER_KEY": STRANGER_KEY}
    return {
        "PATH": f"{NODE.parent}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "RPC_URL": node.rpc_url,
        "WS_URL": node.rpc_url.replace("http", "ws", 1),
        "CHAIN_ID": str(CHAIN_ID),
        **{name: f"0x{key.hex()}" for name, key in keys.items()},
    }


def need(program: Path) -> Path:
    if not program.exists():
        pytest.skip(f"{program.name} is not installed: run `make setup` where npm is")
    return program


def run(command: list[str | Path], environment: dict[str, str], cwd: Path, *, status: int = 0) -> str:
    """What it printed, on both streams. The status is checked: a refusal must be one, and nothing else may."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:  # no pipe: a child that stays would hold it open
        process = subprocess.Popen(
            [str(part) for part in command],
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            ended = process.wait(ENOUGH_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            output.seek(0)
            printed = output.read()
    assert ended == status, f"{command[:4]} ended with {ended}:\n{printed[-4000:]}"
    return printed


def javascript(script: str, node: NodeProcess) -> Any:
    """What the script reports it saw: the last line it prints."""
    need(HERE / "node_modules" / "viem")
    printed = run([need(NODE), HERE / script], environment(node), HERE)
    return json.loads(printed.splitlines()[-1])
