"""A node as its own process: made, started, killed, started again, stopped. What runs it sees its commands only."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from ledger_node.errors import Unavailable

START_TIMEOUT_S = 180.0


class NodeProcess:
    """`ledger-node run` on a data directory. After the first start it keeps the ports the operating system gave it."""

    def __init__(self, data: Path, *settings: str) -> None:
        self.data = data
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = (0, 0)

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def rpc_url(self) -> str:
        return f"http://127.0.0.1:{self._ports[1]}"

    @property
    def log(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def init(self, *flags: str) -> dict[str, Any]:
        """Make the data directory; returns the credentials that `ledger-node init` wrote."""
        self._command("init", *flags)
        credentials: dict[str, Any] = json.loads((self.data / "credentials.json").read_text(encoding="utf-8"))
        return credentials

    def start(self) -> None:
        """Returns when the node is ready. Raises Unavailable, with the end of its log, when it does not become so."""
        gateway_port, rpc_port = self._ports
        (self.data / "running.json").unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *_LEDGER_NODE,
                    "run",
                    "--data",
                    str(self.data),
                    *self._settings,
                    "--gateway-port",
                    str(gateway_port),
                    "--rpc-port",
                    str(rpc_port),
                    "--log-level",
                    "warning",
                ],
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # Ctrl-C reaches whoever runs us first, and the node by `stop`
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable(f"The node did not become ready. The end of its log:\n{self.log_end()}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        try:
            record = json.loads((self.data / "running.json").read_text(encoding="utf-8"))
            # On another client's chain there is no JSON-RPC door.
            self._ports = tuple(httpx.URL(record.get(door, "")).port or 0 for door in ("gateway", "rpc"))  # type: ignore[assignment]
            return httpx.get(f"{self.gateway_url}/readyz", timeout=2).is_success
        except (FileNotFoundError, ValueError, httpx.TransportError):
            return False

    def kill(self) -> None:
        """SIGKILL: the process gets no chance to do anything more."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=START_TIMEOUT_S)

    def end(self) -> None:
        """Whatever state it is in: gone."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def audit(self) -> tuple[bool, dict[str, Any]]:
        """Whether `ledger-node audit` found everything backed, and its findings."""
        outcome = self._command("audit", "--json", check=False)
        if outcome.returncode not in (0, 1):
            raise Unavailable(f"`ledger-node audit` could not be carried out:\n{outcome.stderr}")
        findings: dict[str, Any] = json.loads(outcome.stdout)
        return outcome.returncode == 0, findings

    @property
    def memory_mib(self) -> int:
        """The memory the running node has in use now."""
        return self._status_mib("VmRSS")

    @property
    def peak_memory_mib(self) -> int:
        """The most memory the running node has had in use."""
        return self._status_mib("VmHWM")

    def _status_mib(self, field: str) -> int:
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(field)) // 1024

    @property
    def cpu_seconds(self) -> float:
        """What the running node has used of the processors: user and system time."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log_end(self) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])

    def _command(self, name: str, *flags: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        outcome = subprocess.run(
            [*_LEDGER_NODE, name, "--data", str(self.data), *flags], capture_output=True, text=True, env=_environment()
        )
        if check and outcome.returncode != 0:
            raise Unavailable(f"`ledger-node {name}` failed:\n{outcome.stderr}")
        return outcome


_LEDGER_NODE = (sys.executable, "-m", "ledger_node")


def _environment() -> dict[str, str]:
    """Ours without its LEDGER_ settings, which are meant for another node."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
