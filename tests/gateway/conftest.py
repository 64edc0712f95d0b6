"""A bank floor behind a real door: a settlement house on a chain, the gateway on a socket, banks with API keys."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ledger_node.connections import Bounds
from ledger_node.gateway.app import create_app
from ledger_node.settlement.engine import SettlementEngine
from tests.serving import opened
from tests.settlement.issuer import Issuer

BANKS = (
    ("ALBKUS33XXX", "549300ALBIONBANK0136", "Albion Bank, N.A."),
    ("BRVADEFFXXX", "529900BRAVAKREDI0289", "Brava Kreditbank AG"),
    ("CEDRJPJTXXX", "353800CEDARTRUST0338", "Cedar Trust Bank, Ltd."),
)

Serve = Callable[..., str]

_keys = itertools.count(1)


@dataclass
class Door:
    """The gateway of one test run, on a socket."""

    app: FastAPI
    settlement: SettlementEngine
    url: str
    operator_key: str

    def client(self, api_key: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)


@dataclass
class Bank:
    """A member bank as the tests use it."""

    id: str
    http: httpx.Client
    dda: dict[str, str] = field(default_factory=dict)
    bda: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str) -> httpx.Response:
        headers.setdefault("Idempotency-Key", key or new_key())
        return self.http.post(path, json=body, headers=headers)

    def pay(
        self, path: str, debtor: str, creditor: str, amount: str, currency: str = "USD", **more: Any
    ) -> httpx.Response:
        key, wait = more.pop("key", None), more.pop("wait", "wait=20")
        body = {"debtor_account": debtor, "creditor_account": creditor, "amount": amount, "currency": currency, **more}
        return self.post(path, body, key=key, **({"Prefer": wait} if wait else {}))

    def balances(self, account: str) -> tuple[str, str]:
        answer = self.http.get(f"/v1/accounts/{account}/balances")
        assert answer.status_code == 200, answer.text
        return answer.json()["booked"], answer.json()["available"]


def new_key() -> str:
    return f"test-{next(_keys)}"


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """A whole issuer whose chain makes a block as soon as there is work."""
    issuer = Issuer(tmp_path_factory.mktemp("gateway"), currencies=("USD", "EUR", "JPY"), produce=True)
    issuer.settlement.start()
    yield issuer
    issuer.close()


@pytest.fixture(scope="session")
def settlement(issuer: Issuer) -> SettlementEngine:
    return issuer.settlement


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Put an app behind a door on a free port of 127.0.0.1; answers its URL."""
    with ExitStack() as doors:
        yield lambda app, **bounds: doors.enter_context(opened(app, bounds=Bounds(**bounds))).url


@pytest.fixture(scope="session")
def door(settlement: SettlementEngine, serve: Serve) -> Door:
    app = create_app(settlement)
    _, secret = settlement.writer.run(
        lambda connection: app.state.keys.create(connection, scope="operator", member_id=None, name="tests")
    )
    return Door(app, settlement, serve(app), secret)


@pytest.fixture(scope="session")
def operator(door: Door) -> Iterator[Bank]:
    with door.client(door.operator_key) as http:
        yield Bank("operator", http)


@pytest.fixture(scope="session")
def anybody(door: Door) -> Iterator[httpx.Client]:
    with door.client() as http:
        yield http


@pytest.fixture(scope="session")
def admit(door: Door, operator: Bank) -> Callable[..., Bank]:
    """Admit a bank, open a DDA and a BDA per currency, and wait until its BDAs are on the register."""

    def admit_bank(bic: str, lei: str, legal_name: str, currencies: tuple[str, ...] = ("USD", "JPY")) -> Bank:
        made = operator.http.post("/v1/members", json={"bic": bic, "lei": lei, "legal_name": legal_name})
        assert made.status_code == 201, made.text
        member = made.json()["id"]
        assert operator.http.post(f"/v1/members/{member}/activate").json()["status"] == "active"
        secret = operator.http.post(f"/v1/members/{member}/api_keys", json={"name": "tests"}).json()["api_key"]
        bank = Bank(member, door.client(secret))
        for currency in currencies:
            for kind, held in (("DDA", bank.dda), ("BDA", bank.bda)):
                opened = operator.http.post("/v1/accounts", json={"member": member, "kind": kind, "currency": currency})
                assert opened.status_code == 201, opened.text
                held[currency] = opened.json()["id"]
        pause = threading.Event()
        for _ in range(500):
            accounts = bank.http.get("/v1/accounts").json()["data"]
            if all(account["status"] == "active" for account in accounts):
                return bank
            pause.wait(0.02)
        raise AssertionError(accounts)

    return admit_bank


@pytest.fixture(scope="session")
def banks(admit: Callable[..., Bank]) -> Iterator[tuple[Bank, ...]]:
    admitted = tuple(admit(*bank) for bank in BANKS)
    yield admitted
    for bank in admitted:
        bank.http.close()


@pytest.fixture
def albion(banks: tuple[Bank, ...], operator: Bank) -> Bank:
    """A bank with at least USD 1000.00 on its DDA and 1000.00 tokens on its BDA, nothing in flight."""
    bank = banks[0]
    deposit = {"account": bank.dda["USD"], "amount": "2000.00", "currency": "USD"}
    assert operator.post("/v1/deposits", deposit).status_code == 201
    minted = bank.pay("/v1/mints", bank.dda["USD"], bank.bda["USD"], "1000.00")
    assert (minted.status_code, minted.json()["status"]) == (201, "settled"), minted.text
    return bank


@pytest.fixture
def brava(banks: tuple[Bank, ...]) -> Bank:
    return banks[1]


@pytest.fixture
def cedar(banks: tuple[Bank, ...]) -> Bank:
    return banks[2]
