"""An issuer with four eyes on: two named operators, a bank with two users, and the house's key, which has no name."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger_node.gateway.app import create_app
from ledger_node.gateway.credentials import digest_of, new_secret
from ledger_node.settlement.model import Policy
from tests.gateway.conftest import Door, Serve, new_key
from tests.settlement.issuer import Issuer

NEW = {"bic": "DELTGB2LXXX", "lei": "549300DELTABANK00116", "legal_name": "Delta Bank plc"}


@dataclass
class Floor:
    """An issuer with four eyes on, its operators Ada and Ben, and bank A with the users clerk and chief."""

    issuer: Issuer
    door: Door
    ada: httpx.Client
    ben: httpx.Client
    clerk: httpx.Client
    chief: httpx.Client
    settlement: httpx.Client

    def ok(self, answer: httpx.Response, status: int = 200) -> Any:
        assert answer.status_code == status, answer.text
        return answer.json()

    def refused(self, answer: httpx.Response) -> tuple[int, str]:
        assert answer.is_error, answer.text
        return answer.status_code, answer.json()["code"]

    def log(self, **query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ok(self.ben.get("/v1/audit_log", params=query))["data"]
        return rows

    def id(self, name: str) -> str:
        people = self.ok(self.ada.get("/v1/operators"))["data"]
        return next(person["id"] for person in people if person["name"] == name)

    def do(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """Ada asks, Ben agrees."""
        asked = self.ok(self.ada.request(method, path, json=body), 202)
        return self.ok(self.ben.post(f"/v1/approvals/{asked['id']}/approve"))

    def key(self, path: str, **body: Any) -> str:
        """A key whose owner has made its secret; Ada asks for it, Ben agrees."""
        secret = new_secret()
        self.do(path, {"digest": digest_of(secret).hex(), **body})
        return secret

    def pay(self, client: httpx.Client, amount: str, key: str | None = None) -> httpx.Response:
        body = {"debtor_account": self.issuer.id("A.bda"), "creditor_account": self.issuer.id("B.bda")}
        headers = {"Idempotency-Key": key or new_key()}
        return client.post("/v1/transfers", json={**body, "amount": amount, "currency": "USD"}, headers=headers)

    def deposit(self, client: httpx.Client, amount: str) -> httpx.Response:
        body = {"account": self.issuer.id("A.dda"), "amount": amount, "currency": "USD"}
        return client.post("/v1/deposits", json=body, headers={"Idempotency-Key": new_key()})


@pytest.fixture
def floor(tmp_path: Path, serve: Serve) -> Iterator[Floor]:
    issuer = Issuer(tmp_path, policy=Policy(four_eyes=True, fiat_above=1000)).start()  # type: ignore[arg-type]
    issuer.settle()
    issuer.admit("A", "B")
    issuer.fiat("deposit", "d1", "A.dda", "500.00")
    issuer.paid("mint", "m1", "A.dda", "A.bda", "400.00")
    app = create_app(issuer.settlement)

    def made(**named: Any) -> str:
        secret: str = issuer.settlement.writer.run(lambda connection: app.state.keys.create(connection, **named))[1]
        return secret

    door = Door(app, issuer.settlement, serve(app), made(scope="operator", member_id=None, name="init"))
    bank = issuer.members["A"].member_id
    with door.client(door.operator_key) as settlement:
        named = [
            settlement.post("/v1/operators", json={"name": name, "duties": ["maker", "checker", "admin"]}).json()[
                "api_key"
            ]
            for name in ("Ada", "Ben")
        ]
        users = [made(scope="member", member_id=bank, name=user, person=user) for user in ("clerk", "chief")]
        clients = [door.client(key) for key in (*named, *users)]
        yield Floor(issuer, door, *clients, settlement)
        for client in clients:
            client.close()
    issuer.close()
