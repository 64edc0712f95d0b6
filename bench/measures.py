"""The measurements, each a function of a subject. They know nothing of what the subject is."""

import asyncio
import gc
import time
from collections import Counter
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Protocol


class Subject(Protocol):
    name: str

    async def transfer(self, client: int) -> dict[str, Any]: ...


class BulkSubject(Subject, Protocol):
    async def bulk(self, client: int, count: int) -> None: ...

    @property
    def cpu_seconds(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Load:
    """`payments` from `clients` that each have one under way: settled a second, and how they spread over blocks."""

    per_second: float
    per_block_median: float
    per_block_max: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Bulk:
    """Payments settled a second, and a CPU second of the subject, through requests that carry many."""

    per_second: float
    per_cpu_second: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Settle time of single payments on an idle node, in milliseconds."""

    p50_ms: float
    p99_ms: float


async def under_load(subject: Subject, *, payments: int, clients: int) -> Load:
    left = payments
    blocks: Counter[int] = Counter()

    async def client(number: int) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            answer = await subject.transfer(number)
            blocks[answer["block_number"]] += 1

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(client(number))
    elapsed = time.perf_counter() - started
    return Load(payments / elapsed, median(blocks.values()), max(blocks.values()), len(blocks))


async def one_at_a_time(subject: Subject, *, payments: int) -> Latency:
    times_ms = []
    # What was loaded is no garbage: looking through all of it took 8 ms here, and one of the payments waited for it.
    gc.collect()
    gc.freeze()
    for _ in range(payments):
        started = time.perf_counter()
        await subject.transfer(0)
        times_ms.append((time.perf_counter() - started) * 1000)
    percentiles = quantiles(times_ms, n=100, method="inclusive")
    return Latency(percentiles[49], percentiles[98])


async def in_bulk(subject: BulkSubject, *, payments: int, clients: int, request: int) -> Bulk:
    left = payments

    async def client(number: int) -> None:
        nonlocal left
        while left > 0:
            count = min(request, left)
            left -= count
            await subject.bulk(number, count)

    started, cpu = time.perf_counter(), subject.cpu_seconds
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(client(number))
    elapsed = time.perf_counter() - started
    return Bulk(payments / elapsed, payments / max(subject.cpu_seconds - cpu, 0.01))
