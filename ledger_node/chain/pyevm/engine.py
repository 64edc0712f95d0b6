"""The embedded engine: a private Ethereum chain in this process, behind the ChainBackend door.

One thread at a time changes the chain (the producer, or an import); every read is of a committed block and waits for
nobody. Proof of authority with one sealer at a time; what is committed is final.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ledger_node.chain import wire
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
from ledger_node.chain.errors import BlockNotFound, ChainUnavailable, InvalidBlock, InvalidTransaction
from ledger_node.chain.genesis import Genesis, parse_genesis
from ledger_node.chain.inspection import (
    NO_OVERRIDES,
    AccessListResult,
    AccountProof,
    Overrides,
    Trace,
    TraceConfig,
    TransactionTrace,
)
from ledger_node.chain.pyevm import views
from ledger_node.chain.pyevm.execution import Executed, execute_block
from ledger_node.chain.pyevm.forks import NETWORK, Fork
from ledger_node.chain.pyevm.interpreter import fast_computation
from ledger_node.chain.pyevm.logs import find_logs, put_logs
from ledger_node.chain.pyevm.mempool import HeadView, Mempool, PoolLimits
from ledger_node.chain.pyevm.producer import Producer
from ledger_node.chain.pyevm.proofs import prove_account
from ledger_node.chain.pyevm.questions import Questions
from ledger_node.chain.pyevm.rules import (
    ParentState,
    Permissions,
    Rules,
    check_header,
    compare_headers,
    everyone,
    seal,
)
from ledger_node.chain.pyevm.store import POSITIONS, DurableWrite, Store, _nothing
from ledger_node.chain.pyevm.world import NEW_ACCOUNT, Account
from ledger_node.clock import Clock, SystemClock
from ledger_node.errors import ConfigurationError
from ledger_node.keys import Signer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """`produce`: make blocks. `interval_s`: also empty ones on an idle chain, this far apart.

    `block_budget_ms`: no transaction is started in a block after it has taken this long. `call_gas_max`: gas of a call
    that names none, and the most one may name. `fast_interpreter`: translate hot code instead of interpreting it.
    """

    produce: bool = True
    interval_s: float | None = None
    block_budget_ms: int = 2_000
    call_gas_max: int = 30_000_000
    fast_interpreter: bool = True
    pool: PoolLimits = field(default_factory=PoolLimits)


def open_chain(
    directory: Path,
    genesis: Genesis | None = None,
    *,
    sealer: Signer | None = None,
    clock: Clock | None = None,
    settings: ChainSettings | None = None,
    permissions_at: Callable[[ParentState], Permissions] = everyone,
    on_durable_write: DurableWrite = _nothing,
    on_fault: Callable[[BaseException], None] = lambda _: None,
) -> "PyEvmChain":
    """Start or continue the chain in `directory`; without a genesis, the one it was started from.

    With a sealer it makes blocks at once, unless the settings turn that off; without one it only answers and imports.

    Raises GenesisMismatch, ConfigurationError, and ChainUnavailable when another process runs on the directory.
    """
    store = Store(directory, on_durable_write=on_durable_write)
    try:
        if genesis is None:
            document = store.meta("genesis")
            if document is None:
                raise ConfigurationError(f"There is no chain in {directory} and no genesis was given.")
            genesis = parse_genesis(json.loads(document))
        nodes: dict[Hash32, bytes] = {}
        genesis.write_state(nodes)
        store.put_genesis(json.dumps(genesis.to_json()), genesis.header(), nodes)
        settings = settings or ChainSettings()
        chain = PyEvmChain(
            store,
            Rules(genesis, permissions_at, _fork(settings)),
            sealer=sealer,
            clock=clock or SystemClock(),
            settings=settings,
            on_fault=on_fault,
        )
        chain.start()
        return chain
    except BaseException:
        store.close()
        raise


def _fork(settings: ChainSettings) -> Fork:
    if not settings.fast_interpreter:
        return NETWORK
    return replace(NETWORK, computation=fast_computation(NETWORK.computation))


class PyEvmChain:
    """Implements LocalChain."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        *,
        sealer: Signer | None,
        clock: Clock,
        settings: ChainSettings,
        on_fault: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        head = store.head()
        assert head is not None, "a store starts with its genesis"
        self.store = store
        self.rules = rules
        self.settings = settings
        self._sealer = sealer
        self._clock = clock
        self._head = head
        self._changing = threading.RLock()
        self._listeners: list[Callable[[Header], None]] = []
        self._pending_listeners: list[Callable[[Transaction], None]] = []
        self._fault: BaseException | None = None
        self._on_fault = on_fault
        self._closed = False
        self._questions = Questions(store, rules, rules.permissions_at, settings.call_gas_max)
        self.pool = Mempool(rules, settings.pool, self._view(head))
        produces = settings.produce and sealer is not None
        self._producer = (
            Producer(
                make_block=lambda empty: self.make_block(allow_empty=empty) is not None,
                has_work=lambda: len(self.pool) > 0,
                interval_s=settings.interval_s,
                on_fault=self._stop_for,
            )
            if produces
            else None
        )

    def start(self) -> None:
        """Begin production, if this node produces."""
        if self._producer is not None:
            self._producer.start()

    def close(self) -> None:
        """Finish the block in hand and close the store."""
        if self._closed:
            return
        if self._producer is not None:
            self._producer.stop()
        with self._changing:
            self._closed = True
            self.store.close()

    @property
    def fault(self) -> BaseException | None:
        """What stopped production, if something did."""
        return self._fault

    def _stop_for(self, fault: BaseException) -> None:
        self._fault = fault
        self._on_fault(fault)

    # READS

    @property
    def chain_id(self) -> int:
        return self.rules.chain_id

    def head(self) -> Header:
        return self._head

    def header(self, at: BlockRef) -> Header:
        return views.find_header(self.store, self._head, at)

    def block(self, at: BlockRef) -> Block:
        return views.block(self.store, self.header(at))

    def receipts(self, at: BlockRef) -> tuple[Receipt, ...]:
        return views.receipts(self.store, self.header(at))

    def transaction(self, transaction_hash: Hash32) -> Transaction | None:
        found = self.store.find_transaction(transaction_hash)
        if found is None:
            return self.pool.get(transaction_hash)
        number, position = found
        return views.mined(self.store.transaction(number, position), self.header(number), position)

    def receipt(self, transaction_hash: Hash32) -> Receipt | None:
        found = self.store.find_transaction(transaction_hash)
        if found is None:
            return None
        return views.receipt(self.store, self.header(found[0]), found[1])

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
        return ParentState(self.header(at).state_root, self.store.node, self.store.code)

    # WHAT WOULD BE

    def call(self, call: Call, at: BlockRef = "latest") -> bytes:
        return self.call_with(call, at)

    def estimate_gas(self, call: Call, at: BlockRef = "latest") -> int:
        return self.estimate_gas_with(call, at)

    def call_with(self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES) -> bytes:
        return self._questions.call(call, self.header(at), overrides)

    def estimate_gas_with(self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES) -> int:
        return self._questions.estimate_gas(call, self.header(at), overrides)

    def create_access_list(
        self, call: Call, at: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES
    ) -> AccessListResult:
        return self._questions.create_access_list(call, self.header(at), overrides)

    def proof(self, address: Address, slots: Sequence[int], at: BlockRef = "latest") -> AccountProof:
        return prove_account(self.header(at).state_root, address, slots, self.store.node)

    def trace_transaction(self, transaction_hash: Hash32, config: TraceConfig) -> Trace | None:
        found = self.store.find_transaction(transaction_hash)
        if found is None:
            return None
        return self._questions.trace_transaction(self.header(found[0]), found[1], config)

    def trace_block(self, at: BlockRef, config: TraceConfig) -> tuple[TransactionTrace, ...]:
        return self._questions.trace_block(self.header(at), config)

    def trace_call(self, call: Call, at: BlockRef, config: TraceConfig, overrides: Overrides = NO_OVERRIDES) -> Trace:
        return self._questions.trace_call(call, self.header(at), config, overrides)

    # THE POOL

    def suggest_fees(self) -> tuple[int, int]:
        return 0, 0  # the rules fix the base fee at zero, and the sealer takes no tip

    def send_raw_transaction(self, raw: bytes) -> Hash32:
        self._check_open()
        try:
            transaction = wire.decode_transaction(raw)
        except wire.BadSignature as error:
            raise InvalidTransaction(f"invalid sender: {error}") from None
        except NotCanonical as error:
            raise InvalidTransaction(f"the transaction cannot be decoded: {error}") from None
        if self.store.find_transaction(transaction.hash) is None:
            self._admit(transaction)
        return transaction.hash

    def _admit(self, transaction: Transaction) -> None:
        for ready in self.pool.add(transaction):
            for listener in tuple(self._pending_listeners):
                listener(ready)
        if self._producer is not None:
            self._producer.wake()

    def _check_open(self) -> None:
        if self._closed:
            raise ChainUnavailable("The chain is stopping; send the transaction again later.")
        if self._fault is not None:
            raise ChainUnavailable(f"The chain stopped making blocks: {self._fault}. The operator must restart it.")

    def pending_transactions(self) -> tuple[Transaction, ...]:
        return tuple(self.pool.waiting()[0])

    def queued_transactions(self) -> tuple[Transaction, ...]:
        return tuple(self.pool.waiting()[1])

    # LISTENERS

    def on_new_head(self, listener: Callable[[Header], None]) -> Callable[[], None]:
        return _subscribe(self._listeners, listener)

    def on_pending_transaction(self, listener: Callable[[Transaction], None]) -> Callable[[], None]:
        return _subscribe(self._pending_listeners, listener)

    # BLOCKS: made here, or taken from elsewhere

    def make_block(self, *, allow_empty: bool = False) -> Header | None:
        """Make one block now of what waits; None when nothing that waits could go in and it may not be empty."""
        with self._changing:
            self._check_open()
            if self._sealer is None:
                raise ChainUnavailable("This node has no sealer's key and makes no blocks.")
            executed = execute_block(
                self.store,
                self.rules,
                self._head,
                self._within_budget(self.pool.ready()),
                timestamp=max(self._clock.now_ms() // 1000, self._head.timestamp),
                dropped=self._drop,
            )
            if not executed.transactions and not allow_empty:
                return None
            if executed.header.coinbase != self._sealer.address:
                raise ConfigurationError(
                    f"The sealer's key here is 0x{self._sealer.address.hex()}, "
                    f"the network authorises 0x{executed.header.coinbase.hex()}."
                )
            return self._keep(executed, seal(executed.header, self._sealer))

    def _within_budget(self, transactions: list[Transaction]) -> Iterator[Transaction]:
        # How long the work takes is measured, not what time it is.
        end = time.monotonic() + self.settings.block_budget_ms / 1000
        for transaction in transactions:
            yield transaction
            if time.monotonic() > end:
                return

    def _drop(self, transaction: Transaction, refusal: InvalidTransaction) -> None:
        log.info("dropped transaction 0x%s: %s", transaction.hash.hex(), refusal.detail)
        self.pool.drop(transaction)

    def import_block(self, raw: bytes) -> Header:
        """See LocalChain."""
        try:
            block = wire.decode_block(raw)
            transactions = [wire.decode_transaction(envelope) for envelope in block.transactions]
        except NotCanonical as error:
            raise InvalidBlock(f"The block cannot be decoded: {error}.", field="encoding") from None
        with self._changing:
            self._check_open()
            known = self.store.header(block.header.number)
            if known is not None and known.hash == block.header.hash:
                return known
            parent = self._head
            parent_state = ParentState(parent.state_root, self.store.node, self.store.code)
            check_header(self.rules, block.header, parent, parent_state, now_s=self._clock.now_ms() // 1000)
            if block.ommers != b"\xc0" or block.withdrawals != b"\xc0":
                raise InvalidBlock("The block is not valid: it has ommers or withdrawals.", field="body")
            executed = execute_block(self.store, self.rules, parent, transactions, timestamp=block.header.timestamp)
            compare_headers(block.header, executed.header)
            return self._keep(executed, block.header)

    def _keep(self, executed: Executed, header: Header) -> Header:
        with self.store.writing() as db:
            nodes = [(node_hash, encoded) for node_hash, (encoded, _) in executed.created.items()]
            self.store.put_nodes(db, nodes)
            self.store.put_nodes(db, executed.codes.items())
            self.store.put_block(db, executed.row(header), executed.transactions)
            put_logs(db, header.number * POSITIONS, executed.logs)
        self.store.remember(header, executed.created)
        self.pool.move_to(self._view(header), {row.sender for row in executed.transactions})
        self._head = header
        for listener in tuple(self._listeners):
            listener(header)
        return header

    def _view(self, header: Header) -> HeadView:
        state = ParentState(header.state_root, self.store.node, self.store.code)
        return HeadView(state, self.rules.permissions_at(state))

    # RAW BYTES

    def raw_header(self, at: BlockRef) -> bytes:
        return wire.encode_header(self.header(at))

    def raw_block(self, at: BlockRef) -> bytes:
        return views.raw_block(self.store, self.header(at))

    def raw_receipts(self, at: BlockRef) -> tuple[bytes, ...]:
        return views.raw_receipts(self.store, self.header(at))

    def export_blocks(self, first: int, last: int) -> Iterator[bytes]:
        if last > self._head.number:
            raise BlockNotFound(f"There is no block {last}; the newest is {self._head.number}.")
        for number in range(first, last + 1):
            yield self.raw_block(number)


def _subscribe(listeners: list, listener: Callable) -> Callable[[], None]:  # type: ignore[type-arg]
    listeners.append(listener)

    def unsubscribe() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return unsubscribe
