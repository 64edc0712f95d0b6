"""The container's entry point as a plain process, and what the image promises."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    settings = {"LEDGER_DATA": str(tmp_path / "data"), "LEDGER_GATEWAY_PORT": "0", "LEDGER_RPC_PORT": "0"}
    return os.environ | settings | {"PATH": f"{BIN}:{os.environ['PATH']}", "INIT_CHAIN_ID": "4711"}


def healthy(environment: dict[str, str]) -> bool:
    return subprocess.run(["ledger-node", "health"], env=environment, capture_output=True).returncode == 0


@pytest.mark.slow
def test_an_empty_volume_becomes_a_node_and_stays_one(tmp_path: Path, environment: dict[str, str]) -> None:
    for start in (1, 2):
        node = subprocess.Popen(
            [ROOT / "docker-entrypoint.sh", "run"],
            env=environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            deadline = time.monotonic() + 60
            while not healthy(environment):
                assert node.poll() is None, node.communicate()
                assert time.monotonic() < deadline
            node.send_signal(signal.SIGTERM)
            output, _ = node.communicate(timeout=30)
            assert node.returncode == 0
            assert ("Initialised" in output) is (start == 1)
            assert ("4711" in output) is (start == 1)
        finally:
            node.kill()
            node.wait()
    assert not healthy(environment)


def test_other_commands_pass_through_without_making_a_network(tmp_path: Path, environment: dict[str, str]) -> None:
    outcome = subprocess.run(
        [ROOT / "docker-entrypoint.sh", "audit"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert outcome.returncode == 2
    assert "ledger-node init" in outcome.stderr
    assert not (tmp_path / "data").exists()


def test_the_image_runs_as_a_fixed_user_with_a_health_check() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER 10001:10001$", dockerfile, re.MULTILINE)
    assert re.search(r'HEALTHCHECK .*CMD \["ledger-node", "health"\]', dockerfile)
    assert "curl" not in dockerfile


def test_everything_the_image_copies_is_let_through_by_dockerignore() -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    copied: set[str] = set()
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= {source.rstrip("/") for source in line.split()[1:-1]}
    assert copied <= allowed
    assert all((ROOT / source).exists() for source in copied)
