"""What a stranger's bytes can do to a door: nothing beyond its bounds, and every refusal is read by who sent them."""

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from ledger_node.connections import Bounds
from ledger_node.doors import Door
from ledger_node.rpc.jsonrpc import tell_at_the_door
from tests.rpc.network import open_network
from tests.rpc.server import RpcServer
from tests.serving import everything, line_to, opened

BODY_MAX = 1_000
SHORT = Bounds(head_timeout_s=0.3, body_timeout_s=0.3, idle_timeout_s=0.3)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Tells what of the request got here; a body above the limit it does not read to its end."""
    body, more = b"", True
    while more and len(body) <= BODY_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    names = sorted(name.decode() for name, _ in scope["headers"])
    heard = json.dumps({"path": scope["path"], "size": len(body), "names": names}).encode()
    length = [(b"content-length", str(len(heard)).encode())]
    status = 200 if len(body) <= BODY_MAX else 413
    await send({"type": "http.response.start", "status": status, "headers": length})
    await send({"type": "http.response.body", "body": heard})


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with opened(echo) as door:
        yield door


@pytest.fixture(scope="module")
def hasty() -> Iterator[Door]:
    with opened(echo, bounds=SHORT) as door:
        yield door


def told(url: str, request: bytes) -> bytes:
    with line_to(url) as line:
        line.sendall(request)
        return everything(line)


def statuses(answers: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def problem(answer: bytes) -> Any:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    return json.loads(body)


def last(path: str = "/last", *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *fields, "", ""]).encode()


def post(*fields: str, body: bytes = b"", host: str = "Host: x") -> bytes:
    return "\r\n".join(["POST /a HTTP/1.1", host, *fields, "", ""]).encode("latin-1") + body


CHUNKED = b"4\r\nabcd\r\n0\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
TE = "Transfer-Encoding: "


@pytest.mark.parametrize(
    "request_",
    {
        "no host": post(host="X: y"),
        "two hosts": post("Host: x"),
        "a host with a path": post(host="Host: x/y"),
        "a host with a space": post(host="Host: x y"),
        "a length and chunks": post("Content-Length: 4", TE + "chunked", body=CHUNKED + SMUGGLED),
        "chunks and a length": post(TE + "chunked", "Content-Length: 4", body=CHUNKED + SMUGGLED),
        "two lengths": post("Content-Length: 4", "Content-Length: 40", body=b"abcd" + SMUGGLED),
        "one length twice": post("Content-Length: 4", "Content-Length: 4", body=b"abcd"),
        "a list of lengths": post("Content-Length: 4, 4", body=b"abcd"),
        "a signed length": post("Content-Length: +4", body=b"abcd"),
        "an empty length": post("Content-Length:", body=b"abcd"),
        "a huge length": post("Content-Length: 99999999999999999999", body=b"abcd"),
        "no coding": post(TE, body=CHUNKED),
        "chunked not last": post(TE + "chunked, identity", body=CHUNKED),
        "chunked twice": post(TE + "chunked", TE + "chunked", body=CHUNKED),
        "a tab that is none": post(TE + "\x0bchunked", body=CHUNKED),
        "a space before the colon": post("Transfer-Encoding : chunked", body=CHUNKED),
        "a folded coding": post("Transfer-Encoding:\r\n chunked", body=CHUNKED),
        "a folded field": post("X: a\r\n b"),
        "chunks in 1.0": post(TE + "chunked", body=CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0"),
        "a size in another base": post(TE + "chunked", body=b"0x4\r\nabcd\r\n0\r\n\r\n"),
        "a negative size": post(TE + "chunked", body=b"-4\r\nabcd\r\n0\r\n\r\n"),
        "a size that overflows": post(TE + "chunked", body=b"10000000000000004\r\nabcd\r\n0\r\n\r\n"),
        "a chunk longer than it says": post(TE + "chunked", body=b"4\r\nabcdef\r\n0\r\n\r\n"),
        "a bare LF after a size": post(TE + "chunked", body=b"4\nabcd\n0\n\n"),
        "a bare LF in an extension": post(TE + "chunked", body=b"4;a\nb\r\nabcd\r\n0\r\n\r\n"),
        "bare LFs": b"GET /a HTTP/1.1\nHost: x\n\n",
        "a bare LF": post("X: a\nY: b"),
        "a bare CR": post("X: a\rY: b"),
        "a NUL": post("X: a\0b"),
        "a name with a space": post("X Y: a"),
        "a field without a name": post(": a"),
        "HTTP/0.9": b"GET /a\r\n\r\n",
        "HTTP/1.2": b"GET /a HTTP/1.2\r\nHost: x\r\n\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00",
        "a method nobody knows": b"FOO /a HTTP/1.1\r\nHost: x\r\n\r\n",
        "a tunnel": b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        "a target that is not ASCII": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        "a target with a space": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    }.items(),
    ids=lambda item: item[0],
)
def test_a_request_that_two_readers_could_read_in_two_ways_is_refused(door: Door, request_: tuple[str, bytes]) -> None:
    answer = told(door.url, request_[1])
    assert statuses(answer) == [400]
    assert problem(answer)["code"] == "malformed_http"


@pytest.mark.parametrize("coding", ["gzip, chunked", "identity", "xchunked", "gzip"])
def test_a_transfer_coding_that_nobody_here_undoes_is_refused(door: Door, coding: str) -> None:
    answer = told(door.url, post(f"Transfer-Encoding: {coding}", body=CHUNKED))
    assert problem(answer)["code"] == "transfer_coding_unknown"
    assert statuses(answer) == [501]


def test_chunks_are_read_and_their_trailers_are_no_headers(door: Door) -> None:
    trailers = b"4\r\nabcd\r\n0\r\nAuthorization: Bearer x\r\nIdempotency-Key: k\r\n\r\n"
    answers = told(door.url, post(TE + "Chunked", body=trailers) + last())
    assert statuses(answers) == [200, 200]
    assert b'"size": 4, "names": ["host", "transfer-encoding"]' in answers


def test_requests_in_one_piece_are_answered_in_order(door: Door) -> None:
    answers = told(door.url, post("Content-Length: 3", body=b"abc") + last("/b") + last("/after the last"))
    assert statuses(answers) == [200, 200]
    assert answers.index(b'"/a"') < answers.index(b'"/b"')


def test_what_is_wrong_after_good_requests_does_not_take_their_answers_away(door: Door) -> None:
    answers = told(door.url, post("Content-Length: 3", body=b"abc") + b"no HTTP\r\n\r\n")
    assert statuses(answers) == [200]


def test_a_body_behind_an_upgrade_that_is_not_made_stays_a_body(door: Door) -> None:
    """Java's HttpClient asks for h2c with every request; llhttp hands what follows to the other protocol."""
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AA")
    answers = told(door.url, post(*upgrade, f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED) + last())
    assert statuses(answers) == [200, 200]
    assert f'"/a", "size": {len(SMUGGLED)}'.encode() in answers
    assert b"smuggled" not in answers


