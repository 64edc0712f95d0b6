"""ChainBackend: the door every engine implements. The gateway and its rooms see a chain only through it.

LocalChain is what an engine in this process can answer beyond it, for the RPC and follower rooms; DevChain adds what
only a developer's private chain may do.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger_node.chain.attestations import BlockAttestation
from ledger_node.chain.blocks import (
    Address,
    Block,
    BlockRef,
    Call,
    Hash32,
    Header,
    Log,
    LogFilter,
    Receipt,
    Transaction,
)
from ledger_node.chain.errors import InvalidTransaction
from ledger_node.chain.genesis import GenesisAccount
from ledger_node.chain.inspection import (
    NO_OVERRIDES,
    AccessListResult,
    AccountProof,
    BlockTrace,
    Overrides,
    SimulatedBlock,
    SimulationStep,
    StorageRange,
    Trace,
    TraceConfig,
    TransactionTrace,
)


class ChainBackend(Protocol):
    """An Ethereum network as the money rooms need it. Every method may be called from any thread.

    Every method may raise ChainUnavailable. Reads of a block that does not exist raise BlockNotFound.
    """

    @property
    def chain_id(self) -> int: ...

    def head(self) -> Header:
        """The newest block whose content can no longer change (for the embedded engine: the newest block)."""

    def header(self, at: BlockRef) -> Header: ...

    def block(self, at: BlockRef) -> Block: ...

    def receipts(self, at: BlockRef) -> tuple[Receipt, ...]:
        """One per transaction of the block, in order."""

    def transaction(self, transaction_hash: Hash32) -> Transaction | None:
        """A mined or pending transaction, or None if this chain does not know it."""

    def receipt(self, transaction_hash: Hash32) -> Receipt | None:
        """None while it is not mined."""

    def logs(self, query: LogFilter) -> Sequence[Log]: ...

    def nonce(self, address: Address, at: BlockRef = "latest") -> int: ...

    def balance(self, address: Address, at: BlockRef = "latest") -> int: ...

    def code(self, address: Address, at: BlockRef = "latest") -> bytes: ...

    def storage(self, address: Address, slot: int, at: BlockRef = "latest") -> int: ...

    def call(self, call: Call, at: BlockRef = "latest") -> bytes:
        """Execute without changing anything. Raises Reverted (with data) or CallFailed."""

    def estimate_gas(self, call: Call, at: BlockRef = "latest") -> int:
        """Gas that lets the call succeed. Raises Reverted or CallFailed when no amount does."""

    def suggest_fees(self) -> tuple[int, int]:
        """(max_fee_per_gas, max_priority_fee_per_gas) in wei that a transaction needs now; (0, 0) where gas is free."""

    def send_raw_transaction(self, raw: bytes) -> Hash32:
        """Hand in a signed transaction. One that is known already (pending or mined) is answered with its hash.

        Raises InvalidTransaction (see chain/errors.py) when it cannot take effect.
        """

    def on_new_head(self, listener: Callable[[Header], None]) -> Callable[[], None]:
        """Call `listener` with every new head, in order, on a thread of the engine; returns how to unsubscribe.

        Listeners must be quick (put it in a queue). An engine may skip heads; a listener reads what lies between.
        """

    def close(self) -> None: ...


class LocalChain(ChainBackend, Protocol):
    """An engine whose blocks, pool and state are in this process. The same errors as ChainBackend."""

    # RAW BYTES: RLP, or EIP-2718 envelopes, as peers and block files carry them

    def raw_header(self, at: BlockRef) -> bytes: ...

    def raw_block(self, at: BlockRef) -> bytes: ...

    def raw_receipts(self, at: BlockRef) -> tuple[bytes, ...]: ...

    def export_blocks(self, first: int, last: int) -> Iterator[bytes]:
        """RLP blocks in order; written one after another they are a block file as geth writes it."""

    def import_block(self, raw: bytes) -> Header:
        """Check, execute and keep the next block. One that is here already is answered with its header.

        Raises InvalidBlock naming the field that differs; nothing is kept of a block that is refused.
        """

    def genesis_document(self) -> str:
        """The genesis this chain was started from, as JSON."""

    # OTHERS' WORD: what those who executed the chain for themselves say of it

    def attest(self, attestation: BlockAttestation) -> Address:
        """Keep an attestation of a block of this chain; returns who signed it. Raises InvalidAttestation."""

    def attestations(self, at: BlockRef) -> tuple[tuple[Address, BlockAttestation], ...]:
        """Each attestor's first attestation of this block or of one built on it."""

    def report_second(self, raw_header: bytes) -> bool:
        """Keep a header as evidence, if the sealer of its height sealed it and it is not this chain's; says whether."""

    def seconds(self) -> tuple[bytes, ...]:
        """The headers kept as evidence that a sealer sealed two blocks at one height."""

    # THE POOL

    def pending_transactions(self) -> tuple[Transaction, ...]:
        """Those that the next block can take, in the order it would."""

    def queued_transactions(self) -> tuple[Transaction, ...]:
        """Those that wait for an earlier nonce."""

    def refusal(self, transaction_hash: Hash32) -> InvalidTransaction | None:
        """Why a transaction that waited was let go of without a block having taken it, if that was lately."""

    def build_on(self, transaction_hash: Hash32) -> None:
        """Somebody may wait for blocks after this transaction's: an engine that makes blocks sees to it that some come.

        Only tools ask for that. What the house sends is final in its block, and no empty block follows it."""

    def on_pending_transaction(self, listener: Callable[[Transaction], None]) -> Callable[[], None]:
        """Call `listener` with every transaction as it becomes pending; returns how to unsubscribe. Be quick."""

    # WHAT WOULD BE: nothing changes

    def call_with(self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES) -> bytes:
        """As `call`, on a state and block that differ as `overrides` say."""

    def estimate_gas_with(self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES) -> int:
        """As `estimate_gas`, on a state and block that differ as `overrides` say."""

    def create_access_list(
        self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES
    ) -> AccessListResult: ...

    def simulate(
        self,
        steps: Sequence[SimulationStep],
        at: BlockRef = "latest",
        *,
        validation: bool = False,
        trace_transfers: bool = False,
    ) -> tuple[SimulatedBlock, ...]:
        """eth_simulateV1: blocks on blocks that are never kept."""

    def proof(self, address: Address, slots: Sequence[int], at: BlockRef = "latest") -> AccountProof: ...

    def storage_range(
        self, at: BlockRef, position: int, address: Address, start: bytes, most: int
    ) -> StorageRange | None:
        """An account's storage before the transaction at `position`, from a slot's hash on; None if it has none."""

    # TRACES

    def trace_transaction(self, transaction_hash: Hash32, config: TraceConfig) -> Trace | None:
        """None for a transaction that is not mined. Executes the block up to it again."""

    def trace_block(self, at: BlockRef, config: TraceConfig) -> tuple[TransactionTrace, ...]: ...

    def trace_blocks(self, numbers: Sequence[int], config: TraceConfig) -> tuple[BlockTrace, ...]:
        """Several blocks, as one question: the time a call may take is for all of them together."""

    def trace_call(
        self,
        call: Call,
        at: BlockRef,
        config: TraceConfig,
        overrides: Overrides = NO_OVERRIDES,
    ) -> Trace: ...


