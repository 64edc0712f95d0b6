"""The seal changes hands by a vote, two blocks at one height are noticed, and a restored sealer does not seal anew."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest

from ledger_node.chain.attestations import Network
from ledger_node.chain.errors import ChainUnavailable, InvalidBlock
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain
from ledger_node.chain.pyevm.rules import everyone, seal
from ledger_node.chain.wire import encode_header
from ledger_node.errors import ConfigurationError
from tests.chain.conftest import Person
from tests.follower.network import ATTESTORS, NEXT_SEALER, SEALER, a_genesis, open_at, pay, vote_in
from tests.follower.nodes import FollowerNode, wait


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[PyEvmChain, PyEvmChain]]:
    """A seals; B has the next sealer's key and takes A's blocks."""
    with ExitStack() as stack:
        a = open_at(tmp_path / "a", a_genesis(*ATTESTORS), sealer=SEALER)
        stack.callback(a.close)
        b = open_at(tmp_path / "b", a_genesis(*ATTESTORS), sealer=NEXT_SEALER)
        stack.callback(b.close)
        yield a, b


def test_a_vote_hands_the_seal_over_and_both_nodes_follow(nodes: tuple[PyEvmChain, PyEvmChain]) -> None:
    a, b = nodes
    alice, admin = Person("alice"), Person("admin")
    pay(a, alice)
    assert a.may_seal
    assert not b.may_seal
    vote_in(a, admin, NEXT_SEALER)
    for raw in a.export_blocks(1, 2):
        b.import_block(raw)

    assert not a.may_seal
    assert b.may_seal
    a.send_raw_transaction(alice.sign(value=5))
    with pytest.raises(ConfigurationError, match="authorises"):
        a.make_block()
    assert a.head().number == 2

    alice.nonce -= 1
    third = pay(b, alice)
    assert third.coinbase == NEXT_SEALER.address
    a.import_block(b.raw_block(3))
    assert a.head() == b.head() == third
    vote_in(b, admin, SEALER)
    a.import_block(b.raw_block(4))
    assert a.may_seal, "and back again"
    assert not b.may_seal


def test_a_producing_node_falls_silent_and_wakes_with_the_seal(tmp_path: Path) -> None:
    """Production on, nobody calls make_block: who holds the seal makes the block."""
    a = open_at(tmp_path / "a", a_genesis(), sealer=SEALER, settings=ChainSettings(produce=True))
    b = open_at(tmp_path / "b", a_genesis(), sealer=NEXT_SEALER, settings=ChainSettings(produce=True))
    alice = Person("alice")
    b.send_raw_transaction(alice.sign(value=1))
    assert b.head().number == 0, "not its turn"

    hand = open_at(tmp_path / "hand", a_genesis(), sealer=SEALER)
    vote_in(hand, Person("admin"), NEXT_SEALER)
    block = hand.raw_block(1)
    hand.close()

    made = _next_head(b, 2)
    a.import_block(block)
    b.import_block(block)
    assert made().coinbase == NEXT_SEALER.address, "what waited is sealed as soon as the seal is here"
    a.import_block(b.raw_block(2))
    assert a.fault is None
    a.close()
    b.close()


def _next_head(chain: PyEvmChain, number: int):
    heads: Queue = Queue()
    chain.on_new_head(lambda header: heads.put(header) if header.number == number else None)
    return lambda: heads.get(timeout=30)


def test_a_sealer_is_ready_though_nobody_is_there_to_follow(tmp_path: Path) -> None:
    """The one who sealed before may be gone for good; who only follows is not ready without its source."""
    away = "http://127.0.0.1:1"
    sealer = FollowerNode(tmp_path / "sealer", a_genesis(), away, sealer=SEALER)
    follower = FollowerNode(tmp_path / "follower", a_genesis(), away)
    wait(lambda: sealer.follower.status.phase == "sealing")
    wait(lambda: follower.follower.status.phase == "source_away")
    assert sealer.follower.status.ready
    assert not follower.follower.status.ready
    sealer.close()
    follower.close()


def test_the_old_sealer_cannot_go_on_past_the_vote(nodes: tuple[PyEvmChain, PyEvmChain], tmp_path: Path) -> None:
    a, b = nodes
    vote_in(a, Person("admin"), NEXT_SEALER)
    b.import_block(a.raw_block(1))
    rogue = open_at(tmp_path / "rogue", a_genesis(*ATTESTORS), sealer=SEALER)
    rogue.import_block(a.raw_block(1))
    object.__setattr__(rogue, "rules", _as_ever(rogue.rules))
    block = pay(rogue, Person("alice"))
    assert block.coinbase == SEALER.address
    with pytest.raises(InvalidBlock) as refusal:
        b.import_block(rogue.raw_block(2))
    assert refusal.value.field == "coinbase"
    rogue.close()


def _as_ever(rules):
    return replace(rules, permissions_at=everyone)


def test_two_sealed_blocks_at_one_height_are_kept_as_evidence(
    nodes: tuple[PyEvmChain, PyEvmChain], tmp_path: Path
) -> None:
    a, b = nodes
    twin = open_at(tmp_path / "twin", a_genesis(*ATTESTORS), sealer=SEALER)
    pay(a, Person("alice"), 1)
    pay(twin, Person("alice"), 2)
    b.import_block(a.raw_block(1))

    assert b.report_second(twin.raw_header(1))
    assert b.seconds() == (twin.raw_header(1),)
    assert b.report_second(twin.raw_header(1))
    assert b.seconds() == (twin.raw_header(1),), "kept once"
    assert not b.report_second(a.raw_header(1)), "its own block is no evidence"
    with pytest.raises(InvalidBlock):
        b.report_second(b"\xc0")
    b.close()
    again = open_at(tmp_path / "b", a_genesis(*ATTESTORS))
    assert again.seconds() == (twin.raw_header(1),)
    again.close()
    twin.close()


def test_a_header_with_another_seal_is_no_evidence(nodes: tuple[PyEvmChain, PyEvmChain], tmp_path: Path) -> None:
    a, b = nodes
    pay(a, Person("alice"))
    b.import_block(a.raw_block(1))
    forged = open_at(tmp_path / "forged", a_genesis(*ATTESTORS), sealer=SEALER)
    pay(forged, Person("alice"), 7)
    with pytest.raises(InvalidBlock) as refusal:
        b.report_second(encode_header(seal(forged.header(1), NEXT_SEALER)))
    assert refusal.value.field == "seal"
    assert b.seconds() == ()
    lost_parent = seal(replace(forged.header(1), parent_hash=b"\x01" * 32), SEALER)
    assert not b.report_second(encode_header(lost_parent)), "a block of another chain"
    forged.close()


def test_a_sealer_that_lost_blocks_seals_nothing_until_it_has_them_again(tmp_path: Path) -> None:
    chain = open_at(tmp_path / "now", a_genesis(), sealer=SEALER)
    alice = Person("alice")
    pay(chain, alice)
    chain.close()
    shutil.copytree(tmp_path / "now", tmp_path / "old")
    chain = open_at(tmp_path / "now", a_genesis(), sealer=SEALER)
    pay(chain, alice)
    pay(chain, alice)

    restored = open_at(tmp_path / "old", a_genesis(), sealer=SEALER)
    assert restored.may_seal
    assert restored.report_second(chain.raw_header(2)), "a follower shows it its own seal"
    assert not restored.may_seal
    assert "block 2 was sealed" in (restored.withheld or "")
    with pytest.raises(ChainUnavailable, match="seals nothing"):
        restored.make_block(allow_empty=True)
    restored.close()
    restored = open_at(tmp_path / "old", a_genesis(), sealer=SEALER)
    assert not restored.may_seal, "nor after a restart"
    for raw in chain.export_blocks(2, 3):
        restored.import_block(raw)
    assert restored.withheld is None
    assert restored.may_seal
    restored.close()
    chain.close()


def test_a_chain_older_than_its_attestations_is_not_sealed_on(tmp_path: Path) -> None:
    genesis = a_genesis(*ATTESTORS)
    chain = open_at(tmp_path / "chain", genesis, sealer=SEALER)
    alice = Person("alice")
    pay(chain, alice)
    chain.close()
    shutil.copy(tmp_path / "chain" / "chain.sqlite", tmp_path / "old.sqlite")
    chain = open_at(tmp_path / "chain", genesis, sealer=SEALER)
    header = pay(chain, alice)
    chain.attest(Network(chain.chain_id, chain.header(0).hash).attest(ATTESTORS[0], 2, header.hash))
    chain.close()
    shutil.copy(tmp_path / "old.sqlite", tmp_path / "chain" / "chain.sqlite")
    restored = open_at(tmp_path / "chain", genesis, sealer=SEALER)
    assert restored.head().number == 1
    assert "block 2" in (restored.withheld or "")
    assert not restored.may_seal
    restored.close()