# SIZES


def test_as_many_fields_as_the_bound_and_no_more(door: Door) -> None:
    fields = [f"X-{number}: y" for number in range(98)]
    assert statuses(told(door.url, last("/a", *fields))) == [200]
    answer = told(door.url, last("/a", *fields, "X: y"))
    assert (statuses(answer), problem(answer)["code"]) == ([431], "headers_too_large")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /a HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 8_000_000,
        b"GET /a HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1_000_000,
        b"GET /" + b"a" * 8_000_000,
        b"\r\n" * 4_000_000,
        post(TE + "chunked", body=b"4\r\nabcd\r\n0\r\nX: " + b"a" * 8_000_000),
        post(TE + "chunked", body=b"4\r\nabcd\r\n0\r\n" + b"X: y\r\n" * 1_000_000),
        post(TE + "chunked", body=b"4;x=" + b"a" * 8_000_000),
    ],
    ids=["line", "fields", "target", "nothing", "trailer", "trailers", "extension"],
)
def test_a_head_without_an_end_costs_nothing_and_its_refusal_is_read(door: Door, request_: bytes) -> None:
    answer = told(door.url, request_)
    assert (statuses(answer), problem(answer)["code"]) == ([431], "headers_too_large")


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_a_refusal_is_read_by_a_client_that_is_still_sending(door: Door, connection: str) -> None:
    body = b"a" * 8_000_000
    with line_to(door.url) as line:
        line.sendall(post(f"Connection: {connection}", f"Content-Length: {len(body)}", body=body))
        line.shutdown(socket.SHUT_WR)
        assert statuses(everything(line)) == [413]


# TIME


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", []),
        (b"GET /a HTTP/1.1\r\nHo", [408]),
        (post("Content-Length: 20", body=b"ab"), [408]),
        (post(TE + "chunked", body=b"4\r\nab"), [408]),
        (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", [200]),
        (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /", [200, 408]),
    ],
    ids=["silent", "half a head", "half a body", "half a chunk", "idle", "half a second head"],
)
def test_who_does_not_go_on_is_seen_off(hasty: Door, sent: bytes, answer: list[int]) -> None:
    assert statuses(told(hasty.url, sent)) == answer


