"""What a parameter may look like, and the sentence that answers one that may not."""

from typing import Any

import pytest

from ledger_node.rpc import parse
from ledger_node.rpc.callargs import arguments, block_override, state_overrides
from ledger_node.rpc.errors import INVALID_PARAMS, RpcError

ADDRESS = "0x" + "ab" * 20
HASH = "0x" + "cd" * 32


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("0x0", 0),
        ("0x1f", 31),
        ("0xFF", 255),
        ("0x" + "f" * 64, 2**256 - 1),
    ],
)
def test_a_quantity_is_hex_without_leading_zeros(given: str, meant: int) -> None:
    assert parse.quantity(given) == meant


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("1f", "without 0x prefix"),
        ("0x", "has no digits"),
        ("0x01", "leading zero digits"),
        ("0xzz", "only 0-9 and a-f"),
        ("0X1", "only 0-9"),
        ("-0x1", "without 0x prefix"),
        ("0x١", "only 0-9"),
        ("0x1" + "0" * 64, "is above"),
        (31, "expected a quantity as a hex string"),
        (True, "expected a quantity"),
        (None, "expected a quantity"),
        (["0x1"], "expected a quantity"),
    ],
)
def test_what_is_no_quantity_is_answered_with_how_to_write_one(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse.quantity(given)


def test_bytes_are_whole_and_prefixed() -> None:
    assert parse.data("0x") == b""
    assert parse.data("0x00fF") == b"\x00\xff"


@pytest.mark.parametrize("given", ["00", "0x0", "0xgg", 0, None, "", "0x 00"])
def test_what_is_no_bytes_is_refused(given: Any) -> None:
    with pytest.raises(ValueError):
        parse.data(given)


def test_an_address_has_20_bytes_and_a_hash_32() -> None:
    assert parse.address(ADDRESS) == b"\xab" * 20
    assert parse.hash32(HASH) == b"\xcd" * 32
    with pytest.raises(ValueError, match="an address has 20 bytes"):
        parse.address(HASH)
    with pytest.raises(ValueError, match="a hash has 32 bytes"):
        parse.hash32(ADDRESS)


@pytest.mark.parametrize(
    ("given", "meant"), [("0x0", 0), ("0x", 0), ("0x00", 0), ("0xabc", 0xABC), (HASH, int(HASH, 16))]
)
def test_a_storage_slot_may_be_short(given: str, meant: int) -> None:
    assert parse.slot(given) == meant


@pytest.mark.parametrize("given", ["0", "0x" + "0" * 65, "0xg", 0, None])
def test_a_storage_slot_has_at_most_32_bytes(given: Any) -> None:
    with pytest.raises(ValueError):
        parse.slot(given)


# BLOCKS


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("latest", "latest"),
        ("earliest", "earliest"),
        ("safe", "safe"),
        ("finalized", "finalized"),
        ("pending", "pending"),
        ("0x0", 0),
        ("0x10", 16),
        (HASH, b"\xcd" * 32),
        ({"blockNumber": "0x10"}, 16),
        ({"blockNumber": "latest"}, "latest"),
        ({"blockHash": HASH}, b"\xcd" * 32),
        ({"blockHash": HASH, "requireCanonical": True}, b"\xcd" * 32),
        ({"blockHash": HASH, "blockNumber": None}, b"\xcd" * 32),
    ],
)
def test_a_block_is_a_number_a_tag_a_hash_or_an_eip_1898_object(given: Any, meant: Any) -> None:
    assert parse.block(given) == meant


@pytest.mark.parametrize(
    "given",
    ["newest", "10", "", 10, True, "0x01", "0x" + "f" * 17, {}, {"blockHash": "0x12"}, {"number": "0x1"},
     {"blockHash": HASH, "blockNumber": "0x1"}, {"blockHash": HASH, "requireCanonical": "yes"}, ["latest"]],
)  # fmt: skip
def test_what_names_no_block_is_refused(given: Any) -> None:
    with pytest.raises(ValueError):
        parse.block(given)


# CALLS


