"""Listeners hear of every confirmed head once and in order; a chain that is not the one it was is never believed."""

import itertools
import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger_node.chain.blocks import Header
from ledger_node.chain.errors import ChainReplaced, ChainUnavailable
from ledger_node.chain.remote.backend import RemoteChain
from ledger_node.chain.remote.connection import Connection
from ledger_node.chain.remote.heads import Heads
from ledger_node.clock import HandSetClock
from tests.networks.anvil import Anvil, free_port
from tests.networks.proxy import Proxy
from tests.networks.sender import Sender

IN_TIME_S = 20


class Heard:
    """What a listener heard; `next(n)` waits for the next n heads."""

    def __init__(self, chain: RemoteChain) -> None:
        self._queue: queue.Queue[Header] = queue.Queue()
        self.unsubscribe = chain.on_new_head(self._queue.put)

    def next(self, count: int) -> list[Header]:
        return [self._queue.get(timeout=IN_TIME_S) for _ in range(count)]

    @property
    def more(self) -> bool:
        return not self._queue.empty()


def numbers(headers: list[Header]) -> list[int]:
    return [header.number for header in headers]


def test_every_head_is_heard_once_and_in_order(chain: RemoteChain, anvil: Anvil) -> None:
    anvil.mine(3)
    heard = Heard(chain)
    anvil.mine(150)
    anvil.mine()
    headers = heard.next(151)
    assert numbers(headers) == list(range(4, 155))
    assert all(child.parent_hash == parent.hash for parent, child in itertools.pairwise(headers))
    assert not heard.more


def test_who_unsubscribed_hears_no_more(chain: RemoteChain, anvil: Anvil) -> None:
    first, second = Heard(chain), Heard(chain)
    first.unsubscribe()
    first.unsubscribe()
    anvil.mine()
    assert numbers(second.next(1)) == [1]
    assert not first.more


def test_only_heads_with_their_confirmations_are_heard(anvil: Anvil, connect: Callable[..., RemoteChain]) -> None:
    heard = Heard(connect(anvil.url, confirmations=2))
    anvil.mine(5)
    assert numbers(heard.next(3)) == [1, 2, 3]
    assert not heard.more


def test_after_sending_the_block_is_heard_long_before_the_interval_ends(
    anvil: Anvil, connect: Callable[..., RemoteChain], sender: Sender
) -> None:
    chain = connect(anvil.url, poll_interval_s=3600.0)
    heard = Heard(chain)
    for number in (1, 2, 3):
        chain.send_raw_transaction(sender.sign())
        assert numbers(heard.next(1)) == [number]


def test_a_client_away_at_the_start_is_heard_of_with_its_first_head(connect: Callable[..., RemoteChain]) -> None:
    anvil = Anvil(port=free_port())
    heard = Heard(connect(anvil.url))
    with anvil:
        assert numbers(heard.next(1)) == [0]
        anvil.mine(2)
        assert numbers(heard.next(2)) == [1, 2]


def test_what_was_sealed_while_the_connection_was_down_is_heard_when_it_is_back(
    anvil: Anvil, connect: Callable[..., RemoteChain]
) -> None:
    with Proxy(anvil.url) as proxy:
        heard = Heard(connect(proxy.url))
        proxy.plan("*", *["lose request"] * 10, *["503"] * 10, *["lose answer"] * 10, *["no json"] * 10)
        anvil.mine(7)
        assert numbers(heard.next(7)) == [1, 2, 3, 4, 5, 6, 7]


def test_a_frozen_client_is_unavailable_in_time_and_goes_on_when_it_thaws(
    anvil: Anvil, connect: Callable[..., RemoteChain]
) -> None:
    chain = connect(anvil.url, timeout_s=0.2)
    heard = Heard(chain)
    anvil.freeze()
    with pytest.raises(ChainUnavailable):
        chain.head()
    anvil.thaw()
    anvil.mine(2)
    assert numbers(heard.next(2)) == [1, 2]
    assert chain.head().number == 2


def test_a_client_restarted_with_its_blocks_is_the_same_chain(
    connect: Callable[..., RemoteChain], tmp_path: Path
) -> None:
    with Anvil(state=tmp_path / "state.json") as anvil:
        chain = connect(anvil.url)
        heard = Heard(chain)
        anvil.mine(3)
        assert numbers(heard.next(3)) == [1, 2, 3]
        anvil.stop()
        with pytest.raises(ChainUnavailable):
            chain.head()
        anvil.start()
        anvil.mine()
        assert numbers(heard.next(1)) == [4]
        assert chain.head().number == 4


