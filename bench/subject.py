"""The node under test: a process of its own, banks with plenty of tokens, transfers among them."""

import asyncio
import itertools
import json
import random
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.wire import Connection
from ledger_node.demo.banks import Client, Parties
from ledger_node.demo.plan import Payment
from ledger_node.demo.process import NodeProcess

FUNDS = Decimal("100000000.00")
BICS = ("ALPHUS33XXX", "BETADEFFXXX", "GAMMJPJTXXX")


class LedgerNode:
    """What a peer has to offer to stand beside it in a table: `transfer` by a numbered client, timed by the caller."""

    name = "ledger-node"

    def __init__(self, directory: Path, *settings: str) -> None:
        self._process = NodeProcess(directory / "node", *settings)
        self._keys = itertools.count()
        self._dice = random.Random(1)
        self._bank_of_key: dict[str, str] = {}
        self._accounts: dict[str, str] = {}
        self._connections: dict[tuple[int, str], Connection] = {}

    async def open(self) -> None:
        credentials = self._process.init("--sample")
        self._process.start()
        parties = Parties(Client(self._process.gateway_url, credentials["operator"]["api_key"]))
        for member in credentials["members"]:
            self._bank_of_key[member["bic"]] = member["api_key"]
            parties.banks[member["bic"]] = Client(self._process.gateway_url, member["api_key"])
            for account in member["accounts"]:
                parties.accounts[member["bic"], account["kind"], account["currency"]] = account["id"]
            self._accounts[member["bic"]] = parties.accounts[member["bic"], "BDA", "USD"]
            await parties.pay(Payment(f"fund-{member['bic']}", "deposit", member["bic"], member["bic"], FUNDS, "USD"))
            await parties.pay(Payment(f"mint-{member['bic']}", "mint", member["bic"], member["bic"], FUNDS, "USD"))
        await parties.close()

    async def transfer(self, client: int) -> dict[str, Any]:
        """One payment of a few cents between two banks, settled and booked when this returns."""
        payer, payee = self._dice.sample(sorted(self._accounts), 2)
        body = self._payment(payer, payee)
        headers = {"Idempotency_Key": f"bench-{next(self._keys)}", "Prefer": "wait=30"}
        status, answer = await self._connection(client, payer).post("/v1/transfers", body, **headers)
        assert status == 201, f"{status}: {json.dumps(answer)}"
        assert answer["status"] == "settled", json.dumps(answer)
        return answer

    async def bulk(self, client: int, count: int) -> None:
        """As many of one bank's payments in one request; all are settled and booked when this returns."""
        payer = sorted(self._accounts)[client % len(self._accounts)]
        others = [bank for bank in sorted(self._accounts) if bank != payer]
        body = {
            "transfers": [
                self._payment(payer, self._dice.choice(others)) | {"idempotency_key": f"bench-{next(self._keys)}"}
                for _ in range(count)
            ]
        }
        connection = self._connection(client, payer)
        status, answer = await connection.post("/v1/transfers/bulk", body, Prefer="wait=30")
        assert status == 200, f"{status}: {json.dumps(answer)}"
        assert all(entry["payment"]["status"] == "settled" for entry in answer["data"]), json.dumps(answer)[:2000]

    def _payment(self, payer: str, payee: str) -> dict[str, Any]:
        return {
            "debtor_account": self._accounts[payer], "creditor_account": self._accounts[payee],
            "amount": f"0.{self._dice.randint(1, 99):02d}", "currency": "USD",
        }  # fmt: skip

    def _connection(self, client: int, payer: str) -> Connection:
        connection = self._connections.get((client, payer))
        if connection is None:
            connection = Connection(self._process.gateway_url, self._bank_of_key[payer])
            self._connections[client, payer] = connection
        return connection

    def kill(self) -> None:
        """SIGKILL, whatever it is doing."""
        self._process.kill()

    async def start_again(self) -> float:
        """Seconds until it is ready. Its doors are where they were."""
        for connection in self._connections.values():
            await connection.close()
        self._connections.clear()
        started = time.perf_counter()
        await asyncio.to_thread(self._process.start)
        return time.perf_counter() - started

    async def close(self) -> None:
        for connection in self._connections.values():
            await connection.close()
        status = await asyncio.to_thread(self._process.stop)
        assert status == 0, self._process.log_end()
        backed, findings = await asyncio.to_thread(self._process.audit)
        assert backed, json.dumps(findings)

    @property
    def data(self) -> Path:
        return self._process.data

    @property
    def rpc_url(self) -> str:
        return self._process.rpc_url

    def end(self) -> None:
        self._process.end()

    @property
    def gateway_url(self) -> str:
        return self._process.gateway_url

    @property
    def bytes_on_disk(self) -> int:
        return sum(path.stat().st_size for path in self._process.data.rglob("*") if path.is_file())

    @property
    def cpu_seconds(self) -> float:
        """What its process has used of the processors so far."""
        return self._process.cpu_seconds

    @property
    def memory_mib(self) -> int:
        """What its process has in use now."""
        return self._process.memory_mib

    @property
    def peak_memory_mib(self) -> int:
        return self._process.peak_memory_mib
