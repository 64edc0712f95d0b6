"""The embedded engine: a private Ethereum chain in this process, behind the ChainBackend door.

One thread at a time changes the chain (the producer, or an import). Proof of authority with one sealer at a time; what
is committed is final.
"""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

from ledger_node.chain import wire
from ledger_node.chain.blocks import BlockRef, Hash32, Header, Transaction
from ledger_node.chain.encoding import NotCanonical
from ledger_node.chain.errors import ChainUnavailable, InvalidBlock
from ledger_node.chain.genesis import Genesis
from ledger_node.chain.geth_genesis import GethGenesis
from ledger_node.chain.pyevm.awaited import AwaitedBlocks
from ledger_node.chain.pyevm.execution import EMPTY_LIST, Executed, execute_block
from ledger_node.chain.pyevm.imported import ImportedChain
from ledger_node.chain.pyevm.opening import network_rules, start_store, stored_genesis
from ledger_node.chain.pyevm.pending import NextBlocks, on_next
from ledger_node.chain.pyevm.producer import Producer
from ledger_node.chain.pyevm.questions import Questions
from ledger_node.chain.pyevm.rules import (
    ParentState,
    Permissions,
    Rules,
    check_header,
    check_seal,
    compare_headers,
    everyone,
    seal,
)
from ledger_node.chain.pyevm.store import DurableWrite, Store, nothing
from ledger_node.chain.pyevm.stored import ChainSettings, StoredChain
from ledger_node.chain.pyevm.unkept import Unkept
from ledger_node.chain.pyevm.world import World
from ledger_node.clock import Clock, SystemClock
from ledger_node.errors import ConfigurationError
from ledger_node.keys import Signer

__all__ = ["ChainSettings", "PyEvmChain", "open_chain", "open_stored_chain"]

log = logging.getLogger(__name__)
C = TypeVar("C", bound="PyEvmChain")


def open_chain(
    directory: Path,
    genesis: Genesis | None = None,
    *,
    sealer: Signer | None = None,
    clock: Clock | None = None,
    settings: ChainSettings | None = None,
    permissions_at: Callable[[ParentState], Permissions] = everyone,
    on_durable_write: DurableWrite = nothing,
    on_fault: Callable[[BaseException], None] = lambda _: None,
) -> "PyEvmChain":
    """Start or continue a network of ours in `directory`; without a genesis, the one it was started from.

    With a sealer it makes blocks at once, unless the settings turn that off; without one it only answers and imports.
    Raises GenesisMismatch, ConfigurationError, and ChainUnavailable when another process runs on the directory.
    """
    return network_chain(
        PyEvmChain,
        directory,
        genesis,
        sealer=sealer,
        clock=clock,
        settings=settings,
        permissions_at=permissions_at,
        on_durable_write=on_durable_write,
        on_fault=on_fault,
    )


