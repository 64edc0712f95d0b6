"""How a body comes in: bounded while it arrives, its type checked, and not a byte of it read for nobody known."""

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from ledger_node.gateway.app import create_app
from tests.gateway.conftest import Bank, Door, Serve, new_key

PATH = "/v1/transfers"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def small_door(door: Door, serve: Serve) -> str:
    """A door of the same house that reads bodies of 1,000 bytes at most."""
    return serve(create_app(door.settlement, body_max_bytes=1000))


@pytest.fixture
def small(small_door: str, albion: Bank) -> Iterator[httpx.Client]:
    headers = {"Authorization": albion.http.headers["authorization"], **JSON}
    with httpx.Client(base_url=small_door, headers=headers, trust_env=False) as http:
        yield http


def padded(albion: Bank, brava: Bank, size: int) -> bytes:
    accounts = {"debtor_account": albion.bda["USD"], "creditor_account": brava.bda["USD"]}
    return json.dumps(accounts | {"amount": "1.00", "currency": "USD"}).encode().ljust(size)


def test_a_body_as_large_as_the_limit_is_read(small: httpx.Client, albion: Bank, brava: Bank) -> None:
    answer = small.post(PATH, content=padded(albion, brava, 1000), headers={"Idempotency-Key": new_key()})
    assert answer.status_code == 201


def test_a_body_one_byte_larger_is_not(small: httpx.Client, albion: Bank, brava: Bank) -> None:
    answer = small.post(PATH, content=padded(albion, brava, 1001), headers={"Idempotency-Key": new_key()})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["facts"] == {"limit_bytes": 1000}


def test_a_body_without_a_length_is_cut_off_at_the_limit(small: httpx.Client, albion: Bank, brava: Bank) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield padded(albion, brava, 1000)

    answer = small.post(PATH, content=endless(), headers={"Idempotency-Key": new_key()})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_small_body_without_a_length_is_read(small: httpx.Client, albion: Bank, brava: Bank) -> None:
    def pieces() -> Iterator[bytes]:
        whole = padded(albion, brava, 500)
        yield from (whole[start : start + 7] for start in range(0, 500, 7))

    answer = small.post(PATH, content=pieces(), headers={"Idempotency-Key": new_key()})
    assert answer.status_code == 201


def test_a_length_that_lies_is_no_way_around_the_limit(small_door: str, albion: Bank) -> None:
    """A client that says 10 bytes and sends more: the server reads 10 and takes the rest for another request."""
    answer = raw(small_door, albion, "Content-Length: 10", b"[" * 5000)
    assert answer.startswith("HTTP/1.1 400")


def raw(url: str, bank: Bank, length: str, body: bytes) -> str:
    where = urlsplit(url)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Authorization: {bank.http.headers['authorization']}\r\n{length}\r\n\r\n"
    )
    with socket.create_connection((where.hostname, where.port), timeout=10) as line:
        line.sendall(head.encode() + body)
        return line.recv(65536).decode()


def test_a_body_that_never_ends_is_given_up(door: Door, serve: Serve, albion: Bank) -> None:
    answer = raw(serve(create_app(door.settlement), body_timeout_s=0.05), albion, "Content-Length: 100", b'{"amount":')
    assert answer.startswith("HTTP/1.1 408")
    assert "request_timeout" in answer


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""]
)
def test_a_body_of_another_type_is_refused(media_type: str, albion: Bank) -> None:
    answer = albion.http.post(PATH, content=b"{}", headers={"Content-Type": media_type, "Idempotency-Key": new_key()})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_charset_beside_the_type_is_fine_but_packing_is_not(albion: Bank) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": new_key()}
    assert albion.http.post(PATH, content=b"{}", headers=headers).json()["code"] == "invalid_field"
    packed = albion.http.post(PATH, content=b"{}", headers={**headers, "Content-Encoding": "gzip"})
    assert (packed.status_code, packed.json()["code"]) == (415, "unsupported_media_type")


def test_nobody_unknown_gets_a_byte_read(anybody: httpx.Client) -> None:
    for content in (b"{", b"x" * 100_000, b""):
        assert anybody.post(PATH, content=content).json()["code"] == "unauthenticated"


def test_a_caller_without_the_scope_is_refused_before_its_body(brava: Bank) -> None:
    assert brava.http.post("/v1/deposits", content=b"{", headers=JSON).json()["code"] == "forbidden"


def test_the_node_goes_on_after_a_client_that_hangs_up(small_door: str, albion: Bank, anybody: httpx.Client) -> None:
    where = urlsplit(small_door)
    for _ in range(5):
        with socket.create_connection((where.hostname, where.port)) as line:
            line.sendall(
                f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
                f"Authorization: {albion.http.headers['authorization']}\r\n\r\n{{".encode()
            )
    assert httpx.get(f"{small_door}/livez", trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "repeated",
    [
        '"amount": "9.00"',
        '"amount"\t\n :"9.00"',
        '"\\u0061mount": "9.00"',
        '"amount": "\\":"',
        '"more": {"a": 1, "a": 1}',
        '"more": [[], [{"a": {}, "a": {}}]]',
    ],
)
def test_a_name_twice_is_found_however_it_is_written(small: httpx.Client, repeated: str) -> None:
    answer = small.post(PATH, content=f'{{"amount": "1.00", {repeated}}}', headers={"Idempotency-Key": new_key()})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
    assert "twice" in answer.json()["detail"]


@pytest.mark.parametrize("reference", ['\\":', '\\": \\":', "a:b", "\\\\"])
def test_a_text_that_looks_like_a_name_is_a_text(
    small: httpx.Client, albion: Bank, brava: Bank, reference: str
) -> None:
    body = padded(albion, brava, 0)[:-1].decode() + f', "end_to_end_id": "{reference}"}}'
    assert small.post(PATH, content=body, headers={"Idempotency-Key": new_key()}).status_code == 201
