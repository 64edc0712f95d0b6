"""A real node under load, its three banks, and what becomes of them when the node is killed."""

import asyncio
import contextlib
from pathlib import Path
from random import Random

import httpx

from ledger_node.demo.process import NodeProcess
from ledger_node.errors import Unavailable
from tests.crash.banks import Banks, Memory, Payment, balances, founding, payments
from tests.simulation.checker import check, standing

CLIENTS = 6
KILLED_AFTER_S = (0.05, 0.8)
STARTS_KILLED = 0.1
"""How many of the restarts are killed, too, before the node is ready."""


class Life:
    """One node, its banks, and all that they have asked for."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.random = Random(seed)
        self.node = NodeProcess(directory / "node", "--call-workers", "0")
        self.memory = Memory()
        self.banks = Banks(self.node.init("--sample", "--currencies", "USD"), self.memory)
        self.more = payments(self.random, "payment")
        self.asked: list[Payment] = []

    def found(self) -> None:
        self.node.start()
        for lot in (founding()[:3], founding()[3:]):
            self.ask(lot)

    def ask(self, some: list[Payment]) -> None:
        """Until they are final."""
        self.asked += [payment for payment in some if payment not in self.asked]
        asyncio.run(self.banks.pay(self.node.gateway_url, some, random=self.random))

    def be_killed_under_load(self) -> list[Payment]:
        """Returns what was asked for in the meantime."""
        return asyncio.run(self._load_and_kill())

    async def _load_and_kill(self) -> list[Payment]:
        asked: list[Payment] = []

        async def client(http: httpx.AsyncClient) -> None:
            while True:
                asked.append(payment := next(self.more))
                try:
                    await self.banks.ask(http, payment, self.random.choice((0, 20)))
                except httpx.TransportError:
                    return  # the line is dead

        async with httpx.AsyncClient(base_url=self.node.gateway_url, timeout=40) as http, asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(client(http))
            await asyncio.sleep(self.random.uniform(*KILLED_AFTER_S))
            self.node.kill()
        self.asked += asked
        return asked

    def start_again(self) -> None:
        if self.random.random() < STARTS_KILLED:
            asyncio.run(self._start_and_kill())
        self.node.start()

    async def _start_and_kill(self) -> None:
        starting = asyncio.create_task(asyncio.to_thread(self.node.start))
        await asyncio.sleep(self.random.uniform(0.5, 3.0))
        self.node.kill()
        with contextlib.suppress(Unavailable):
            await starting

    def has_lost(self, *, at_rest: bool = False, at: Path | None = None) -> list[str]:
        """What the independent checker finds wrong in the stores; at rest, what the banks miss, too."""
        directory = at or self.node.data
        promised = {self.memory[each.key]["id"]: each.kind for each in self.asked if each.key in self.memory}
        findings = check(directory, promised, at_rest=at_rest)
        if at_rest:
            findings += [f"{key} ended {a['status']}" for key, a in self.memory.items() if a["status"] != "settled"]
            found = standing(directory).balances
            for (bank, kind), wanted in balances(self.asked).items():
                if found[self.banks.account(bank, kind)] != (wanted, wanted):
                    findings.append(f"bank {bank} has {found[self.banks.account(bank, kind)]} as {kind}, not {wanted}")
        return findings
