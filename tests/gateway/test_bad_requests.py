"""Every wrong request is told by its code, and nothing has changed afterwards: not one row of the ledger."""

import hashlib
import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from ledger_node.database import metadata
from ledger_node.gateway.problems import error_tree
from tests.gateway.conftest import Bank, Door, new_key


def state_of(door: Door) -> str:
    """A hash over every row but the bookkeeper's place and the audit log of the attempt, with its journal."""
    digest = hashlib.sha256()
    with door.settlement.database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name not in ("chain_cursor", "audit_log", "journal"):
                rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all()
                digest.update(f"{table.name}{rows!r}".encode())
    return digest.hexdigest()


def wait_until_active(bank: Bank, account: str) -> None:
    """The token's register is told of a reinstated bank by the next block."""
    pause = Event()
    for _ in range(600):
        if bank.http.get(f"/v1/accounts/{account}").json()["status"] == "active":
            return
        pause.wait(0.05)
    raise AssertionError(f"{account} did not become active again")


@pytest.fixture
def nothing_changes(door: Door, albion: Bank) -> Iterator[None]:
    before = state_of(door)
    yield
    assert state_of(door) == before


def test_the_proof_that_nothing_changed_would_notice_a_change(door: Door, albion: Bank, brava: Bank) -> None:
    before = state_of(door)
    albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00")
    assert state_of(door) != before


MINT, TRANSFER, REDEMPTION = "/v1/mints", "/v1/transfers", "/v1/redemptions"

# Each line: the verb, the debtor, the creditor, the amount, the currency, and what the bank is told.
# Accounts are dda/bda of the bank itself in USD unless a currency or another bank is named.
PAYMENTS = """
mint        dda       bda          0            USD   invalid_amount
mint        dda       bda          0.00         USD   invalid_amount
mint        dda       bda          -1.00        USD   invalid_amount
mint        dda       bda          +1.00        USD   invalid_amount
mint        dda       bda          1.001        USD   invalid_amount
mint        dda       bda          1e3          USD   invalid_amount
mint        dda       bda          01.00        USD   invalid_amount
mint        dda       bda          1,00         USD   invalid_amount
mint        dda       bda          .50          USD   invalid_amount
mint        dda       bda          NaN          USD   invalid_amount
mint        dda       bda          ten          USD   invalid_amount
mint        dda       bda          90071992547409.92  USD   invalid_amount
mint        dda       bda          99999999999999999999999999  USD   invalid_amount
mint        dda:JPY   bda:JPY      1.5          JPY   invalid_amount
mint        dda       bda          1.00         XXQ   unknown_currency
mint        dda       bda          1.00         usd   unknown_currency
mint        dda       bda          1.00         BHD   unknown_currency
mint        dda       bda          1            JPY   currency_mismatch
mint        dda       bda:JPY      1.00         USD   currency_mismatch
mint        nobody    bda          1.00         USD   account_not_found
mint        dda       nobody       1.00         USD   account_not_found
mint        brava.dda bda          1.00         USD   account_not_found
mint        dda       brava.bda    1.00         USD   account_not_found
mint        bda       bda          1.00         USD   wrong_account_kind
mint        bda       dda          1.00         USD   wrong_account_kind
mint        dda       dda          1.00         USD   wrong_account_kind
mint        dda       bda          80000000.00  USD   insufficient_funds
transfer    bda       brava.bda    80000000.00  USD   insufficient_balance
transfer    bda       bda          1.00         USD   same_account
transfer    dda       brava.bda    1.00         USD   wrong_account_kind
transfer    bda       dda          1.00         USD   wrong_account_kind
transfer    bda       brava.dda    1.00         USD   account_not_found
transfer    brava.bda bda          1.00         USD   account_not_found
transfer    bda       nobody       1.00         USD   account_not_found
transfer    bda       brava.bda:JPY  1.00       USD   currency_mismatch
transfer    bda       brava.bda    0            USD   invalid_amount
redemption  bda       dda          80000000.00  USD   insufficient_balance
redemption  dda       bda          1.00         USD   wrong_account_kind
redemption  bda       brava.dda    1.00         USD   account_not_found
redemption  brava.bda dda          1.00         USD   account_not_found
"""
PATHS = {"mint": MINT, "transfer": TRANSFER, "redemption": REDEMPTION}


