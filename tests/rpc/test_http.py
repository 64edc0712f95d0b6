"""The port over HTTP: who is let in, what is a request, and that one caller cannot ask for too much."""

import http.client
import json
import logging
import socket
import struct
import threading
import urllib.request
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from ledger_node.chain.backend import LocalChain
from ledger_node.rpc.settings import RpcLimits, RpcSettings
from tests.rpc.network import Developer, open_network
from tests.rpc.server import Answered, Client, RpcServer

CHAIN_ID = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}


@pytest.fixture
def settings() -> RpcSettings:
    limits = RpcLimits(request_bytes=10_000, batch_items=5, batch_response_bytes=2_000)
    return RpcSettings(limits=limits, cors_origins=("https://remix.ethereum.org",))


def test_a_request_without_params_is_answered(rpc: Client) -> None:
    assert rpc.send(CHAIN_ID) == {"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}
    assert rpc.send({**CHAIN_ID, "params": None})["result"] == "0x7a69"


def test_a_batch_is_answered_in_order_with_errors_beside_results(rpc: Client) -> None:
    answers = rpc.send(
        [
            CHAIN_ID,
            {"jsonrpc": "2.0", "id": "b", "method": "eth_nothing"},
            7,
            {"jsonrpc": "2.0", "method": "eth_chainId"},
            {"jsonrpc": "2.0", "id": None, "method": "eth_blockNumber", "params": []},
        ]
    )
    assert [answer["id"] for answer in answers] == [1, "b", None, None]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, -32601, -32600, None]


def test_a_notification_is_not_answered(rpc: Client) -> None:
    status, body = rpc.post(b'{"jsonrpc":"2.0","method":"eth_chainId"}')
    assert (status, body) == (204, b"")
    status, body = rpc.post(b'[{"jsonrpc":"2.0","method":"eth_chainId"}]')
    assert (status, body) == (204, b"")


@pytest.mark.parametrize(("body", "code"), [(b"{", -32700), (b"[]", -32600), (b"{}", -32600), (b"", -32700)])
def test_what_is_no_request_gets_an_error_object(rpc: Client, body: bytes, code: int) -> None:
    status, answer = rpc.post(body)
    assert status == 200
    assert json.loads(answer)["error"]["code"] == code
    assert json.loads(answer)["id"] is None


def test_a_method_nobody_knows_is_32601_so_that_clients_fall_back(rpc: Client) -> None:
    with pytest.raises(Answered, match="eth_nothing does not exist") as refused:
        rpc("eth_nothing")
    assert refused.value.code == -32601


def test_methods_of_the_dev_profile_do_not_exist_here(rpc: Client) -> None:
    for method in ("evm_mine", "anvil_setBalance", "hardhat_impersonateAccount", "personal_sign"):
        with pytest.raises(Answered) as refused:
            rpc(method)
        assert refused.value.code == -32601


def test_extra_and_missing_arguments_are_named(rpc: Client) -> None:
    with pytest.raises(Answered, match="too many arguments, want at most 0") as extra:
        rpc("eth_chainId", "latest")
    with pytest.raises(Answered, match=r"missing value for required argument 0 \(address\)") as missing:
        rpc("eth_getBalance")
    with pytest.raises(Answered, match=r"invalid argument 1 \(at\)") as wrong:
        rpc("eth_getBalance", "0x" + "00" * 20, "newest")
    assert {extra.value.code, missing.value.code, wrong.value.code} == {-32602}


# LIMITS


def test_a_request_above_the_limit_is_413(rpc: Client) -> None:
    status, body = rpc.post(b" " * 10_001)
    assert status == 413
    assert b"10000" in body


def test_a_batch_above_the_limit_is_refused_and_none_of_it_done(rpc: Client) -> None:
    answer = rpc.send([CHAIN_ID] * 6)
    assert answer["error"]["code"] == -32005
    assert len(rpc.send([CHAIN_ID] * 5)) == 5


def test_a_batch_whose_answers_grow_too_large_is_cut_off(rpc: Client) -> None:
    block = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]}
    answers = rpc.send([block] * 5)
    assert "result" in answers[0]
    assert answers[-1]["error"]["code"] == -32005


# WHO MAY KNOCK


