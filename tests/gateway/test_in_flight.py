"""Payments that are not final yet: blocks are made when the test says so, and until then the answers say what is so."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from ledger_node.errors import Overloaded
from ledger_node.gateway.app import create_app
from tests.gateway.conftest import Bank, Door, Serve
from tests.settlement.issuer import Issuer


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """An issuer with banks A and B, and USD 100.00 of tokens on A's BDA, whose chain stands still."""
    issuer = Issuer(tmp_path_factory.mktemp("still"), currencies=("USD",))
    issuer.settlement.start()
    issuer.settle()
    issuer.admit("A", "B")
    issuer.fiat("deposit", "d1", "A.dda", "200.00")
    issuer.paid("mint", "m1", "A.dda", "A.bda", "100.00")
    yield issuer
    issuer.close()


@pytest.fixture(scope="module")
def still_door(still: Issuer, serve: Serve) -> Door:
    app = create_app(still.settlement, wait_max_s=20)
    return Door(app, still.settlement, serve(app), "")


@pytest.fixture(scope="module")
def bank(still: Issuer, still_door: Door) -> Iterator[Bank]:
    member_id = still.members["A"].member_id
    _, secret = still.settlement.writer.run(
        lambda connection: still_door.app.state.keys.create(connection, scope="member", member_id=member_id, name="t")
    )
    with still_door.client(secret) as http:
        assert member_id is not None
        yield Bank(member_id, http, {"USD": still.id("A.dda")}, {"USD": still.id("A.bda")})


@pytest.fixture(autouse=True)
def settled_afterwards(still: Issuer) -> Iterator[None]:
    yield
    still.settle()


def test_a_wait_that_ends_first_answers_202_and_the_state_reached(still: Issuer, bank: Bank) -> None:
    answer = bank.pay("/v1/transfers", bank.bda["USD"], still.id("B.bda"), "1.00", wait="wait=0")
    assert answer.status_code == 202
    assert answer.json()["status"] == "processing"
    assert answer.headers["preference-applied"] == "wait=0"
    still.settle()
    assert bank.http.get(answer.headers["location"]).json()["status"] == "settled"


def test_a_wait_ends_when_the_block_is_booked(still: Issuer, bank: Bank) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bank.pay, "/v1/transfers", bank.bda["USD"], still.id("B.bda"), "1.00", wait="wait=20")
        pause = threading.Event()
        while still.chain.make_block() is None:
            pause.wait(0.005)
        answer = waiting.result(20)
    assert (answer.status_code, answer.json()["status"]) == (201, "settled")


def test_a_retry_while_the_first_is_in_flight_gets_its_answer(still: Issuer, bank: Bank) -> None:
    first = bank.pay("/v1/transfers", bank.bda["USD"], still.id("B.bda"), "1.00", key="in-flight", wait=None)
    again = bank.pay("/v1/transfers", bank.bda["USD"], still.id("B.bda"), "1.00", key="in-flight", wait=None)
    waited = bank.pay("/v1/transfers", bank.bda["USD"], still.id("B.bda"), "1.00", key="in-flight", wait="wait=0")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (waited.status_code, waited.json()["id"]) == (202, first.json()["id"])


def test_what_is_promised_is_not_available(still: Issuer, bank: Bank) -> None:
    booked, available = map(Decimal, bank.balances(bank.bda["USD"]))
    assert booked == available
    bank.pay("/v1/transfers", bank.bda["USD"], still.id("B.bda"), "2.00", wait=None)
    assert tuple(map(Decimal, bank.balances(bank.bda["USD"]))) == (booked, available - 2)
    refused = bank.pay("/v1/transfers", bank.bda["USD"], still.id("B.bda"), f"{booked:.2f}")
    assert refused.json()["code"] == "insufficient_balance"


@pytest.mark.parametrize(
    ("path", "debtor", "creditor"),
    [("/v1/mints", "A.dda", "A.bda"), ("/v1/transfers", "A.bda", "B.bda"), ("/v1/redemptions", "A.bda", "A.dda")],
)
def test_a_payment_that_waits_behind_a_batch_can_be_canceled_and_one_in_the_batch_cannot(
    path: str, debtor: str, creditor: str, still: Issuer, bank: Bank
) -> None:
    before = bank.balances(bank.bda["USD"]), bank.balances(bank.dda["USD"])
    sent = bank.pay(path, still.id(debtor), still.id(creditor), "1.00", wait=None).json()
    behind = bank.pay(path, still.id(debtor), still.id(creditor), "5.00", wait=None).json()
    late = bank.http.post(f"{path}/{sent['id']}/cancel")
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    canceled = bank.http.post(f"{path}/{behind['id']}/cancel")
    assert (canceled.status_code, canceled.json()["status"], canceled.json()["iso_status"]) == (200, "canceled", "CANC")
    assert bank.http.post(f"{path}/{behind['id']}/cancel").json()["code"] == "wrong_state"
    still.settle()
    assert bank.http.get(f"{path}/{behind['id']}").json()["status"] == "canceled"
    after = bank.balances(bank.bda["USD"]), bank.balances(bank.dda["USD"])
    moved = {abs(Decimal(was[0]) - Decimal(now[0])) for was, now in zip(before, after, strict=True)}
    assert moved <= {Decimal(0), Decimal(1)}


def test_closed_doors_refuse_money_and_let_read(still: Issuer, bank: Bank) -> None:
    still.settlement.fault = RuntimeError("book and chain differ by 1")
    try:
        refused = bank.pay("/v1/transfers", bank.bda["USD"], still.id("B.bda"), "1.00")
        ready = bank.http.get("/readyz")
        assert bank.http.get("/v1/accounts").status_code == 200
    finally:
        still.settlement.fault = None
    assert (refused.status_code, refused.json()["code"]) == (503, "doors_closed")
    assert refused.headers["retry-after"] == "1"
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["book and chain differ by 1"])


def test_too_much_waiting_work_is_503_with_a_time_to_try_again(
    still: Issuer, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(still.settlement.desk, "_waiting_max", 0)
    refused = bank.pay("/v1/transfers", bank.bda["USD"], still.id("B.bda"), "1.00")
    assert (refused.status_code, refused.json()["code"]) == (503, Overloaded.code)
    assert refused.headers["retry-after"] == "1"


def test_a_stopped_writer_refuses_and_is_not_ready(tmp_path: Path, serve: Serve) -> None:
    issuer = Issuer(tmp_path, currencies=("USD",))
    issuer.settlement.start()
    issuer.settle()
    issuer.admit("A", "B")
    app = create_app(issuer.settlement)
    member_id = issuer.members["A"].member_id
    _, secret = issuer.settlement.writer.run(
        lambda connection: app.state.keys.create(connection, scope="member", member_id=member_id, name="t")
    )
    door = Door(app, issuer.settlement, serve(app), "")
    issuer.settlement.stop()
    with door.client(secret) as http:
        bank = Bank("A", http)
        refused = bank.pay("/v1/mints", issuer.id("A.dda"), issuer.id("A.bda"), "1.00")
        assert (refused.status_code, refused.json()["code"]) == (503, "stopping")
        assert http.get("/v1/accounts").status_code == 200
        assert http.get("/readyz").status_code == 503
    issuer.chain.close()
    issuer.database.close()
