"""Net settlement through the door: a queued transfer, the operator's cycle, both banks' lists, and the proof."""

from typing import Any

import pytest

from ledger_node.proofs.payment_document import verify
from ledger_node.settlement.engine import SettlementEngine
from tests.gateway.conftest import Bank, new_key
from tests.settlement.issuer import SIGNERS, TIMEOUT_S


def ask(bank: Bank, debtor: str, creditor: str, amount: str, **more: Any) -> Any:
    body = {"debtor_account": debtor, "creditor_account": creditor, "amount": amount, "currency": "USD", **more}
    return bank.post("/v1/transfers", body, key=new_key())


@pytest.fixture
def two(albion: Bank, brava: Bank) -> tuple[dict[str, Any], dict[str, Any]]:
    """A queued payment each way, of banks of which Albion alone has tokens."""
    assert albion.pay("/v1/mints", albion.dda["USD"], albion.bda["USD"], "5.00").status_code == 201
    there = ask(albion, albion.bda["USD"], brava.bda["USD"], "3.00", settlement="net")
    back = ask(brava, brava.bda["USD"], albion.bda["USD"], "2.00", settlement="net")
    assert (there.status_code, back.status_code) == (201, 201)
    return there.json(), back.json()


def run_cycle(operator: Bank, settlement: SettlementEngine, payment: dict[str, Any]) -> dict[str, Any]:
    called = operator.post("/v1/netting_cycles", {"currency": "USD"})
    assert called.status_code == 201, called.text
    settlement.desk.watch(payment["id"]).result(TIMEOUT_S)
    cycle: dict[str, Any] = operator.http.get(f"/v1/netting_cycles/{called.json()['id']}").json()
    return cycle


def test_a_queued_transfer_says_that_and_until_when_it_waits(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    there, _ = two
    assert (there["status"], there["iso_status"], there["settlement"]) == ("queued", "PDNG", "net")
    assert there["net_until"] > there["created_at"]


def test_a_dry_run_tells_what_a_cycle_would_save(two: Any, operator: Bank) -> None:
    answer = operator.post("/v1/netting_cycles?dry_run=true", {"currency": "USD"})
    assert (answer.status_code, answer.headers["Dry-Run"]) == (200, "true")
    assert answer.json()["payments"] >= 2


def test_a_cycle_settles_both_and_each_bank_proves_its_payments(
    two: tuple[dict[str, Any], dict[str, Any]],
    settlement: SettlementEngine,
    operator: Bank,
    albion: Bank,
    brava: Bank,
    cedar: Bank,
) -> None:
    there, back = two
    cycle = run_cycle(operator, settlement, there)
    assert cycle["status"] == "settled"
    for bank in (albion, brava):
        listed = bank.http.get(f"/v1/netting_cycles/{cycle['id']}/payments?limit=100").json()["data"]
        assert {there["id"], back["id"]} <= {each["id"] for each in listed}
        for payment in (there, back):
            answer = bank.http.get(f"/v1/transfers/{payment['id']}/proof")
            assert answer.status_code == 200, answer.text
            proof = verify(answer.json(), attestor=SIGNERS.attestor.address)
            assert proof.payment.id == payment["id"]
            assert answer.json()["attestation"]["id"] == cycle["batch"]
    newest = albion.http.get(f"/v1/accounts/{albion.bda['USD']}/entries").json()["data"][0]
    assert (newest["netting_cycle"], newest["operation"]) == (cycle["id"], None)
    for other in (cycle["id"], "net_unknown"):  # what is between others is as if it were not
        unseen = cedar.http.get(f"/v1/netting_cycles/{other}/payments")
        assert (unseen.status_code, unseen.json()["code"]) == (404, "netting_cycle_not_found")
    empty = albion.http.get(f"/v1/netting_cycles/{cycle['id']}/payments?created_at[lte]=2000-01-01T00:00:00Z")
    assert (empty.status_code, empty.json()["data"]) == (200, [])
    assert operator.http.get("/v1/netting_cycles/net_unknown/payments").status_code == 404
    foreign = cedar.http.get(f"/v1/transfers/{there['id']}/proof")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "payment_not_found")


def test_what_is_not_settled_net_has_no_proof(two: Any, albion: Bank, brava: Bank) -> None:
    gross = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "0.01").json()
    for payment in (two[0], gross):
        answer = albion.http.get(f"/v1/transfers/{payment['id']}/proof")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_settled_net")


def test_a_cycle_is_the_houses_to_call_and_to_read(two: Any, albion: Bank, operator: Bank) -> None:
    assert albion.post("/v1/netting_cycles", {"currency": "USD"}).status_code == 403
    assert albion.http.get("/v1/netting_cycles").status_code == 403
    unknown = operator.http.get("/v1/netting_cycles/net_unknown")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "netting_cycle_not_found")
    foreign = operator.post("/v1/netting_cycles", {"currency": "CHF"})
    assert (foreign.status_code, foreign.json()["code"]) == (400, "unknown_currency")


def test_a_settlement_that_nobody_offers_is_refused(albion: Bank, brava: Bank) -> None:
    answer = ask(albion, albion.bda["USD"], brava.bda["USD"], "1.00", settlement="neither")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/settlement")
