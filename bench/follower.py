"""`python -m bench.follower [--smoke]`: does a follower execute blocks again as fast as the sealer makes them?

A node under load, as in `python -m bench`; then a follower that starts from nothing pulls the same blocks from it over
HTTP, executes them and checks backing at each. Both rates are of the same payments on the same machine.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
from rich.console import Console

from bench.measures import under_load
from bench.report import Report
from bench.subject import LedgerNode
from ledger_node.chain.genesis import read_genesis
from ledger_node.chain.pyevm.engine import ChainSettings
from ledger_node.chain_node import open_network, token_backing
from ledger_node.clock import SystemClock
from ledger_node.data_directory import DataDirectory
from ledger_node.follower.follower import Follower
from ledger_node.follower.source import Source

RATIO_MIN = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.follower", description="Compare re-executing with producing.")
    parser.add_argument("--smoke", action="store_true", help="few payments: only to see that it works")
    parser.add_argument("--payments", type=int, help="payments under load (5000)")
    parser.add_argument("--clients", type=int, default=64, help="clients that each have one payment under way")
    arguments = parser.parse_args()
    payments = arguments.payments or (60 if arguments.smoke else 5000)
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-bench-"))
    try:
        ratio = asyncio.run(measure(directory, payments=payments, clients=arguments.clients))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if not arguments.smoke and ratio < RATIO_MIN:
        sys.exit(1)


async def measure(directory: Path, *, payments: int, clients: int) -> float:
    report = Report(Console(width=None if sys.stdout.isatty() else 110), runs=1)
    node = LedgerNode(directory)
    try:
        await node.open()
        before = _head(node.rpc_url)
        started = time.perf_counter()
        load = await under_load(node, payments=payments, clients=clients)
        sealing_s = time.perf_counter() - started
        blocks = _head(node.rpc_url) - before
        following_s = await asyncio.to_thread(follow, directory, node.data, node.rpc_url, skip=before)
        await node.close()
    finally:
        node.end()
    for name, seconds in (("sealer, settling under load", sealing_s), ("follower, catching up", following_s)):
        report.figure("payments", name, "payments/s", [payments / seconds])
        report.figure("blocks", name, "blocks/s", [blocks / seconds])
    ratio = sealing_s / following_s
    report.figure("follower : sealer", "payments and blocks", "ratio", [ratio])
    report.figure("settled per block", "median block", "payments", [load.per_block_median])
    report.print()
    return ratio


def follow(directory: Path, data: Path, url: str, *, skip: int) -> float:
    """Seconds from block `skip` (what came before the load) to the head."""
    target = _head(url)
    place = DataDirectory(directory / "follower")
    place.path.mkdir()
    chain = open_network(place.chain, read_genesis(data / "genesis.json"), settings=ChainSettings(produce=False))
    times: dict[int, float] = {}
    arrived = threading.Event()

    def heard(number: int) -> None:
        times[number] = time.perf_counter()
        if number == target:
            arrived.set()

    chain.on_new_head(lambda header: heard(header.number))
    follower = Follower(
        chain, Source(url), evidence=place.path / "evidence", backing=token_backing(place, chain), clock=SystemClock(),
    )  # fmt: skip
    follower.start()
    try:
        assert arrived.wait(600), follower.status
        return times[target] - times[skip]
    finally:
        follower.stop()
        chain.close()


def _head(url: str) -> int:
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber"}
    return int(httpx.post(url, json=request).raise_for_status().json()["result"], 16)


if __name__ == "__main__":
    main()
