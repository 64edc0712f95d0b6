"""Over a WebSocket heads are announced, not looked for; a line that breaks loses nothing."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from websockets.sync.server import ServerConnection, serve

from ledger_node.chain.errors import ChainUnavailable
from ledger_node.chain.remote.backend import RemoteChain
from ledger_node.chain.remote.connection import Connection
from tests.chain_remote.test_heads import Heard, assert_replaced, numbers
from tests.networks.anvil import Anvil, free_port
from tests.networks.relay import Relay
from tests.networks.sender import Sender

NEVER_S = 3600.0
"""A poll interval that no test outlives: what is heard was announced."""

Connect = Callable[..., RemoteChain]


def ws(url: str | int) -> str:
    return f"ws://127.0.0.1:{url}" if isinstance(url, int) else url.replace("http", "ws", 1)


def test_heads_are_heard_without_being_looked_for(anvil: Anvil, connect: Connect) -> None:
    heard = Heard(connect(ws(anvil.url), poll_interval_s=NEVER_S))
    for number in range(1, 6):
        anvil.mine()
        assert numbers(heard.next(1)) == [number]
    anvil.mine(150)
    assert numbers(heard.next(150)) == list(range(6, 156))


def test_over_http_the_same_head_is_not_heard_without_looking(anvil: Anvil, connect: Connect) -> None:
    over_http = Heard(connect(anvil.url, poll_interval_s=NEVER_S))
    over_websocket = Heard(connect(ws(anvil.url), poll_interval_s=NEVER_S))
    anvil.mine()
    assert numbers(over_websocket.next(1)) == [1]
    assert not over_http.more


def test_only_heads_with_their_confirmations_are_heard(anvil: Anvil, connect: Connect) -> None:
    heard = Heard(connect(ws(anvil.url), poll_interval_s=NEVER_S, confirmations=2))
    for _ in range(5):
        anvil.mine()
    assert numbers(heard.next(3)) == [1, 2, 3]


def test_a_transaction_is_heard_of_as_soon_as_it_is_mined(anvil: Anvil, connect: Connect, sender: Sender) -> None:
    chain = connect(ws(anvil.url), poll_interval_s=NEVER_S)
    heard = Heard(chain)
    transaction_hash = chain.send_raw_transaction(sender.sign())
    assert numbers(heard.next(1)) == [1]
    assert chain.receipt(transaction_hash) is not None


def test_what_was_sealed_while_the_line_was_cut_is_heard_when_it_is_back(anvil: Anvil, connect: Connect) -> None:
    with Relay(anvil.url) as relay:
        heard = Heard(connect(ws(relay.port)))
        anvil.mine()
        assert numbers(heard.next(1)) == [1]
        relay.cut()
        anvil.mine(3)
        relay.mend()
        assert numbers(heard.next(3)) == [2, 3, 4]
        anvil.mine()
        assert numbers(heard.next(1)) == [5]
        assert relay.opened == 2


def test_a_question_on_a_line_that_was_cut_is_asked_again_on_the_next(anvil: Anvil, connect: Connect) -> None:
    with Relay(anvil.url) as relay:
        chain = connect(ws(relay.port))
        assert chain.head().number == 0
        relay.cut()
        with pytest.raises(ChainUnavailable, match="cannot be reached"):
            chain.head()
        relay.mend()
        assert chain.head().number == 0


def test_a_client_away_at_the_start_is_heard_of_with_its_first_head(connect: Connect) -> None:
    anvil = Anvil(port=free_port())
    heard = Heard(connect(ws(anvil.url)))
    with anvil:
        assert numbers(heard.next(1)) == [0]
        anvil.mine(2)
        assert numbers(heard.next(2)) == [1, 2]


def test_a_frozen_client_is_unavailable_in_time_and_goes_on_when_it_thaws(anvil: Anvil, connect: Connect) -> None:
    chain = connect(ws(anvil.url), timeout_s=0.5)
    heard = Heard(chain)
    anvil.freeze()
    with pytest.raises(ChainUnavailable, match="did not answer in time"):
        chain.head()
    anvil.thaw()
    anvil.mine(2)
    assert numbers(heard.next(2)) == [1, 2]


def test_a_client_that_comes_back_without_its_blocks_is_another_chain(anvil: Anvil, connect: Connect) -> None:
    chain = connect(ws(anvil.url), behind_max_s=NEVER_S)
    anvil.mine(3)
    assert chain.head().number == 3
    anvil.kill()
    with pytest.raises(ChainUnavailable):
        chain.head()
    anvil.start("--timestamp", "1700000000")
    assert_replaced(chain, "genesis")


def test_many_threads_ask_on_one_line_and_each_gets_its_own_answer(anvil: Anvil) -> None:
    with Relay(anvil.url) as relay:
        connection = Connection(ws(relay.port), timeout_s=20.0)
        anvil.mine(40)

        def number(height: int) -> int:
            return int(connection.ask("eth_getBlockByNumber", hex(height), False)["number"], 16)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(number, range(40))) == list(range(40))
        blocks = connection.ask_many([("eth_getBlockByNumber", [hex(height), False]) for height in range(40)])
        assert [int(block["number"], 16) for block in blocks] == list(range(40))
        assert relay.opened == 1
        connection.close()


@pytest.fixture
def mute() -> Iterator[tuple[str, list[str]]]:
    """A client that knows block 0 and no subscriptions; what it was asked, in order."""
    asked: list[str] = []

    def answer(connection: ServerConnection) -> None:
        for message in connection:
            request = orjson.loads(message)
            asked.append(request["method"])
            known = {"eth_chainId": "0x1"}
            said = (
                {"result": known[request["method"]]}
                if request["method"] in known
                else {"error": {"code": -32601, "message": "no such method"}}
            )
            connection.send(orjson.dumps({"jsonrpc": "2.0", "id": request["id"]} | said).decode())

    with serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}", asked
        server.shutdown()
        thread.join()


def test_a_client_that_announces_nothing_is_asked_all_the_same(mute: tuple[str, list[str]]) -> None:
    url, asked = mute
    connection = Connection(url, timeout_s=5.0)
    assert connection.ask("eth_chainId") == "0x1"
    assert not connection.announces
    assert asked == ["eth_subscribe", "eth_chainId"]
    connection.close()


def test_an_address_where_nobody_speaks_websocket_is_unavailable_with_the_reason(mute: tuple[str, list[str]]) -> None:
    for url in (f"ws://127.0.0.1:{free_port()}", "ws://u:hunter2@127.0.0.1:1"):
        connection = Connection(url, timeout_s=5.0)
        with pytest.raises(ChainUnavailable, match="cannot be reached: connection refused") as refused:
            connection.ask("eth_chainId")
        assert "hunter2" not in refused.value.detail
