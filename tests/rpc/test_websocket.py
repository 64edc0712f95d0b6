"""The port over WebSocket: requests, batches and subscriptions on one connection, and what ends it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ledger_node.chain.backend import LocalChain
from ledger_node.chain.encoding import keccak
from ledger_node.rpc.settings import RpcLimits, RpcSettings
from tests.rpc.network import Developer
from tests.rpc.server import RpcServer

WAIT_S = 20


@pytest.fixture
def settings() -> RpcSettings:
    return RpcSettings(limits=RpcLimits(subscriptions_per_connection=3, request_bytes=10_000, connections=2))


@pytest.fixture
def socket(server: RpcServer) -> Iterator[ClientConnection]:
    with connect(server.ws_url) as connection:
        yield connection


def ask(socket: ClientConnection, method: str, *params: Any) -> Any:
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}))
    answer = json.loads(socket.recv(WAIT_S))
    assert answer["id"] == 7
    return answer


def heard(socket: ClientConnection) -> Any:
    message = json.loads(socket.recv(WAIT_S))
    assert message["method"] == "eth_subscription"
    return message["params"]


def read_to_the_end(socket: ClientConnection) -> None:
    while True:
        socket.recv(WAIT_S)


def test_requests_and_batches_are_answered_on_the_connection(socket: ClientConnection) -> None:
    assert ask(socket, "eth_chainId")["result"] == "0x7a69"
    assert ask(socket, "eth_nothing")["error"]["code"] == -32601
    socket.send(json.dumps([{"jsonrpc": "2.0", "id": n, "method": "eth_blockNumber"} for n in (1, 2)]))
    assert [answer["id"] for answer in json.loads(socket.recv(WAIT_S))] == [1, 2]
    socket.send("{")
    assert json.loads(socket.recv(WAIT_S))["error"]["code"] == -32700


def test_bytes_are_read_as_text(socket: ClientConnection) -> None:
    socket.send(b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
    assert json.loads(socket.recv(WAIT_S))["result"] == "0x7a69"


def test_a_subscriber_hears_of_every_new_head_once_and_in_order(socket: ClientConnection, developer: Developer) -> None:
    subscription = ask(socket, "eth_subscribe", "newHeads")["result"]
    hashes = [developer.send(to="0x" + "11" * 20)["blockHash"] for _ in range(5)]
    heads = [heard(socket) for _ in range(5)]
    assert {head["subscription"] for head in heads} == {subscription}
    assert [head["result"]["hash"] for head in heads] == hashes
    assert "transactions" not in heads[0]["result"]


def test_a_subscriber_hears_the_logs_it_asked_for(socket: ClientConnection, developer: Developer) -> None:
    book, other = developer.deploy(), developer.deploy()
    subscription = ask(socket, "eth_subscribe", "logs", {"address": book})["result"]
    developer.write(other, "elsewhere")
    receipt = developer.write(book, "here")
    assert heard(socket) == {"subscription": subscription, "result": receipt["logs"][0]}


def test_a_subscriber_hears_of_pending_transactions_by_hash_or_whole(
    socket: ClientConnection, developer: Developer
) -> None:
    by_hash = ask(socket, "eth_subscribe", "newPendingTransactions")["result"]
    whole = ask(socket, "eth_subscribe", "newPendingTransactions", True)["result"]
    receipt = developer.send(to="0x" + "11" * 20)
    told = {message["subscription"]: message["result"] for message in (heard(socket), heard(socket))}
    assert told[by_hash] == receipt["transactionHash"]
    assert told[whole]["hash"] == receipt["transactionHash"]
    assert told[whole]["blockHash"] is None


def test_after_unsubscribing_nothing_more_is_heard(socket: ClientConnection, developer: Developer) -> None:
    subscription = ask(socket, "eth_subscribe", "newHeads")["result"]
    assert ask(socket, "eth_unsubscribe", subscription)["result"] is True
    developer.send(to="0x" + "11" * 20)
    assert ask(socket, "eth_chainId")["result"] == "0x7a69"  # the next message is an answer
    assert ask(socket, "eth_unsubscribe", subscription)["error"]["code"] == -32602


def test_a_subscription_to_nothing_is_refused(socket: ClientConnection) -> None:
    assert ask(socket, "eth_subscribe", "weather")["error"]["code"] == -32601
    assert ask(socket, "eth_subscribe", "logs", {"address": "0x12"})["error"]["code"] == -32602
    assert ask(socket, "eth_subscribe")["error"]["code"] == -32602


def test_over_http_there_is_nobody_to_notify(developer: Developer) -> None:
    answer = developer.rpc.send({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
    assert answer["error"]["code"] == -32000
    assert "WebSocket" in answer["error"]["message"]


# LIMITS


def test_one_connection_has_so_many_subscriptions_and_no_more(socket: ClientConnection) -> None:
    for _ in range(3):
        assert "result" in ask(socket, "eth_subscribe", "newHeads")
    assert ask(socket, "eth_subscribe", "newHeads")["error"]["code"] == -32005


def test_a_message_above_the_limit_ends_the_connection(socket: ClientConnection) -> None:
    socket.send(" " * 10_001)
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(WAIT_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_connections_above_the_limit_are_turned_away(server: RpcServer, socket: ClientConnection) -> None:
    assert ask(socket, "eth_chainId")
    with connect(server.ws_url) as second:
        assert ask(second, "eth_chainId")
        with connect(server.ws_url) as third, pytest.raises(ConnectionClosed) as closed:
            third.recv(WAIT_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


def test_a_client_that_does_not_read_is_disconnected(chain: LocalChain, settings: RpcSettings) -> None:
    few = replace(settings, limits=replace(settings.limits, unsent_messages=4, requests_per_connection=1_000))
    block = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]})
    with RpcServer(chain, few) as server, connect(server.ws_url, compression=None, max_queue=1) as deaf:
        with suppress(ConnectionClosed):
            for _ in range(20_000):
                deaf.send(block)
        with pytest.raises(ConnectionClosed) as closed:
            read_to_the_end(deaf)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "the client reads slower than the chain speaks")


# WHO MAY KNOCK


def test_a_web_page_of_strangers_cannot_connect(server: RpcServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(server.ws_url, origin="https://evil.example").__enter__()  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


def test_a_web_page_of_ours_can(chain: LocalChain, settings: RpcSettings) -> None:
    with (
        RpcServer(chain, replace(settings, cors_origins=("https://remix.ethereum.org",))) as server,
        connect(server.ws_url, origin="https://remix.ethereum.org") as socket,  # type: ignore[arg-type]
    ):
        assert ask(socket, "eth_chainId")["result"] == "0x7a69"


def test_receipts_are_told_block_by_block_of_all_or_of_some(socket: ClientConnection, developer: Developer) -> None:
    everybody = ask(socket, "eth_subscribe", "transactionReceipts")["result"]
    raw = developer.sign(to="0x" + "11" * 20)
    wanted = "0x" + keccak(bytes.fromhex(raw[2:])).hex()
    one = ask(socket, "eth_subscribe", "transactionReceipts", {"transactionHashes": [wanted]})["result"]
    receipt = developer.rpc("eth_sendRawTransactionSync", raw)
    assert receipt["transactionHash"] == wanted
    assert heard(socket) == {"subscription": everybody, "result": [receipt]}
    assert heard(socket) == {"subscription": one, "result": [receipt]}
    other = developer.send(to="0x" + "22" * 20)
    assert heard(socket) == {"subscription": everybody, "result": [other]}
    assert ask(socket, "eth_unsubscribe", one)["result"] is True
    for wrong in ({"transactionHashes": ["0x1"]}, {"transactionHashes": wanted}, [wanted]):
        assert ask(socket, "eth_subscribe", "transactionReceipts", wrong)["error"]["code"] == -32602


def test_what_cannot_be_subscribed_to_is_no_method(socket: ClientConnection) -> None:
    for topic in ("nothing", "newheads", ""):
        error = ask(socket, "eth_subscribe", topic)["error"]
        assert error["code"] == -32601
        assert error["message"].startswith(f'no "{topic}" subscription in eth namespace')
