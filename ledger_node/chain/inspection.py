"""What an engine of our own answers beyond the door, as frozen data: overrides, proofs, simulations and traces.

Nothing here is hex or JSON; the RPC room renders it in geth's shapes. Integers are wei, gas or seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ledger_node.chain.blocks import Address, Block, Call, Hash32, Header, Log

AccessList: TypeAlias = tuple[tuple[Address, tuple[int, ...]], ...]
Tracer: TypeAlias = Literal["struct", "call", "prestate"]

# OVERRIDES: what a call pretends


@dataclass(frozen=True, slots=True)
class AccountOverride:
    """Fields that are None stay. `storage` replaces all slots, `storage_diff` only those named; not both."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    storage: Mapping[int, int] | None = None
    storage_diff: Mapping[int, int] | None = None
    move_precompile_to: Address | None = None


@dataclass(frozen=True, slots=True)
class BlockOverride:
    """Fields that are None are those of the block the call runs on (in a simulation: of the block after it)."""

    number: int | None = None
    timestamp: int | None = None
    gas_limit: int | None = None
    coinbase: Address | None = None
    prev_randao: Hash32 | None = None
    base_fee_per_gas: int | None = None
    blob_base_fee: int | None = None
    beacon_root: Hash32 | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    accounts: Mapping[Address, AccountOverride] = field(default_factory=dict)
    block: BlockOverride = BlockOverride()


NO_OVERRIDES = Overrides()

# PROOFS AND ACCESS LISTS


@dataclass(frozen=True, slots=True)
class StorageProof:
    slot: int
    value: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AccountProof:
    """Merkle proofs (EIP-1186): RLP trie nodes from the root downwards; they prove absence too."""

    address: Address
    account_proof: tuple[bytes, ...]
    balance: int
    code_hash: Hash32
    nonce: int
    storage_hash: Hash32
    storage: tuple[StorageProof, ...]


@dataclass(frozen=True, slots=True)
class StorageEntry:
    """A slot's value under the hash of its number; the number itself is not kept."""

    hashed_slot: Hash32
    value: int


@dataclass(frozen=True, slots=True)
class StorageRange:
    """In the order of the hashes. `next_hashed_slot` is where to go on, None at the end."""

    entries: tuple[StorageEntry, ...]
    next_hashed_slot: Hash32 | None


@dataclass(frozen=True, slots=True)
class AccessListResult:
    """`error` is the execution's failure, if it failed; the list is what it touched until then."""

    access_list: AccessList
    gas_used: int
    error: str | None = None


# SIMULATION (eth_simulateV1)


@dataclass(frozen=True, slots=True)
class SimulationStep:
    """One block to simulate on top of the one before."""

    calls: tuple[Call, ...] = ()
    overrides: Overrides = NO_OVERRIDES
    withdrawals: tuple[tuple[int, int, Address, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """`max_used_gas`: before refunds, so what the call needs. `error_code` is geth's: 3 for a revert, -32015 for
    another failure of execution; None when it succeeded."""

    return_data: bytes
    gas_used: int
    max_used_gas: int
    logs: tuple[Log, ...]
    succeeded: bool
    error_code: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SimulatedBlock:
    """`block.transactions` are unsigned (r = s = 0), with the sender they were given."""

    block: Block
    calls: tuple[SimulatedCall, ...]


# TRACES


@dataclass(frozen=True, slots=True)
class TraceConfig:
    """Which tracer, and its options under geth's names in our spelling."""

    tracer: Tracer = "struct"
    with_memory: bool = False
    with_stack: bool = True
    with_storage: bool = True
    with_return_data: bool = False
    limit: int = 0
    """Struct logger: at most this many steps; 0 means the engine's own bound."""
    only_top_call: bool = False
    with_log: bool = False
    diff_mode: bool = False
    with_code: bool = True
    message_gas: bool = False
    """Call tracer: the outermost frame's gas is what the machine was given; else the transaction's."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of the struct logger. `stack` is bottom first, `memory` in whole words, `storage` as seen."""

    pc: int
    op: str
    gas: int
    gas_cost: int
    depth: int
    error: str | None = None
    stack: tuple[int, ...] | None = None
    memory: bytes | None = None
    storage: Mapping[int, int] | None = None
    return_data: bytes | None = None
    refund: int = 0


@dataclass(frozen=True, slots=True)
class StructTrace:
    gas: int
    failed: bool
    return_value: bytes
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class CallLog:
    address: Address
    topics: tuple[Hash32, ...]
    data: bytes
    index: int
    position: int


@dataclass(frozen=True, slots=True)
class CallFrame:
    """`type` is the opcode: CALL, STATICCALL, DELEGATECALL, CALLCODE, CREATE, CREATE2 or SELFDESTRUCT.

    `to` of a creation is where the contract is, or would have been.
    """

    type: str
    sender: Address
    to: Address | None
    value: int | None
    gas: int
    gas_used: int
    input: bytes
    output: bytes
    error: str | None = None
    calls: tuple["CallFrame", ...] = ()
    logs: tuple[CallLog, ...] = ()
    is_precompile: bool = False


@dataclass(frozen=True, slots=True)
class AccountState:
    """Fields that are None are absent (in diff mode: unchanged)."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    code_hash: Hash32 | None = None
    storage: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prestate:
    """Accounts touched, as before the transaction; `post` only in diff mode."""

    pre: Mapping[Address, AccountState]
    post: Mapping[Address, AccountState] | None = None


Trace: TypeAlias = StructTrace | CallFrame | Prestate


@dataclass(frozen=True, slots=True)
class TransactionTrace:
    transaction_hash: Hash32
    trace: Trace


@dataclass(frozen=True, slots=True)
class BlockTrace:
    header: Header
    transactions: tuple[TransactionTrace, ...]
