"""The description of the API is true: valid OpenAPI 3.1, complete, its examples fit, and real answers fit it too."""

from typing import Any

import httpx
import jsonschema
import pytest

from tests.gateway.conftest import BANKS, Bank, Door


@pytest.fixture(scope="module")
def description(anybody: httpx.Client) -> dict[str, Any]:
    answer = anybody.get("/openapi.json")
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


def resolve(description: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = description
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def checks(description: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """The value fits the schema, whose references lead into the description."""
    jsonschema.Draft202012Validator({**schema, "components": description["components"]}).validate(value)


def operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation) for path, item in description["paths"].items() for method, operation in item.items()
    ]


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                resolve(description, node)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(description)


def test_every_schema_is_a_json_schema(description: dict[str, Any]) -> None:
    for schema in description["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_example_fits_its_schema(description: dict[str, Any]) -> None:
    shown = 0
    for schema in description["components"]["schemas"].values():
        for example in schema.get("examples", ()):
            checks(description, schema, example)
            shown += 1
    for response in description["components"]["responses"].values():
        for content in response["content"].values():
            checks(description, content["schema"], content["example"])
            shown += 1
    assert shown > 20


def test_every_body_and_every_resource_answered_has_an_example(description: dict[str, Any]) -> None:
    bare = []
    for method, path, operation in operations(description):
        parts = [operation["requestBody"]] if "requestBody" in operation else []
        parts += [response for status, response in operation["responses"].items() if status.startswith("2")]
        for part in parts:
            for media_type, content in part.get("content", {}).items():
                if media_type == "application/json" and not has_example(description, content["schema"]):
                    bare.append((method, path, content["schema"]))
    assert bare == []


def has_example(description: dict[str, Any], schema: dict[str, Any]) -> bool:
    schema = resolve(description, schema)
    if "examples" in schema or "example" in schema:
        return True
    inner = schema.get("properties", {}).get("data", {}).get("items") or next(iter(schema.get("anyOf", ())), None)
    return inner is not None and has_example(description, inner)


def test_every_route_says_how_it_is_opened_and_how_it_fails(description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        assert operation["summary"], (method, path)
        if path.startswith("/v1/"):
            assert operation["security"] == [{"api_key": []}], (method, path)
            assert {"400", "401", "403", "500"} <= set(operation["responses"]), (method, path)
        assert "HTTPValidationError" not in str(operation)
    assert description["components"]["securitySchemes"]["api_key"]["scheme"] == "bearer"


def test_every_post_that_moves_money_needs_an_idempotency_key(description: dict[str, Any]) -> None:
    for path in ("mints", "transfers", "redemptions", "deposits", "withdrawals"):
        parameters = {p["name"]: p for p in description["paths"][f"/v1/{path}"]["post"]["parameters"]}
        assert parameters["Idempotency-Key"]["required"] is True
    item = description["components"]["schemas"]["BulkItemForm"]
    assert "idempotency_key" in item["required"]


def test_operation_ids_are_unique(description: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(description)]
    assert len(ids) == len(set(ids))


def test_every_endpoint_answers_as_described(
    description: dict[str, Any], door: Door, operator: Bank, albion: Bank, brava: Bank
) -> None:
    """Each documented method and path is called once for real; its answer fits the schema it is described with."""
    called: set[tuple[str, str]] = set()

    def call(bank: Bank, method: str, path: str, body: Any = None, query: str = "", **ids: str) -> Any:
        answer = bank.http.request(
            method,
            path.format(**ids) + query,
            json=body,
            headers={"Idempotency-Key": f"openapi-{path}-{len(called)}", "Prefer": "wait=20"},
        )
        responses = description["paths"][path][method.lower()]["responses"]
        assert str(answer.status_code) in responses, (method, path, answer.text)
        assert answer.status_code < 300, (method, path, answer.text)
        content = resolve(description, responses[str(answer.status_code)]).get("content", {})
        called.add((method.lower(), path))
        if "application/json" not in content:
            return answer.text
        checks(description, content["application/json"]["schema"], answer.json())
        return answer.json()

    dda, bda, other = albion.dda["USD"], albion.bda["USD"], brava.bda["USD"]
    money = {"amount": "1.00", "currency": "USD"}

    call(operator, "GET", "/livez")
    call(operator, "GET", "/readyz")
    call(operator, "GET", "/metrics")
    made = call(operator, "POST", "/v1/members", member_body())
    call(operator, "GET", "/v1/members")
    call(operator, "GET", "/v1/members/{member_id}", member_id=made["id"])
    for act in ("activate", "suspend", "reinstate"):
        call(operator, "POST", f"/v1/members/{{member_id}}/{act}", member_id=made["id"])
    call(operator, "GET", "/v1/members/{member_id}/limits", member_id=made["id"])
    limits = "/v1/members/{member_id}/limits/{currency}"
    call(operator, "PUT", limits, {"per_day": "5.00"}, member_id=made["id"], currency="USD")
    keys = "/v1/members/{member_id}/api_keys"
    key = call(operator, "POST", keys, {"name": "described"}, member_id=made["id"])
    user = call(operator, "POST", keys, {"name": "described", "user": "clerk"}, member_id=made["id"])
    call(operator, "GET", keys, member_id=made["id"])
    call(operator, "POST", keys + "/{key_id}/revoke", member_id=made["id"], key_id=key["id"])
    call(operator, "POST", keys + "/{key_id}/rotate", member_id=made["id"], key_id=user["id"])
    key = call(operator, "POST", "/v1/api_keys", {"name": "described", "scope": "supervisor"})
    call(operator, "POST", "/v1/api_keys/{key_id}/rotate", {"overlap_s": 60}, key_id=key["id"])
    call(operator, "GET", "/v1/api_keys")
    call(operator, "POST", "/v1/api_keys/{key_id}/revoke", key_id=key["id"])
    opened = call(operator, "POST", "/v1/accounts", {"member": made["id"], "kind": "BDA", "currency": "EUR"})
    call(operator, "GET", "/v1/accounts")
    call(operator, "GET", "/v1/accounts/{account_id}", account_id=opened["id"])
    why = {"reason": "described"}
    ids = {"account_id": opened["id"]}
    call(operator, "POST", "/v1/accounts/{account_id}/freeze", why, **ids)
    call(operator, "POST", "/v1/accounts/{account_id}/unfreeze", why, **ids)
    call(operator, "POST", "/v1/tokens/{currency}/limit_minting", {"per_day": None, **why}, currency="USD")
    call(operator, "POST", "/v1/accounts/{account_id}/freeze_amount", {"amount": "1.00", **why}, **ids)
    call(operator, "POST", "/v1/accounts/{account_id}/close", **ids)
    call(operator, "POST", "/v1/members/{member_id}/offboard", member_id=made["id"])
    between = {"debtor_account": bda, "creditor_account": other}
    order = call(operator, "POST", "/v1/forced_transfers", {**between, **money, **why})
    for act in ("pause", "unpause"):
        call(operator, "POST", f"/v1/tokens/{{currency}}/{act}", why, currency="EUR")
    call(albion, "GET", "/v1/orders")
    call(albion, "GET", "/v1/orders/{order_id}", order_id=order["id"])
    call(albion, "GET", "/v1/tokens")
    person = call(operator, "POST", "/v1/operators", {"name": "Described", "duties": ["maker"]})
    call(operator, "GET", "/v1/operators")
    call(operator, "POST", "/v1/operators/{operator_id}/api_keys", operator_id=person["id"])
    call(operator, "POST", "/v1/operators/{operator_id}/revoke", operator_id=person["id"])
    coming = call(operator, "POST", "/v1/house_keys", {"office": "attestor", **why})
    call(operator, "GET", "/v1/house_keys")
    call(operator, "GET", "/v1/house_keys/{house_key_id}", house_key_id=coming["id"])
    call(operator, "POST", "/v1/house_keys/{house_key_id}/cancel", house_key_id=coming["id"])
    call(operator, "GET", "/v1/audit_log")
    call(operator, "GET", "/v1/approvals")
    for path in ("/v1/approvals/{approval_id}", *(f"/v1/approvals/{{approval_id}}/{act}" for act in DECISIONS)):
        called.add(("get" if path.endswith("}") else "post", path))  # see test_four_eyes
    for account in (dda, bda):
        call(albion, "GET", "/v1/accounts/{account_id}/balances", account_id=account)
        call(albion, "GET", "/v1/accounts/{account_id}/entries", account_id=account)
    for path in ("/v1/deposits", "/v1/withdrawals"):
        moved = call(operator, "POST", path, {"account": dda, **money})
        call(albion, "GET", path)
        call(albion, "GET", path + "/{movement_id}", movement_id=moved["id"])
    for path, debtor, creditor in (
        ("/v1/mints", dda, bda),
        ("/v1/transfers", bda, other),
        ("/v1/redemptions", bda, dda),
    ):
        paid = call(albion, "POST", path, {"debtor_account": debtor, "creditor_account": creditor, **money})
        assert paid["status"] == "settled"
        call(albion, "GET", path)
        call(albion, "GET", path + "/{payment_id}", payment_id=paid["id"])
        for act in ("cancel", *DECISIONS):
            called.add(("post", f"{path}/{{payment_id}}/{act}"))  # see test_in_flight and test_four_eyes
    item = {"idempotency_key": "openapi-bulk", "debtor_account": bda, "creditor_account": other, **money}
    bulk = call(albion, "POST", "/v1/transfers/bulk", {"transfers": [item, item, {}]})
    assert [entry["status"] for entry in bulk["data"]] == [201, 201, 400]
    net = {**item, "settlement": "net"}
    del net["idempotency_key"]
    queued = albion.post("/v1/transfers", net, key="openapi-net").json()
    cycle = call(operator, "POST", "/v1/netting_cycles", {"currency": "USD"})
    assert albion.post("/v1/transfers", net, key="openapi-net", Prefer="wait=20").json()["status"] == "settled"
    call(albion, "GET", "/v1/transfers/{payment_id}/proof", payment_id=queued["id"])
    call(operator, "GET", "/v1/netting_cycles")
    call(operator, "GET", "/v1/netting_cycles/{cycle_id}", cycle_id=cycle["id"])
    call(albion, "GET", "/v1/netting_cycles/{cycle_id}/payments", cycle_id=cycle["id"])
    call(albion, "GET", "/v1/reserve")
    attested = call(albion, "GET", "/v1/reserve/attestations", query="?currency=USD&limit=1")["data"][0]["id"]
    one = "/v1/reserve/attestations/{attestation_id}"
    call(albion, "GET", one, attestation_id=attested)
    call(albion, "GET", one + "/proof", query=f"?account={bda}", attestation_id=attested)
    call(operator, "GET", "/v1/reconciliation")
    assert call(operator, "POST", "/v1/reconciliation")["agree"]
    call(albion, "GET", "/v1/events")

    assert called == {(method, path) for method, path, _ in operations(description)}


DECISIONS = ("approve", "reject")


def member_body() -> dict[str, str]:
    assert "DELTGB2LXXX" not in {bic for bic, _, _ in BANKS}
    return {"bic": "DELTGB2LXXX", "lei": "549300DELTABANK00116", "legal_name": "Delta Bank plc"}


def test_real_problems_fit_their_schema(description: dict[str, Any], albion: Bank, brava: Bank) -> None:
    schema = description["components"]["schemas"]["ProblemView"]
    for answer in (
        albion.http.get("/nowhere"),
        albion.http.get("/v1/transfers?limit=0"),
        albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "80000000.00"),
        albion.http.post("/v1/transfers", json={}),
        albion.http.post("/v1/deposits", json={}),
    ):
        assert answer.is_error
        checks(description, schema, answer.json())
