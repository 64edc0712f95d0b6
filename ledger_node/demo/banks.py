"""Banks and an operator as HTTP clients. A bank repeats a request, key and all, until its answer is final."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from ledger_node.demo.plan import KINDS, Holding, Payment
from ledger_node.errors import Unavailable

FINAL = ("settled", "rejected", "canceled")
PATHS = {"deposit": "deposits", "mint": "mints", "transfer": "transfers", "redemption": "redemptions"}
GIVE_UP_AFTER_S = 120.0
PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer to a payment; `attempts` counts the times it was sent."""

    body: dict[str, Any]
    replayed: bool
    attempts: int
    seconds: float


class Client:
    """One holder of an API key at one gateway."""

    def __init__(self, url: str, api_key: str, *, connections: int = 1) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}"},
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            timeout=httpx.Timeout(40.0, pool=None),
        )

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        response = await self._http.get(path, params=query)
        return _body(response)

    async def get_all(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        page: dict[str, Any] = {"has_more": True}
        while page["has_more"]:
            page = await self.get(path, limit=100, **({"cursor": page["next_cursor"]} if rows else {}))
            rows += page["data"]
        return rows

    async def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        return _body(await self._http.post(path, json=body, headers=headers))

    async def pay(self, path: str, key: str, body: dict[str, Any], wait_s: int = 30) -> Answer:
        """Send a payment until it is final, through lost connections, 503 and 202, always under the same key."""
        headers = {"Idempotency-Key": key, "Prefer": f"wait={wait_s}"}
        loop = asyncio.get_running_loop()
        started, attempts = loop.time(), 0
        while loop.time() - started < GIVE_UP_AFTER_S:
            attempts += 1
            try:
                response = await self._http.post(path, json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_S)
                continue
            if response.status_code in (409, 429, 503) and response.json().get("code") != "idempotency_conflict":
                await asyncio.sleep(PAUSE_S)
                continue
            answer = _body(response)
            if answer["status"] in FINAL:
                replayed = response.headers.get("Idempotent-Replayed") == "true"
                return Answer(answer, replayed, attempts, loop.time() - started)
        raise Unavailable(f"{path} {key} is not final after {GIVE_UP_AFTER_S:.0f} s and {attempts} attempts.")

    async def close(self) -> None:
        await self._http.aclose()


def _body(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise Unavailable(
            f"{response.request.method} {response.request.url} answered {response.status_code}: {response.text}"
        )
    body: dict[str, Any] = response.json()
    return body


class Parties:
    """The operator and the banks, with the account that stands for each holding."""

    def __init__(self, operator: Client) -> None:
        self.operator = operator
        self.banks: dict[str, Client] = {}
        self.accounts: dict[Holding, str] = {}

    async def admit(
        self, bic: str, lei: str, legal_name: str, currencies: tuple[str, ...], client: Callable[[str], Client]
    ) -> None:
        """Make a member of this bank, with a DDA and a BDA in every currency, and give it a key."""
        member = await self.operator.post("/v1/members", {"bic": bic, "lei": lei, "legal_name": legal_name})
        if member["status"] == "pending":
            await self.operator.post(f"/v1/members/{member['id']}/activate")
        for code in currencies:
            for kind in KINDS:
                form = {"member": member["id"], "kind": kind, "currency": code}
                self.accounts[bic, kind, code] = (await self.operator.post("/v1/accounts", form))["id"]
        made = await self.operator.post(f"/v1/members/{member['id']}/api_keys", {"name": "demonstration"})
        self.banks[bic] = client(made["api_key"])

    async def until_active(self) -> None:
        """Wait until every account can be used: a BDA is when the token's register has it."""
        for account in self.accounts.values():
            # Asked again and again, for it happens in another process.
            while (await self.operator.get(f"/v1/accounts/{account}"))["status"] == "pending":  # noqa: ASYNC110
                await asyncio.sleep(PAUSE_S)

    async def pay(self, payment: Payment) -> Answer:
        """A deposit is the operator's to book; everything else the paying bank asks for itself."""
        body: dict[str, Any] = {
            "amount": str(payment.amount),
            "currency": payment.currency,
            "end_to_end_id": payment.key,
        }
        if payment.verb == "deposit":
            body["account"] = self.accounts[payment.creditor]
            return await self.operator.pay("/v1/deposits", payment.key, body)
        body["debtor_account"] = self.accounts[payment.debtor]
        body["creditor_account"] = self.accounts[payment.creditor]
        return await self.banks[payment.payer].pay(f"/v1/{PATHS[payment.verb]}", payment.key, body)

    async def balance(self, holding: Holding) -> Decimal:
        balances = await self.banks[holding[0]].get(f"/v1/accounts/{self.accounts[holding]}/balances")
        if balances["booked"] != balances["available"]:
            raise Unavailable(f"{holding} still has something under way: {balances}")
        return Decimal(balances["booked"])

    async def block_number(self) -> int:
        """The newest block that is booked."""
        reserve = await self.operator.get("/v1/reserve")
        newest: int = max(position["block_number"] for position in reserve["data"])
        return newest

    async def entries(self, holding: Holding) -> list[dict[str, Any]]:
        return await self.banks[holding[0]].get_all(f"/v1/accounts/{self.accounts[holding]}/entries")

    async def close(self) -> None:
        for client in (self.operator, *self.banks.values()):
            await client.close()
