"""`python -m bench.rpc [--smoke]`: the JSON-RPC door beside anvil's, the same calls in one run; and logs from an index.

Without anvil (npm's, in `contracts/`) only the node itself is measured.
"""

import argparse
import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from rich.console import Console

from bench.developer import SIGNER, Developer
from bench.report import Report
from ledger_node.demo.process import NodeProcess
from ledger_node.deposit_token.artifact import deposit_token

ANVIL = Path(__file__).parent.parent / "contracts" / "node_modules" / ".bin" / "anvil"
CLIENTS = 8
LOGS_AT_ONCE = 10_000
"""In one transaction, which has 2^24 gas at most."""

Ask = Callable[[int], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Size:
    runs: int
    calls: int
    blocks: int
    logs: int


SMOKE = Size(runs=1, calls=40, blocks=20, logs=1_000)
USUAL = Size(runs=5, calls=1_000, blocks=1_000, logs=100_000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.rpc", description="Measure the JSON-RPC door beside anvil's.")
    parser.add_argument("--smoke", action="store_true", help="few calls, one run: only to see that it works")
    size = SMOKE if parser.parse_args().smoke else USUAL
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-bench-"))
    report = Report(Console(width=None if sys.stdout.isatty() else 120), runs=size.runs)
    try:
        asyncio.run(measure(report, directory, size))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    report.print()


async def measure(report: Report, directory: Path, size: Size, *, peers: bool = True) -> None:
    """Node and anvil take turns within each run. Starts both, and ends them."""
    node = NodeProcess(directory / "rpc-node", "--currencies", "USD")
    anvil: subprocess.Popen[bytes] | None = None
    try:
        node.init("--currencies", "USD", "--permissions", "open")
        await asyncio.to_thread(node.start)
        developers = [Developer("ledger-node", node.rpc_url)]
        if peers and ANVIL.exists():
            anvil, url = start_anvil()
            developers.append(Developer("anvil", url))
        for developer in developers:
            await developer.open()
        await compare(report, [await Questions.of(developer, size) for developer in developers], size, node)
        for developer in developers:
            for name, values in await tip(developer, size):
                report.figure(name, developer.name, "ms", values)
        for name, values in await logs(developers[0], size):
            report.figure(name, developers[0].name, "ms", values)
        for developer in developers:
            await developer.close()
    finally:
        node.end()
        if anvil is not None:
            anvil.kill()
            anvil.wait()


def start_anvil() -> tuple["subprocess.Popen[bytes]", str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    settings = ["--silent", "--hardfork", "prague", "--block-base-fee-per-gas", "0", "--gas-limit", "500000000"]
    program = subprocess.Popen([str(ANVIL), "--port", str(port), *settings], stdin=subprocess.DEVNULL)
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return program, f"http://127.0.0.1:{port}"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Questions:
    """What one node is asked, over and over: by name, the method, its parameters, and how often."""

    developer: Developer
    methods: dict[str, tuple[str, tuple[Any, ...], int]]

    @classmethod
    async def of(cls, developer: Developer, size: Size) -> "Questions":
        receipts = [await developer.write_logs(1) for _ in range(size.blocks)]
        span = {"fromBlock": receipts[0]["blockNumber"], "toBlock": receipts[-1]["blockNumber"]}
        filtered = {"address": "0x" + developer.logger.hex(), **span}
        assert len(await developer.ask("eth_getLogs", filtered)) == size.blocks
        owner = "0x" + SIGNER.address.hex()
        balance_of = {
            "to": "0x" + developer.token.hex(),
            "data": "0x" + deposit_token().call("balanceOf", SIGNER.address).hex(),
        }
        return cls(
            developer,
            {
                "eth_blockNumber": ("eth_blockNumber", (), size.calls),
                "eth_getBalance": ("eth_getBalance", (owner, "latest"), size.calls),
                "eth_call of balanceOf": ("eth_call", (balance_of, "latest"), size.calls),
                "eth_getTransactionReceipt": (
                    "eth_getTransactionReceipt", (receipts[0]["transactionHash"],), size.calls,
                ),
                f"eth_getLogs over {size.blocks:,} blocks": ("eth_getLogs", (filtered,), max(size.calls // 50, 10)),
            },
        )  # fmt: skip

    async def rate(self, name: str, *, least: bool = False) -> float:
        """Calls a second, from CLIENTS connections that each have one call under way."""
        method, params, count = self.methods[name]
        return await rate(
            lambda number: self.developer.ask(method, *params, client=number), CLIENTS if least else count
        )


async def compare(report: Report, asked: list[Questions], size: Size, node: NodeProcess) -> None:
    """The first of those asked is the node; what a call takes of its CPU says something on a crowded machine too."""
    sends = "eth_sendRawTransaction until mined, one client"
    found: dict[str, list[list[float]]] = {name: [[] for _ in asked] for name in (*asked[0].methods, sends)}
    cpu_us: dict[str, list[float]] = {name: [] for name in asked[0].methods}
    for each in asked:
        for name in each.methods:
            await each.rate(name, least=True)  # what is made on first use is made
    for _ in range(size.runs):
        for place, each in enumerate(asked):
            for name, (_, _, count) in each.methods.items():
                cpu_before = node.cpu_seconds
                found[name][place].append(await each.rate(name))
                if place == 0:
                    cpu_us[name].append((node.cpu_seconds - cpu_before) * 1e6 / count)
            found[sends][place].append(await sending(each.developer, max(size.calls // 4, 10)))
    for name, rates in found.items():
        for each, values in zip(asked, rates, strict=True):
            report.figure(name, each.developer.name, "transactions/s" if name == sends else "calls/s", values)
        for theirs in rates[1:]:
            report.ratio(f"{name} / anvil", rates[0], theirs)
    for name, values in cpu_us.items():
        report.figure(f"{name}, CPU without workers'", asked[0].developer.name, "µs/call", values)


async def rate(ask: Ask, count: int) -> float:
    left = count

    async def client(number: int) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await ask(number)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(client(number))
    return count / (time.perf_counter() - started)


async def sending(developer: Developer, count: int) -> float:
    signed = [developer.sign(SIGNER.address) for _ in range(count)]
    started = time.perf_counter()
    hashes = [await developer.ask("eth_sendRawTransaction", raw) for raw in signed]
    await developer.mined(hashes[-1])
    return count / (time.perf_counter() - started)


async def tip(developer: Developer, size: Size) -> list[tuple[str, list[float]]]:
    """How long eth_blockNumber takes while a block of one long transaction is made, and while none is."""
    idle = [await timed(developer, "eth_blockNumber", client=1) for _ in range(size.calls // 4)]
    count = min(size.logs, LOGS_AT_ONCE)
    busy: list[float] = []
    writing = asyncio.create_task(developer.write_logs(count))
    while not writing.done():
        busy.append(await timed(developer, "eth_blockNumber", client=1))
    await writing
    name = "eth_blockNumber p99"
    return [(f"{name}, idle", [p99(idle)]), (f"{name}, while a long block is made", [p99(busy)])]


async def logs(developer: Developer, size: Size) -> list[tuple[str, list[float]]]:
    """eth_getLogs on a chain of `size.logs` logs more, by how much it finds."""
    at_once = min(size.logs, LOGS_AT_ONCE)
    receipts = [await developer.write_logs(at_once) for _ in range(size.logs // at_once)]
    span = {"fromBlock": "0x0", "toBlock": receipts[-1]["blockNumber"], "address": "0x" + developer.logger.hex()}
    figures = []
    for asked in (1, 10, 100, 1_000):
        # A long transaction has each topic once, from 1 up to the number of its logs.
        topics = [f"0x{number:064x}" for number in range(max(at_once - asked, 0), at_once)]
        query = {**span, "topics": [f"0x{1:064x}", topics]}
        found = len(await developer.ask("eth_getLogs", query))
        times = [await timed(developer, "eth_getLogs", query) for _ in range(max(size.runs, 3))]
        figures.append((f"eth_getLogs, {found} of {size.logs:,} logs", times))
    return figures


async def timed(developer: Developer, method: str, *params: Any, client: int = 0) -> float:
    started = time.perf_counter()
    await developer.ask(method, *params, client=client)
    return (time.perf_counter() - started) * 1000


def p99(times: list[float]) -> float:
    return quantiles(times, n=100, method="inclusive")[98] if len(times) > 1 else times[0]


if __name__ == "__main__":
    main()
