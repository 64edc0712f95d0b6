"""`python -m bench [--smoke]`: measure, print the table, leave nothing behind."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from bench.measures import Latency, Load, one_at_a_time, under_load
from bench.report import Report
from bench.subject import LedgerNode


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Measure payments settled per second and settle times.")
    parser.add_argument("--smoke", action="store_true", help="few payments, one run: only to see that it works")
    parser.add_argument("--runs", type=int, help="runs of each measurement (5)")
    parser.add_argument("--payments", type=int, help="payments of a run under load (3000)")
    parser.add_argument("--idle-payments", type=int, help="payments of a run on the idle node (200)")
    parser.add_argument("--clients", type=int, help="clients that each have one payment under way (64)")
    arguments = parser.parse_args()
    defaults = (1, 60, 10, 8) if arguments.smoke else (5, 3000, 200, 64)
    given = (arguments.runs, arguments.payments, arguments.idle_payments, arguments.clients)
    runs, payments, idle_payments, clients = (
        default if value is None else value for value, default in zip(given, defaults, strict=True)
    )
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-bench-"))
    try:
        asyncio.run(measure(directory, runs=runs, payments=payments, idle_payments=idle_payments, clients=clients))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def measure(directory: Path, *, runs: int, payments: int, idle_payments: int, clients: int) -> None:
    console = Console(width=None if sys.stdout.isatty() else 110)
    report = Report(console, runs=runs)
    subject = LedgerNode(directory)
    loads: list[Load] = []
    latencies: list[Latency] = []
    try:
        await subject.open()
        for run in range(1, runs + 1):
            console.print(f"run {run} of {runs}", highlight=False)
            latencies.append(await one_at_a_time(subject, payments=idle_payments))
            loads.append(await under_load(subject, payments=payments, clients=clients))
        memory_mib = subject.peak_memory_mib
        await subject.close()
    finally:
        subject.end()

    settled = runs * (payments + idle_payments)
    rates = [load.per_second for load in loads]
    report.figure(f"settled end to end, {clients} clients", subject.name, "payments/s", rates)
    report.figure(
        "settled per block, median block", subject.name, "payments", [load.per_block_median for load in loads]
    )
    report.figure("settled per block, largest block", subject.name, "payments", [load.per_block_max for load in loads])
    report.figure("settle time on an idle node, p50", subject.name, "ms", [latency.p50_ms for latency in latencies])
    report.figure("settle time on an idle node, p99", subject.name, "ms", [latency.p99_ms for latency in latencies])
    report.figure("on disk for each payment", subject.name, "bytes", [subject.bytes_on_disk / settled])
    report.figure("peak memory of the node", subject.name, "MiB", [memory_mib])
    report.print()


if __name__ == "__main__":
    main()
