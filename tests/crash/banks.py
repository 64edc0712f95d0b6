"""Three banks as HTTP clients of a real node, and payments planned so that what everybody must have is known.

A bank asks under the same key until it has an answer that is final. Each answer goes to `on_answer` when it is in hand.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import httpx

FINAL = ("settled", "rejected", "canceled")
PATHS = {"deposit": "deposits", "mint": "mints", "transfer": "transfers", "redemption": "redemptions"}
DEPOSIT = 10_000_000
GIVE_UP_AFTER_S = 60.0

Kind = Literal["deposit", "mint", "transfer", "redemption"]
OnAnswer = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Payment:
    """`payer` and `payee` are banks by number; for all but transfers they are the same."""

    key: str
    kind: Kind
    payer: int
    payee: int
    amount: int

    def body(self, banks: "Banks") -> dict[str, str]:
        money = {"amount": f"{self.amount // 100}.{self.amount % 100:02}", "currency": "USD"}
        if self.kind == "deposit":
            return {"account": banks.account(self.payee, "DDA"), **money}
        debtor = banks.account(self.payer, "DDA" if self.kind == "mint" else "BDA")
        creditor = banks.account(self.payee, "DDA" if self.kind == "redemption" else "BDA")
        return {"debtor_account": debtor, "creditor_account": creditor, **money}


def founding() -> list[Payment]:
    """What every bank starts with: much fiat, and half of it as tokens."""
    deposits = [Payment(f"deposit-{bank}", "deposit", bank, bank, DEPOSIT) for bank in range(3)]
    return deposits + [Payment(f"mint-{bank}", "mint", bank, bank, DEPOSIT // 2) for bank in range(3)]


def payments(random: Random, name: str) -> Iterator[Payment]:
    """More of them without end, so small that no bank ever runs out."""
    for number in range(1_000_000):
        kind: Kind = random.choice(("mint", "transfer", "transfer", "redemption"))
        payer = random.randrange(3)
        payee = (payer + random.randint(1, 2)) % 3 if kind == "transfer" else payer
        yield Payment(f"{name}-{number}", kind, payer, payee, random.randint(1, 300))


def balances(done: Sequence[Payment]) -> Counter[tuple[int, str]]:
    """(bank, account kind): what they add up to."""
    total: Counter[tuple[int, str]] = Counter()
    for payment in done:
        if payment.kind != "deposit":
            total[payment.payer, "DDA" if payment.kind == "mint" else "BDA"] -= payment.amount
        total[payment.payee, "BDA" if payment.kind in ("mint", "transfer") else "DDA"] += payment.amount
    return total


class Memory(dict[str, dict[str, Any]]):
    """The newest answer to each key. One key is one payment, and what is final stays as it is."""

    def __call__(self, key: str, answer: dict[str, Any]) -> None:
        before = self.setdefault(key, answer)
        assert before["id"] == answer["id"], f"{key} was {before['id']} and is {answer['id']}"
        if before["status"] in FINAL:
            assert before["status"] == answer["status"], f"{key} was {before['status']} and is {answer['status']}"
        self[key] = answer


class Banks:
    """The sample banks of `ledger-node init --sample` and the operator."""

    def __init__(self, credentials: dict[str, Any], on_answer: OnAnswer = lambda *_: None) -> None:
        self.members = credentials["members"]
        self._operator = credentials["operator"]
        self._on_answer = on_answer

    def account(self, bank: int, kind: str) -> str:
        (found,) = [a["id"] for a in self.members[bank]["accounts"] if (a["kind"], a["currency"]) == (kind, "USD")]
        return str(found)

    async def pay(
        self, url: str, work: Sequence[Payment], *, at_once: int = 8, waits_s: Sequence[int] = (20,), random: Random
    ) -> None:
        """Every payment until it is final. The first time it waits as long as the dice say."""
        ways = asyncio.Semaphore(at_once)

        async def one(client: httpx.AsyncClient, payment: Payment) -> None:
            async with ways:
                wait_s, deadline = random.choice(waits_s), time.monotonic() + GIVE_UP_AFTER_S
                while await self.ask(client, payment, wait_s) not in FINAL:
                    assert time.monotonic() < deadline, f"{payment} is not final after {GIVE_UP_AFTER_S} s"
                    wait_s = 20

        async with httpx.AsyncClient(base_url=url, timeout=40) as client, asyncio.TaskGroup() as group:
            for payment in work:
                group.create_task(one(client, payment))

    async def ask(self, client: httpx.AsyncClient, payment: Payment, wait_s: int) -> str:
        """Once; returns the status."""
        answer = await self.send(client, payment, wait_s)
        if answer.status_code == 422 and answer.json()["code"] in ("account_not_active", "creditor_not_active"):
            return "too early"  # the token's register does not have the account yet
        assert answer.is_success, (payment, answer.status_code, answer.text)
        return str(answer.json()["status"])

    async def send(self, client: httpx.AsyncClient, payment: Payment, wait_s: int) -> httpx.Response:
        owner = self._operator if payment.kind == "deposit" else self.members[payment.payer]
        headers = {"Idempotency-Key": payment.key, "Prefer": f"wait={wait_s}"}
        headers["Authorization"] = f"Bearer {owner['api_key']}"
        answer = await client.post(f"/v1/{PATHS[payment.kind]}", json=payment.body(self), headers=headers)
        if answer.is_success:
            self._on_answer(payment.key, answer.json())
        return answer
