"""Mint, transfer and redeem over a socket: what is answered, when, and what a retry gets."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from tests.gateway.conftest import Bank, new_key


def test_a_payment_waited_for_is_settled_in_a_block(albion: Bank, brava: Bank) -> None:
    answer = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "60.00", end_to_end_id="INV-1")
    paid = answer.json()
    assert answer.status_code == 201
    assert paid["status"] == "settled"
    assert paid["iso_status"] == "ACSC"
    assert (paid["amount"], paid["currency"], paid["end_to_end_id"]) == ("60.00", "USD", "INV-1")
    assert isinstance(paid["block_number"], int)
    assert paid["transaction_hash"].startswith("0x")
    assert answer.headers["location"] == f"/v1/transfers/{paid['id']}"
    assert answer.headers["preference-applied"] == "wait=20"
    assert albion.http.get(f"/v1/transfers/{paid['id']}").json() == paid


def test_a_payment_not_waited_for_is_accepted(albion: Bank, brava: Bank) -> None:
    answer = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00", wait=None)
    assert (answer.status_code, answer.json()["status"]) == (201, "accepted")
    assert answer.json()["block_number"] is None
    assert "preference-applied" not in answer.headers


def test_the_three_verbs_move_money_around_in_a_circle(albion: Bank) -> None:
    dda, bda = albion.dda["USD"], albion.bda["USD"]
    before = albion.balances(dda), albion.balances(bda)
    assert albion.pay("/v1/mints", dda, bda, "25.50").json()["status"] == "settled"
    assert (albion.balances(dda), albion.balances(bda)) != before
    assert albion.pay("/v1/redemptions", bda, dda, "25.50").json()["status"] == "settled"
    assert (albion.balances(dda), albion.balances(bda)) == before


def test_a_retry_gets_the_first_answer_and_moves_nothing(albion: Bank, brava: Bank) -> None:
    key = new_key()
    first = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "7.00", key=key, wait=None)
    settled = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "7.00", key=key)
    again = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "7.00", key=key, wait=None)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == settled.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (settled.status_code, settled.json()["status"]) == (201, "settled")
    assert settled.json()["id"] == first.json()["id"]


def test_a_key_used_for_another_request_is_a_conflict_that_names_the_first(albion: Bank, brava: Bank) -> None:
    key = new_key()
    first = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "7.00", key=key)
    balance = albion.balances(albion.bda["USD"])
    other = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "7.01", key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
    assert first.json()["id"] in other.json()["detail"]
    assert albion.balances(albion.bda["USD"]) == balance


def test_two_banks_may_use_the_same_key(albion: Bank, brava: Bank) -> None:
    key = new_key()
    there = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "2.00", key=key).json()
    back = brava.pay("/v1/transfers", brava.bda["USD"], albion.bda["USD"], "2.00", key=key).json()
    assert there["status"] == back["status"] == "settled"
    assert there["id"] != back["id"]


def test_a_refused_request_leaves_its_key_free(albion: Bank, brava: Bank) -> None:
    key = new_key()
    refused = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "0.00", key=key)
    assert refused.status_code == 400
    mended = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00", key=key)
    assert (mended.status_code, mended.json()["status"]) == (201, "settled")


def test_fifty_copies_at_once_move_money_once(albion: Bank, brava: Bank) -> None:
    key, body = new_key(), {
        "debtor_account": albion.bda["USD"], "creditor_account": brava.bda["USD"], "amount": "3.00", "currency": "USD",
    }  # fmt: skip
    before = albion.balances(albion.bda["USD"])[0]
    headers = {"Prefer": "wait=20"}
    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(lambda _: albion.post("/v1/transfers", body, key=key, **headers), range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert Decimal(before) - Decimal(albion.balances(albion.bda["USD"])[0]) == 3


def test_a_payee_sees_what_it_was_paid_but_not_the_payers_own_reference(albion: Bank, brava: Bank, cedar: Bank) -> None:
    paid = albion.pay(
        "/v1/transfers", albion.bda["USD"], brava.bda["USD"], "4.00", end_to_end_id="E2E", external_id="mine-1"
    ).json()
    seen = brava.http.get(f"/v1/transfers/{paid['id']}").json()
    assert (seen["end_to_end_id"], seen["external_id"]) == ("E2E", None)
    assert cedar.http.get(f"/v1/transfers/{paid['id']}").status_code == 404


def test_a_wait_is_bounded_by_the_setting(albion: Bank, brava: Bank) -> None:
    answer = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00", wait="wait=9999")
    assert answer.headers["preference-applied"] == "wait=30"


def test_a_wait_of_nothing_answers_with_the_state_reached(albion: Bank, brava: Bank) -> None:
    answer = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00", wait="respond-async, wait=0")
    assert answer.headers["preference-applied"] == "wait=0"
    final = answer.json()["status"] in ("settled", "rejected")
    assert answer.status_code == (201 if final else 202)


def test_an_unknown_preference_is_ignored(albion: Bank, brava: Bank) -> None:
    answer = albion.pay(
        "/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00", wait="wait=soon, handling=lenient"
    )
    assert (answer.status_code, answer.json()["status"]) == (201, "accepted")


def test_deposits_and_withdrawals_move_fiat_at_once(albion: Bank, operator: Bank) -> None:
    account = albion.dda["USD"]
    before = Decimal(albion.balances(account)[0])
    body = {"account": account, "amount": "50.00", "currency": "USD", "end_to_end_id": "WIRE-1"}
    key = new_key()
    came = operator.post("/v1/deposits", body, key=key)
    assert (came.status_code, came.json()["status"], came.json()["account"]) == (201, "settled", account)
    again = operator.post("/v1/deposits", body, key=key)
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, came.json(), "true")
    assert Decimal(albion.balances(account)[0]) == before + 50
    went = operator.post("/v1/withdrawals", body)
    assert (went.status_code, went.json()["kind"]) == (201, "withdrawal")
    assert Decimal(albion.balances(account)[0]) == before
    assert albion.http.get(came.headers["location"]).json() == came.json()
