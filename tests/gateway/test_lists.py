"""Lists: newest first, page by page without gaps or repeats, filtered, and strict about what they are asked."""

import re
from decimal import Decimal
from itertools import pairwise

import pytest
from fastapi.routing import APIRoute

from tests.gateway.conftest import Bank, Door
from tests.settlement.issuer import Issuer

LISTS = [
    "/v1/members",
    "/v1/accounts",
    "/v1/mints",
    "/v1/transfers",
    "/v1/redemptions",
    "/v1/deposits",
    "/v1/withdrawals",
    "/v1/events",
]


@pytest.fixture
def busy(issuer: Issuer, albion: Bank, brava: Bank) -> Bank:
    for number in range(5):
        issuer.clock.advance(1000)
        paid = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], f"1.0{number}")
        assert paid.json()["status"] == "settled"
    return albion


@pytest.mark.parametrize("path", [*LISTS, "/v1/accounts/*/entries"])
def test_pages_put_together_are_the_whole_list(path: str, busy: Bank) -> None:
    path = path.replace("*", busy.bda["USD"])
    whole = busy.http.get(path, params={"limit": 100}).json()["data"]
    found, cursor = [], None
    while True:
        page = busy.http.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["data"]) <= 2
        assert page["has_more"] == (page["next_cursor"] is not None)
        found += page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"] or len(found) >= len(whole):
            break
    assert found[: len(whole)] == whole
    times = [row["created_at"] for row in whole]
    assert times == sorted(times, reverse=True)


def test_twenty_five_is_the_page_when_nothing_is_said(operator: Bank, busy: Bank) -> None:
    assert len(operator.http.get("/v1/events").json()["data"]) == 25


def test_a_list_can_be_bounded_in_time(busy: Bank) -> None:
    rows = busy.http.get("/v1/transfers", params={"limit": 100}).json()["data"]
    newest, oldest = rows[0]["created_at"], rows[4]["created_at"]

    def between(**bounds: str) -> list[str]:
        params = {"limit": "100"} | {f"created_at[{name}]": time for name, time in bounds.items()}
        return [row["id"] for row in busy.http.get("/v1/transfers", params=params).json()["data"]]

    everything = [row["id"] for row in rows]
    assert between(gte=oldest, lte=newest) == [row["id"] for row in rows if oldest <= row["created_at"] <= newest]
    assert between(gte=newest)[0] == everything[0]
    assert everything[0] not in between(lte=oldest)
    assert between(gte="2100-01-01T00:00:00Z") == []
    assert between(lte="2020-01-01T00:00:00+00:00") == []
    assert between(gte=newest.replace("Z", "+00:00")) == between(gte=newest)


def test_payments_are_filtered_by_status_and_account(busy: Bank, brava: Bank) -> None:
    settled = busy.http.get("/v1/transfers?status=settled&limit=100").json()["data"]
    assert {row["status"] for row in settled} == {"settled"}
    rejected = busy.http.get("/v1/transfers?status=rejected&limit=100").json()["data"]  # by other tests, if any
    assert {row["status"] for row in rejected} <= {"rejected"}
    assert not {row["id"] for row in rejected} & {row["id"] for row in settled}
    assert busy.http.get(f"/v1/transfers?account={busy.bda['JPY']}").json()["data"] == []
    assert busy.http.get("/v1/transfers?currency=JPY").json()["data"] == []
    assert {row["currency"] for row in busy.http.get("/v1/deposits?currency=USD").json()["data"]} == {"USD"}
    paid = busy.http.get(f"/v1/transfers?account={brava.bda['USD']}&limit=3").json()["data"]
    assert {row["creditor_account"] for row in paid} == {brava.bda["USD"]}


