"""A follower on a real socket: it follows, attests, finds every altered block by the right name, and keeps evidence."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger_node.chain import wire
from ledger_node.chain.pyevm.rules import everyone, seal
from ledger_node.clock import HandSetClock
from ledger_node.deposit_token.backing import TokenBacking
from ledger_node.follower.follower import Follower
from ledger_node.follower.source import Source
from tests.chain.conftest import Person
from tests.follower.network import ATTESTORS, NEXT_SEALER, SEALER, START, a_genesis, open_at, pay, vote_in
from tests.follower.nodes import FollowerNode, Network, wait
from tests.rpc.server import Client, RpcServer
from tests.serving import opened


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with ExitStack() as stack:
        yield Network(tmp_path, stack, a_genesis(*ATTESTORS))


# FOLLOWING


def test_a_follower_takes_what_is_there_and_what_comes(network: Network) -> None:
    network.pay(5)
    node = network.follower()
    node.reaches(5)
    network.pay(3)
    node.reaches(8)
    assert node.chain.head() == network.a.head()
    wait(lambda: node.follower.status.ready)


def test_a_follower_goes_on_where_it_was_stopped(network: Network) -> None:
    network.pay(3)
    first = network.follower()
    first.reaches(3)
    first.close()
    network.pay(2)
    second = network.follower()
    assert second.chain.head().number == 3
    second.reaches(5)


def test_a_follower_waits_for_a_source_that_is_away(network: Network, tmp_path: Path) -> None:
    node = FollowerNode(tmp_path / "lonely", network.genesis, "http://127.0.0.1:9/")
    wait(lambda: node.follower.status.phase == "source_away")
    assert not node.follower.status.ready
    node.close()


def test_attestations_reach_the_sealer_and_make_blocks_final_on_every_node(network: Network) -> None:
    network.pay(3)
    one = network.follower("one", attestor=ATTESTORS[0])
    one.reaches(3)
    wait(lambda: len(network.a.attestations(3)) == 1)
    assert network.a.header("finalized").number == 0
    two = network.follower("two", attestor=ATTESTORS[1])
    two.reaches(3)
    wait(lambda: network.a.header("finalized").number == 3)
    network.pay()
    for node in (one, two):
        node.reaches(4)
        wait(lambda node=node: node.chain.header("finalized").number == 4)  # type: ignore[misc]
    rpc = Client(network.server.url)
    assert rpc("eth_getBlockByNumber", "finalized", False)["number"] == "0x4"
    said = rpc("ledger_getBlockAttestations", "0x4")
    assert [one["attestor"] for one in said] == sorted(f"0x{key.address.hex()}" for key in ATTESTORS[:2])


# ALTERED BLOCKS


def forged(network: Network, number: int) -> bytes:
    """A block in which a stranger, who may do nothing, transacts; everything else is as it must be."""
    rogue = open_at(network.directory / "rogue", network.genesis, sealer=SEALER)
    for raw in network.a.export_blocks(1, number - 1):
        rogue.import_block(raw)
    object.__setattr__(rogue, "rules", replace(rogue.rules, permissions_at=everyone))
    rogue.pool._rules = rogue.rules  # the sealer's own permissions are off
    rogue.pool.move_to(replace(rogue._view(rogue.head()), permissions=everyone(None)), set())  # type: ignore[arg-type]
    rogue.send_raw_transaction(Person("stranger").sign(to=b"\x11" * 20))
    assert rogue.make_block() is not None
    raw = rogue.raw_block(number)
    rogue.close()
    return raw


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"state_root": b"\x01" * 32}, "state_root"),
        ({"receipts_root": b"\x01" * 32}, "receipts_root"),
        ({"gas_used": 21_001}, "gas_used"),
        ({"timestamp": START - 1}, "timestamp"),
        ({"timestamp": START + 3600}, "timestamp"),
        ({"transactions": ()}, "transactions_root"),
        ({"coinbase": b"\x09" * 20}, "coinbase"),
    ],
)
def test_an_altered_block_is_found_by_the_name_of_its_field(
    network: Network, fields: dict[str, Any], named: str
) -> None:
    network.pay(4)
    network.served.alter(3, **fields)
    node = network.follower(attestor=ATTESTORS[0])
    difference = node.differs()
    assert (difference.number, difference.field) == (3, named)
    assert node.chain.head().number == 2, "it has what is right, and nothing more"
    assert not node.follower.status.ready
    assert network.a.attestations(3) == ()
    (kept,) = node.evidence()
    assert (kept["number"], kept["field"], kept["source"]) == (3, named, network.server.url)
    (place,) = (node.directory / "evidence").iterdir()
    assert (place / "block.rlp").read_bytes() == network.served.altered[3]
    if named in ("state_root", "receipts_root", "gas_used", "transactions_root"):
        true = getattr(network.a.header(3), named)
        if named != "transactions_root":
            assert kept["own_header"][named] == (true if isinstance(true, int) else f"0x{true.hex()}")


def test_an_altered_transaction_is_found(network: Network) -> None:
    network.pay(3)
    stolen = network.alice.sign(nonce=1, value=1_000_000, to=Person("mallory").address)
    network.served.alter(2, transactions=(stolen,))
    assert network.follower().differs().field in ("transactions_root", "state_root")


def test_another_key_is_no_sealer(network: Network) -> None:
    network.pay(2)
    block = wire.decode_block(network.a.raw_block(2))
    network.served.altered[2] = wire.encode_block(replace(block, header=seal(block.header, NEXT_SEALER)))
    assert network.follower().differs().field == "seal"


def test_a_forbidden_transaction_makes_a_block_invalid(network: Network) -> None:
    network.pay(2)
    network.served.altered[2] = forged(network, 2)
    difference = network.follower().differs()
    assert difference.field == "transactions"
    assert "is not an account of this network" in difference.detail


def test_what_is_no_block_is_kept_too(network: Network) -> None:
    network.pay(2)
    network.served.altered[2] = b"\xc3\x01\x02\x03"
    node = network.follower()
    assert node.differs().field == "encoding"


def test_once_the_source_is_mended_a_restarted_follower_goes_on(network: Network) -> None:
    network.pay(3)
    network.served.alter(3, state_root=b"\x01" * 32)
    node = network.follower()
    node.differs()
    node.close()
    network.served.altered.clear()
    again = network.follower()
    again.reaches(3)
    assert len(again.evidence()) == 1, "the evidence stays"


def test_two_sealed_blocks_at_one_height_are_reported_and_both_kept(network: Network) -> None:
    network.pay(2)
    node = network.follower()
    node.reaches(2)
    twin = open_at(network.directory / "twin", network.genesis, sealer=SEALER)
    twin.import_block(network.a.raw_block(1))
    network.alice.nonce = 1
    pay(twin, network.alice, 77)
    pay(twin, network.alice, 78)
    network.served.chain = twin
    network.stack.callback(twin.close)
    difference = node.differs()
    assert (difference.number, difference.field) == (2, "equivocation")
    (place,) = (node.directory / "evidence").iterdir()
    assert (place / "block.rlp").read_bytes() == twin.raw_block(2)
    assert (place / "own_block.rlp").read_bytes() == node.chain.raw_block(2)
    assert node.chain.seconds() == (twin.raw_header(2),)
    assert twin.seconds() == (node.chain.raw_header(2),), "and the sealer is told"
    assert twin.withheld is not None


def test_a_restored_sealer_is_shown_its_lost_blocks(network: Network) -> None:
    network.pay(3)
    node = network.follower()
    node.reaches(3)
    restored = open_at(network.directory / "restored", network.genesis, sealer=SEALER)
    restored.import_block(network.a.raw_block(1))
    network.stack.callback(restored.close)
    network.served.chain = restored
    wait(lambda: node.follower.status.phase == "source_behind")
    assert restored.withheld is not None
    assert not restored.may_seal
    assert node.difference is None


# THE SEAL CHANGES HANDS


def test_two_nodes_follow_each_other_through_a_change_of_sealer(network: Network) -> None:
    """A seals and B follows; after the vote B seals and A follows, and what waits at A reaches B."""
    b = network.follower("b", sealer=NEXT_SEALER)
    network.pay(2)
    vote_in(network.a, Person("admin"), NEXT_SEALER)
    b.reaches(3)
    wait(lambda: b.follower.status.phase == "sealing")

    b_server = network.stack.enter_context(RpcServer(b.chain))
    a_follower = Follower(
        network.a, Source(b_server.url), evidence=network.directory / "a-evidence", backing=TokenBacking(network.a),
        clock=HandSetClock(START * 1000),
    )  # fmt: skip
    a_follower.start()
    network.stack.callback(a_follower.stop)
    network.a.send_raw_transaction(network.alice.sign(value=9))
    wait(lambda: len(b.chain.pending_transactions()) == 1)
    made = b.chain.make_block()
    assert made is not None
    assert made.coinbase == NEXT_SEALER.address
    wait(lambda: network.a.head() == made)
    assert network.a.pending_transactions() == ()
    assert not network.a.may_seal


def test_what_the_source_says_is_never_more_than_a_claim(network: Network, tmp_path: Path) -> None:
    """Answers of the wrong shape are a source that cannot be followed, and no reason to fall over."""

    async def nonsense(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b'{"jsonrpc":"2.0","id":1,"result":{"hash":7,"head":null}}'
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    with opened(nonsense) as server:  # a door, and nobody who knows the answers behind it
        node = FollowerNode(tmp_path / "astray", network.genesis, server.url)
        wait(lambda: node.follower.status.phase == "source_away")
        assert "answered ledger_getGenesis with what is none" in (node.follower.status.reason or "")
        node.close()
