"""Proofs and reconciliation through the door: a member proves its claim; the operator sees where the books differ."""

from typing import Any

import pytest

from ledger_node.proofs.document import verify
from tests.gateway.conftest import Bank, Door
from tests.settlement.issuer import SIGNERS


@pytest.fixture
def attested(albion: Bank, brava: Bank) -> dict[str, Any]:
    """The newest attestation in USD, of a batch cut after both banks had tokens."""
    assert albion.pay("/v1/mints", albion.dda["USD"], albion.bda["USD"], "3.00").status_code == 201
    assert albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00").status_code == 201
    assert albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00").status_code == 201
    newest: dict[str, Any] = albion.http.get("/v1/reserve/attestations?currency=USD&limit=1").json()["data"][0]
    return newest


def test_a_member_proves_its_claim(albion: Bank, brava: Bank, attested: dict[str, Any]) -> None:
    path = f"/v1/reserve/attestations/{attested['id']}/proof"
    for bank in (albion, brava):
        answer = bank.http.get(path, params={"account": bank.bda["USD"]})
        assert answer.status_code == 200
        verdict = verify(answer.json(), attestor=SIGNERS.attestor.address)
        assert verdict.proof.account_id == bank.bda["USD"]
        assert answer.json()["claims"] == attested["claims"]
    assert albion.http.get(f"/v1/reserve/attestations/{attested['id']}").json() == attested


@pytest.mark.parametrize(
    ("account", "status", "code"),
    [
        ("{brava}", 404, "account_not_found"),
        ("acct_unknown", 404, "account_not_found"),
        ("{dda}", 422, "wrong_account_kind"),
        ("{yen}", 404, "attestation_not_found"),
        ("", 400, "invalid_field"),
    ],
)
def test_a_claim_that_is_not_there_or_not_ones_own_is_not_proved(
    albion: Bank, brava: Bank, attested: dict[str, Any], account: str, status: int, code: str
) -> None:
    named = account.format(brava=brava.bda["USD"], dda=albion.dda["USD"], yen=albion.bda["JPY"])
    answer = albion.http.get(f"/v1/reserve/attestations/{attested['id']}/proof", params={"account": named})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_attestation_that_nobody_made_is_not_found(albion: Bank) -> None:
    answer = albion.http.get("/v1/reserve/attestations/bat_unknown")
    assert (answer.status_code, answer.json()["code"]) == (404, "attestation_not_found")


def test_a_break_is_named_shuts_the_door_and_ends_when_it_is_mended(
    door: Door, operator: Bank, albion: Bank, brava: Bank, attested: dict[str, Any]
) -> None:
    del attested
    account = albion.bda["USD"]
    assert operator.http.post("/v1/reconciliation").json()["breaks"] == []
    assert "ledger_reconciliation_breaks 0.0" in operator.http.get("/metrics").text

    _alter(door, account, "+")
    told = operator.http.post("/v1/reconciliation").json()
    assert not told["agree"]
    assert ("balance_differs", account) in [(each["code"], each["subject"]) for each in told["breaks"]]
    assert operator.http.get("/v1/reconciliation").json()["breaks"] == told["breaks"]
    assert f"ledger_reconciliation_breaks {len(told['breaks'])}.0" in operator.http.get("/metrics").text
    assert operator.http.get("/readyz").status_code == 503
    refused = albion.pay("/v1/transfers", account, brava.bda["USD"], "0.01")
    assert (refused.status_code, refused.json()["code"]) == (503, "doors_closed")
    assert albion.http.get("/v1/transfers").status_code == 200, "reading goes on"

    _alter(door, account, "-")
    assert operator.http.post("/v1/reconciliation").json()["agree"]
    assert operator.http.get("/readyz").status_code == 200
    assert albion.pay("/v1/transfers", account, brava.bda["USD"], "0.01").status_code == 201


def test_only_the_house_sees_the_reconciliation(albion: Bank) -> None:
    assert albion.http.get("/v1/reconciliation").status_code == 403
    assert albion.http.post("/v1/reconciliation").status_code == 403


def _alter(door: Door, account: str, sign: str) -> None:
    with door.settlement.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE holdings SET booked = booked {sign} 7 WHERE account_id = '{account}'")