def network_chain(
    kind: type[C],
    directory: Path,
    genesis: Genesis | None,
    *,
    sealer: Signer | None,
    clock: Clock | None,
    settings: ChainSettings | None,
    permissions_at: Callable[[ParentState], Permissions] = everyone,
    on_durable_write: DurableWrite = nothing,
    on_fault: Callable[[BaseException], None] = lambda _: None,
) -> C:
    store = Store(directory, on_durable_write=on_durable_write)
    try:
        own = genesis or stored_genesis(store)
        if not isinstance(own, Genesis):
            raise ConfigurationError(f"The chain in {directory} was made by other clients; it can only be read.")
        start_store(store, own)
        settings = settings or ChainSettings()
        chain = kind(
            store,
            network_rules(own, permissions_at, fast_interpreter=settings.fast_interpreter),
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


def open_stored_chain(
    directory: Path, genesis: Genesis | GethGenesis | None = None, *, settings: ChainSettings | None = None
) -> "PyEvmChain | ImportedChain":
    """Whatever chain lies in `directory` or starts there: ours, without a sealer, or another client's."""
    store = Store(directory)
    try:
        genesis = genesis or stored_genesis(store)
        start_store(store, genesis)
        if isinstance(genesis, GethGenesis):
            return ImportedChain(store, genesis, settings or ChainSettings())
    except BaseException:
        store.close()
        raise
    store.close()
    return open_chain(directory, genesis, settings=settings)


class PyEvmChain(StoredChain):
    """Implements LocalChain on a network of ours."""

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
        super().__init__(store, rules, settings)
        self.rules = rules
        self._sealer = sealer
        self._clock = clock
        self._on_fault = on_fault
        store.on_failure = self._stop_for
        self._withheld: str | None = None
        self._next_blocks = NextBlocks(store, self._here, self._questions)
        self._awaited = AwaitedBlocks(settings.confirming_blocks)
        self._producer: Producer | None = None
        if settings.produce and sealer is not None:
            self._producer = Producer(
                make_block=self._make_block_if_it_is_ours,
                has_work=self._has_work,
                is_awaited=lambda: self.awaits_blocks and self.may_seal,
                interval_s=settings.interval_s,
                on_fault=self._stop_for,
            )

    def start(self) -> None:
        """Begin production, if this node produces."""
        self._weigh_witnesses()
        if self._producer is not None:
            self._producer.start()

    @property
    def withheld(self) -> str | None:
        """Why this node does not seal although its key could: it knows of blocks that its chain does not have."""
        return self._withheld

    def _weigh_witnesses(self) -> None:
        sealed = [wire.decode_header(raw) for raw in self.witnesses.seconds()]
        known = [(header.number, header.hash) for header in sealed if self._is_own(header)]
        lost = [
            number for number, block_hash in [*self.witnesses.newest(), *known] if not self._has(number, block_hash)
        ]
        self._withheld = None
        if lost and self._sealer is not None:
            self._withheld = (
                f"This node seals nothing: block {max(lost)} was sealed and is not on this chain, whose newest is "
                f"{self._head.number}. The chain was put back to an older state, or its key is used elsewhere. Let it "
                "follow a node that has the whole chain."
            )
            log.critical("%s", self._withheld)

    def _is_own(self, header: Header) -> bool:
        return self._sealer is not None and self._sealer.address == header.coinbase

    def _has(self, number: int, block_hash: Hash32) -> bool:
        return number <= self._head.number and self.header(number).hash == block_hash

    def close(self) -> None:
        """Finish the block in hand and close the store."""
        if self._producer is not None and not self._closed:
            self._producer.stop()
        super().close()

    def _has_work(self) -> bool:
        return len(self.pool) > 0

    @property
    def awaits_blocks(self) -> bool:
        """Whether somebody waits for blocks after the newest."""
        return self._head.number < self._awaited.until

    def build_on(self, transaction_hash: Hash32) -> None:
        """See LocalChain."""
        if self._producer is None or not self.settings.confirming_blocks:
            return
        mined = self._awaited.ask(
            transaction_hash,
            waits=lambda: self.pool.get(transaction_hash) is not None,
            mined_in=lambda: None if (found := self._find(transaction_hash)) is None else found[0],
        )
        if mined:
            self._producer.wake()

    def tell_faults_to(self, listener: Callable[[BaseException], None]) -> None:
        """Who else hears of what stops this chain, also when it has stopped already."""
        self._on_fault = listener
        if self._fault is not None:
            listener(self._fault)

    def _stop_for(self, fault: BaseException) -> None:
        if self._fault is None:
            self._fault = fault
            self._on_fault(fault)

    def suggest_fees(self) -> tuple[int, int]:
        return 0, 0  # the rules fix the base fee at zero, and the sealer takes no tip

    def _admit(self, transaction: Transaction) -> None:
        super()._admit(transaction)
        if self._producer is not None:
            self._producer.wake()

    # THE NEXT BLOCK

    def _next(self) -> Unkept:
        head = self._head
        return self._next_blocks.after(head, self._root(head), self.pool.ready(), self._next_timestamp())

    def header(self, at: BlockRef) -> Header:
        return self._next().next if at == "pending" else super().header(at)

    def _found(self, at: BlockRef) -> tuple[Store, Header]:
        if at != "pending":
            return super()._found(at)
        unkept = self._next()
        return cast(Store, unkept), unkept.next

    def _questions_on(self, at: BlockRef) -> Questions:
        return on_next(self._questions, self._next()) if at == "pending" else super()._questions_on(at)

    # THE SEALER

    @property
    def may_seal(self) -> bool:
        """Whether the next block is this node's to make: its key is the one that the head's state authorises."""
        if self._sealer is None or self._fault is not None or self._withheld:
            return False
        return self.rules.authorised_sealer(self._state_of(self._head)) == self._sealer.address

    def _state_of(self, header: Header) -> ParentState:
        return ParentState(self._root(header), self.store.node, self.store.code)

    def _make_block_if_it_is_ours(self, allow_empty: bool) -> bool:
        # Asked under the lock: a block taken from elsewhere may hand the seal over between question and answer.
        with self._changing:
            return self.may_seal and self.make_block(allow_empty=allow_empty) is not None

    def report_second(self, raw_header: bytes) -> bool:
        """See LocalChain. A sealer that is shown its own seal on a block it does not have seals no more."""
        try:
            header = wire.decode_header(raw_header)
        except NotCanonical as error:
            raise InvalidBlock(f"The header cannot be decoded: {error}.", field="encoding") from None
        with self._changing:
            if header.number < 1 or header.number > self._head.number + 1:
                return False
            parent = self.header(header.number - 1)
            if header.parent_hash != parent.hash or self._has(header.number, header.hash):
                return False
            check_seal(self.rules, header, self._state_of(parent))
            if header.number > self._head.number and not self._is_own(header):
                return False  # the next block, which this node has not taken yet
            self.witnesses.keep_second(header, raw_header)
            log.critical("two sealed blocks at height %d: 0x%s is not this chain's", header.number, header.hash.hex())
            self._weigh_witnesses()
            return True

    # BLOCKS: made here, or taken from elsewhere

    def make_block(self, *, allow_empty: bool = False) -> Header | None:
        """Make one block now of what waits; None when nothing that waits could go in and it may not be empty."""
        with self._changing:
            self._check_open()
            if self._sealer is None:
                raise ChainUnavailable("This node has no sealer's key and makes no blocks.")
            if self._withheld:
                raise ChainUnavailable(self._withheld)
            executed = execute_block(
                self.store,
                self.rules,
                self._head,
                self._within_budget(self.pool.ready()),
                timestamp=self._next_timestamp(),
                parent_root=self._root(self._head),
                world=self._world_on(self._root(self._head)),
                dropped=self.pool.drop,
            )
            if not executed.transactions and not allow_empty:
                return None
            if executed.header.coinbase != self._sealer.address:
                raise ConfigurationError(
                    f"The sealer's key here is 0x{self._sealer.address.hex()}, "
                    f"the network authorises 0x{executed.header.coinbase.hex()}."
                )
            return self._commit(executed, seal(executed.header, self._sealer))

    def _next_timestamp(self) -> int:
        return max(self._clock.now_ms() // 1000, self._head.timestamp)

    def _world_on(self, root: Hash32) -> World:
        """What a block that is to be kept is executed in."""
        return World(root, self.store.node, self.store.code)

    def _within_budget(self, transactions: list[Transaction]) -> Iterator[Transaction]:
        # How long the work takes is measured, not what time it is.
        end = time.monotonic() + self.settings.block_budget_ms / 1000
        for transaction in transactions:
            yield transaction
            if time.monotonic() > end:
                return

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
            if block.ommers != EMPTY_LIST or block.withdrawals != EMPTY_LIST:
                raise InvalidBlock("The block is not valid: it has ommers or withdrawals.", field="body")
            timestamp, world = block.header.timestamp, self._world_on(parent.state_root)
            executed = execute_block(self.store, self.rules, parent, transactions, timestamp=timestamp, world=world)
            try:
                compare_headers(block.header, executed.header)
            except InvalidBlock as difference:
                difference.executed = executed.header
                raise
            header = self._commit(executed, block.header)
            if self._withheld:
                self._weigh_witnesses()
        if self._producer is not None:
            self._producer.wake()  # the block may have handed the seal to this node
        return header

    def _commit(self, executed: Executed, header: Header) -> Header:
        rows = executed.transactions
        kept = self._keep(executed.row(header), rows, executed.logs, executed.created, executed.codes)
        self._awaited.mined(kept.number, [row.hash for row in rows], all_gone=len(self.pool) == 0)
        return kept
