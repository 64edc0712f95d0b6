"""`python -m bench [--smoke | --long] [--only SECTION,…]`: measure node and peers in turn, print a table, clean up."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench import rpc
from bench.engine import Engine
from bench.ethereum import Anvil, DevelopmentNode, Ganache, MiningAnvil, Unmeasured, measure_eth_tester
from bench.measures import Bulk, in_bulk, one_at_a_time, under_load
from bench.report import Report
from bench.subject import LedgerNode
from bench.thin_gateway import ThinGateway

ETH_TESTER = Path(".venv-bench/bin/python")
SENDERS = 40
SLOW_S = 180
SECTIONS = ("chain", "bulk", "single", "idle", "history", "banks", "rpc", "slow-peers")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything. `history`: payments made before the rate is taken again; `banks`: accounts on chain;
    `slow_peers`: transfers of those that are only reported, none to leave them out."""

    runs: int
    transfers: int
    legs: int
    batches: int
    bulk: int
    bulk_request: int
    singles: int
    clients: int
    idle: int
    slow_peers: int
    history: tuple[int, ...]
    banks: tuple[int, ...]
    rpc: rpc.Size


SMOKE = Plan(1, 100, 20, 1, 40, 20, 24, 8, 5, 0, (10,), (3,), rpc.SMOKE)
USUAL = Plan(5, 10_000, 1_000, 4, 10_000, 500, 1_000, 64, 200, 200, (10, 1_000), (3, 40, 400), rpc.USUAL)
LONG = Plan(5, 20_000, 1_000, 10, 20_000, 500, 3_000, 64, 200, 1_000, (10, 1_000, 100_000), (3, 40, 400), rpc.USUAL)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Measure the node beside its peers, in one run.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--smoke", action="store_true", help="little of everything, once: only to see that it works")
    size.add_argument("--long", action="store_true", help="more of everything, and 100,000 payments of history")
    parser.add_argument("--without-peers", action="store_true", help="measure the node alone")
    parser.add_argument(
        "--only",
        type=_sections,
        default=SECTIONS,
        metavar="SECTION,…",
        help=f"of {', '.join(SECTIONS)}; all by default",
    )
    arguments = parser.parse_args()
    plan = SMOKE if arguments.smoke else LONG if arguments.long else USUAL
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-bench-"))
    console = Console(width=None if sys.stdout.isatty() else 130)
    bench = Bench(plan, directory, Report(console, runs=plan.runs), console, arguments.only)
    try:
        asyncio.run(bench.measure(peers=not arguments.without_peers))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _sections(text: str) -> tuple[str, ...]:
    wanted = tuple(text.split(","))
    if unknown := set(wanted) - set(SECTIONS):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return wanted


