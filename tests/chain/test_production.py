"""When blocks are made: at once when there is work, at an interval if asked, not at all if turned off."""

import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

import pytest

from ledger_node.chain.blocks import Header
from ledger_node.chain.errors import ChainUnavailable
from ledger_node.chain.genesis import Genesis
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain
from ledger_node.chain.wire import decode_transaction
from ledger_node.errors import ConfigurationError
from tests.chain.conftest import IMPOSTOR, Open, Person, made
from tests.chain.programs import SELF_DESCRIBING, deploying

PRODUCING = ChainSettings(produce=True)
SOON = 10.0


def heads_of(chain: PyEvmChain) -> "SimpleQueue[Header]":
    heads: SimpleQueue[Header] = SimpleQueue()
    chain.on_new_head(heads.put)
    return heads


def test_a_block_is_made_as_soon_as_there_is_work(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person
) -> None:
    chain = open_at(tmp_path, genesis, settings=PRODUCING)
    heads = heads_of(chain)
    for number in range(1, 6):
        transaction_hash = chain.send_raw_transaction(alice.sign())
        assert heads.get(timeout=SOON).number == number
        receipt = chain.receipt(transaction_hash)
        assert receipt is not None
        assert receipt.block_number == number


def test_an_idle_chain_makes_empty_blocks_only_if_asked(tmp_path: Path, genesis: Genesis, open_at: Open) -> None:
    eager = open_at(tmp_path / "eager", genesis, settings=ChainSettings(interval_s=0.05))
    heads = heads_of(eager)
    first, second = heads.get(timeout=SOON), heads.get(timeout=SOON)
    assert second.number == first.number + 1
    assert eager.block(first.number).transactions == ()
    idle = open_at(tmp_path / "idle", genesis, settings=PRODUCING)
    assert idle.head().number == 0


def test_blocks_follow_a_transaction_that_somebody_waits_for_and_then_the_chain_rests(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person
) -> None:
    chain = open_at(tmp_path, genesis, settings=ChainSettings(confirming_blocks=3))
    heads = heads_of(chain)
    chain.send_raw_transaction(alice.sign())
    assert heads.get(timeout=SOON).number == 1
    sent = chain.send_raw_transaction(alice.sign())
    chain.build_on(sent)  # before or after its block is made
    assert [heads.get(timeout=SOON).number for _ in range(4)] == [2, 3, 4, 5]
    assert [len(chain.block(number).transactions) for number in range(1, 6)] == [1, 1, 0, 0, 0]
    assert not chain.awaits_blocks
    chain.send_raw_transaction(alice.sign())
    assert heads.get(timeout=SOON).number == 6  # none was made in between, and none follows what nobody waits for
    assert not chain.awaits_blocks


def test_work_comes_before_the_blocks_that_somebody_waits_for(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person, bob: Person
) -> None:
    chain = open_at(tmp_path, genesis, settings=ChainSettings(confirming_blocks=2))
    heads = heads_of(chain)
    chain.build_on(chain.send_raw_transaction(alice.sign()))
    assert heads.get(timeout=SOON).number == 1
    sent = chain.send_raw_transaction(bob.sign())
    while (receipt := chain.receipt(sent)) is None:
        heads.get(timeout=SOON)
    while chain.awaits_blocks:
        heads.get(timeout=SOON)
    assert chain.head().number == max(3, receipt.block_number)


def test_nothing_is_built_on_a_transaction_that_is_not_here_or_was_let_go_of(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person
) -> None:
    chain = open_at(tmp_path, genesis, settings=ChainSettings(confirming_blocks=2))
    chain.build_on(b"\x99" * 32)
    gap = alice.sign(nonce=5)
    chain.build_on(chain.send_raw_transaction(gap))  # it waits for an earlier nonce
    assert not chain.awaits_blocks
    assert chain.head().number == 0


def test_with_production_off_transactions_stay_pending(chain: PyEvmChain, alice: Person) -> None:
    transaction_hash = chain.send_raw_transaction(alice.sign())
    pending = chain.transaction(transaction_hash)
    assert pending is not None
    assert pending.block_number is None
    assert chain.pending_transactions() == (pending,)
    assert chain.nonce(alice.address, "pending") == 1
    assert chain.nonce(alice.address) == 0
    assert chain.head().number == 0


