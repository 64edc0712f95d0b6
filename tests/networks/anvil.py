"""Anvil from npm as a real process: started, stopped, killed, frozen and started again on the same port."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent

# The first of the ten accounts that anvil funds, from the mnemonic "test test … junk" every Ethereum tool prints.
FUNDED_KEYS = tuple(
    bytes.fromhex(key)
    for key in (
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    )
)

START_S = 120


def anvil_program() -> Path:
    found = sorted((ROOT / "contracts" / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil"))
    if not found:
        pytest.skip("anvil is not installed: run `make setup` where npm is")
    return found[0]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Anvil:
    """`arguments` are anvil's own. With `state`, what it wrote there when it was stopped is there again."""

    def __init__(self, *arguments: str, port: int | None = None, state: Path | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = [*arguments, *(["--state", str(state)] if state else [])]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> "Anvil":
        assert self._process is None, "it runs already"
        program = [str(anvil_program()), "--silent", "--hardfork", "prague", "--port", str(self.port)]
        self._process = subprocess.Popen([*program, *self._arguments, *more], stdin=subprocess.DEVNULL)
        pause = threading.Event()
        for _ in range(START_S * 50):
            with contextlib.suppress(OSError):
                self.ask("eth_chainId")
                return self
            assert self._process.poll() is None, "anvil ended"
            pause.wait(0.02)
        raise AssertionError("anvil does not answer")

    def stop(self) -> None:
        """Let it finish and write its state."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_S)
            self._process = None

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        tasks = Path(f"/proc/{self._process.pid}/task")
        pause = threading.Event()
        while any(_state(task) != "T" for task in tasks.iterdir()):
            pause.wait(0.005)

    def thaw(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=START_S) as response:
            answer = json.load(response)
        assert "error" not in answer, answer
        return answer["result"]

    def mine(self, blocks: int = 1) -> None:
        self.ask("anvil_mine", hex(blocks))

    def __enter__(self) -> "Anvil":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


def _state(task: Path) -> str:
    """Of a thread, as proc(5) has it: the field after the name in parentheses."""
    return (task / "stat").read_text().rpartition(") ")[2][0]
