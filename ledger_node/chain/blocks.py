"""What a chain says, as plain frozen data: headers, blocks, transactions, receipts, logs, and a call to be simulated.

Integers are in wei, gas or seconds as Ethereum has them; hashes are 32 bytes, addresses 20. Fields that a fork
introduced are None on blocks from before it. Field names follow the execution specs.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Address: TypeAlias = bytes
Hash32: TypeAlias = bytes
BlockTag: TypeAlias = Literal["earliest", "latest", "safe", "finalized", "pending"]
BlockRef: TypeAlias = int | Hash32 | BlockTag
"""A block by number, by hash (32 bytes) or by tag."""


@dataclass(frozen=True, slots=True)
class Header:
    number: int
    hash: Hash32
    parent_hash: Hash32
    ommers_hash: Hash32
    coinbase: Address
    state_root: Hash32
    transactions_root: Hash32
    receipts_root: Hash32
    logs_bloom: bytes
    difficulty: int
    gas_limit: int
    gas_used: int
    timestamp: int
    extra_data: bytes
    mix_hash: Hash32
    nonce: bytes
    base_fee_per_gas: int | None = None
    withdrawals_root: Hash32 | None = None
    blob_gas_used: int | None = None
    excess_blob_gas: int | None = None
    parent_beacon_block_root: Hash32 | None = None
    requests_hash: Hash32 | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """An EIP-7702 delegation in a type 4 transaction."""

    chain_id: int
    address: Address
    nonce: int
    y_parity: int
    r: int
    s: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed transaction. The last three fields are None while it is pending."""

    hash: Hash32
    type: int
    chain_id: int | None
    nonce: int
    sender: Address
    to: Address | None
    value: int
    data: bytes
    gas: int
    gas_price: int | None
    max_fee_per_gas: int | None
    max_priority_fee_per_gas: int | None
    access_list: tuple[tuple[Address, tuple[int, ...]], ...] | None
    authorization_list: tuple[Authorization, ...] | None
    v: int
    r: int
    s: int
    raw: bytes
    max_fee_per_blob_gas: int | None = None
    blob_versioned_hashes: tuple[Hash32, ...] | None = None
    block_number: int | None = None
    block_hash: Hash32 | None = None
    index: int | None = None
    block_timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """`log_index` counts within the block."""

    address: Address
    topics: tuple[Hash32, ...]
    data: bytes
    block_number: int
    block_hash: Hash32
    block_timestamp: int
    transaction_hash: Hash32
    transaction_index: int
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    transaction_hash: Hash32
    transaction_index: int
    block_number: int
    block_hash: Hash32
    type: int
    sender: Address
    to: Address | None
    contract_address: Address | None
    succeeded: bool
    gas_used: int
    cumulative_gas_used: int
    effective_gas_price: int
    logs_bloom: bytes
    logs: tuple[Log, ...]
    state_root: Hash32 | None = None
    """Only on blocks before Byzantium, where it stands in place of the status."""


@dataclass(frozen=True, slots=True)
class Block:
    header: Header
    transactions: tuple[Transaction, ...]
    size: int
    """Bytes of the RLP-encoded block."""
    withdrawals: tuple[tuple[int, int, Address, int], ...] | None = None
    """(index, validator index, address, gwei); None before Shanghai."""
    ommers: tuple[Hash32, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A message to execute without a transaction. `gas=None` means the node's cap."""

    sender: Address = b"\x00" * 20
    to: Address | None = None
    data: bytes = b""
    value: int = 0
    gas: int | None = None
    gas_price: int | None = None
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None
    nonce: int | None = None
    access_list: tuple[tuple[Address, tuple[int, ...]], ...] = ()
    authorization_list: tuple[Authorization, ...] = ()


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Logs in blocks `first`..`last`, or in `block_hash`; `addresses` empty means any; a None topic matches any.

    `limit`: at most so many, the earliest ones; an engine reads no more than that.
    """

    first: int = 0
    last: int = 0
    block_hash: Hash32 | None = None
    addresses: tuple[Address, ...] = ()
    topics: tuple[tuple[Hash32, ...] | None, ...] = field(default=())
    limit: int | None = None
