"""The filter object: what it means against a head, and which ranges are refused."""

from typing import Any

import pytest

from ledger_node.chain.blocks import Log
from ledger_node.rpc.errors import INVALID_PARAMS, RpcError
from ledger_node.rpc.logquery import check_size, log_query, resolve
from ledger_node.rpc.settings import RpcLimits

LIMITS = RpcLimits(log_blocks=100, log_addresses=2, log_topics=2)
A, B = "0x" + "aa" * 20, "0x" + "bb" * 20
T, U = "0x" + "11" * 32, "0x" + "22" * 32


def resolved(given: Any) -> tuple[int, int]:
    wanted = resolve(log_query(given), head=50, finalized=40, limits=LIMITS)
    return wanted.first, wanted.last


@pytest.mark.parametrize(
    ("given", "range_"),
    [
        ({}, (50, 50)),
        ({"fromBlock": "earliest"}, (0, 50)),
        ({"fromBlock": "0x5", "toBlock": "0x7"}, (5, 7)),
        ({"fromBlock": "0x5", "toBlock": "pending"}, (5, 50)),
        ({"fromBlock": "0x5", "toBlock": "finalized"}, (5, 40)),
        ({"fromBlock": None, "toBlock": None, "topics": None, "address": None}, (50, 50)),
    ],
)
def test_a_range_defaults_to_the_newest_block(given: Any, range_: tuple[int, int]) -> None:
    assert resolved(given) == range_


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"fromBlock": "0x7", "toBlock": "0x5"}, INVALID_PARAMS),
        ({"fromBlock": "0x7", "toBlock": "0x63"}, INVALID_PARAMS),
        ({"fromBlock": "0x63"}, INVALID_PARAMS),
    ],
)
def test_a_reversed_or_future_range_is_refused(given: Any, code: int) -> None:
    with pytest.raises(RpcError) as refused:
        resolved(given)
    assert refused.value.code == code


def test_a_range_above_the_limit_is_refused() -> None:
    query = log_query({"fromBlock": "0x0", "toBlock": "0x64"})
    with pytest.raises(RpcError) as refused:
        resolve(query, head=1000, finalized=1000, limits=LIMITS)
    assert refused.value.code == INVALID_PARAMS  # asking again later would not help


@pytest.mark.parametrize(
    "given",
    [
        {"blockHash": T, "fromBlock": "0x1"},
        {"blockHash": T, "toBlock": "latest"},
        {"fromBlock": "soon"},
        {"address": "0x12"},
        {"address": [A, None]},
        {"topics": T},
        {"topics": [A]},
        {"topics": [T, T, T, T, T]},
        [],
    ],
)
def test_what_is_no_filter_is_refused(given: Any) -> None:
    with pytest.raises(ValueError):
        log_query(given)


def test_too_many_addresses_or_topics_are_refused() -> None:
    for given in ({"address": [A, A, A]}, {"topics": [[T, T, T]]}):
        with pytest.raises(RpcError) as refused:
            check_size(log_query(given), LIMITS)
        assert refused.value.code == INVALID_PARAMS  # asking again later would not help


def log(address: str, *topics: str) -> Log:
    return Log(
        address=bytes.fromhex(address[2:]),
        topics=tuple(bytes.fromhex(topic[2:]) for topic in topics),
        data=b"",
        block_number=1,
        block_hash=bytes(32),
        block_timestamp=1,
        transaction_hash=bytes(32),
        transaction_index=0,
        log_index=0,
    )


@pytest.mark.parametrize(
    ("given", "matches"),
    [
        ({}, True),
        ({"address": A}, True),
        ({"address": [B, A]}, True),
        ({"address": B}, False),
        ({"topics": [T]}, True),
        ({"topics": [U]}, False),
        ({"topics": [None, U]}, True),
        ({"topics": [[U, T]]}, True),
        ({"topics": [[T], [U]]}, True),
        ({"topics": [T, T]}, False),
        ({"topics": [[], U]}, True),
        ({"topics": [T, U, T]}, False),
        ({"topics": [T, U, None]}, True),
    ],
)
def test_a_log_matches_by_address_and_by_topics_in_their_places(given: Any, matches: bool) -> None:
    assert log_query(given).matches(log(A, T, U)) is matches