@pytest.mark.parametrize("line", [" ".join(line.split()) for line in PAYMENTS.split("\n") if line])
@pytest.mark.usefixtures("nothing_changes")
def test_a_payment_that_breaks_a_rule(line: str, albion: Bank, brava: Bank) -> None:
    verb, debtor, creditor, amount, currency, code = line.split()
    answer = albion.pay(PATHS[verb], account(debtor, albion, brava), account(creditor, albion, brava), amount, currency)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (error_tree()[code].status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"/errors/{code}"
    assert problem["instance"] == PATHS[verb]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["detail"]


def transfer_body(payer: Bank, payee: Bank) -> dict[str, Any]:
    return {
        "debtor_account": payer.bda["USD"],
        "creditor_account": payee.bda["USD"],
        "amount": "1.00",
        "currency": "USD",
    }


def account(name: str, own: Bank, other: Bank) -> str:
    if name == "nobody":
        return "acct_01981b3e0d537c1ab6c42f6d1f1a9a01"
    name, _, currency = name.partition(":")
    bank = other if name.startswith("brava.") else own
    held = bank.dda if name.endswith("dda") else bank.bda
    return held[currency or "USD"]


def test_a_refusal_names_the_field_and_the_numbers(albion: Bank, brava: Bank) -> None:
    problem = albion.pay(TRANSFER, albion.bda["USD"], brava.bda["USD"], "80000000.00").json()
    assert problem["errors"][0]["pointer"] == "/amount"
    assert problem["facts"]["needed"] == "80000000.00"
    assert problem["reason_code"] == "AM04"


# Bodies that are wrong before any rule is asked: what is changed in a good body, and what the bank is told.
BODIES: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": 60}, "invalid_amount", "/amount"),
    ({"amount": 60.0}, "invalid_amount", "/amount"),
    ({"amount": None}, "invalid_amount", "/amount"),
    ({"amount": {"value": "60.00"}}, "invalid_amount", "/amount"),
    ({"amount": ...}, "invalid_field", "/amount"),
    ({"debtor_account": ...}, "invalid_field", "/debtor_account"),
    ({"debtor_account": 7}, "invalid_field", "/debtor_account"),
    ({"debtor_account": ""}, "invalid_field", "/debtor_account"),
    ({"debtor_account": "a" * 65}, "invalid_field", "/debtor_account"),
    ({"debtor_account": "a\u0000b"}, "invalid_field", "/debtor_account"),
    ({"creditor_account": ["x"]}, "invalid_field", "/creditor_account"),
    ({"currency": ...}, "invalid_field", "/currency"),
    ({"currency": True}, "invalid_field", "/currency"),
    ({"end_to_end_id": "x" * 36}, "invalid_field", "/end_to_end_id"),
    ({"end_to_end_id": ""}, "invalid_field", "/end_to_end_id"),
    ({"end_to_end_id": "a\nb"}, "invalid_field", "/end_to_end_id"),
    ({"uetr": "not-a-uuid"}, "invalid_field", "/uetr"),
    ({"uetr": "97ed4827-7b6f-1491-a06f-b548d5a7512d"}, "invalid_field", "/uetr"),
    ({"external_id": "x" * 36}, "invalid_field", "/external_id"),
    ({"amout": "60.00"}, "invalid_field", "/amout"),
    ({"a/b~c": 1}, "invalid_field", "/a~1b~0c"),
]


