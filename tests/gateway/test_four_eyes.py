"""Four eyes over REST: two named operators, a bank with two users, what everyone tries in vain, and the log."""

import httpx
import pytest
import sqlalchemy as sa

from ledger_node.access import audit_log
from ledger_node.errors import Fault
from ledger_node.gateway.credentials import digest_of
from ledger_node.settlement.limits import DAY_MS
from tests.gateway.conftest import new_key
from tests.gateway.floor import NEW, Floor, floor

__all__ = ["floor"]


# MAKER AND CHECKER


def test_one_operator_asks_another_agrees_and_only_then_it_is_done(floor: Floor) -> None:
    member = floor.issuer.members["B"].member_id
    asked = floor.ok(floor.ada.post(f"/v1/members/{member}/suspend", json={"reason": "Licence withdrawn"}), 202)
    assert (asked["status"], asked["action"], asked["reason"]) == (
        "pending_approval", "member.suspend", "Licence withdrawn",
    )  # fmt: skip
    assert floor.ok(floor.ada.get(f"/v1/members/{member}"))["status"] == "active"
    again = floor.ok(floor.ada.post(f"/v1/members/{member}/suspend"), 202)
    assert again["id"] == asked["id"]
    decided = floor.ok(floor.ben.post(f"/v1/approvals/{asked['id']}/approve", json={"reason": "Seen the letter"}))
    assert (decided["status"], decided["decision_reason"]) == ("approved", "Seen the letter")
    assert floor.ok(floor.ada.get(f"/v1/members/{member}"))["status"] == "suspended"
    assert floor.ok(floor.ben.post(f"/v1/approvals/{asked['id']}/approve")) == decided
    assert [(row["action"], row["outcome"]) for row in floor.log(action="member.suspend")][::-1] == [
        ("member.suspend", "pending_approval"), ("member.suspend", "pending_approval"), ("member.suspend", "approved"),
    ]  # fmt: skip


def test_nobody_agrees_with_themselves_whatever_keys_they_hold(floor: Floor) -> None:
    asked = floor.ok(floor.ada.post("/v1/members", json=NEW), 202)
    assert floor.refused(floor.ada.post(f"/v1/approvals/{asked['id']}/approve")) == (403, "own_request")
    own = floor.ok(floor.ada.get("/v1/operators"))["data"]
    ada = next(person for person in own if person["name"] == "Ada")
    second = floor.ok(floor.ada.post(f"/v1/operators/{ada['id']}/api_keys"), 201)["api_key"]
    with floor.door.client(second) as other_key:
        assert floor.refused(other_key.post(f"/v1/approvals/{asked['id']}/approve")) == (403, "own_request")
    refused = floor.log(outcome="refused")
    assert [row["code"] for row in refused] == ["own_request", "own_request"]
    assert {row["person"] for row in refused} == {ada["id"]}
    assert floor.ok(floor.ben.get(f"/v1/approvals/{asked['id']}"))["status"] == "pending_approval"


def test_a_key_without_a_name_neither_asks_nor_agrees(floor: Floor) -> None:
    assert floor.refused(floor.settlement.post("/v1/members", json=NEW)) == (403, "named_operator_needed")
    asked = floor.ok(floor.ada.post("/v1/members", json=NEW), 202)
    answer = floor.settlement.post(f"/v1/approvals/{asked['id']}/approve")
    assert floor.refused(answer) == (403, "named_operator_needed")
    sock_puppet = {"name": "Eve", "duties": ["checker"]}
    assert floor.refused(floor.settlement.post("/v1/operators", json=sock_puppet)) == (403, "named_operator_needed")
    assert floor.ada.post("/v1/operators", json=sock_puppet).status_code == 202


def test_duties_are_kept(floor: Floor) -> None:
    person = floor.do("/v1/operators", {"name": "Eve", "duties": ["checker"]})
    with floor.door.client(floor.key(f"/v1/operators/{person['resource']}/api_keys")) as eve:
        assert floor.refused(eve.post("/v1/members", json=NEW)) == (403, "forbidden")
        assert floor.refused(eve.post("/v1/api_keys", json={"name": "x", "scope": "operator"})) == (403, "forbidden")
        assert floor.refused(floor.deposit(eve, "1.00")) == (403, "forbidden")
        assert floor.refused(floor.deposit(eve, "1000.01")) == (403, "forbidden")
        asked = floor.ok(floor.ada.post("/v1/members", json=NEW), 202)
        assert floor.ok(eve.post(f"/v1/approvals/{asked['id']}/approve"))["status"] == "approved"
        floor.do(f"/v1/operators/{person['resource']}/revoke")
        assert eve.get("/v1/members").status_code == 401


