"""A ledger that says nothing for a while, to many clients at once: told in time, done once, good again by itself."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_node.demo.process import NodeProcess
from tests.networks import postgresql

pytestmark = pytest.mark.slow

CLIENTS = 48
SLACK_S = 8.0
"""What a loaded machine takes besides."""

_LOCK = (
    "import sqlite3, sys; other = sqlite3.connect(sys.argv[1], isolation_level=None); "
    "other.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
)

Freeze = Callable[[], AbstractContextManager[None]]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """By another process."""
    command = [sys.executable, "-c", _LOCK, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        yield
        other.communicate()


class Floor:
    """A node's sample banks, and what they ask for."""

    def __init__(self, http: httpx.AsyncClient, credentials: dict[str, Any], *, within_s: float) -> None:
        self.http = http
        self.within_s = within_s
        self.operator = credentials["operator"]["api_key"]
        self.bank = credentials["members"][0]["api_key"]
        self.accounts = [
            {account["kind"]: account["id"] for account in member["accounts"] if account["currency"] == "USD"}
            for member in credentials["members"]
        ]

    async def ask(self, method: str, path: str, key: str, **more: Any) -> httpx.Response:
        """Answered in time, whatever the answer."""
        headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
        begun = time.monotonic()
        answer = await self.http.request(method, path, headers=headers, **more)
        wait_s = float(headers.get("Prefer", "wait=0").removeprefix("wait="))
        assert time.monotonic() - begun < self.within_s + wait_s + SLACK_S, path
        return answer

    async def fiat(self, key: str, amount: str) -> httpx.Response:
        body = {"account": self.accounts[0]["DDA"], "amount": amount, "currency": "USD"}
        return await self.ask("POST", "/v1/deposits", self.operator, json=body, headers={"Idempotency-Key": key})

    async def pay(self, verb: str, key: str, debtor: str, creditor: str, amount: str, wait: str) -> httpx.Response:
        body = {"debtor_account": debtor, "creditor_account": creditor, "amount": amount, "currency": "USD"}
        headers = {"Idempotency-Key": key, "Prefer": wait}
        return await self.ask("POST", f"/v1/{verb}", self.bank, json=body, headers=headers)

    async def transfer(self, number: int, wait: str = "wait=1") -> httpx.Response:
        debtor, creditor = self.accounts[0]["BDA"], self.accounts[1]["BDA"]
        return await self.pay("transfers", f"t{number}", debtor, creditor, "1.00", wait)

    async def transfers(self) -> list[httpx.Response]:
        return await asyncio.gather(*(self.transfer(number) for number in range(CLIENTS)))

    async def reads(self) -> list[httpx.Response]:
        paths = ("/v1/accounts", "/v1/transfers", f"/v1/accounts/{self.accounts[0]['BDA']}/balances")
        return await asyncio.gather(*(self.ask("GET", paths[n % 3], self.bank) for n in range(CLIENTS)))

    async def balance(self) -> tuple[str, str]:
        answer = await self.ask("GET", f"/v1/accounts/{self.accounts[0]['BDA']}/balances", self.bank)
        return answer.json()["booked"], answer.json()["available"]

    async def ready_again(self) -> None:
        async with asyncio.timeout(15):
            while not (await self.http.get("/readyz")).is_success:
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def alive(floor: Floor) -> AsyncIterator[None]:
    """Meanwhile the process answers, and at once."""
    asked = True

    async def look() -> None:
        while asked:
            assert (await floor.http.get("/livez", timeout=SLACK_S)).is_success
            await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as group:
        group.create_task(look())
        yield
        asked = False


def assert_refused(answers: list[httpx.Response], said: str) -> None:
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable"), answer.text
        assert answer.headers["Retry-After"]
        assert said in answer.json()["detail"]


async def journey(floor: Floor, freeze: Freeze, *, said: str, reads_work: bool) -> None:
    assert (await floor.fiat("d1", "1000.00")).status_code == 201
    minted = await floor.pay("mints", "m1", floor.accounts[0]["DDA"], floor.accounts[0]["BDA"], "500.00", "wait=20")
    assert minted.json()["status"] == "settled"
    with freeze():
        async with alive(floor):
            for _ in range(2):  # they come back, and are told again
                waves = floor.transfers(), floor.reads(), floor.fiat("d2", "1.00"), floor.http.get("/readyz")
                written, read, moved, _ready = await asyncio.gather(*waves)
                assert_refused([*written, moved], said)
                if reads_work:
                    assert {answer.status_code for answer in read} == {200}
                else:
                    assert_refused([*read, _ready], said)
    await floor.ready_again()
    for _ in range(2):
        for answer in await floor.transfers():
            assert answer.status_code in (201, 202), answer.text
    last = [await floor.transfer(number, "wait=20") for number in range(CLIENTS)]
    assert {(answer.json()["status"], answer.headers["Idempotent-Replayed"]) for answer in last} == {
        ("settled", "true")
    }
    assert await floor.balance() == (f"{500 - CLIENTS}.00", f"{500 - CLIENTS}.00")


def run(node: NodeProcess, credentials: dict[str, Any], freeze: Freeze, *, within_s: float, **expected: Any) -> None:
    async def main() -> None:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=node.gateway_url, timeout=40, limits=limits, trust_env=False) as http:
            await journey(Floor(http, credentials, within_s=within_s), freeze, **expected)

    node.start()
    asyncio.run(main())
    backed, findings = node.audit()
    assert backed, findings
    assert node.stop() == 0


def test_postgresql_that_is_frozen_is_told_in_time_and_nothing_is_done_twice(tmp_path: Path) -> None:
    with postgresql.server() as url:
        node = NodeProcess(tmp_path / "node", "--call-workers", "0", "--answer-within-s", "2")
        try:
            credentials = node.init("--sample", "--database-url", url)
            said = "PostgreSQL ("
            run(node, credentials, lambda: postgresql.frozen(url), within_s=2, said=said, reads_work=False)
        finally:
            node.end()


def test_a_file_that_another_process_locks_is_told_in_time_and_nothing_is_done_twice(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "node", "--call-workers", "0")
    try:
        credentials = node.init("--sample")
        file = node.data / "ledger.sqlite"
        said = "ledger.sqlite: database is locked"
        run(node, credentials, lambda: locked(file), within_s=10, said=said, reads_work=True)
    finally:
        node.end()
