"""A dry run says what would be done, and whether a second person must agree; nothing is done, in memory neither."""

from typing import Any

import httpx
import pytest

from ledger_node.gateway.acting import ActQuery
from ledger_node.gateway.credentials import digest_of, new_secret
from tests.gateway.conftest import Bank, Door, new_key
from tests.gateway.floor import NEW, Floor, floor
from tests.gateway.test_bad_requests import state_of
from tests.gateway.test_scopes import ways

__all__ = ["floor"]


def rehearse(http: httpx.Client, path: str, body: Any = None, method: str = "POST") -> tuple[dict[str, Any], bool]:
    """What would be there, and whether a second person would have to agree."""
    headers = {"Idempotency-Key": new_key()}
    answer = http.request(method, path, json=body, params={"dry_run": "true"}, headers=headers)
    assert (answer.status_code, answer.headers.get("dry-run")) == (200, "true"), answer.text
    return answer.json(), answer.headers["needs-approval"] == "true"


def test_every_action_of_the_operators_house_can_be_rehearsed(door: Door) -> None:
    acting = [way for way in ways(door.app) if way.writes and "operator" in way.scopes]
    rehearsed = [way for way in acting if ActQuery in way.queries]
    assert len(rehearsed) > 25
    assert [way.path for way in acting if way not in rehearsed] == ["/v1/reconciliation"], "which only compares"


@pytest.fixture
def bank_key(door: Door, operator: Bank, brava: Bank) -> dict[str, Any]:
    door.settlement.four_eyes.keys = door.app.state.keys  # another test's door on this house has a ring of its own
    made: dict[str, Any] = operator.http.post(f"/v1/members/{brava.id}/api_keys", json={"user": "clerk"}).json()
    return made


def test_a_key_that_is_only_rehearsed_opens_nothing(
    door: Door, operator: Bank, brava: Bank, bank_key: dict[str, Any]
) -> None:
    before, secret = state_of(door), new_secret()
    digest = digest_of(secret).hex()
    of_bank = f"/v1/members/{brava.id}/api_keys"
    for path, body in (
        (of_bank, {"user": "chief"}),
        (of_bank, {"user": "chief", "digest": digest}),
        ("/v1/api_keys", {"name": "night shift", "scope": "operator"}),
        ("/v1/api_keys", {"name": "night shift", "scope": "operator", "digest": digest}),
        (f"{of_bank}/{bank_key['id']}/rotate", {"overlap_s": 0}),
        (f"{of_bank}/{bank_key['id']}/rotate", {"overlap_s": 0, "digest": digest}),
    ):
        shown, needs_two = rehearse(operator.http, path, body)
        assert (shown["revoked_at"], "api_key" in shown, needs_two) == (None, False, False)
        with door.client(secret) as http:
            assert http.get("/v1/members").status_code == 401
    assert state_of(door) == before
    with door.client(bank_key["api_key"]) as http:
        assert http.get("/v1/members").status_code == 200, "the key that was to be rotated works on"


def test_a_key_whose_end_is_only_rehearsed_works_on(
    door: Door, operator: Bank, brava: Bank, bank_key: dict[str, Any]
) -> None:
    path = f"/v1/members/{brava.id}/api_keys/{bank_key['id']}/revoke"
    before = state_of(door)
    assert rehearse(operator.http, path)[0]["revoked_at"] is not None
    assert state_of(door) == before
    with door.client(bank_key["api_key"]) as http:
        assert http.get("/v1/members").status_code == 200
        assert operator.http.post(path).status_code == 200
        assert http.get("/v1/members").status_code == 401


def test_what_would_be_refused_is_refused_in_a_dry_run(door: Door, operator: Bank, albion: Bank, brava: Bank) -> None:
    before = state_of(door)
    too_much = {"account": albion.dda["USD"], "amount": "80000000.00", "currency": "USD"}
    refused = {
        "/v1/withdrawals": (too_much, "insufficient_funds"),
        "/v1/deposits": ({**too_much, "account": albion.bda["USD"]}, "wrong_account_kind"),
        f"/v1/members/{brava.id}/api_keys/key_0/revoke": (None, "api_key_not_found"),
        "/v1/approvals/apr_0/approve": (None, "approval_not_found"),
    }
    for path, (body, code) in refused.items():
        answer = operator.http.post(f"{path}?dry_run=true", json=body, headers={"Idempotency-Key": new_key()})
        assert answer.json()["code"] == code
    assert state_of(door) == before