def test_a_byte_now_and_then_does_not_buy_time(hasty: Door) -> None:
    with line_to(hasty.url, timeout_s=0.05) as line:
        heard = b""
        for byte in b"GET /a HTTP/1.1\r\n" + b"X: y\r\n" * 100:
            try:
                line.sendall(bytes([byte]))
                heard += (part := line.recv(1000))
                if not part:
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    assert statuses(heard) == [408]


def test_who_is_answered_slowly_is_not_hurried() -> None:
    """The node may take longer than any client may."""

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await held.wait()
        await echo(scope, receive_nothing, send)

    async def receive_nothing() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    held = Held(ticks=3)
    with opened(slow, bounds=SHORT) as door:
        door.hall.sweep = held.counting(door.hall.sweep)  # type: ignore[method-assign]
        assert statuses(told(door.url, last())) == [200]


class Held:
    """Let go by the door's own sweeps."""

    def __init__(self, ticks: int) -> None:
        self._event = asyncio.Event()
        self._left = ticks

    async def wait(self) -> None:
        await self._event.wait()

    def counting(self, sweep: Any) -> Any:
        def counted(now: float, connections: Any) -> None:
            sweep(now + 3600 * (self._left < 3), connections)
            self._left -= 1
            if self._left <= 0:
                self._event.set()

        return counted


# CONNECTIONS


def test_a_newcomer_takes_the_place_of_who_has_said_nothing_longest() -> None:
    with opened(echo, bounds=Bounds(connections=3)) as door:
        silent = [line_to(door.url) for _ in range(3)]
        assert statuses(told(door.url, last())) == [200]
        assert everything(silent[0]) == b""
        silent[2].sendall(last())
        assert statuses(everything(silent[2])) == [200]
        for line in silent:
            line.close()


def test_when_all_are_being_served_only_the_probes_find_room() -> None:
    async def held(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/held":
            await receive()
            await receive()
        else:
            await echo(scope, receive, send)

    with opened(held, bounds=Bounds(connections=2, connections_for_probes=1)) as door:
        busy = [line_to(door.url) for _ in range(2)]
        for line in busy:
            line.sendall(last("/held"))
        while len(door.server_state.tasks) < 2:
            pass
        refused = told(door.url, last())
        assert (statuses(refused), problem(refused)["code"]) == ([503], "overloaded")
        assert b"retry-after: 1" in refused
        assert statuses(told(door.url, last("/livez"))) == [200]
        for line in busy:
            line.close()


def test_the_other_door_says_it_in_json_rpc_s_words() -> None:
    with opened(echo, tell=tell_at_the_door) as door:
        answer = told(door.url, b"GET /a HTTP/1.1\r\n\r\n")
    error = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert error["id"] is None
    assert error["error"]["code"] == -32600
    assert error["error"]["message"].startswith("malformed_http: ")


# WEBSOCKETS


@pytest.fixture
def rpc(tmp_path: Path) -> Iterator[RpcServer]:
    with closing(open_network(tmp_path / "chain")) as chain, RpcServer(chain) as server:
        yield server


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
CONTINUATION = b"\x00\x80\x00\x00\x00\x00"


def test_a_handshake_has_no_body_and_no_second_host(rpc: RpcServer) -> None:
    for more in (b"Content-Length: 5\r\n\r\nabcde", b"Transfer-Encoding: chunked\r\n\r\n", b"Host: x\r\n\r\n"):
        assert statuses(told(rpc.url, HANDSHAKE + more)) == [400]
    assert statuses(told(rpc.url, HANDSHAKE + b"X: y\r\n" * 100 + b"\r\n")) == [431]


def test_frames_without_content_keep_nobody_waiting(rpc: RpcServer) -> None:
    with line_to(rpc.url) as line, connect(rpc.ws_url) as other:
        line.sendall(HANDSHAKE + b"\r\n")
        assert b" 101 " in line.recv(4096)
        line.sendall(b"\x01\x80\x00\x00\x00\x00" + CONTINUATION * 9_000)
        other.send('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
        assert "result" in other.recv()
        line.sendall(CONTINUATION * 2_000)
        ended = everything(line)
    assert b"\x03\xf0a message has 10000 fragments at most" in ended  # 1008


def test_a_large_message_comes_in_portions_and_whole(rpc: RpcServer) -> None:
    with connect(rpc.ws_url) as line:
        for _ in range(3):
            line.send('{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]' + " " * 1_000_000 + "}")
        for _ in range(3):
            assert "result" in line.recv()