def assert_replaced(chain: RemoteChain, because: str) -> None:
    """Nothing is answered any more, by no method, and the reason stays."""
    for question in (chain.head, chain.suggest_fees, lambda: chain.balance(b"\x11" * 20)):
        with pytest.raises(ChainReplaced) as fault:
            question()
        assert because in fault.value.detail


@pytest.fixture
def seen(anvil: Anvil, connect: Callable[..., RemoteChain]) -> RemoteChain:
    """A chain that was seen at block 3."""
    chain = connect(anvil.url, behind_max_s=3600.0)
    anvil.mine(3)
    assert chain.head().number == 3
    return chain


def test_a_client_that_comes_back_without_its_blocks_is_another_chain(seen: RemoteChain, anvil: Anvil) -> None:
    anvil.kill()
    with pytest.raises(ChainUnavailable):
        seen.head()
    anvil.start("--timestamp", "1700000000")
    assert_replaced(seen, "genesis")


def test_a_client_that_comes_back_with_another_chain_id_is_another_chain(seen: RemoteChain, anvil: Anvil) -> None:
    anvil.kill()
    with pytest.raises(ChainUnavailable):
        seen.head()
    anvil.start("--chain-id", "7")
    assert_replaced(seen, "chain id was 31337 and is 7")


def test_another_chain_id_than_the_configured_one_is_never_believed(
    anvil: Anvil, connect: Callable[..., RemoteChain]
) -> None:
    assert connect(anvil.url, chain_id=31337).head().number == 0
    chain = connect(anvil.url, chain_id=7)
    with pytest.raises(ChainReplaced):
        chain.head()


def test_a_block_that_was_final_and_changed_is_another_chain(seen: RemoteChain, anvil: Anvil) -> None:
    anvil.ask("anvil_reorg", 2, [])
    with pytest.raises(ChainReplaced, match=r"block 3 was 0x\w+ and is 0x"):
        seen.head()
    assert_replaced(seen, "block 3 was")


def test_a_block_that_changed_below_a_head_that_moved_on_is_another_chain(seen: RemoteChain, anvil: Anvil) -> None:
    anvil.ask("anvil_reorg", 2, [])
    anvil.mine(5)
    assert_replaced(seen, "block 3 was")


def test_listeners_are_not_told_of_another_chain(anvil: Anvil, connect: Callable[..., RemoteChain]) -> None:
    chain = connect(anvil.url)
    heard = Heard(chain)
    anvil.mine(3)
    assert numbers(heard.next(3)) == [1, 2, 3]
    anvil.ask("anvil_reorg", 2, [])
    anvil.mine(1)
    assert_replaced(chain, "is not the one it was")
    assert not heard.more


def test_a_client_that_fell_behind_is_unavailable_until_it_caught_up(seen: RemoteChain, anvil: Anvil) -> None:
    anvil.ask("anvil_rollback", 1)
    with pytest.raises(ChainUnavailable, match="showed block 3 before and is at block 2"):
        seen.head()


def test_a_client_that_fell_behind_and_went_another_way_is_another_chain(seen: RemoteChain, anvil: Anvil) -> None:
    anvil.ask("anvil_rollback", 1)
    with pytest.raises(ChainUnavailable):
        seen.head()
    anvil.ask("evm_setNextBlockTimestamp", hex(2**33))
    anvil.mine()
    assert_replaced(seen, "block 3 was")


@pytest.fixture
def connection(anvil: Anvil) -> Iterator[Connection]:
    connection = Connection(anvil.url, timeout_s=5.0)
    yield connection
    connection.close()


def test_a_client_that_stays_behind_lost_its_blocks(anvil: Anvil, connection: Connection) -> None:
    clock = HandSetClock(0)
    heads = Heads(
        connection,
        confirmations=0,
        chain_id=None,
        poll_interval_s=1.0,
        behind_max_s=60.0,
        monotonic_s=lambda: clock.now_ms() / 1000,
    )
    anvil.mine(3)
    heads.current()
    anvil.ask("anvil_rollback", 1)
    with pytest.raises(ChainUnavailable):
        heads.current()
    clock.advance(59_999)
    with pytest.raises(ChainUnavailable):
        heads.current()
    clock.advance(1)
    with pytest.raises(ChainReplaced, match="for 60 seconds"):
        heads.current()