@dataclass(frozen=True, slots=True)
class StateDump:
    header: Header
    accounts: Mapping[Address, GenesisAccount]


class DevChain(LocalChain, Protocol):
    """A developer's private chain: time and state obey. Once state was set, it cannot be verified from genesis."""

    def mine(self, blocks: int = 1, interval_seconds: int | None = None) -> None:
        """Make blocks now, the first with all that waits, each `interval_seconds` after the one before."""

    def set_balance(self, address: Address, balance: int) -> None: ...

    def set_nonce(self, address: Address, nonce: int) -> None: ...

    def set_code(self, address: Address, code: bytes) -> None: ...

    def set_storage(self, address: Address, slot: int, value: int) -> None: ...

    def impersonate(self, address: Address) -> None:
        """From now on `send_unsigned` takes transactions of this sender."""

    def stop_impersonating(self, address: Address) -> None: ...

    def send_unsigned(self, call: Call) -> Hash32:
        """Hand in a transaction without a signature. It is of type 2 unless it names a gas price.

        Raises InvalidTransaction unless its sender is impersonated, and where no gas is named what an estimate raises.
        """

    def snapshot(self) -> int: ...

    def revert_to(self, snapshot: int) -> bool:
        """Drop every block since; False for an unknown snapshot. Later snapshots are gone."""

    def set_next_timestamp(self, timestamp: int) -> None:
        """Raises InvalidBlock when it is lower than the head's."""

    def increase_time(self, seconds: int) -> int:
        """Put the chain's clock ahead for good; returns how far it is ahead now."""

    def set_automine(self, enabled: bool) -> None: ...

    @property
    def automines(self) -> bool:
        """Whether a transaction is in a block as soon as that can be made."""

    @property
    def interval_s(self) -> int | None:
        """Seconds between empty blocks, if a developer asked for them."""

    def set_interval(self, seconds: int) -> None:
        """A block every so often, and none for what arrives; 0: none at all until asked for."""

    def set_time(self, timestamp: int) -> int:
        """Set the chain's clock; returns by how many seconds it went ahead. Raises InvalidBlock below the head's."""

    def set_timestamp_interval(self, seconds: int) -> None:
        """Each block from now on is so much later than the one before, whatever the clock says."""

    def remove_timestamp_interval(self) -> bool:
        """Whether there was one."""

    def set_gas_limit(self, gas_limit: int) -> None:
        """Of the blocks from now on, until the node ends."""

    def set_chain_id(self, chain_id: int) -> None:
        """Of the transactions from now on, until the node ends."""

    def drop_transaction(self, transaction_hash: Hash32) -> bool:
        """Whether it waited."""

    def drop_transactions(self, sender: Address | None = None) -> None:
        """All that wait, or all of one sender."""

    def add_balance(self, address: Address, amount: int) -> None: ...

    def dump(self) -> StateDump:
        """The whole state after the newest block. Raises ChainError where it was written by an older release."""

    def load(self, accounts: Mapping[Address, GenesisAccount]) -> None:
        """Each gets the balance and code given, the higher nonce, and the slots given beside its others."""

    def impersonate_all(self, enabled: bool) -> None:
        """Whether `send_unsigned` takes transactions of any sender."""

    def reset(self) -> None:
        """Back to the genesis, with nothing waiting and nobody impersonated."""