@pytest.mark.parametrize(("change", "code", "pointer"), BODIES, ids=lambda value: str(value)[:40])
@pytest.mark.usefixtures("nothing_changes")
def test_a_body_of_the_wrong_shape(change: dict[str, Any], code: str, pointer: str, albion: Bank, brava: Bank) -> None:
    body = {name: value for name, value in (transfer_body(albion, brava) | change).items() if value is not ...}
    answer = albion.post(TRANSFER, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


RAW = [
    (b"", "malformed_json"),
    (b"{", "malformed_json"),
    (b'{"amount": NaN}', "malformed_json"),
    (b'{"amount": "1.00",}', "malformed_json"),
    (b"\xff\xfe", "malformed_json"),
    (b'{"amount": "\\ud800"}', "malformed_json"),
    (b"[" * 5000, "malformed_json"),
    (b"[]", "invalid_field"),
    (b"null", "invalid_field"),
    (b'"text"', "invalid_field"),
    (b"1e999", "malformed_json"),
    (b'{"amount": "1.00", "amount": "9.00"}', "malformed_json"),
    (b'{"a": {"b": 1, "b": 2}}', "malformed_json"),
    (b'{"a": ' * 5000 + b"1" + b"}" * 5000, "malformed_json"),
]


@pytest.mark.parametrize(("raw", "code"), RAW, ids=[str(raw[:24]) for raw, _ in RAW])
@pytest.mark.usefixtures("nothing_changes")
def test_a_body_that_is_no_json_object(raw: bytes, code: str, albion: Bank) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": new_key()}
    answer = albion.http.post(TRANSFER, content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text


@pytest.mark.parametrize("path", [MINT, TRANSFER, REDEMPTION])
@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"),
        ("", "idempotency_key_missing"),
        ("two words", "idempotency_key_invalid"),
        ("x" * 256, "idempotency_key_invalid"),
        ("schlüssel", "idempotency_key_invalid"),
    ],
)
@pytest.mark.usefixtures("nothing_changes")
def test_a_key_that_is_missing_or_unusable(path: str, key: str | None, code: str, albion: Bank, brava: Bank) -> None:
    body = {
        "debtor_account": albion.bda["USD"],
        "creditor_account": brava.bda["USD"],
        "amount": "1.00",
        "currency": "USD",
    }
    headers = {} if key is None else {"Idempotency-Key": key.encode()}
    answer = albion.http.post(path, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.usefixtures("nothing_changes")
def test_two_keys_on_one_request(albion: Bank, brava: Bank) -> None:
    body = {
        "debtor_account": albion.bda["USD"],
        "creditor_account": brava.bda["USD"],
        "amount": "1.00",
        "currency": "USD",
    }
    headers = [("Idempotency-Key", new_key()), ("Idempotency-Key", new_key())]
    answer = albion.http.post(TRANSFER, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")


# Fiat is the operator's: account, amount, currency, what it is told.
FIAT = """
deposit     bda     1.00          USD  wrong_account_kind
deposit     nobody  1.00          USD  account_not_found
deposit     dda     0             USD  invalid_amount
deposit     dda     1             JPY  currency_mismatch
deposit     dda     1.00          XXQ  unknown_currency
withdrawal  dda     80000000.00   USD  insufficient_funds
withdrawal  bda     1.00          USD  wrong_account_kind
withdrawal  dda     1.234         USD  invalid_amount
"""


@pytest.mark.parametrize("line", [" ".join(line.split()) for line in FIAT.split("\n") if line])
@pytest.mark.usefixtures("nothing_changes")
def test_a_fiat_movement_that_breaks_a_rule(line: str, operator: Bank, albion: Bank, brava: Bank) -> None:
    kind, name, amount, currency, code = line.split()
    body = {"account": account(name, albion, brava), "amount": amount, "currency": currency}
    answer = operator.post(f"/v1/{kind}s", body)
    assert (answer.status_code, answer.json()["code"]) == (error_tree()[code].status, code)


PARTIES: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/members", {"bic": "ALBKUS33XXX", "lei": "549300DELTABANK00116", "legal_name": "Again"}, "already_exists"),
    ("/v1/members", {"bic": "XX", "lei": "549300DELTABANK00116", "legal_name": "Short"}, "invalid_field"),
    ("/v1/members", {"bic": "DELTGB2LXXX", "lei": "549300DELTABANK00117", "legal_name": "Check"}, "invalid_field"),
    ("/v1/members", {"bic": "DELTGB2LXXX", "lei": "549300DELTABANK00116", "legal_name": ""}, "invalid_field"),
    ("/v1/members", {"bic": "DELTGB2LXXX"}, "invalid_field"),
    ("/v1/accounts", {"member": "mbr_0", "kind": "DDA", "currency": "USD"}, "member_not_found"),
    ("/v1/accounts", {"member": "*", "kind": "DDA", "currency": "USD"}, "already_exists"),
    ("/v1/accounts", {"member": "*", "kind": "IBAN", "currency": "USD"}, "invalid_field"),
    ("/v1/accounts", {"member": "*", "kind": "BDA", "currency": "BHD"}, "unknown_currency"),
    ("/v1/accounts", {"member": "*", "kind": "BDA", "currency": "USD", "custody": "self"}, "invalid_field"),
    ("/v1/accounts", {"member": "*", "kind": "BDA", "currency": "USD", "address": "0x12"}, "invalid_field"),
    ("/v1/members/mbr_0/suspend", {}, "member_not_found"),
    ("/v1/members/*/activate", {}, "wrong_state"),
    ("/v1/members/mbr_0/api_keys", {}, "member_not_found"),
    ("/v1/members/*/api_keys/key_0/revoke", {}, "api_key_not_found"),
]


@pytest.mark.parametrize(("path", "body", "code"), PARTIES, ids=[f"{path} {code}" for path, _, code in PARTIES])
@pytest.mark.usefixtures("nothing_changes")
def test_an_act_of_the_operator_that_is_refused(
    path: str, body: dict[str, Any], code: str, operator: Bank, albion: Bank
) -> None:
    content = json.dumps(body).replace('"*"', f'"{albion.id}"')
    answer = operator.http.post(
        path.replace("*", albion.id), content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (error_tree()[code].status, code), answer.text


@pytest.mark.usefixtures("nothing_changes")
def test_canceling_what_is_settled_or_unknown_or_another_kind(albion: Bank, brava: Bank) -> None:
    settled = albion.http.get(TRANSFER + "?status=settled&limit=1").json()["data"]
    paid = settled[0]["id"] if settled else "trf_0"
    for bank, path, code in (
        (albion, f"{TRANSFER}/{paid}/cancel", "wrong_state" if settled else "payment_not_found"),
        (albion, f"{TRANSFER}/trf_0/cancel", "payment_not_found"),
        (albion, f"{MINT}/{paid}/cancel", "payment_not_found"),
        (brava, f"{TRANSFER}/{paid}/cancel", "payment_not_found"),
    ):
        answer = bank.http.post(path)
        assert (answer.status_code, answer.json()["code"]) == (error_tree()[code].status, code)


def test_a_suspended_bank_can_read_but_neither_pay_nor_be_paid(operator: Bank, albion: Bank, cedar: Bank) -> None:
    assert operator.http.post(f"/v1/members/{cedar.id}/suspend").json()["status"] == "suspended"
    try:
        refused = cedar.pay(TRANSFER, cedar.bda["USD"], albion.bda["USD"], "1.00")
        assert (refused.status_code, refused.json()["code"]) == (403, "member_suspended")
        refused = albion.pay(TRANSFER, albion.bda["USD"], cedar.bda["USD"], "1.00")
        assert (refused.status_code, refused.json()["code"]) == (422, "creditor_not_active")
        assert cedar.http.get("/v1/accounts").status_code == 200
    finally:
        assert operator.http.post(f"/v1/members/{cedar.id}/reinstate").json()["status"] == "active"
    wait_until_active(cedar, cedar.bda["USD"])
    paid = albion.pay(TRANSFER, albion.bda["USD"], cedar.bda["USD"], "1.00")
    assert paid.json()["status"] == "settled"


# WHAT PEOPLE WRITE


@pytest.mark.parametrize(
    "unseen", ["\u202e", "\u200b", "\u0085", "\u2028", "\u2029", "\ufeff", "\u00ad", "\x00", "\u00a0"]
)
def test_one_rule_for_all_that_people_write(unseen: str, operator: Bank, albion: Bank) -> None:
    """It is read by a person who decides: nothing in it hides, turns or breaks the line."""
    written = f"Alpha{unseen}Bank"
    member = {"bic": "DELTGB2LXXX", "lei": "549300DELTABANK00116"}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/v1/members", {**member, "legal_name": written}),
        ("/v1/operators", {"name": written, "duties": ["maker"]}),
        (f"/v1/members/{albion.id}/api_keys", {"name": written}),
        (f"/v1/members/{albion.id}/api_keys", {"user": written}),
        (f"/v1/members/{albion.id}/suspend", {"reason": written}),
        (f"/v1/accounts/{albion.bda['USD']}/freeze", {"reason": written}),
    ]
    for path, body in bodies:
        answer = operator.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_field"), (path, answer.text)


def test_a_body_that_is_missing_is_told_what_it_needs(operator: Bank, albion: Bank) -> None:
    freeze = operator.http.post(f"/v1/accounts/{albion.bda['USD']}/freeze")
    assert (freeze.status_code, freeze.json()["code"]) == (400, "malformed_json")
    assert freeze.json()["detail"] == "The body is missing; send a JSON object with reason."
    limits = operator.http.put(f"/v1/members/{albion.id}/limits/USD")
    assert limits.json()["detail"] == "The body is missing; send a JSON object, an empty one if you mean it."
    payment = albion.http.post("/v1/transfers", headers={"Idempotency-Key": new_key()})
    assert payment.json()["detail"].endswith("with debtor_account, creditor_account, amount, currency.")