def test_only_post_with_json_is_taken(rpc: Client) -> None:
    status, _ = rpc.post(json.dumps(CHAIN_ID).encode(), content_type="text/plain")
    assert status == 415
    status, _ = rpc.post(json.dumps(CHAIN_ID).encode(), content_type="application/json; charset=utf-8")
    assert status == 200


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:1", 200), ("10.0.0.7", 200), ("[::1]:8545", 200), ("evil.example", 403)]
)
def test_a_host_name_that_is_not_ours_is_refused(rpc: Client, host: str, status: int) -> None:
    assert rpc.post(json.dumps(CHAIN_ID).encode(), host=host)[0] == status


def headers_for(server: RpcServer, method: str, origin: str) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = json.dumps(CHAIN_ID) if method == "POST" else None
    connection.request(method, "/", body, {"origin": origin, "content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders())


def test_a_web_page_is_answered_only_from_an_origin_in_the_settings(server: RpcServer) -> None:
    status, headers = headers_for(server, "OPTIONS", "https://remix.ethereum.org")
    assert status == 204
    assert headers["access-control-allow-origin"] == "https://remix.ethereum.org"
    assert headers_for(server, "POST", "https://remix.ethereum.org")[1]["access-control-allow-origin"]

    status, headers = headers_for(server, "OPTIONS", "https://evil.example")
    assert status == 403
    assert "access-control-allow-origin" not in headers
    assert "access-control-allow-origin" not in headers_for(server, "POST", "https://evil.example")[1]


# THE NODE'S OWN MISTAKES


def test_a_mistake_of_ours_is_an_internal_error_without_a_stack_trace(
    chain: LocalChain, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with RpcServer(chain) as server:
        monkeypatch.setattr(type(chain), "balance", lambda *_: 1 / 0)
        with pytest.raises(Answered) as refused:
            server.client("eth_getBalance", "0x" + "00" * 20)
    assert refused.value.code == -32603
    assert "ZeroDivision" not in refused.value.message
    assert "ZeroDivisionError" in caplog.text


def test_when_too_many_wait_the_next_is_refused_and_reads_go_on(tmp_path: Path, settings: RpcSettings) -> None:
    quiet = open_network(tmp_path / "quiet", produce=False)
    one_at_a_time = replace(settings, limits=replace(settings.limits, waiting_requests=0, concurrent_waits=1))
    with closing(quiet), RpcServer(quiet, one_at_a_time) as server:
        rpc = server.client
        raw = Developer(rpc).sign(to="0x" + "11" * 20)
        codes: list[int] = []

        def wait() -> None:
            with pytest.raises(Answered) as late:
                rpc("eth_sendRawTransactionSync", raw, 1_500)
            codes.append(late.value.code)

        first = threading.Thread(target=wait)
        first.start()
        while rpc("txpool_status")["pending"] == "0x0":
            pass
        with pytest.raises(Answered, match="too many requests are waiting") as refused:
            rpc("eth_sendRawTransactionSync", raw, 1_500)
        assert refused.value.code == -32005
        assert rpc("eth_blockNumber") == "0x0"
        first.join()
    assert codes == [4]


def test_a_client_that_leaves_before_its_answer_leaves_no_stack_trace_in_the_log(
    server: RpcServer, rpc: Client, caplog: pytest.LogCaptureFixture
) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["latest",true]}'
    head = (
        f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.addHandler(caplog.handler)
    try:
        for _ in range(200):
            with socket.create_connection(("127.0.0.1", server.port)) as leaving:
                # A reset, not a farewell: the server finds out when it writes.
                leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                leaving.sendall((head.encode() + body) * 3)
        assert rpc("eth_chainId") == "0x7a69"
    finally:
        uvicorn.removeHandler(caplog.handler)
    assert [record.exc_text for record in caplog.records if record.exc_info] == []


def test_an_address_that_asks_too_often_waits_and_is_told_how_long(chain: LocalChain) -> None:
    limits = RpcLimits(rate_per_address=2)
    with RpcServer(chain, RpcSettings(limits=limits, rate_window_s=3600)) as server:
        with urllib.request.urlopen(asking(server.url), timeout=10) as answer:
            assert answer.headers["ratelimit"] == '"address";r=1;t=3600'
        with connect(server.ws_url) as line:
            line.send('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
            assert "result" in line.recv()
            line.send('{"jsonrpc":"2.0","id":2,"method":"eth_chainId"}')
            with pytest.raises(ConnectionClosed) as ended:
                line.recv()
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1013
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(asking(server.url), timeout=10)
        with refused.value as told:
            assert (told.code, told.headers["retry-after"]) == (429, "3600")


def asking(url: str) -> urllib.request.Request:
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
    return urllib.request.Request(url, body, {"content-type": "application/json"})
