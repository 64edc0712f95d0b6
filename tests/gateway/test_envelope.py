"""What every answer carries: a request id, security headers, no hint of the server; and what is written about it."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.errors import BackingBroken, StorageFailed
from ledger_node.gateway.app import create_app
from ledger_node.gateway.waiting import durable
from tests.gateway.conftest import Bank, Door, Serve

PATHS = ["/livez", "/docs", "/openapi.json", "/errors/internal", "/v1/members", "/nowhere", "/static/docs.js"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_a_request_id_of_its_own(path: str, anybody: httpx.Client) -> None:
    first, second = anybody.get(path), anybody.get(path)
    assert first.headers["x-request-id"].startswith("req_")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_a_callers_own_request_id_is_kept(anybody: httpx.Client) -> None:
    answer = anybody.get("/v1/members", headers={"X-Request-Id": "bank-7:42.a_b"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "bank-7:42.a_b"


@pytest.mark.parametrize("bad", ["two words", "x" * 129, "<script>", "a\tb", "é".encode()])
def test_a_request_id_that_could_do_harm_is_replaced(bad: str | bytes, anybody: httpx.Client) -> None:
    answer = anybody.get("/livez", headers={"X-Request-Id": bad})
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_security_headers_and_no_server_header(path: str, anybody: httpx.Client) -> None:
    headers = anybody.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


def test_answers_about_money_are_not_to_be_cached(albion: Bank) -> None:
    assert albion.http.get("/v1/accounts").headers["cache-control"] == "no-store"


def test_a_path_that_is_not_there(anybody: httpx.Client) -> None:
    for path in ("/nowhere", "/v1", "/v1/transfers/", "/v1/transfer", "/V1/transfers", "/docs/", "/redoc"):
        answer = anybody.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_method_that_a_path_does_not_take(anybody: httpx.Client) -> None:
    answer = anybody.delete("/v1/members")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert anybody.put("/v1/reserve").headers["allow"] == "GET, HEAD"


def test_an_unexpected_error_is_told_without_its_inside_and_logged_with_the_request_id(
    door: Door, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(door.settlement)

    @app.get("/breaks")
    async def breaks(request: Request) -> Response:
        raise ZeroDivisionError("the secret inside")

    with httpx.Client(base_url=serve(app), trust_env=False) as http:
        answer = http.get("/breaks", headers={"X-Request-Id": "find-me"})
        assert http.get("/livez").status_code == 200
    assert (answer.status_code, answer.json()["code"], answer.json()["request_id"]) == (500, "internal", "find-me")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    record = next(record for record in caplog.records if "find-me" in record.getMessage())
    assert record.exc_info is not None
    assert "the secret inside" in str(record.exc_info[1])


def test_the_access_log_says_who_did_what_and_shows_no_secret(
    door: Door, albion: Bank, brava: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    secret = albion.http.headers["authorization"].removeprefix("Bearer ")
    with caplog.at_level(logging.INFO, logger="ledger_node.access"):
        answer = albion.pay("/v1/transfers", albion.bda["USD"], brava.bda["USD"], "1.00", external_id="private-ref")
        albion.http.get("/v1/accounts?limit=3")
    lines = [vars(record) for record in caplog.records if record.name == "ledger_node.access"]
    line = next(line for line in lines if line["request_id"] == answer.headers["x-request-id"])
    assert (line["method"], line["path"], line["status"]) == ("POST", "/v1/transfers", 201)
    assert line["member"] == albion.id
    assert line["api_key_id"].startswith("key_")
    assert line["duration_ms"] > 0
    assert secret not in str(lines)
    assert "private-ref" not in str(lines)


def test_metrics_count_by_route_not_by_id(operator: Bank, albion: Bank) -> None:
    albion.http.get(f"/v1/accounts/{albion.bda['USD']}")
    answer = operator.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'route="/v1/accounts/{account_id}",status="200"' in answer.text
    assert albion.bda["USD"] not in answer.text


def test_readyz_says_ready_only_while_payments_can_settle(door: Door, anybody: httpx.Client) -> None:
    ready = anybody.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": []})
    door.settlement.outbox.trouble = "the chain is away"
    try:
        broken = anybody.get("/readyz")
        assert anybody.get("/livez").status_code == 200
    finally:
        door.settlement.outbox.trouble = None
    assert (broken.status_code, broken.json()) == (503, {"ready": False, "reasons": ["the chain is away"]})
    assert anybody.get("/readyz").status_code == 200


def test_livez_is_false_only_where_a_restart_would_help(
    door: Door, anybody: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault, live in ((StorageFailed("damaged"), True), (BackingBroken("broken"), True), (KeyError("x"), False)):
        monkeypatch.setattr(door.settlement, "fault", fault)
        answer = anybody.get("/livez")
        assert (answer.status_code, answer.json()) == (200 if live else 503, {"live": live})
        assert anybody.get("/readyz").status_code == 503


@pytest.mark.parametrize("way", ["loop", "thread"])
def test_a_request_that_nobody_answers_is_told_so_in_time(door: Door, serve: Serve, way: str) -> None:
    app, silent = create_app(door.settlement, answer_within_s=0.2), threading.Event()

    @app.get("/loop")
    async def loop(request: Request) -> Response:
        return await durable(Future())

    @app.get("/thread")
    def thread(request: Request) -> Response:
        silent.wait(20)
        return Response()

    with httpx.Client(base_url=serve(app), trust_env=False) as http, ThreadPoolExecutor(60) as clients:
        for answer in clients.map(lambda _: http.get(f"/{way}"), range(60)):  # more than there are threads
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
            assert answer.headers["retry-after"] == "1"
            assert ": no answer within 0.2 s." in answer.json()["detail"]
        assert http.get("/livez").status_code == 200
        silent.set()
        assert http.get("/readyz").status_code == 200


def test_a_refusal_that_cannot_be_written_down_is_answered_in_time(
    door: Door, serve: Serve, albion: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(create_app(door.settlement, answer_within_s=0.2))
    monkeypatch.setattr(door.settlement.writer, "submit", lambda _: Future())
    headers = {"Authorization": albion.http.headers["authorization"]}
    answer = httpx.post(f"{url}/v1/members", json={}, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")


# RATES


def standing(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("ratelimit")


def test_each_key_has_its_own_number_of_requests_and_is_told_what_is_left(
    door: Door, serve: Serve, albion: Bank, brava: Bank
) -> None:
    url = serve(create_app(door.settlement, rate_per_key=2, rate_per_address=1, rate_window_s=3600))
    for bank in (albion, brava):
        headers = {"Authorization": bank.http.headers["authorization"]}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as http:
            assert [standing(http.get("/v1/accounts")) for _ in range(2)] == [
                (200, '"key";r=1;t=3600'),
                (200, '"key";r=0;t=3600'),
            ]
            refused = http.post("/v1/transfers", content=b"{")
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert refused.headers["ratelimit-policy"] == '"key";q=2;w=3600'
            assert refused.headers["retry-after"] == "3600"
            assert http.get("/readyz").status_code == 200


def test_who_shows_no_key_that_is_known_is_counted_by_address(door: Door, serve: Serve) -> None:
    url = serve(create_app(door.settlement, rate_per_key=100, rate_per_address=2, rate_window_s=3600))
    with httpx.Client(base_url=url, trust_env=False) as http:
        assert standing(http.get("/v1/accounts")) == (401, '"address";r=1;t=3600')
        guessed = {"Authorization": "Bearer lnk_guessed"}
        assert standing(http.get("/v1/accounts", headers=guessed)) == (401, '"address";r=0;t=3600')
        assert http.get("/docs", headers=guessed).status_code == 429
        assert http.get("/livez").status_code == 200


def test_without_a_limit_nobody_is_counted(albion: Bank) -> None:
    assert standing(albion.http.get("/v1/accounts")) == (200, None)


# HEAD, THE FRONT, THE LOG


def test_head_is_get_without_its_body(albion: Bank, anybody: httpx.Client) -> None:
    got, headed = albion.http.get("/v1/tokens"), albion.http.head("/v1/tokens")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == str(len(got.content))
    assert anybody.head("/livez").status_code == 200
    assert anybody.head("/v1/tokens").status_code == 401
    assert albion.http.head("/v1/bulk").status_code == 404


def test_the_front_leads_to_the_documentation(anybody: httpx.Client) -> None:
    assert anybody.get("/", follow_redirects=True).url.path == "/docs"


def test_a_path_says_which_methods_it_takes(albion: Bank) -> None:
    allowed = {path: albion.http.put(path).headers["allow"] for path in ("/v1/transfers/bulk", "/v1/tokens")}
    assert allowed == {"/v1/transfers/bulk": "POST", "/v1/tokens": "GET, HEAD"}


@pytest.mark.parametrize("secret", ["lnk_aQ3-x7TtGGyzYw", "0x" + "5b" * 32, "lnk%5Fabcdefghijk_lmnopqrstuvwxyz"])
def test_a_secret_that_strays_into_a_path_is_not_written_down(
    secret: str, albion: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ledger_node.access"):
        albion.http.get(f"/v1/accounts/{secret}")
        albion.http.get(f"/{secret}")
        albion.http.get(f"/v1/accounts/{albion.bda['USD']}/balances")
        albion.http.get("/livez")  # on one connection, a request is written down before the next is read
    paths = [record.__dict__["path"] for record in caplog.records if "path" in record.__dict__]
    assert paths[:3] == ["/v1/accounts/…", "/…", f"/v1/accounts/{albion.bda['USD']}/balances"]
