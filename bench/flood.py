"""`python -m bench.flood [--smoke]`: payments and /livez while developers call endless loops, beside the same without.

The calls, every second one traced, are of a contract that loops until its time is up, more of them at once than the
node has workers.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import quantiles

import httpx
from rich.console import Console

from bench.developer import LOOP, Developer
from bench.report import Report
from bench.subject import LedgerNode

FLOOD = 16


async def measure(directory: Path, *, runs: int, payments: int) -> None:
    report = Report(Console(width=None if sys.stdout.isatty() else 120), runs=runs)
    subject = LedgerNode(directory)
    figures: dict[tuple[str, str], list[float]] = {}
    try:
        await subject.open()
        developer = Developer(subject.name, subject.rpc_url)
        await developer.open()
        loop = await developer.deploy(LOOP)
        for _ in range(runs):
            await watch(subject, payments, "quiet", figures)
            callers = [
                asyncio.create_task(call_for_ever(subject.rpc_url, loop, traced=number % 2 == 1))
                for number in range(FLOOD)
            ]
            await asyncio.sleep(1)
            try:
                await watch(subject, payments, f"{FLOOD} endless calls", figures)
            finally:
                assert not any(caller.done() for caller in callers), "a caller gave up: this was no flood"
                for caller in callers:
                    caller.cancel()
                await asyncio.gather(*callers, return_exceptions=True)
        memory_mib = subject.peak_memory_mib
        await developer.close()
        await subject.close()
    finally:
        subject.end()
    for (name, when), values in figures.items():
        report.figure(name, when, "ms", values)
        if when != "quiet":
            report.ratio(f"{name} / quiet", values, figures[name, "quiet"], "≤ 2" if name.endswith("p99") else "")
    report.figure("peak memory of the node", subject.name, "MiB", [memory_mib])
    report.print()


async def watch(subject: LedgerNode, payments: int, when: str, figures: dict[tuple[str, str], list[float]]) -> None:
    settle_ms: list[float] = []
    live_ms: list[float] = []
    async with httpx.AsyncClient(base_url=subject.gateway_url) as client:
        for _ in range(payments):
            started = time.perf_counter()
            await subject.transfer(0)
            settle_ms.append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            assert (await client.get("/livez")).is_success
            live_ms.append((time.perf_counter() - started) * 1000)
    for name, times in (("settle time of a payment", settle_ms), ("/livez", live_ms)):
        percentiles = quantiles(times, n=100, method="inclusive")
        figures.setdefault((f"{name}, p50", when), []).append(percentiles[49])
        figures.setdefault((f"{name}, p99", when), []).append(percentiles[98])


async def call_for_ever(url: str, contract: bytes, *, traced: bool) -> None:
    asked = [{"to": "0x" + contract.hex()}, "latest"]
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": asked}
    if traced:
        call |= {"method": "debug_traceCall", "params": [*asked, {"tracer": "callTracer"}]}
    async with httpx.AsyncClient(timeout=120) as client:
        while True:
            with suppress(httpx.TransportError):
                answer = (await client.post(url, json=call)).json()
                assert "error" in answer or "error" in answer["result"], answer


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.flood", description="Measure payments during a flood of slow calls.")
    parser.add_argument("--smoke", action="store_true", help="few payments, one run: only to see that it works")
    smoke = parser.parse_args().smoke
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-bench-"))
    try:
        asyncio.run(measure(directory, runs=1 if smoke else 5, payments=10 if smoke else 200))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