def test_a_call_takes_input_and_data_when_they_are_equal() -> None:
    assert arguments({"input": "0x12"}).call.data == b"\x12"
    assert arguments({"data": "0x12"}).call.data == b"\x12"
    assert arguments({"data": "0x12", "input": "0x12"}).call.data == b"\x12"
    with pytest.raises(ValueError, match="not equal"):
        arguments({"data": "0x12", "input": "0x13"})


def test_a_call_may_leave_everything_out_and_carry_members_nobody_knows() -> None:
    call = arguments({"to": None, "from": None, "gas": None, "dataInputFill": "both", "whatever": 1}).call
    assert (call.sender, call.to, call.gas, call.data) == (bytes(20), None, None, b"")


def test_a_call_reads_every_member() -> None:
    slot = "0x" + "00" * 31 + "07"
    asked = arguments(
        {
            "from": ADDRESS,
            "to": ADDRESS,
            "gas": "0x5208",
            "value": "0x1",
            "nonce": "0x2",
            "maxFeePerGas": "0x9",
            "maxPriorityFeePerGas": "0x3",
            "accessList": [{"address": ADDRESS, "storageKeys": [slot]}],
            "chainId": "0x7a69",
            "type": "0x2",
        }
    )
    call = asked.call
    assert (call.sender, call.to) == (b"\xab" * 20, b"\xab" * 20)
    assert (call.gas, call.value, call.nonce) == (21000, 1, 2)
    assert (call.gas_price, call.max_fee_per_gas, call.max_priority_fee_per_gas) == (None, 9, 3)
    assert call.access_list == ((b"\xab" * 20, (7,)),)
    assert (asked.chain_id, asked.type) == (31337, 2)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"gasPrice": "0x1", "maxFeePerGas": "0x1"}, "both gasPrice and"),
        ({"maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, "maxFeePerGas .1. < maxPriorityFeePerGas .2."),
        ({"blobVersionedHashes": [HASH]}, "blob transactions are not part"),
        ({"from": "0x12"}, "from: an address has 20 bytes"),
        ({"gas": "0x" + "f" * 17}, "gas: hex number"),
        ({"accessList": [{"storageKeys": []}]}, r"accessList: \[0\]: an access list entry needs an address"),
        ({"authorizationList": [{"chainId": "0x1"}]}, "an authorization needs address"),
        ({"authorizationList": []}, "EIP-7702 transaction with empty auth list"),
        ("0x", "expected an object"),
    ],
)
def test_a_call_that_contradicts_itself_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        arguments(given)


def test_a_call_for_another_chain_is_refused() -> None:
    assert arguments({"chainId": "0x1"}).for_chain(1)
    with pytest.raises(RpcError, match=r"have=1, want=2") as refused:
        arguments({"chainId": "0x1"}).for_chain(2)
    assert refused.value.code == INVALID_PARAMS


# OVERRIDES


def test_state_overrides_name_accounts() -> None:
    read = state_overrides({ADDRESS: {"balance": "0x10", "code": "0x60", "stateDiff": {HASH: HASH}}})
    override = read[b"\xab" * 20]
    assert (override.balance, override.code, override.nonce) == (16, b"\x60", None)
    assert override.storage_diff == {int(HASH, 16): int(HASH, 16)}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({ADDRESS: {"state": {}, "stateDiff": {}}}, "give one"),
        ({ADDRESS: {"balnace": "0x1"}}, "unknown member"),
        ({"0x12": {}}, "an address has 20 bytes"),
        ({ADDRESS: {"state": {"0x1": HASH}}}, "32 bytes|odd length"),
    ],
)
def test_an_override_that_would_do_nothing_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        state_overrides(given)


def test_block_overrides_go_by_both_sets_of_names() -> None:
    by_geth = block_override({"number": "0x5", "time": "0x6", "coinbase": ADDRESS, "baseFee": "0x7"})
    by_specification = block_override({"number": "0x5", "time": "0x6", "feeRecipient": ADDRESS, "baseFeePerGas": "0x7"})
    assert by_geth == by_specification
    assert (by_geth.number, by_geth.timestamp, by_geth.base_fee_per_gas) == (5, 6, 7)
    with pytest.raises(ValueError, match="unknown member"):
        block_override({"timestamp": "0x6"})
