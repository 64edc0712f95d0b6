"""Questions that need execution: calls, estimates, access lists, traces. They read the store and change nothing.

Everything asked and answered here is plain data, so that a question can be put to another process (see workers.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

from ledger_node.chain import wire
from ledger_node.chain.blocks import Address, Call, Header, Transaction
from ledger_node.chain.errors import CallFailed, ChainError
from ledger_node.chain.inspection import (
    AccessListResult,
    BlockTrace,
    Overrides,
    SimulatedBlock,
    SimulationStep,
    StorageEntry,
    StorageRange,
    Trace,
    TraceConfig,
    TransactionTrace,
)
from ledger_node.chain.pyevm import calls
from ledger_node.chain.pyevm.execution import Executed, Outcome, begin_block, execute_block, run_message, state_on
from ledger_node.chain.pyevm.forks import Fork
from ledger_node.chain.pyevm.overrides import apply_account, overridden, with_moved_precompiles
from ledger_node.chain.pyevm.recording import RecordingWorld
from ledger_node.chain.pyevm.rules import (
    ChainRules,
    ParentState,
    Permissions,
    Rules,
    check_permissions,
    effective_price,
    fee_cap,
)
from ledger_node.chain.pyevm.simulation import Simulation
from ledger_node.chain.pyevm.store import Store
from ledger_node.chain.pyevm.tracers.choosing import recording, tracer
from ledger_node.chain.pyevm.unkept import Unkept


@dataclass(frozen=True, slots=True)
class Questions:
    """`header` is always the block whose state a question is asked of."""

    store: Store
    schedule: ChainRules
    permissions_at: Callable[[ParentState], Permissions]
    call_gas_max: int
    root_of: Callable[[Header], bytes] = lambda header: header.state_root

    # THE NEXT BLOCK

    def next_block(self, head: Header, transactions: Sequence[Transaction], timestamp: int) -> Executed:
        """After `head`, of those of these transactions that can go in. On a network of ours."""
        assert isinstance(self.schedule, Rules)
        root = self.root_of(head)
        return execute_block(
            self.store,
            self.schedule,
            head,
            transactions,
            timestamp=timestamp,
            dropped=lambda *_: None,
            parent_root=root,
        )

    def on_unkept(self, executed: Executed, question: str, *arguments: Any, **options: Any) -> Any:
        """The answer to a question about a block that nobody has committed."""
        store = cast(Store, Unkept(self.store, executed))
        return getattr(replace(self, store=store), question)(*arguments, **options)

    # CALLS

    def call(self, call: Call, header: Header, overrides: Overrides) -> bytes:
        attempt = self._attempt(call, header, overrides)
        return calls.result(attempt(attempt.transaction))

    def estimate_gas(self, call: Call, header: Header, overrides: Overrides) -> int:
        attempt = self._attempt(call, header, overrides)
        check_permissions(attempt.permissions, attempt.transaction)  # an estimate is for a transaction
        balance = attempt.state().world.get_balance(call.sender)
        # A call may name more gas than a transaction may have; an estimate is for a transaction.
        most = min(attempt.transaction.gas, self.schedule.transaction_gas_max)
        return calls.estimate(attempt, attempt.fork, replace(attempt.transaction, gas=most), balance=balance)

    def create_access_list(self, call: Call, header: Header, overrides: Overrides) -> AccessListResult:
        """As geth: execute, take down what was touched, and again with that list, until it stays the same."""
        attempt = self._attempt(call, header, overrides, watched=True)
        listed = call.access_list
        for _ in range(10):
            transaction = replace(attempt.transaction, access_list=listed, type=max(attempt.transaction.type, 1))
            state = attempt.state()
            outcome = calls.run_call(state, attempt.fork, transaction, attempt.permissions)
            found = _touched(state.world, outcome, call)
            if found == listed:
                break
            listed = found
        else:
            raise CallFailed("the access list does not settle; name more gas")
        error = None if outcome.succeeded else str(calls.failure(outcome).detail)
        return AccessListResult(listed, outcome.gas_used, error)

    def _attempt(self, call: Call, header: Header, overrides: Overrides, *, watched: bool = False) -> "_Attempt":
        """Who asks without naming a price pays nothing, whatever the base fee is."""
        free = not (call.gas_price or call.max_fee_per_gas or call.max_priority_fee_per_gas)
        block = overridden(header, overrides)
        if free and overrides.block.base_fee_per_gas is None:
            block = replace(block, base_fee_per_gas=0)
        fork = with_moved_precompiles(self.schedule.fork_at(header), overrides)
        root = self.root_of(header)
        permissions = self.permissions_at(ParentState(root, self.store.node, self.store.code))

        def fresh() -> Any:
            state = state_on(self.store, self.schedule, block, root=root, permissions=permissions, fork=fork)
            if watched:
                state = recording(state)
            state.blob_base_fee_override = overrides.block.blob_base_fee
            if overrides.block.prev_randao is not None:
                state.execution_context._mix_hash = overrides.block.prev_randao
            for address, override in overrides.accounts.items():
                apply_account(state.world, address, override)
            return state

        gas = min(self.call_gas_max if call.gas is None else call.gas, self.call_gas_max)
        nonce = call.nonce if call.nonce is not None else fresh().world.get_nonce(call.sender)
        transaction = calls.as_transaction(call, gas=gas, nonce=nonce, chain_id=self.schedule.chain_id)
        if (base_fee := block.base_fee_per_gas or 0) > fee_cap(transaction) and not free:
            raise calls.underpriced(transaction, base_fee)
        return _Attempt(fresh, fork, permissions, transaction)

    def simulate(
        self, steps: Sequence[SimulationStep], header: Header, *, validation: bool, trace_transfers: bool
    ) -> tuple[SimulatedBlock, ...]:
        return Simulation(self, header, validation=validation, trace_transfers=trace_transfers).run(steps)

    # TRACES

    def trace_call(self, call: Call, header: Header, config: TraceConfig, overrides: Overrides) -> Trace:
        attempt = self._attempt(call, header, overrides, watched=True)
        state = attempt.state()
        watching = tracer(config, attempt.fork, state)
        outcome = calls.run_call(state, watching.fork, attempt.transaction, attempt.permissions)
        return watching.trace(outcome, attempt.transaction)

    def trace_transaction(self, header: Header, position: int, config: TraceConfig) -> Trace:
        (traced,) = self._replay(header, config, first=position, last=position)
        return traced.trace

    def trace_block(self, header: Header, config: TraceConfig) -> tuple[TransactionTrace, ...]:
        return self._replay(header, config, first=0, last=None)

    def trace_blocks(self, headers: Sequence[Header], config: TraceConfig) -> tuple[BlockTrace, ...]:
        return tuple(BlockTrace(header, self.trace_block(header, config)) for header in headers)

    def _replay(
        self, header: Header, config: TraceConfig, *, first: int, last: int | None
    ) -> tuple[TransactionTrace, ...]:
        """Execute a block again up to `last`, tracing from `first` on."""
        if header.number == 0:
            return ()
        state, fork, permissions = self._begun(header)
        traces = []
        for position, row in enumerate(self.store.transactions(header.number)):
            if last is not None and position > last:
                break
            with self.store.reading_into():
                transaction = wire.decode_transaction(row.raw, row.sender)
            price = effective_price(transaction, header.base_fee_per_gas or 0)
            if position < first:
                run_message(state, fork, transaction, price=price, permissions=permissions)
                continue
            watching = tracer(config, fork, state)
            outcome = run_message(state, watching.fork, transaction, price=price, permissions=permissions)
            if outcome.gas_used != row.gas_used:
                raise ChainError(
                    f"Replaying transaction 0x{row.hash.hex()} used {outcome.gas_used} gas, its receipt says "
                    f"{row.gas_used}. The store is damaged, or its state was set by hand."
                )
            traces.append(TransactionTrace(row.hash, watching.trace(outcome, transaction)))
        return tuple(traces)

    def _begun(self, header: Header) -> tuple[Any, Fork, Permissions]:
        """The state in which a block's first transaction was executed."""
        parent = self.store.header(header.number - 1)
        assert parent is not None
        root = self.root_of(parent)
        fork = self.schedule.fork_at(header)
        permissions = self.permissions_at(ParentState(root, self.store.node, self.store.code))
        state = recording(state_on(self.store, self.schedule, header, root=root, permissions=permissions, fork=fork))
        begin_block(state, fork, header)
        return state, fork, permissions

    def storage_range(
        self, header: Header, position: int, address: Address, start: bytes, most: int
    ) -> StorageRange | None:
        """See LocalChain."""
        state, fork, permissions = self._begun(header)
        for row in self.store.transactions(header.number)[:position]:
            transaction = wire.decode_transaction(row.raw, row.sender)
            price = effective_price(transaction, header.base_fee_per_gas or 0)
            run_message(state, fork, transaction, price=price, permissions=permissions)
        state.world.make_state_root()
        if not state.world.has_storage(address):
            return None
        found = [StorageEntry(*entry) for entry in islice(state.world.storage_from(address, start), most + 1)]
        return StorageRange(tuple(found[:most]), found[most].hashed_slot if len(found) > most else None)


class _Attempt:
    """A call made ready: executes it on a fresh state each time."""

    def __init__(
        self, state: Callable[[], Any], fork: Fork, permissions: Permissions, transaction: Transaction
    ) -> None:
        self.state = state
        self.fork = fork
        self.permissions = permissions
        self.transaction = transaction

    def __call__(self, transaction: Transaction) -> Outcome:
        return calls.run_call(self.state(), self.fork, transaction, self.permissions)


# TOUCHING


def _touched(world: RecordingWorld, outcome: Outcome, call: Call) -> tuple[tuple[Address, tuple[int, ...]], ...]:
    """What an access list should name: not what is warm anyway, nor what the call itself created."""
    warm: dict[Address, set[int]] = {}
    for place in world.touched:
        address, slot = place if isinstance(place, tuple) else (place, None)
        warm.setdefault(address, set())
        if slot is not None:
            warm[address].add(slot)
    free = {call.sender, call.to, outcome.contract, outcome.computation.state.coinbase}
    free |= set(outcome.computation.contracts_created)
    return tuple(
        (address, tuple(sorted(slots))) for address, slots in sorted(warm.items()) if slots or address not in free
    )