def test_closing_finishes_the_block_in_hand(tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold(when: Literal["before", "after"]) -> None:
        if when == "before" and armed:
            reached.set()
            assert go_on.wait(SOON)

    armed: list[bool] = []
    chain = open_at(tmp_path, genesis, settings=PRODUCING, on_durable_write=hold)
    armed.append(True)
    transaction_hash = chain.send_raw_transaction(alice.sign())
    assert reached.wait(SOON)
    closing = threading.Thread(target=chain.close)
    closing.start()
    go_on.set()
    closing.join(SOON)
    assert not closing.is_alive()
    with pytest.raises(ChainUnavailable):
        chain.send_raw_transaction(alice.sign())
    again = open_at(tmp_path)
    assert again.receipt(transaction_hash) is not None


def test_reads_do_not_wait_for_the_block_being_made(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person, bob: Person
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold(when: Literal["before", "after"]) -> None:
        if when == "before" and armed:
            reached.set()
            assert go_on.wait(SOON)

    armed: list[bool] = []
    chain = open_at(tmp_path, genesis, on_durable_write=hold)
    chain.send_raw_transaction(alice.sign(to=bob.address, value=1))
    made(chain)
    armed.append(True)
    transaction_hash = chain.send_raw_transaction(alice.sign(to=bob.address, value=1))
    making = threading.Thread(target=chain.make_block)
    making.start()
    assert reached.wait(SOON), "the block is executed, and its commit is held back"
    assert chain.head().number == 1
    assert chain.balance(bob.address) == 10**21 + 1
    assert chain.receipt(transaction_hash) is None
    assert chain.transaction(transaction_hash) is not None
    assert len(chain.block("latest").transactions) == 1
    bob_hash = chain.send_raw_transaction(bob.sign())
    armed.clear()
    go_on.set()
    making.join(SOON)
    assert chain.head().number == 2
    assert chain.pool.get(bob_hash) is not None, "what came meanwhile waits for the next block"


def test_a_transaction_that_stopped_being_payable_is_dropped(chain: PyEvmChain, alice: Person, bob: Person) -> None:
    chain.send_raw_transaction(alice.sign(to=None, data=deploying(SELF_DESCRIBING)))
    spend = alice.sign(to=bob.address, value=9 * 10**20)
    chain.send_raw_transaction(spend)
    # A second one that only the first makes unpayable cannot come through the door, so it is put in behind it.

    late = decode_transaction(alice.sign(to=bob.address, value=9 * 10**20))
    chain.pool._arrived[late.hash] = late
    chain.pool._by_sender[alice.address][late.nonce] = late
    chain.pool._costs[alice.address] += late.value
    made(chain)
    assert len(chain.block(1).transactions) == 2
    assert len(chain.pool) == 0
    assert chain.nonce(alice.address, "pending") == 2


def test_a_key_that_is_not_the_sealers_makes_no_blocks(tmp_path: Path, genesis: Genesis, open_at: Open) -> None:

    chain = open_at(tmp_path, genesis, sealer=IMPOSTOR)
    with pytest.raises(ConfigurationError, match="authorises"):
        chain.make_block(allow_empty=True)


def test_a_fault_in_production_is_told_and_closes_the_door(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person
) -> None:
    armed: list[bool] = []

    def fail(when: Literal["before", "after"]) -> None:
        if armed and when == "before":
            raise OSError("disk full")

    faults: SimpleQueue[BaseException] = SimpleQueue()
    chain = open_at(tmp_path, genesis, settings=PRODUCING, on_durable_write=fail, on_fault=faults.put)
    armed.append(True)
    chain.send_raw_transaction(alice.sign())
    assert str(faults.get(timeout=SOON)) == "disk full"
    with pytest.raises(ChainUnavailable, match="disk full"):
        chain.send_raw_transaction(alice.sign())
    assert chain.head().number == 0


def test_a_block_ends_when_its_time_is_up(tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person) -> None:
    chain = open_at(tmp_path, genesis, settings=ChainSettings(produce=False, block_budget_ms=0))
    for _ in range(3):
        chain.send_raw_transaction(alice.sign())
    made(chain)
    assert len(chain.block(1).transactions) == 1
    assert len(chain.pool) == 2


def test_a_transaction_is_found_at_every_moment_from_the_pool_into_its_block(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person
) -> None:
    chain = open_at(tmp_path, genesis, settings=PRODUCING)
    sent: list[bytes] = []
    lost: list[bytes] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            lost.extend(sent_hash for sent_hash in sent[-5:] if chain.transaction(sent_hash) is None)

    watcher = threading.Thread(target=watch)
    watcher.start()
    heads = heads_of(chain)
    for _ in range(60):
        raw = alice.sign()
        sent.append(chain.send_raw_transaction(raw))
        assert chain.send_raw_transaction(raw) == sent[-1]
    while chain.nonce(alice.address) < 60:
        heads.get(timeout=SOON)
    done.set()
    watcher.join(SOON)
    assert lost == []
