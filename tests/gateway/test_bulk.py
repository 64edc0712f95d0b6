"""Many transfers in one request: each judged on its own, each paid once, whatever its neighbours are."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ledger_node.gateway import bodies
from ledger_node.gateway.app import create_app
from tests.gateway.conftest import Bank, Door, Serve, new_key

PATH = "/v1/transfers/bulk"


def item(albion: Bank, brava: Bank, amount: Any = "1.00", **more: Any) -> dict[str, Any]:
    body = {"debtor_account": albion.bda["USD"], "creditor_account": brava.bda["USD"], "currency": "USD"}
    return body | {"idempotency_key": new_key(), "amount": amount} | more


def send(bank: Bank, *items: Any, wait: str | None = "wait=20") -> Any:
    answer = bank.http.post(PATH, json={"transfers": items}, headers={"Prefer": wait} if wait else {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(answer: Any) -> list[tuple[int, str]]:
    return [
        (entry["status"], entry["problem"]["code"] if entry["problem"] else entry["payment"]["status"])
        for entry in answer["data"]
    ]


def test_every_transfer_settles_and_is_answered_in_order(albion: Bank, brava: Bank) -> None:
    before = albion.balances(albion.bda["USD"])[0]
    items = [item(albion, brava, f"0.{cents:02d}", end_to_end_id=f"E2E-{cents}") for cents in range(1, 41)]
    answer = send(albion, *items)
    assert told(answer) == [(201, "settled")] * 40
    assert (answer["accepted"], answer["refused"]) == (40, 0)
    assert [entry["idempotency_key"] for entry in answer["data"]] == [each["idempotency_key"] for each in items]
    assert [entry["payment"]["end_to_end_id"] for entry in answer["data"]] == [each["end_to_end_id"] for each in items]
    assert float(before) - float(albion.balances(albion.bda["USD"])[0]) == pytest.approx(8.20)


def test_without_waiting_they_are_answered_as_accepted(albion: Bank, brava: Bank) -> None:
    assert told(send(albion, item(albion, brava), wait=None)) == [(201, "accepted")]


def test_one_bad_transfer_spoils_nothing_but_itself(albion: Bank, brava: Bank) -> None:
    good = item(albion, brava)
    bad: list[tuple[Any, int, str, str | None]] = [
        (item(albion, brava, "0"), 400, "invalid_amount", "/transfers/0/amount"),
        (item(albion, brava, 1), 400, "invalid_amount", "/transfers/1/amount"),
        (item(albion, brava, "70000000.00"), 422, "insufficient_balance", "/transfers/2/amount"),
        (item(albion, brava, debtor_account="acct_x"), 404, "account_not_found", "/transfers/3/debtor_account"),
        (item(albion, brava, debtor_account=brava.bda["USD"]), 404, "account_not_found", "/transfers/4/debtor_account"),
        (item(albion, brava, colour="red"), 400, "invalid_field", "/transfers/5/colour"),
        (item(albion, brava, idempotency_key=""), 400, "idempotency_key_missing", None),
        (item(albion, brava, idempotency_key="a b"), 400, "idempotency_key_invalid", None),
        ({"amount": "1.00"}, 400, "invalid_field", "/transfers/8/debtor_account"),
        ("text", 400, "invalid_field", "/transfers/9"),
        (None, 400, "invalid_field", "/transfers/10"),
    ]
    answer = send(albion, *(each[0] for each in bad), good)
    assert told(answer) == [*((status, code) for _, status, code, _ in bad), (201, "settled")]
    assert (answer["accepted"], answer["refused"]) == (1, len(bad))
    for entry, (_, _, _, pointer) in zip(answer["data"], bad, strict=False):
        pointers = [error["pointer"] for error in entry["problem"].get("errors", ())]
        assert pointers == [] if pointer is None else pointer in pointers


def test_what_was_tried_in_vain_is_in_the_audit_log_once(albion: Bank, brava: Bank, operator: Bank) -> None:
    foreign = [item(albion, brava, debtor_account=brava.bda["USD"]) for _ in range(3)]
    before = refusals(operator)
    assert told(send(albion, *foreign, item(albion, brava))) == [(404, "account_not_found")] * 3 + [(201, "settled")]
    assert refusals(operator) - before == 1


def refusals(operator: Bank) -> int:
    lines = operator.http.get("/v1/audit_log?outcome=refused&action=POST /v1/transfers/bulk&limit=100")
    assert lines.status_code == 200, lines.text
    return len(lines.json()["data"])


def test_a_key_twice_in_one_request_pays_once(albion: Bank, brava: Bank) -> None:
    once = item(albion, brava, "2.00")
    answer = send(albion, once, once)
    first, second = answer["data"]
    assert [entry["replayed"] for entry in answer["data"]] == [False, True]
    assert first["payment"] == second["payment"]


def test_a_key_twice_for_two_transfers_is_a_conflict(albion: Bank, brava: Bank) -> None:
    once = item(albion, brava, "2.00")
    answer = send(albion, once, once | {"amount": "3.00"})
    assert told(answer) == [(201, "settled"), (422, "idempotency_conflict")]
    assert answer["data"][1]["problem"]["facts"]["resource"] == answer["data"][0]["payment"]["id"]


def test_the_whole_request_again_pays_nothing_twice(albion: Bank, brava: Bank) -> None:
    items = [item(albion, brava) for _ in range(5)]
    first = send(albion, *items)
    balance = albion.balances(albion.bda["USD"])
    again = send(albion, *items)
    assert [entry["payment"] for entry in again["data"]] == [entry["payment"] for entry in first["data"]]
    assert all(entry["replayed"] for entry in again["data"])
    assert albion.balances(albion.bda["USD"]) == balance


def test_a_key_is_the_same_key_alone_and_in_a_bulk(albion: Bank, brava: Bank) -> None:
    key = new_key()
    alone = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.50", key=key).json()
    (entry,) = send(albion, item(albion, brava, "1.50", idempotency_key=key))["data"]
    assert entry["replayed"]
    assert entry["payment"]["id"] == alone["id"]


def test_more_than_is_there_is_refused_from_where_it_runs_out(admit: Any, operator: Bank, brava: Bank) -> None:
    bank = admit("ECHOGB2LXXX", "213800ECHOBANKPLC080", "Echo Bank plc")
    operator.post("/v1/deposits", {"account": bank.dda["USD"], "amount": "5.00", "currency": "USD"})
    assert bank.pay("/v1/mints", bank.dda["USD"], bank.bda["USD"], "5.00").json()["status"] == "settled"
    answer = send(bank, *(item(bank, brava, "2.00") for _ in range(4)), item(bank, brava, "1.00"))
    bank.http.close()
    assert told(answer) == [
        (201, "settled"),
        (201, "settled"),
        (422, "insufficient_balance"),
        (422, "insufficient_balance"),
        (201, "settled"),
    ]


@pytest.mark.parametrize("body", [{}, {"transfers": []}, {"transfers": {}}, {"transfers": [], "more": 1}, []])
def test_a_request_without_transfers_is_refused(body: Any, albion: Bank) -> None:
    answer = albion.http.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_field")


def test_too_many_are_refused_and_none_of_them_accepted(albion: Bank, brava: Bank) -> None:
    items = [item(albion, brava)] * 10_001
    answer = albion.http.post(PATH, json={"transfers": items})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_field")
    assert not send(albion, items[0])["data"][0]["replayed"]


def test_an_operator_cannot_pay(operator: Bank, albion: Bank, brava: Bank) -> None:
    answer = operator.http.post(PATH, json={"transfers": [item(albion, brava)]})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


# HOW LARGE


@pytest.fixture
def small(door: Door, serve: Serve, albion: Bank) -> Iterator[httpx.Client]:
    """A door of the same house: 1,000 bytes a body, 4,000 a bulk."""
    url = serve(create_app(door.settlement, body_max_bytes=1000, bulk_body_max_bytes=4000))
    headers = {"Authorization": albion.http.headers["authorization"], "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as http:
        yield http


def test_a_bulk_has_a_limit_of_its_own(small: httpx.Client, albion: Bank, brava: Bank) -> None:
    body = json.dumps({"transfers": [item(albion, brava) for _ in range(5)]}).encode()
    assert small.post(PATH, content=body.ljust(4000)).status_code == 200
    answer = small.post(PATH, content=body.ljust(4001))
    assert (answer.status_code, answer.json()["facts"]) == (413, {"limit_bytes": 4000})
    assert small.post("/v1/transfers", content=body.ljust(1001)).json()["facts"] == {"limit_bytes": 1000}


def test_more_large_bodies_than_fit_are_told_to_wait(
    small: httpx.Client, albion: Bank, brava: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"transfers": [item(albion, brava)]}).encode()
    monkeypatch.setattr(bodies, "BULK_BODIES_AT_ONCE", 0)
    answer = small.post(PATH, content=body)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "overloaded", "1")
    monkeypatch.setattr(bodies, "BULK_BODIES_AT_ONCE", 1)
    for _ in range(3):
        assert small.post(PATH, content=body).status_code == 200


def test_a_name_twice_in_a_large_body_is_refused(albion: Bank, brava: Bank) -> None:
    one = json.dumps(item(albion, brava))
    body = '{"transfers": [' + ", ".join([one] * 500) + ", " + one[:-1] + ', "amount": "9.00"}]}'
    answer = albion.http.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