def test_what_a_revoked_operator_asked_for_is_taken_back(floor: Floor) -> None:
    person = floor.do("/v1/operators", {"name": "Eve", "duties": ["maker"]})
    secret = floor.key(f"/v1/operators/{person['resource']}/api_keys")
    kept = floor.ok(floor.ada.post("/v1/members", json=NEW), 202)
    with floor.door.client(secret) as eve:
        asked = floor.ok(eve.post("/v1/members", json=NEW | {"legal_name": "Eve's own"}), 202)
        moved = floor.deposit(eve, "1000000.01")
    floor.do(f"/v1/operators/{person['resource']}/revoke")
    assert floor.ok(floor.ben.get(f"/v1/approvals/{asked['id']}"))["status"] == "canceled"
    assert floor.refused(floor.ben.post(f"/v1/approvals/{asked['id']}/approve")) == (409, "wrong_state")
    ended = floor.ok(floor.ada.get(f"/v1/deposits/{moved.json()['id']}"))
    assert ended["status"] == "rejected"
    assert floor.ok(floor.ben.get(f"/v1/approvals/{kept['id']}"))["status"] == "pending_approval"


@pytest.mark.parametrize("name", ["Ada ", " ada", "A\uff44a"])
def test_a_person_is_named_once_however_it_is_written(floor: Floor, name: str) -> None:
    answer = floor.ada.post("/v1/operators", json={"name": name, "duties": ["checker"]})
    assert floor.refused(answer) == (409, "already_exists")


def test_a_refused_attempt_is_logged_under_the_name_of_its_action(floor: Floor) -> None:
    assert floor.settlement.post("/v1/members/mbr_none/suspend").status_code in (403, 404)
    asked = floor.ok(floor.ada.post("/v1/members", json=NEW), 202)
    assert floor.ada.post(f"/v1/approvals/{asked['id']}/approve").status_code == 403
    assert floor.ben.post("/v1/operators/opr_none/revoke").status_code in (403, 404)
    assert [row["action"] for row in floor.log(outcome="refused")] == [
        "operator.revoke", "member.admit", "member.suspend",
    ]  # fmt: skip


def test_a_request_is_rejected_with_a_reason_or_expires(floor: Floor) -> None:
    asked = floor.ok(floor.ada.post("/v1/members", json=NEW), 202)
    assert floor.refused(floor.ben.post(f"/v1/approvals/{asked['id']}/reject", json={})) == (400, "invalid_field")
    rejected = floor.ok(floor.ben.post(f"/v1/approvals/{asked['id']}/reject", json={"reason": "Not yet"}))
    assert (rejected["status"], rejected["decision_reason"]) == ("rejected", "Not yet")
    assert floor.refused(floor.ben.post(f"/v1/approvals/{asked['id']}/approve")) == (409, "wrong_state")
    late = floor.ok(floor.ada.post("/v1/members", json=NEW), 202)
    floor.issuer.clock.advance(86_400_000)
    assert floor.refused(floor.ben.post(f"/v1/approvals/{late['id']}/approve")) == (409, "approval_expired")
    floor.issuer.settlement.look_after()
    assert floor.ok(floor.ben.get(f"/v1/approvals/{late['id']}"))["status"] == "expired"
    assert len(floor.ok(floor.ada.get("/v1/members"))["data"]) == 2


def test_what_can_no_longer_be_done_fails_with_its_reason_and_changes_nothing(floor: Floor) -> None:
    first = floor.ok(floor.ada.post("/v1/members", json=NEW), 202)
    second = floor.ok(floor.ben.post("/v1/members", json=NEW | {"legal_name": "Delta again"}), 202)
    floor.ok(floor.ben.post(f"/v1/approvals/{first['id']}/approve"))
    failed = floor.ok(floor.ada.post(f"/v1/approvals/{second['id']}/approve"))
    assert (failed["status"], failed["code"]) == ("failed", "already_exists")


