"""Blocks from elsewhere: what is checked, field by field, and that a block that is refused leaves no trace."""

from dataclasses import replace

import pytest

from ledger_node.chain import wire
from ledger_node.chain.blocks import Header
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import InvalidBlock
from ledger_node.chain.pyevm.engine import PyEvmChain
from ledger_node.chain.pyevm.rules import seal
from ledger_node.clock import HandSetClock
from tests.chain.conftest import IMPOSTOR, SEALER, START, Person, made
from tests.chain.programs import SELF_DESCRIBING, deploying


@pytest.fixture
def raw(chain: PyEvmChain, alice: Person, bob: Person) -> bytes:
    """Block 1: a deployment and two transfers."""
    chain.send_raw_transaction(alice.sign(to=None, data=deploying(SELF_DESCRIBING)))
    chain.send_raw_transaction(bob.sign(to=alice.address, value=3))
    chain.send_raw_transaction(alice.sign(to=bob.address, value=4))
    made(chain)
    return chain.raw_block(1)


def changed(raw: bytes, **fields: object) -> bytes:
    """The block with other header fields, sealed again by the sealer."""
    block = wire.decode_block(raw)
    return wire.encode_block(replace(block, header=seal(replace(block.header, **fields), SEALER)))


def refused(follower: PyEvmChain, raw: bytes) -> str:
    before = follower.head()
    with pytest.raises(InvalidBlock) as refusal:
        follower.import_block(raw)
    assert follower.head() == before
    assert follower.store.head() == before
    return refusal.value.field


def test_a_block_made_here_is_valid_elsewhere(chain: PyEvmChain, follower: PyEvmChain, raw: bytes) -> None:
    assert follower.import_block(raw) == chain.head() == follower.head()
    assert follower.block(1) == chain.block(1)
    assert follower.receipts(1) == chain.receipts(1)
    assert follower.import_block(raw) == chain.head(), "a block that is here already is answered, not refused"


def test_a_whole_chain_is_followed(chain: PyEvmChain, follower: PyEvmChain, raw: bytes, alice: Person) -> None:
    for number in range(2, 8):
        for _ in range(number):
            chain.send_raw_transaction(alice.sign(value=number))
        made(chain)
    for block in chain.export_blocks(1, 7):
        follower.import_block(block)
    assert follower.head() == chain.head()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parent_hash", keccak(b"other")),
        ("number", 2),
        ("timestamp", START - 1),
        ("timestamp", START + 16),
        ("gas_limit", 5),
        ("gas_used", 1),
        ("difficulty", 1),
        ("nonce", bytes(7) + b"\x01"),
        ("ommers_hash", keccak(b"other")),
        ("base_fee_per_gas", 1),
        ("withdrawals_root", keccak(b"other")),
        ("blob_gas_used", 1),
        ("excess_blob_gas", 1),
        ("parent_beacon_block_root", keccak(b"other")),
        ("requests_hash", keccak(b"other")),
        ("coinbase", b"\x09" * 20),
        ("state_root", keccak(b"other")),
        ("transactions_root", keccak(b"other")),
        ("receipts_root", keccak(b"other")),
        ("logs_bloom", b"\x01" * 256),
    ],
)
def test_an_altered_header_is_refused_by_the_name_of_the_field(
    follower: PyEvmChain, raw: bytes, field: str, value: object
) -> None:
    assert refused(follower, changed(raw, **{field: value})) == field


def test_a_timestamp_at_the_edges_is_taken(follower: PyEvmChain, chain: PyEvmChain, clock: HandSetClock) -> None:
    clock.advance(15_000)
    chain.make_block(allow_empty=True)
    clock.set(START * 1000)
    assert follower.import_block(chain.raw_block(1)).timestamp == START + 15


def test_a_seal_by_another_key_is_refused(follower: PyEvmChain, raw: bytes) -> None:
    block = wire.decode_block(raw)
    forged = wire.encode_block(replace(block, header=seal(block.header, IMPOSTOR)))
    assert refused(follower, forged) == "seal"


def test_another_sealers_own_block_is_refused(follower: PyEvmChain, raw: bytes) -> None:
    block = wire.decode_block(raw)
    own = replace(block.header, coinbase=IMPOSTOR.address)
    assert refused(follower, wire.encode_block(replace(block, header=seal(own, IMPOSTOR)))) == "coinbase"


def unsealed(header: Header) -> Header:
    return wire.hashed(replace(header, extra_data=b"", mix_hash=bytes(32)))


def high_s(header: Header) -> Header:
    """The other signature that recovers to the same key."""
    packed = int.from_bytes(header.mix_hash, "big")
    parity, s = packed >> 255, packed & (1 << 255) - 1
    return wire.hashed(
        replace(header, mix_hash=((1 - parity) << 255 | (wire.SECP256K1_N - s) & (1 << 255) - 1).to_bytes(32, "big"))
    )


def half_a_seal(header: Header) -> Header:
    return wire.hashed(replace(header, mix_hash=bytes(32)))


@pytest.mark.parametrize("tamper", [unsealed, high_s, half_a_seal])
def test_a_missing_or_malleable_seal_is_refused(follower: PyEvmChain, raw: bytes, tamper: object) -> None:
    block = wire.decode_block(raw)
    assert callable(tamper)
    assert refused(follower, wire.encode_block(replace(block, header=tamper(block.header)))) == "seal"


def test_a_header_changed_after_sealing_is_refused(follower: PyEvmChain, raw: bytes) -> None:
    block = wire.decode_block(raw)
    later = wire.hashed(replace(block.header, timestamp=block.header.timestamp + 1))
    assert refused(follower, wire.encode_block(replace(block, header=later))) == "seal"


def test_a_transaction_that_is_not_valid_makes_the_block_invalid(
    follower: PyEvmChain, raw: bytes, alice: Person, bob: Person
) -> None:
    block = wire.decode_block(raw)
    too_poor = bob.sign(to=alice.address, value=10**30)
    for transactions in (
        block.transactions[1:2] * 2,  # the same one twice
        (alice.sign(nonce=5),),
        (too_poor,),
        (alice.sign(nonce=0, chainId=1),),
        (alice.sign(nonce=0, gas=20_999),),
    ):
        assert refused(follower, wire.encode_block(replace(block, transactions=transactions))) == "transactions"


def test_left_out_or_reordered_transactions_are_noticed(follower: PyEvmChain, raw: bytes) -> None:
    block = wire.decode_block(raw)
    assert (
        refused(follower, wire.encode_block(replace(block, transactions=block.transactions[:2]))) == "transactions_root"
    )
    swapped = (block.transactions[1], block.transactions[0], block.transactions[2])
    assert refused(follower, wire.encode_block(replace(block, transactions=swapped))) == "transactions_root"


def test_ommers_and_withdrawals_are_refused(follower: PyEvmChain, raw: bytes) -> None:
    block = wire.decode_block(raw)
    assert refused(follower, wire.encode_block(replace(block, ommers=b"\xc1\xc0"))) == "body"
    assert refused(follower, wire.encode_block(replace(block, withdrawals=None))) == "body"


def test_garbage_is_no_block(follower: PyEvmChain, raw: bytes) -> None:
    for garbage in (b"", b"\xc0", raw[:-1], raw + b"\x00", b"\xf9\xff\xff", raw[:1000] + b"\x00" + raw[1001:]):
        with pytest.raises(InvalidBlock):
            follower.import_block(garbage)
    assert follower.head().number == 0