def test_accounts_and_events_are_filtered(busy: Bank) -> None:
    accounts = busy.http.get("/v1/accounts?kind=BDA&currency=JPY").json()["data"]
    assert [account["id"] for account in accounts] == [busy.bda["JPY"]]
    events = busy.http.get("/v1/events?type=transfer.settled&limit=5").json()["data"]
    assert {event["type"] for event in events} == {"transfer.settled"}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid_field"),
        ("limit=101", "invalid_field"),
        ("limit=many", "invalid_field"),
        ("limit=", "invalid_field"),
        ("cursor=nonsense", "invalid_field"),
        ("cursor=%00", "invalid_field"),
        ("created_at[gte]=yesterday", "invalid_field"),
        ("created_at[gte]=1767225600", "invalid_field"),
        ("created_at[gte]=2026-13-01T00:00:00Z", "invalid_field"),
        ("created_at[gte]=2026-01-01", "invalid_field"),
        ("created_at[eq]=2026-01-01T00:00:00Z", "unknown_parameter"),
        ("stauts=settled", "unknown_parameter"),
    ],
)
def test_a_list_asked_wrongly(path: str, query: str, code: str, brava: Bank) -> None:
    answer = brava.http.get(f"{path}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text


def test_an_unknown_status_is_refused_rather_than_matching_nothing(brava: Bank) -> None:
    assert brava.http.get("/v1/transfers?status=done").json()["code"] == "invalid_field"
    assert brava.http.get("/v1/accounts?kind=IBAN").json()["code"] == "invalid_field"
    assert brava.http.get("/v1/transfers?currency=dollar").json()["code"] == "invalid_field"
    assert brava.http.get("/v1/events?type=%00").json()["code"] == "invalid_field"


@pytest.mark.parametrize("path", ["/v1/reserve", "/v1/accounts/*", "/v1/accounts/*/balances", "/livez"])
def test_a_path_without_parameters_takes_none(path: str, brava: Bank) -> None:
    answer = brava.http.get(path.replace("*", brava.bda["USD"]) + "?verbose=1")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")


def test_the_reserve_is_there_for_every_member(busy: Bank, brava: Bank) -> None:
    positions = {row["currency"]: row for row in brava.http.get("/v1/reserve").json()["data"]}
    assert set(positions) == {"USD", "EUR", "JPY"}
    dollar = positions["USD"]
    assert dollar["backed"] is True
    assert dollar["reserve"] == dollar["supply"]
    assert dollar["difference"] == "0.00"
    assert positions["JPY"]["supply"] == "0"


def test_entries_carry_the_balance_after_each_line(busy: Bank) -> None:
    for account, is_token in ((busy.bda["USD"], True), (busy.dda["USD"], False)):
        lines = busy.http.get(f"/v1/accounts/{account}/entries?limit=100").json()["data"]
        assert lines[0]["balance"] == busy.balances(account)[0]
        for newer, older in pairwise(lines):
            sign = 1 if newer["direction"] == "CRDT" else -1
            moved = Decimal(newer["balance"]) - Decimal(older["balance"])
            assert moved == sign * Decimal(newer["amount"])
            assert (newer["block_number"] is not None) == is_token


# WHAT A QUERY AND A PATH MAY HOLD


@pytest.mark.parametrize("query", ["limit=1&limit=2", "limit=1&limit=1", "limit=1&lim%69t=2", "currency=USD&currency="])
def test_a_parameter_said_twice_is_refused(query: str, brava: Bank) -> None:
    answer = brava.http.get(f"/v1/transfers?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_field")
    assert "more than once" in answer.json()["detail"]


UNSEEN = ["a%00b", "%00", "a%0Ab", "%E2%80%AE", "%E2%80%8B", "%C2%85", "%E2%80%A8"]


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_cannot_be_seen_is_in_no_path_and_no_filter(unseen: str, door: Door, operator: Bank) -> None:
    """PostgreSQL takes no NUL as text: each of these would have been a fault of the node."""
    asked = 0
    for route in door.app.routes:
        if not (isinstance(route, APIRoute) and "GET" in route.methods and route.path.startswith("/v1/")):
            continue
        if route.dependant.path_params:
            answer = operator.http.get(re.sub(r"\{\w+\}", unseen, route.path))
            assert answer.status_code in (403, 404), (route.path, answer.text)
            asked += 1
        for name in filters(route):
            answer = operator.http.get(re.sub(r"\{\w+\}", "x", route.path), params=f"{name}={unseen}")
            assert (answer.status_code, answer.json()["code"]) in REFUSED, (route.path, name, answer.text)
            asked += 1
    assert asked > 80


REFUSED = [(400, "invalid_field"), (403, "forbidden")]


def filters(route: APIRoute) -> list[str]:
    return [
        field.alias or name
        for query in route.dependant.query_params
        for name, field in getattr(query.field_info.annotation, "model_fields", {}).items()
    ]


def test_a_cursor_that_decodes_to_what_cannot_be_seen_is_not_ours(brava: Bank) -> None:
    for cursor in ("AA==", "YQBi", "4oCu"):
        assert brava.http.get(f"/v1/accounts?cursor={cursor}").json()["code"] == "invalid_field"
