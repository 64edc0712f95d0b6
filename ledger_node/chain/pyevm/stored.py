"""A chain that lies in a store: everything about it that does not depend on who may add blocks, and by which rules.

Every read is of a committed block and waits for nobody. What changes the chain does so under one lock.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ledger_node.chain import tries, wire
from ledger_node.chain.attestations import BlockAttestation, Network
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
from ledger_node.chain.encoding import NotCanonical
from ledger_node.chain.errors import ChainUnavailable, InvalidAttestation, InvalidTransaction
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
from ledger_node.chain.pyevm import views
from ledger_node.chain.pyevm.logs import find_logs, put_logs
from ledger_node.chain.pyevm.mempool import HeadView, Mempool, PoolLimits
from ledger_node.chain.pyevm.proofs import prove_account
from ledger_node.chain.pyevm.questions import Questions
from ledger_node.chain.pyevm.rows import BlockRow, LogRow, TransactionRow
from ledger_node.chain.pyevm.rules import BLOB_TRANSACTION, NO_BLOBS, ChainRules, ParentState
from ledger_node.chain.pyevm.store import POSITIONS, Store
from ledger_node.chain.pyevm.witnesses import Witnesses
from ledger_node.chain.pyevm.workers import Workers, WorkerSetup
from ledger_node.chain.pyevm.world import NEW_ACCOUNT, Account


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """`produce`: make blocks. `interval_s`: also empty ones on an idle chain, this far apart. `confirming_blocks`: so
    many, if need be empty ones, follow a transaction that somebody waits for (see LocalChain.build_on).

    `block_budget_ms`: no transaction is started in a block after it has taken this long. `call_gas_max`: gas of a call
    that names none, and the most one may name. `fast_interpreter`: translate hot code instead of interpreting it.
    `call_workers`: processes that calls, estimates and traces are executed in, each call for at most `call_timeout_s`;
    with 0 they run in this process and nothing but gas bounds them. `transactions_to`: the node that takes transactions
    instead of this one, which follows it.
    """

    produce: bool = True
    interval_s: float | None = None
    confirming_blocks: int = 0
    block_budget_ms: int = 2_000
    call_gas_max: int = 50_000_000
    fast_interpreter: bool = True
    call_workers: int = 0
    call_timeout_s: float = 5.0
    call_memory_bytes_max: int = 1 << 30
    transactions_to: str = ""
    pool: PoolLimits = field(default_factory=PoolLimits)


class StoredChain:
    """All of LocalChain but `import_block`."""

    def __init__(self, store: Store, rules: ChainRules, settings: ChainSettings) -> None:
        head = store.head()
        assert head is not None, "a store starts with its genesis"
        self.store = store
        self.settings = settings
        self._rules = rules
        self._head = head
        self._changing = threading.RLock()
        self._listeners: list[Callable[[Header], None]] = []
        self._pending_listeners: list[Callable[[Transaction], None]] = []
        self._fault: BaseException | None = None
        self._closed = False
        here = Questions(store, rules, rules.permissions_at, settings.call_gas_max, self._root)
        self._here = self._questions = here
        self._workers: Workers | None = None
        if settings.call_workers:
            self._workers = self._start_workers()
            self._questions = self._workers.questions()
        self.pool = Mempool(rules, settings.pool, self._view(head))
        genesis = self.header(0)
        self.witnesses = Witnesses(
            store.path.parent,
            Network(rules.chain_id, genesis.hash),
            attestors=rules.attestors,
            quorum=rules.quorum,
        )

    def close(self) -> None:
        if self._closed:
            return
        with self._changing:
            self._closed = True
            if self._workers is not None:
                self._workers.close()
            self.witnesses.close()
            self.store.close()

    @property
    def fault(self) -> BaseException | None:
        """What stopped the chain, if something did."""
        return self._fault

    # READS

    @property
    def chain_id(self) -> int:
        return self._rules.chain_id

    def head(self) -> Header:
        return self._head

    def header(self, at: BlockRef) -> Header:
        if at in ("finalized", "safe"):
            at = self.witnesses.finalized(self._head.number)
        return views.find_header(self.store, self._head, at)

    def _found(self, at: BlockRef) -> tuple[Store, Header]:
        """A block, and the store that has it."""
        return self.store, self.header(at)

    def block(self, at: BlockRef) -> Block:
        return views.block(*self._found(at))

    def receipts(self, at: BlockRef) -> tuple[Receipt, ...]:
        return views.receipts(*self._found(at))

    def transaction(self, transaction_hash: Hash32) -> Transaction | None:
        # The pool is asked first: what it lets go of meanwhile is in the store by then.
        waiting = self.pool.get(transaction_hash)
        found = self._find(transaction_hash)
        if found is None:
            return waiting
        return views.mined(self.store, self.store.transaction(*found), self.header(found[0]), found[1])

    def receipt(self, transaction_hash: Hash32) -> Receipt | None:
        found = self._find(transaction_hash)
        if found is None:
            return None
        return views.receipt(self.store, self.header(found[0]), found[1])

    def _find(self, transaction_hash: Hash32) -> tuple[int, int] | None:
        """Where it was mined; still None in the moment when its block is committed and not yet the head."""
        found = self.store.find_transaction(transaction_hash)
        return found if found is not None and found[0] <= self._head.number else None

    def logs(self, query: LogFilter) -> Sequence[Log]:
        if query.block_hash is not None:
            number = self.header(query.block_hash).number
            query = replace(query, first=number, last=number, block_hash=None)
        return find_logs(self.store, replace(query, last=min(query.last, self._head.number)))

    def nonce(self, address: Address, at: BlockRef = "latest") -> int:
        if at == "pending":
            return self.pool.next_nonce(address)
        return self._account(address, at)[0]

    def balance(self, address: Address, at: BlockRef = "latest") -> int:
        return self._account(address, at)[1]

    def code(self, address: Address, at: BlockRef = "latest") -> bytes:
        return self._state(at).code(address)

    def storage(self, address: Address, slot: int, at: BlockRef = "latest") -> int:
        return self._state(at).storage(address, slot)

    def _account(self, address: Address, at: BlockRef) -> Account:
        return self._state(at).account(address) or NEW_ACCOUNT

    def _state(self, at: BlockRef) -> ParentState:
        store, header = self._found(at)
        return ParentState(self._root(header), store.node, store.code)

    # WHAT WOULD BE

    def _start_workers(self) -> Workers:
        permissions_at: Any = self._rules.permissions_at
        assert "." not in permissions_at.__qualname__, "workers find the permissions by a module and a function's name"
        setup = WorkerSetup(
            directory=self.store.path.parent,
            permissions_at=(permissions_at.__module__, permissions_at.__qualname__),
            fast_interpreter=self.settings.fast_interpreter,
            call_gas_max=self.settings.call_gas_max,
            memory_bytes_max=self.settings.call_memory_bytes_max,
            timeout_s=self.settings.call_timeout_s,
        )
        return Workers(setup, count=self.settings.call_workers)

    def _questions_on(self, at: BlockRef) -> Questions:
        return self._questions

    def call(self, call: Call, at: BlockRef = "latest") -> bytes:
        return self.call_with(call, at)

    def estimate_gas(self, call: Call, at: BlockRef = "latest") -> int:
        return self.estimate_gas_with(call, at)

    def call_with(self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES) -> bytes:
        return self._questions_on(at).call(call, self.header(at), overrides)

    def estimate_gas_with(self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES) -> int:
        return self._questions_on(at).estimate_gas(call, self.header(at), overrides)

    def create_access_list(
        self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES
    ) -> AccessListResult:
        return self._questions_on(at).create_access_list(call, self.header(at), overrides)

    def simulate(
        self,
        steps: Sequence[SimulationStep],
        at: BlockRef = "latest",
        *,
        validation: bool = False,
        trace_transfers: bool = False,
    ) -> tuple[SimulatedBlock, ...]:
        on = self._questions_on(at)
        return on.simulate(steps, self.header(at), validation=validation, trace_transfers=trace_transfers)

    def proof(self, address: Address, slots: Sequence[int], at: BlockRef = "latest") -> AccountProof:
        state = self._state(at)
        return prove_account(state.root, address, slots, state.read)

    def trace_transaction(self, transaction_hash: Hash32, config: TraceConfig) -> Trace | None:
        found = self._find(transaction_hash)
        return None if found is None else self._questions.trace_transaction(self.header(found[0]), found[1], config)

    def trace_block(self, at: BlockRef, config: TraceConfig) -> tuple[TransactionTrace, ...]:
        return self._questions_on(at).trace_block(self.header(at), config)

    def trace_blocks(self, numbers: Sequence[int], config: TraceConfig) -> tuple[BlockTrace, ...]:
        return self._questions.trace_blocks([self.header(number) for number in numbers], config)

    def trace_call(self, call: Call, at: BlockRef, config: TraceConfig, overrides: Overrides = NO_OVERRIDES) -> Trace:
        return self._questions_on(at).trace_call(call, self.header(at), config, overrides)

    def storage_range(self, at: BlockRef, *wanted: Any) -> StorageRange | None:
        return self._questions_on(at).storage_range(self.header(at), *wanted)

    # THE POOL

    def send_raw_transaction(self, raw: bytes) -> Hash32:
        self._check_open()
        if self.settings.transactions_to:
            raise InvalidTransaction(
                f"this node follows another one and takes no transactions; send them to {self.settings.transactions_to}"
            )
        if raw[:1] == BLOB_TRANSACTION:  # before it is decoded: clients send it with its blobs, which no block has
            raise InvalidTransaction(NO_BLOBS)
        try:
            transaction = wire.decode_transaction(raw)
        except wire.BadSignature as error:
            raise InvalidTransaction(f"invalid sender: {error}") from None
        except NotCanonical as error:
            raise InvalidTransaction(f"the transaction cannot be decoded: {error}") from None
        if self.store.find_transaction(transaction.hash) is None:
            try:
                self._admit(transaction)
            except InvalidTransaction:
                # It may have been mined between the two questions.
                if self.store.find_transaction(transaction.hash) is None:
                    raise
        return transaction.hash

    def build_on(self, transaction_hash: Hash32) -> None:
        """See LocalChain; nobody makes blocks here."""

    def _admit(self, transaction: Transaction) -> None:
        for ready in self.pool.add(transaction):
            for listener in tuple(self._pending_listeners):
                listener(ready)

    def _check_open(self) -> None:
        if self._closed:
            raise ChainUnavailable("The chain is stopping; send the transaction again later.")
        if self._fault is not None:
            raise ChainUnavailable(f"The chain stopped making blocks: {self._fault}. The operator must restart it.")

    def pending_transactions(self) -> tuple[Transaction, ...]:
        return tuple(self.pool.waiting()[0])

    def queued_transactions(self) -> tuple[Transaction, ...]:
        return tuple(self.pool.waiting()[1])

    def refusal(self, transaction_hash: Hash32) -> InvalidTransaction | None:
        return self.pool.refusal(transaction_hash)

    # LISTENERS

    def on_new_head(self, listener: Callable[[Header], None]) -> Callable[[], None]:
        return _subscribe(self._listeners, listener)

    def on_pending_transaction(self, listener: Callable[[Transaction], None]) -> Callable[[], None]:
        return _subscribe(self._pending_listeners, listener)

    # NEW BLOCKS

    def _keep(
        self,
        row: BlockRow,
        transactions: Sequence[TransactionRow],
        logs: Sequence[LogRow],
        created: Mapping[Hash32, tuple[bytes, tries.Node]],
        codes: Mapping[Hash32, bytes],
        values: Iterable[tuple[bytes, bytes]] = (),
    ) -> Header:
        """Commit a block with its trie nodes and code; then it is the head, and everybody hears of it."""
        header = row.header
        with self.store.writing() as db:
            self.store.put_nodes(db, [(node_hash, encoded) for node_hash, (encoded, _) in created.items()])
            self.store.put_nodes(db, codes.items())
            self.store.put_values(db, values)
            self.store.put_block(db, row, transactions)
            put_logs(db, header.number * POSITIONS, logs)
        self.store.remember(header, created)
        # Before the pool lets go of the block's transactions: at any moment each is found in one of the two.
        self._head = header
        self.pool.move_to(self._view(header), {transaction.sender for transaction in transactions})
        for listener in tuple(self._listeners):
            listener(header)
        return header

    def _root(self, header: Header) -> Hash32:
        return header.state_root  # after the block

    def _view(self, header: Header) -> HeadView:
        state = ParentState(self._root(header), self.store.node, self.store.code)
        return HeadView(state, self._rules.permissions_at(state))

    # OTHERS' WORD

    def attest(self, attestation: BlockAttestation) -> Address:
        attestor = self.witnesses.attestor_of(attestation)
        number, head = attestation.number, self._head.number
        if number > head:
            raise InvalidAttestation(f"Block {number} is not here yet; the newest is {head}.", number=number)
        here = self.header(number)
        if here.hash != attestation.block_hash:
            raise InvalidAttestation(
                f"Block {number} is 0x{here.hash.hex()} here, not 0x{attestation.block_hash.hex()}.", number=number
            )
        self.witnesses.keep(attestor, attestation)
        return attestor

    def attestations(self, at: BlockRef) -> tuple[tuple[Address, BlockAttestation], ...]:
        return self.witnesses.covering(self.header(at).number)

    def report_second(self, raw_header: bytes) -> bool:
        return False  # other clients' seals are not checked here

    def seconds(self) -> tuple[bytes, ...]:
        return self.witnesses.seconds()

    def genesis_document(self) -> str:
        document = self.store.meta("genesis")
        assert document is not None
        return document

    # RAW BYTES

    def raw_header(self, at: BlockRef) -> bytes:
        return wire.encode_header(self.header(at))

    def raw_block(self, at: BlockRef) -> bytes:
        return views.raw_block(*self._found(at))

    def raw_receipts(self, at: BlockRef) -> tuple[bytes, ...]:
        return views.raw_receipts(*self._found(at))

    def export_blocks(self, first: int, last: int) -> Iterator[bytes]:
        return views.raw_blocks(self.store, self._head, first, last)


def _subscribe(listeners: list, listener: Callable) -> Callable[[], None]:  # type: ignore[type-arg]
    listeners.append(listener)

    def unsubscribe() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return unsubscribe