def test_what_would_be_refused_is_refused_when_it_is_asked_for(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id
    assert floor.refused(floor.ada.post(f"/v1/members/{member}/activate")) == (409, "wrong_state")
    assert floor.refused(floor.ada.post("/v1/members/mbr_0/suspend")) == (404, "member_not_found")
    assert floor.ok(floor.ada.get("/v1/approvals"))["data"] == []


def test_a_dry_run_says_that_a_second_person_is_needed_and_does_nothing(floor: Floor) -> None:
    member = floor.issuer.members["B"].member_id
    answer = floor.ada.post(f"/v1/members/{member}/suspend?dry_run=true")
    assert (answer.status_code, answer.headers["dry-run"], answer.headers["needs-approval"]) == (200, "true", "true")
    assert answer.json()["status"] == "suspended"
    assert floor.ok(floor.ada.get(f"/v1/members/{member}"))["status"] == "active"
    assert floor.ok(floor.ada.get("/v1/approvals"))["data"] == []


# MONEY


def test_much_fiat_needs_two_operators_and_little_needs_one(floor: Floor) -> None:
    assert floor.deposit(floor.settlement, "1000.00").status_code == 201
    assert floor.refused(floor.deposit(floor.settlement, "1000.01")) == (403, "named_operator_needed")
    waits = floor.ok(floor.deposit(floor.ada, "1000.01"), 202)
    assert (waits["status"], waits["iso_status"]) == ("pending_approval", "PDNG")
    assert floor.issuer.booked("A.dda") == 110_000
    (asked,) = floor.ok(floor.ben.get("/v1/approvals"))["data"]
    assert (asked["action"], asked["resource"]) == ("payment.deposit", waits["id"])
    assert floor.refused(floor.ada.post(f"/v1/approvals/{asked['id']}/approve")) == (403, "own_request")
    floor.ok(floor.ben.post(f"/v1/approvals/{asked['id']}/approve"))
    assert floor.issuer.booked("A.dda") == 210_001
    assert floor.ok(floor.ada.get(f"/v1/deposits/{waits['id']}"))["status"] == "settled"


def test_a_banks_large_payment_waits_for_its_second_user(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id
    floor.do(f"/v1/members/{member}/limits/USD", {"approval_above": "100.00"}, "PUT")
    assert floor.pay(floor.clerk, "100.00").status_code == 201
    waits = floor.ok(floor.pay(floor.clerk, "100.01", "big"), 202)
    assert waits["status"] == "pending_approval"
    replayed = floor.pay(floor.clerk, "100.01", "big")
    assert replayed.headers["idempotent-replayed"] == "true"
    assert replayed.json()["status"] == "pending_approval"
    path = f"/v1/transfers/{waits['id']}"
    assert floor.refused(floor.clerk.post(f"{path}/approve")) == (403, "own_request")
    approved = floor.ok(floor.chief.post(f"{path}/approve"))
    assert approved["status"] in ("accepted", "processing")
    floor.issuer.settle()
    assert floor.ok(floor.clerk.get(path))["status"] == "settled"
    assert floor.issuer.booked("B.bda") == 20_001


def test_it_may_be_rejected_canceled_or_expire_and_sets_nothing_aside(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id
    floor.do(f"/v1/members/{member}/limits/USD", {"approval_above": "0.00", "per_day": "400.00"}, "PUT")
    ids = [floor.ok(floor.pay(floor.clerk, "400.00"), 202)["id"] for _ in range(3)]
    assert floor.issuer.available("A.bda") == 40_000
    rejected = floor.ok(floor.chief.post(f"/v1/transfers/{ids[0]}/reject", json={"reason": "Wrong payee"}))
    assert (rejected["status"], rejected["code"], rejected["reason"]) == ("rejected", "not_approved", "Wrong payee")
    assert floor.ok(floor.clerk.post(f"/v1/transfers/{ids[1]}/cancel"))["status"] == "canceled"
    assert floor.refused(floor.chief.post(f"/v1/transfers/{ids[1]}/approve")) == (409, "wrong_state")
    floor.issuer.clock.advance(86_400_000)
    floor.issuer.settlement.look_after()
    expired = floor.ok(floor.clerk.get(f"/v1/transfers/{ids[2]}"))
    assert (expired["status"], expired["code"]) == ("rejected", "approval_expired")
    assert floor.issuer.available("A.bda") == floor.issuer.booked("A.bda") == 40_000


def test_an_approved_payment_is_judged_again(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id
    floor.do(f"/v1/members/{member}/limits/USD", {"approval_above": "250.00"}, "PUT")
    waits = floor.ok(floor.pay(floor.clerk, "300.00"), 202)
    assert floor.pay(floor.clerk, "200.00").status_code == 201
    ended = floor.ok(floor.chief.post(f"/v1/transfers/{waits['id']}/approve"))
    assert (ended["status"], ended["code"], ended["reason_code"]) == ("rejected", "insufficient_balance", "AM04")


def test_a_suspended_banks_payment_that_waited_for_approval_cannot_be_approved_any_more(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id
    floor.do(f"/v1/members/{member}/limits/USD", {"approval_above": "1.00"}, "PUT")
    waits = floor.ok(floor.pay(floor.clerk, "2.00"), 202)
    (asked,) = floor.ok(floor.chief.get("/v1/approvals"))["data"]
    floor.do(f"/v1/members/{member}/suspend")
    ended = floor.ok(floor.clerk.get(f"/v1/transfers/{waits['id']}"))
    assert (ended["status"], ended["code"]) == ("rejected", "member_suspended")
    for act in ("suspended", "reinstated"):
        answer = floor.chief.post(f"/v1/approvals/{asked['id']}/approve")
        assert floor.refused(answer) == (409, "wrong_state"), act
        assert floor.log(outcome="refused")[0]["request_id"] == answer.headers["x-request-id"]
        if act == "suspended":
            floor.do(f"/v1/members/{member}/reinstate")
    assert floor.ok(floor.clerk.get(f"/v1/transfers/{waits['id']}")) == ended
    assert floor.issuer.available("A.bda") == floor.issuer.booked("A.bda") == 40_000


def test_the_operator_does_not_approve_for_a_bank_nor_one_bank_for_another(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id
    floor.do(f"/v1/members/{member}/limits/USD", {"approval_above": "1.00"}, "PUT")
    waits = floor.ok(floor.pay(floor.clerk, "2.00"), 202)
    (asked,) = floor.ok(floor.chief.get("/v1/approvals"))["data"]
    assert floor.refused(floor.ben.post(f"/v1/approvals/{asked['id']}/approve")) == (403, "forbidden")
    other = floor.issuer.members["B"].member_id
    with floor.door.client(floor.key(f"/v1/members/{other}/api_keys")) as foreign:
        answer = foreign.post(f"/v1/approvals/{asked['id']}/approve")
        assert floor.refused(answer) == (404, "approval_not_found")
        assert floor.refused(foreign.post(f"/v1/transfers/{waits['id']}/approve")) == (404, "payment_not_found")
        assert floor.ok(foreign.get("/v1/approvals"))["data"] == []


# WHAT EVERYONE TRIES


def test_what_is_tried_and_refused_is_in_the_log_and_nowhere_else(floor: Floor) -> None:
    """Another's account, an operator's scope with a bank's key, a supervisor that writes."""
    before = floor.issuer.lines("A.bda"), floor.issuer.lines("B.bda")
    foreign = {"debtor_account": floor.issuer.id("B.bda"), "creditor_account": floor.issuer.id("A.bda")}
    money = {"amount": "1.00", "currency": "USD"}
    tried = [
        (floor.clerk, "/v1/transfers", {**foreign, **money}, (404, "account_not_found")),
        (floor.clerk, "/v1/deposits", {"account": floor.issuer.id("A.dda"), **money}, (403, "forbidden")),
        (floor.clerk, "/v1/forced_transfers", {**foreign, **money, "reason": "Mine"}, (403, "forbidden")),
        (floor.clerk, f"/v1/members/{floor.issuer.members['B'].member_id}/suspend", {}, (403, "forbidden")),
        (floor.ada, "/v1/transfers", {**foreign, **money}, (403, "forbidden")),
    ]
    for client, path, body, code in tried:
        answer = client.post(path, json=body, headers={"Idempotency-Key": new_key()})
        assert floor.refused(answer) == code
    with floor.door.client(floor.key("/v1/api_keys", name="auditor", scope="supervisor")) as supervisor:
        assert floor.refused(supervisor.post("/v1/members", json=NEW)) == (403, "forbidden")
        logged = floor.ok(supervisor.get("/v1/audit_log?outcome=refused"))["data"]
    assert [row["code"] for row in logged] == ["forbidden"] * 5 + ["account_not_found"]
    assert [row["person"] for row in logged[-4:]] == ["clerk"] * 4
    assert {row["member"] for row in logged[-4:]} == {floor.issuer.members["A"].member_id}
    assert all(row["request_hash"] and row["request_id"] for row in logged)
    assert floor.refused(floor.clerk.get("/v1/audit_log")) == (403, "forbidden")
    floor.issuer.settle()
    assert (floor.issuer.lines("A.bda"), floor.issuer.lines("B.bda")) == before


def test_the_log_is_only_added_to_and_shows_what_was_changed_behind_it(floor: Floor) -> None:
    floor.do("/v1/members", NEW)
    database = floor.issuer.database
    with database.read() as connection:
        assert audit_log.first_broken(connection) is None
    for statement in ("UPDATE audit_log SET person = 'nobody'", "DELETE FROM audit_log"):
        with pytest.raises(sa.exc.IntegrityError, match="append-only"), database.write() as connection:
            connection.exec_driver_sql(statement)
    with database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_log_no_update")
        connection.exec_driver_sql("UPDATE audit_log SET person = 'nobody' WHERE sequence = 2")
    with database.read() as connection:
        assert audit_log.first_broken(connection) == 2
    assert not isinstance(floor.issuer.settlement.fault, Fault)


# KEYS


def test_a_rotated_key_works_beside_the_new_one_for_a_while_and_is_the_same_person(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id
    keys = f"/v1/members/{member}/api_keys"
    (old,) = [row["id"] for row in floor.ok(floor.ada.get(keys))["data"] if row["user"] == "clerk"]
    secret = floor.key(f"{keys}/{old}/rotate", overlap_s=3600)
    made = floor.ok(floor.ada.get(keys))["data"][0]
    assert (made["user"], made["name"], made["hint"]) == ("clerk", "clerk", f"sha256:{digest_of(secret).hex()[:8]}")
    with floor.door.client(secret) as second:
        assert [each.get("/v1/reserve").status_code for each in (floor.clerk, second)] == [200, 200]
        floor.issuer.clock.advance(3_600_000)
        assert [each.get("/v1/reserve").status_code for each in (floor.clerk, second)] == [401, 200]
    again = floor.ada.post(f"{keys}/{old}/rotate", json={"digest": "5b" * 32})
    assert floor.refused(again) == (409, "wrong_state")


def test_an_operator_rotates_their_own_key_at_once(floor: Floor) -> None:
    (ada,) = [key for key in floor.ok(floor.ben.get("/v1/api_keys"))["data"] if key["name"] == "Ada"]
    new = floor.ok(floor.ada.post(f"/v1/api_keys/{ada['id']}/rotate", json={"overlap_s": 0}), 201)
    assert floor.ada.get("/v1/members").status_code == 401
    with floor.door.client(new["api_key"]) as renewed:
        assert renewed.post("/v1/members", json=NEW).status_code == 202


# FIAT OF A DAY


def withdraw(floor: Floor, amount: str) -> int:
    body = {"account": floor.issuer.id("A.dda"), "amount": amount, "currency": "USD"}
    headers = {"Idempotency-Key": new_key()}
    return floor.ada.post("/v1/withdrawals", json=body, headers=headers).status_code


def test_small_deposits_and_withdrawals_of_a_day_are_judged_together(floor: Floor) -> None:
    floor.issuer.clock.set((floor.issuer.clock.now_ms() // DAY_MS + 1) * DAY_MS)
    assert [floor.deposit(floor.ada, "300.00").status_code for _ in range(3)] == [201] * 3
    assert (withdraw(floor, "100.00"), withdraw(floor, "0.01")) == (201, 202)
    waits = floor.ok(floor.deposit(floor.ada, "0.01"), 202)
    assert floor.deposit(floor.ben, "1000.00").status_code == 201
    floor.ok(approve(floor, waits["id"]))
    floor.issuer.clock.advance(DAY_MS - 1)
    assert floor.deposit(floor.ada, "0.01").status_code == 202
    floor.issuer.clock.advance(1)
    assert floor.deposit(floor.ada, "1000.00").status_code == 201


def approve(floor: Floor, resource: str) -> httpx.Response:
    waiting = floor.ok(floor.ben.get("/v1/approvals"))["data"]
    return floor.ben.post(f"/v1/approvals/{next(a['id'] for a in waiting if a['resource'] == resource)}/approve")


def test_what_two_agreed_to_counts_for_nobody_alone(floor: Floor) -> None:
    waits = floor.ok(floor.deposit(floor.ada, "5000.00"), 202)
    floor.ok(approve(floor, waits["id"]))
    assert floor.deposit(floor.ada, "1000.00").status_code == 201
    assert floor.deposit(floor.ada, "0.01").status_code == 202


def test_a_deposit_that_was_refused_says_its_code_and_one_that_was_booked_has_none(floor: Floor) -> None:
    waits = floor.ok(floor.deposit(floor.ada, "1000.01"), 202)
    assert waits["code"] is None
    asked = next(a for a in floor.ok(floor.ben.get("/v1/approvals"))["data"] if a["resource"] == waits["id"])
    floor.ok(floor.ben.post(f"/v1/approvals/{asked['id']}/reject", json={"reason": "No such wire"}))
    ended = floor.ok(floor.ada.get(f"/v1/deposits/{waits['id']}"))
    assert (ended["status"], ended["code"], ended["reason_code"], ended["reason"]) == (
        "rejected", "not_approved", "NARR", "No such wire",
    )  # fmt: skip
    assert floor.deposit(floor.ada, "1.00").json()["code"] is None


def test_a_user_s_name_written_otherwise_is_the_same_pair_of_eyes(floor: Floor) -> None:
    member = floor.issuer.members["A"].member_id

    def key(name: str) -> str:
        named = {"scope": "member", "member_id": member, "name": "x", "person": name}
        keys = floor.door.app.state.keys
        return str(floor.issuer.settlement.writer.run(lambda connection: keys.create(connection, **named))[1])

    floor.do(f"/v1/members/{member}/limits/USD", {"approval_above": "1.00"}, "PUT")
    with floor.door.client(key("ops1")) as asking:
        path = f"/v1/transfers/{floor.pay(asking, '1.01').json()['id']}/approve"
    for user in ("ops1 ", " ops1", "OPS1", "ops1\u00a0", "\uff4f\uff50\uff53\uff11"):
        with floor.door.client(key(user)) as same:
            assert floor.refused(same.post(path)) == (403, "own_request")
    assert floor.ok(floor.chief.post(path))["status"] == "accepted"


# LIMITS


def test_a_change_of_limits_leaves_the_others_and_its_line_in_the_log_says_old_and_new(floor: Floor) -> None:
    path = f"/v1/members/{floor.issuer.members['A'].member_id}/limits/USD"
    floor.do(path, {"approval_above": "100.00", "per_day": "400.00"}, "PUT")
    foreseen = floor.ok(floor.ada.put(path, json={"per_day": "50.00"}, params={"dry_run": "true"}))
    assert (foreseen["per_day"], foreseen["previous"]["per_day"]) == ("50.00", "400.00")
    assert foreseen["approval_above"] == foreseen["previous"]["approval_above"] == "100.00"
    floor.do(path, {"per_day": "50.00", "reason": "Risk committee"}, "PUT")
    assert floor.pay(floor.clerk, "50.01").json()["code"] == "limit_exceeded"
    asked, agreed = floor.log(action="member.limits")[1::-1]
    assert asked["reason"] == "Risk committee (USD per_day 400.00 -> 50.00)"
    assert agreed["reason"] == "USD per_day 400.00 -> 50.00"
    floor.do(path, {"per_day": None}, "PUT")
    assert floor.pay(floor.clerk, "100.01").json()["status"] == "pending_approval"
    assert floor.log(action="member.limits")[0]["reason"] == "USD per_day 50.00 -> none"
    assert floor.refused(floor.ada.put(path, json={})) == (400, "invalid_field")