def test_fiat_that_is_only_rehearsed_is_not_booked_and_its_key_is_still_free(
    door: Door, operator: Bank, albion: Bank
) -> None:
    body, key = {"account": albion.dda["USD"], "amount": "10.00", "currency": "USD"}, new_key()
    before = state_of(door)
    for path in ("/v1/deposits", "/v1/withdrawals"):
        answer = operator.post(f"{path}?dry_run=true", body, key=key)
        assert (answer.status_code, answer.json()["status"], answer.headers["needs-approval"]) == (
            200, "settled", "false",
        )  # fmt: skip
    assert state_of(door) == before
    booked = operator.post("/v1/deposits", body, key=key)
    assert (booked.status_code, "idempotent-replayed" in booked.headers) == (201, False)


def test_much_fiat_would_need_two(floor: Floor) -> None:
    body = {"account": floor.issuer.id("A.dda"), "amount": "1000.01", "currency": "USD"}
    shown, needs_two = rehearse(floor.ada, "/v1/deposits", body)
    assert (shown["status"], needs_two) == ("pending_approval", True)
    assert floor.ok(floor.ben.get("/v1/approvals"))["data"] == []
    refused = floor.settlement.post("/v1/deposits?dry_run=true", json=body, headers={"Idempotency-Key": new_key()})
    assert floor.refused(refused) == (403, "named_operator_needed")


def test_a_decision_that_is_only_rehearsed_leaves_the_request_waiting(floor: Floor) -> None:
    digest = digest_of(secret := new_secret()).hex()
    member = floor.issuer.members["B"].member_id
    waiting = [
        floor.ok(floor.ada.post("/v1/members", json=NEW), 202),
        floor.ok(floor.ada.post(f"/v1/members/{member}/suspend"), 202),
        floor.ok(floor.ada.post("/v1/api_keys", json={"name": "x", "scope": "operator", "digest": digest}), 202),
        floor.ok(floor.ada.post("/v1/house_keys", json={"office": "settlement"}), 202),
    ]
    lines = len(floor.log())
    for asked in waiting:
        path = f"/v1/approvals/{asked['id']}"
        assert rehearse(floor.ben, f"{path}/approve")[0]["status"] == "approved"
        assert rehearse(floor.ben, f"{path}/reject", {"reason": "No"})[0]["status"] == "rejected"
        assert floor.ok(floor.ben.get(path)) == asked
        assert floor.refused(floor.ada.post(f"{path}/approve?dry_run=true")) == (403, "own_request")
    assert len(floor.log()) == lines + len(waiting), "only Ada's attempts to agree with herself"
    assert floor.ok(floor.ada.get(f"/v1/members/{member}"))["status"] == "active"
    with floor.door.client(secret) as http:
        assert http.get("/v1/members").status_code == 401
    assert list(floor.issuer.directory.glob("settlement-0x*.json")) == []


def test_a_large_payment_that_is_only_rehearsed_still_waits(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id
    floor.do(f"/v1/members/{member}/limits/USD", {"approval_above": "100.00"}, "PUT")
    waits = floor.ok(floor.pay(floor.clerk, "100.01"), 202)
    (asked,) = floor.ok(floor.chief.get("/v1/approvals"))["data"]
    for decision, body in (("approve", None), ("reject", {"reason": "No"})):
        rehearse(floor.chief, f"/v1/approvals/{asked['id']}/{decision}", body)
        assert floor.ok(floor.clerk.get(f"/v1/transfers/{waits['id']}")) == waits
    assert floor.issuer.available("A.bda") == 40_000
    assert floor.ok(floor.chief.post(f"/v1/approvals/{asked['id']}/approve"))["status"] == "approved"
