"""`python -m bench.history [--smoke]`: what a long history costs: memory, a start after kill -9, a verification.

A node settles payments through the bulk endpoint. It is killed under load when it has made few of them, and again when
it has made them all; the time until it is ready again is taken. At the end its blocks are exported and executed again
from genesis, as a member would. In between one process does all the work, so that its memory tells what grows.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from bench.measures import in_bulk
from bench.report import Report
from bench.subject import LedgerNode

CLIENTS = 6
REQUEST = 500
READY_S_MAX = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.history", description="Measure what a long history costs.")
    parser.add_argument("--smoke", action="store_true", help="few payments: only to see that it works")
    smoke = parser.parse_args().smoke
    milestones = (100, 200) if smoke else (1_000, 10_000, 25_000, 50_000, 75_000, 100_000)
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-bench-"))
    try:
        slowest = asyncio.run(measure(directory, milestones, request=20 if smoke else REQUEST))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if not smoke and slowest > READY_S_MAX:
        sys.exit(1)


async def measure(directory: Path, milestones: tuple[int, ...], *, request: int) -> float:
    report = Report(Console(width=None if sys.stdout.isatty() else 110), runs=1)
    node, slowest, done = LedgerNode(directory), 0.0, 0
    try:
        await node.open()
        for payments in milestones:
            started = time.perf_counter()
            await in_bulk(node, payments=payments - done, clients=CLIENTS, request=request)
            rate = (payments - done) / (time.perf_counter() - started)
            done = payments
            report.figure(f"at {payments:,} payments: settling", node.name, "payments/s", [rate])
            report.figure("… memory in use", node.name, "MiB", [node.memory_mib])
            report.figure("… on disk for each", node.name, "bytes", [node.bytes_on_disk / payments])
            if payments in (milestones[0], milestones[-1]):
                ready_s = await killed_under_load(node, request=request)
                slowest = max(slowest, ready_s)
                report.figure("… ready after kill -9", node.name, "s", [ready_s])
        await node.close()
        for name, unit, value in verify(node, directory, payments=done):
            report.figure(name, "chain verify", unit, [value])
    finally:
        node.end()
    report.print()
    return slowest


async def killed_under_load(node: LedgerNode, *, request: int) -> float:
    """Seconds from the start of the process to its readiness, killed while it settled something."""
    load = asyncio.create_task(in_bulk(node, payments=2 * request, clients=2, request=request))
    await asyncio.sleep(0.1)
    node.kill()
    with suppress(BaseException):
        await load
    return await node.start_again()


def verify(node: LedgerNode, directory: Path, *, payments: int) -> list[tuple[str, str, float]]:
    """Execute everything again from genesis, from an exported file and nothing else."""
    blocks = directory / "blocks.rlp"
    ledger_node = [sys.executable, "-m", "ledger_node"]
    subprocess.run([*ledger_node, "chain", "export", "--data", str(node.data), str(blocks)], check=True)
    genesis = directory / "genesis.json"
    shutil.copy(node.data / "genesis.json", genesis)
    started = time.perf_counter()
    outcome = subprocess.run(
        [*ledger_node, "chain", "verify", str(blocks), "--genesis", str(genesis)], stdout=subprocess.DEVNULL
    )
    assert outcome.returncode == 0, "the history does not verify"
    elapsed = time.perf_counter() - started
    return [("verified from genesis", "s", elapsed), ("… a second", "payments/s", payments / elapsed)]


if __name__ == "__main__":
    main()
