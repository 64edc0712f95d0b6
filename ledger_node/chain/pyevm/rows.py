"""The rows of a chain's store as data, each value checked to be what its column holds. Knows no SQL and no rules."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from ledger_node.chain.blocks import Address, Hash32, Header
from ledger_node.storage import Unreadable


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A mined transaction as kept. `outcome` is the receipt's status (b"\\x01" or b"") or state root."""

    hash: Hash32
    sender: Address
    raw: bytes
    outcome: bytes
    gas_used: int
    cumulative_gas_used: int
    price: int
    contract: Address | None


@dataclass(frozen=True, slots=True)
class LogRow:
    """`position` is its transaction's in the block; a log's own index is its place in the block's list."""

    position: int
    address: Address
    topics: tuple[Hash32, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class BlockRow:
    header: Header
    ommers: bytes
    withdrawals: bytes | None
    size: int


@contextmanager
def understood() -> Iterator[None]:
    """Unreadable for bytes that are no header, transaction or list, and for numbers and texts that are none."""
    try:
        yield
    except (ValueError, TypeError, LookupError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("it holds what cannot be read as part of a block") from error


def block_row(header: Header, ommers: bytes, withdrawals: bytes | None, size: int) -> BlockRow:
    require(type(ommers) is bytes and type(withdrawals) in (bytes, type(None)) and type(size) is int)
    return BlockRow(header, ommers, withdrawals, size)


def transaction_row(*columns: Any) -> TransactionRow:
    transaction_hash, sender, raw, outcome, gas_used, cumulative_gas_used, price, contract = columns
    require(type(raw) is type(outcome) is bytes and len(outcome) in (0, 1, 32) and type(price) is str)
    require(type(gas_used) is type(cumulative_gas_used) is int and min(gas_used, cumulative_gas_used) >= 0)
    require(is_bytes(transaction_hash, 32) and is_bytes(sender, 20) and (contract is None or is_bytes(contract, 20)))
    return TransactionRow(transaction_hash, sender, raw, outcome, gas_used, cumulative_gas_used, int(price), contract)


def log_row(position: int, address: Address, topics: tuple[bytes | None, ...], data: bytes) -> LogRow:
    return LogRow(position, address, log_topics(position, address, topics, data), data)


def log_topics(position: int, address: Address, topics: tuple[bytes | None, ...], data: bytes) -> tuple[Hash32, ...]:
    """Those that a log has, its values being what they should be."""
    there = topics[: topics.index(None)] if None in topics else topics
    require(type(position) is int and type(data) is type(address) is bytes and len(address) == 20)
    for topic in there:
        require(type(topic) is bytes and len(topic) == 32)
    return cast(tuple[Hash32, ...], there)


def is_bytes(value: object, length: int) -> bool:
    return type(value) is bytes and len(value) == length


def require(sound: bool) -> None:
    if not sound:
        raise Unreadable("it holds what cannot be read as part of a block")
