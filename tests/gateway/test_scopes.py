"""Who may ask for what, of every route that the gateway has: a route added tomorrow is judged here too."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.gateway.conftest import Bank, Door
from tests.gateway.test_bad_requests import state_of

OPEN_TO_EVERYBODY = {"/healthz", "/readyz"}
"""What asks for no key at all, beside the pages."""
UNKNOWN = "x_01981b3e0d537c1ab6c42f6d1f1a9a01"


@dataclass(frozen=True)
class Way:
    """One method of one route; `scopes` are those its code asks for, none when it asks for no key."""

    method: str
    path: str
    scopes: frozenset[str]
    queries: frozenset[type]
    """The models of its query parameters."""

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")

    def ask(self, http: httpx.Client, resource: str = UNKNOWN) -> httpx.Response:
        path = "/".join(resource if part.startswith("{") else part for part in self.path.split("/"))
        return http.request(self.method, path, headers={"Idempotency-Key": "scopes"} if self.writes else {})


def ways(app: FastAPI) -> list[Way]:
    found = []
    for route in app.routes:
        if isinstance(route, APIRoute):
            asked = [of.call.scopes for of in route.dependant.dependencies if hasattr(of.call, "scopes")]
            scopes = frozenset(scope for scopes in asked for scope in scopes)
            queries = frozenset(field.field_info.annotation for field in route.dependant.query_params)
            found += [Way(method, route.path, scopes, queries) for method in sorted(route.methods)]
    return found


@pytest.fixture
def supervisor(door: Door) -> Iterator[httpx.Client]:
    _, secret = door.settlement.writer.run(
        lambda connection: door.app.state.keys.create(connection, scope="supervisor", member_id=None, name="scopes")
    )
    with door.client(secret) as http:
        yield http


@pytest.fixture
def by_scope(supervisor: httpx.Client, operator: Bank, brava: Bank) -> dict[str, httpx.Client]:
    return {"supervisor": supervisor, "operator": operator.http, "member": brava.http}


def code(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["code"]


def test_whatever_changes_something_asks_for_a_key_and_never_takes_a_supervisors(door: Door) -> None:
    writing = [way for way in ways(door.app) if way.writes]
    assert len(writing) > 40
    assert [way for way in writing if not way.scopes or "supervisor" in way.scopes] == []


def test_every_route_refuses_every_scope_that_it_is_not_for(door: Door, by_scope: dict[str, httpx.Client]) -> None:
    before = state_of(door)
    refused = [(way, scope) for way in ways(door.app) if way.scopes for scope in by_scope if scope not in way.scopes]
    assert len(refused) > 80
    assert [(way, scope) for way, scope in refused if code(way.ask(by_scope[scope])) != (403, "forbidden")] == []
    assert state_of(door) == before


def test_every_refused_write_is_in_the_audit_log(
    door: Door, by_scope: dict[str, httpx.Client], supervisor: httpx.Client
) -> None:
    for way in ways(door.app):
        if not way.writes:
            continue
        for scope in sorted(set(by_scope) - way.scopes):
            answer = way.ask(by_scope[scope])
            newest = supervisor.get("/v1/audit_log?outcome=refused&limit=1").json()["data"][0]
            assert (newest["action"], newest["scope"], newest["code"], newest["request_id"]) == (
                f"{way.method} {way.path}", scope, "forbidden", answer.headers["x-request-id"],
            )  # fmt: skip


def test_a_supervisor_reads_every_route_that_reads(
    door: Door, supervisor: httpx.Client, albion: Bank, brava: Bank
) -> None:
    """Each thing by the id that its own list begins with; what no list has here is not found, and not forbidden."""
    albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00")
    reading = [way for way in ways(door.app) if not way.writes and way.scopes]
    assert len(reading) > 30
    for way in reading:
        assert "supervisor" in way.scopes, way
        head, parameter, _ = way.path.partition("/{")
        listed = supervisor.get(head).json() if parameter and head in {each.path for each in reading} else {}
        known = next((row["id"] for row in listed.get("data", []) if "id" in row), None)
        answer = way.ask(supervisor, known or UNKNOWN)
        assert answer.status_code in (200, 400, 404), (way, answer.text)  # a proof asks for more than an id
        if not parameter or (known and way.path.count("{") == 1 and not way.path.endswith("/proof")):
            assert answer.status_code == 200, (way, known, answer.text)


def test_without_a_key_only_probes_and_pages_answer(door: Door, anybody: httpx.Client) -> None:
    for way in ways(door.app):
        answer = way.ask(anybody)
        if way.scopes:
            assert code(answer) == (401, "unauthenticated"), way
        else:
            assert not way.writes