class Bench:
    def __init__(
        self, plan: Plan, directory: Path, report: Report, console: Console, only: tuple[str, ...] = SECTIONS
    ) -> None:
        self.plan = plan
        self.directory = directory
        self.report = report
        self._console = console
        self._only = only
        self._on_chain: list[float] = []
        self._bulk: list[Bulk] = []
        self._single: list[float] = []
        self._single_cpu: list[float] = []
        self._idle: list[tuple[float, float]] = []
        self._idle_cpu: list[float] = []
        self._raw: list[float] = []
        self._thin: list[float] = []
        self._thin_idle: list[tuple[float, float]] = []

    async def measure(self, *, peers: bool) -> None:
        """Node and peers take turns within each run, so that what else the machine does meets all of them."""
        node = LedgerNode(self.directory)
        engine = Engine(self.directory / "engine", banks=SENDERS, legs=self.plan.legs)
        anvil = Anvil(self.directory, senders=SENDERS)
        thin = ThinGateway(MiningAnvil(self.directory, senders=self.plan.clients))
        try:
            await node.open()
            if peers:
                peers = await self._open(anvil, thin)
            for run in range(1, self.plan.runs + 1):
                self._say(f"run {run} of {self.plan.runs}")
                if "chain" in self._only:
                    self._on_chain.append(await asyncio.to_thread(engine.settle, engine.payments(self.plan.batches)))
                await self._one_run(node)
                if peers:
                    await self._one_run_of_peers(anvil, thin)
            self._compare(node, peers=peers)
            await node.close()
        finally:
            engine.close()
            for subject in (node, anvil, thin):
                subject.end()
        if "history" in self._only:
            await self._history()
        if "banks" in self._only:
            await asyncio.to_thread(self._banks)
        if "rpc" in self._only:
            self._say("the JSON-RPC door")
            await rpc.measure(self.report, self.directory, self.plan.rpc, peers=peers)
        if peers and self.plan.slow_peers and "slow-peers" in self._only:
            await self._slow_peers()
        self.report.print()

    async def _open(self, anvil: Anvil, thin: ThinGateway) -> bool:
        try:
            await anvil.open()
            await thin.open()
        except Unmeasured as why:
            self._say(str(why))
            return False
        return True

    async def _one_run(self, node: LedgerNode) -> None:
        plan = self.plan
        if "idle" in self._only:
            cpu = node.cpu_seconds
            latency = await one_at_a_time(node, payments=plan.idle)
            self._idle.append((latency.p50_ms, latency.p99_ms))
            self._idle_cpu.append((node.cpu_seconds - cpu) / plan.idle * 1000)
        if "single" in self._only:
            cpu = node.cpu_seconds
            self._single.append((await under_load(node, payments=plan.singles, clients=plan.clients)).per_second)
            self._single_cpu.append((node.cpu_seconds - cpu) / plan.singles * 1000)
        if "bulk" in self._only:
            self._bulk.append(await in_bulk(node, payments=plan.bulk, clients=6, request=plan.bulk_request))

    async def _one_run_of_peers(self, anvil: Anvil, thin: ThinGateway) -> None:
        plan = self.plan
        if "chain" in self._only or "bulk" in self._only:
            self._raw.append(await anvil.settle(anvil.transfers(plan.transfers)))
        if "idle" in self._only:
            latency = await one_at_a_time(thin, payments=plan.idle)
            self._thin_idle.append((latency.p50_ms, latency.p99_ms))
        if "single" in self._only:
            self._thin.append((await under_load(thin, payments=plan.singles, clients=plan.clients)).per_second)

    def _compare(self, node: LedgerNode, *, peers: bool) -> None:
        """The table's rows of what was measured; what was not has no values."""
        report, rate = self.report, "payments/s"
        bulk = [each.per_second for each in self._bulk]
        on_chain, end_to_end = "settled on chain, durable", f"end to end, {self.plan.bulk_request} a request"
        single, idle = f"single POSTs, {self.plan.clients} clients", "settle time, idle"
        report.figure(on_chain, Engine.name, rate, self._on_chain)
        report.figure(end_to_end, node.name, rate, bulk)
        report.figure(f"{end_to_end}, of its CPU", node.name, "payments/CPU s", [b.per_cpu_second for b in self._bulk])
        report.figure(single, node.name, rate, self._single)
        report.figure(f"{single}, CPU of each", node.name, "ms", self._single_cpu)
        for at, name in enumerate(("p50", "p99")):
            report.figure(f"{idle}, {name}", node.name, "ms", [each[at] for each in self._idle])
        report.figure(f"{idle}, CPU of each", node.name, "ms", self._idle_cpu)
        if peers:
            report.figure("raw ERC-20 transfers, in memory", Anvil.name, rate, self._raw)
            report.figure(single, ThinGateway.name, rate, self._thin)
            for at, name in enumerate(("p50", "p99")):
                report.figure(f"{idle}, {name}", ThinGateway.name, "ms", [each[at] for each in self._thin_idle])
            report.ratio(f"{on_chain} / raw transfers", self._on_chain, self._raw, "≥ 1, then 1.5")
            report.ratio(f"{end_to_end} / raw transfers", bulk, self._raw, "≥ 0.5, then 1")
            report.ratio(f"{single} / thin gateway", self._single, self._thin, "≥ 3")
            for at, name in enumerate(("p50", "p99")):
                own, other = ([each[at] for each in times] for times in (self._idle, self._thin_idle))
                report.ratio(f"{idle}, {name} / thin gateway", own, other, "≤ 1")
        if set(SECTIONS[:4]) <= set(self._only):
            settled = self.plan.runs * (self.plan.idle + self.plan.singles + self.plan.bulk)
            report.figure("on disk for each payment", node.name, "bytes", [node.bytes_on_disk / settled])
        report.figure("peak memory of the node", node.name, "MiB", [node.peak_memory_mib])

    async def _history(self) -> None:
        """Nodes with more and less behind them take turns; each begins with nothing. CPU rates too: others are busy."""
        nodes: dict[int, LedgerNode] = {}
        rates: dict[int, list[Bulk]] = {history: [] for history in self.plan.history}
        request, share = self.plan.bulk_request, self.plan.bulk // self.plan.runs
        try:
            for history in self.plan.history:
                self._say(f"{history:,} payments of history")
                directory = self.directory / f"history-{history}"
                directory.mkdir()
                nodes[history] = LedgerNode(directory)
                await nodes[history].open()
                await in_bulk(nodes[history], payments=history, clients=6, request=request)
            for _ in range(self.plan.runs):
                for history, node in nodes.items():
                    rates[history].append(await in_bulk(node, payments=share, clients=6, request=request))
            for history, node in nodes.items():
                name = f"end to end after {history:,} payments"
                self.report.figure(name, node.name, "payments/s", [each.per_second for each in rates[history]])
                cpu = {at: [each.per_cpu_second for each in some] for at, some in rates.items()}
                self.report.figure(f"{name}, of its CPU", node.name, "payments/CPU s", cpu[history])
                if history != self.plan.history[0]:
                    self.report.ratio(f"{name} / at the start, CPU", cpu[history], cpu[self.plan.history[0]], "≥ 0.9")
                self.report.figure("… peak memory until then", node.name, "MiB", [node.peak_memory_mib])
                await node.close()
        finally:
            for node in nodes.values():
                node.end()

    def _banks(self) -> None:
        """Chains with more and fewer accounts take turns."""
        rates: dict[int, list[float]] = {banks: [] for banks in self.plan.banks}
        with ExitStack() as chains:
            engines = {}
            for banks in self.plan.banks:
                engines[banks] = Engine(self.directory / f"banks-{banks}", banks=banks, legs=self.plan.legs)
                chains.callback(engines[banks].close)
            for _ in range(self.plan.runs):
                for banks, engine in engines.items():
                    rates[banks].append(engine.settle(engine.payments(self.plan.batches)))
        fewest = self.plan.banks[0]
        for banks, some in rates.items():
            self.report.figure(f"settled on chain, {banks} banks", Engine.name, "payments/s", some)
            if banks != fewest:
                self.report.ratio(f"settled on chain, {banks} banks / {fewest}", some, rates[fewest], "≥ 0.9")

    async def _slow_peers(self) -> None:
        count, name = self.plan.slow_peers, "raw ERC-20 transfers, in memory"
        ganache: DevelopmentNode = Ganache(self.directory, senders=10)
        try:
            async with asyncio.timeout(SLOW_S):
                await ganache.open()
                rates = [await ganache.settle(ganache.transfers(count)) for _ in range(self.plan.runs)]
            self.report.figure(name, Ganache.name, "payments/s", rates)
        except (Unmeasured, TimeoutError) as why:
            self._say(str(why) or f"ganache: not done after {SLOW_S} seconds")
        finally:
            ganache.end()
        try:
            rates = await asyncio.to_thread(measure_eth_tester, ETH_TESTER, payments=count, runs=self.plan.runs)
            self.report.figure(name, "eth-tester, py-evm", "payments/s", rates)
        except Unmeasured as why:
            self._say(str(why))

    def _say(self, what: str) -> None:
        self._console.print(what, highlight=False)


if __name__ == "__main__":
    main()
