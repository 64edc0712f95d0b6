"""eth_simulateV1: blocks of calls on top of a block, each on the state the one before left, none of them kept."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from eth.exceptions import Halt
from eth.vm import opcode_values as op

from ledger_node.chain import tries, wire
from ledger_node.chain.blocks import Address, Block, Call, Hash32, Header, Log, Transaction
from ledger_node.chain.encoding import EMPTY_LIST_HASH, EMPTY_TRIE_ROOT, keccak, rlp_list
from ledger_node.chain.errors import GasLimitTooHigh
from ledger_node.chain.genesis import NO_REQUESTS_HASH
from ledger_node.chain.inspection import BlockOverride, SimulatedBlock, SimulatedCall, SimulationStep, TraceConfig
from ledger_node.chain.pyevm import calls
from ledger_node.chain.pyevm.execution import EMPTY_LIST, Outcome, begin_block, state_on
from ledger_node.chain.pyevm.forks import Fork
from ledger_node.chain.pyevm.overrides import apply_account, with_moved_precompiles
from ledger_node.chain.pyevm.rules import (
    ParentState,
    Permissions,
    check_nonce,
    check_permissions,
    check_sender,
    check_transaction,
    next_base_fee,
)
from ledger_node.chain.pyevm.tracers.watching import Tracer, word_of
from ledger_node.chain.pyevm.world import World

NATIVE = b"\xee" * 20
"""Whose Transfer events stand for moves of the chain's own value (ERC-7528)."""
_TRANSFER = int.from_bytes(keccak(b"Transfer(address,address,uint256)"), "big")
REVERTED, FAILED = 3, -32015
FIRST_BASE_FEE = 10**9
"""Of the first block that has one (EIP-1559)."""


class TransferLogger(Tracer):
    """Logs every move of value as if it were a token's; these logs are shown, and are in no receipt."""

    def __init__(self, fork: Fork) -> None:
        super().__init__(TraceConfig(), fork)
        self._open: list[int | None] = []

    def enter(self, message: Any, parent: Any, context: Any) -> None:
        moves = message.should_transfer_value and message.value > 0
        self._open.append(context.get_next_log_counter() if moves else None)

    def step(self, opcode: int, run: Callable[..., None], computation: Any) -> None:
        address = computation.msg.storage_address
        balance = computation.state.get_balance(address) if opcode == op.SELFDESTRUCT else 0
        heirs = [word_of(item).to_bytes(32, "big")[12:] for item in computation._stack.values[-1:]] if balance else []
        try:
            run(computation=computation)
        except Halt:
            if heirs:
                place = computation.transaction_context.get_next_log_counter()
                computation._log_entries.append((place, NATIVE, *_transfer(address, heirs[0], balance)))
            raise

    def leave(self, computation: Any) -> None:
        message = computation.msg
        place = self._open.pop() if self._open else None
        if place is not None:
            moved = _transfer(message.sender, message.storage_address, message.value)
            computation._log_entries.append((place, NATIVE, *moved))


def _transfer(payer: Address, payee: Address, value: int) -> tuple[tuple[int, int, int], bytes]:
    """Topics and data."""
    return (_TRANSFER, int.from_bytes(payer, "big"), int.from_bytes(payee, "big")), value.to_bytes(32, "big")


class Simulation:
    """One run. `questions` gives store, rules and limits."""

    def __init__(self, questions: Any, header: Header, *, validation: bool, trace_transfers: bool) -> None:
        self._store = questions.store
        self._rules = questions.schedule
        self._validation = validation
        self._trace_transfers = trace_transfers
        self._gas_left = questions.call_gas_max
        self._parent = header
        self._world = World(questions.root_of(header), self._store.node, self._store.code)
        view = ParentState(questions.root_of(header), self._store.node, self._store.code)
        self._permissions: Permissions = questions.permissions_at(view)
        self._hashes: dict[int, Hash32] = {header.number: header.hash}

    def run(self, steps: Sequence[SimulationStep]) -> tuple[SimulatedBlock, ...]:
        return tuple(self._block(step) for step in steps)

    def _block(self, step: SimulationStep) -> SimulatedBlock:
        header = self._header(step.overrides.block)
        fork = with_moved_precompiles(self._rules.fork_at(header), step.overrides)
        if self._trace_transfers:
            fork = TransferLogger(fork).fork
        state = self._state(header, fork, step.overrides.block)
        for address, override in step.overrides.accounts.items():
            apply_account(self._world, address, override)
        self._world.lock_changes()
        begin_block(state, fork, header)
        gas_used, made = 0, []
        for call in step.calls:
            transaction = self._transaction(call, header, gas_used)
            outcome = self._execute(state, fork, transaction)
            gas_used += outcome.gas_used
            self._gas_left -= outcome.gas_used
            made.append((transaction, outcome, gas_used))
        if header.difficulty:  # before the merge; a reward goes on top of the fees
            coinbase, reward = header.coinbase, fork.block_reward
            self._world.set_balance(coinbase, self._world.get_balance(coinbase) + reward)  # type: ignore[arg-type]
        for _, _, address, amount in step.withdrawals:
            self._world.set_balance(address, self._world.get_balance(address) + amount * 10**9)  # type: ignore[arg-type]
        return self._sealed(header, made, step)

    def _header(self, block: BlockOverride) -> Header:
        parent = self._parent
        header = replace(
            parent,
            number=parent.number + 1 if block.number is None else block.number,
            parent_hash=parent.hash,
            timestamp=parent.timestamp + 1 if block.timestamp is None else block.timestamp,
            gas_limit=parent.gas_limit if block.gas_limit is None else block.gas_limit,
            coinbase=parent.coinbase if block.coinbase is None else block.coinbase,
            mix_hash=bytes(32) if block.prev_randao is None else block.prev_randao,
            ommers_hash=EMPTY_LIST_HASH,
            nonce=bytes(8),
            extra_data=b"",
            gas_used=0,
        )
        # A fork's first block has fields that its parent has not.
        fork, next_fee = self._rules.fork_at(header), next_base_fee(parent)
        given = block.base_fee_per_gas is not None
        fee = (FIRST_BASE_FEE if next_fee is None else next_fee) if self._validation else 0
        return replace(
            header,
            base_fee_per_gas=block.base_fee_per_gas if given else fee if fork.has_base_fee else None,
            withdrawals_root=EMPTY_TRIE_ROOT if fork.has_withdrawals else None,
            blob_gas_used=None if fork.blob_gas_target is None else 0,
            excess_blob_gas=_excess_blob_gas(fork, parent),
            parent_beacon_block_root=(block.beacon_root or bytes(32)) if fork.keeps_beacon_roots else None,
            requests_hash=NO_REQUESTS_HASH if fork.has_requests else None,
        )

    def _state(self, header: Header, fork: Fork, block: BlockOverride) -> Any:
        state = state_on(
            self._store, self._rules, header, root=b"", permissions=self._permissions, fork=fork, world=self._world
        )
        state._ancestor_hash = lambda number: self._hashes.get(number) or self._stored_hash(number)
        state.blob_base_fee_override = block.blob_base_fee
        if block.prev_randao is not None:
            state.execution_context._mix_hash = block.prev_randao
        return state

    def _stored_hash(self, number: int) -> Hash32:
        header = self._store.header(number)
        return b"" if header is None or number > min(self._hashes) else header.hash

    def _transaction(self, call: Call, header: Header, gas_used: int) -> Transaction:
        left = header.gas_limit - gas_used
        if call.gas is not None and call.gas > left:
            raise GasLimitTooHigh(f"block gas limit reached: {gas_used + call.gas} >= {header.gas_limit}")
        wanted = min(left, self._rules.transaction_gas_max) if call.gas is None else call.gas
        gas = min(wanted, max(self._gas_left, 0))
        nonce = call.nonce if call.nonce is not None else self._world.get_nonce(call.sender)  # type: ignore[arg-type]
        if call.gas_price is None and call.max_fee_per_gas is None and header.base_fee_per_gas is not None:
            call = replace(call, max_fee_per_gas=header.base_fee_per_gas, max_priority_fee_per_gas=0)
        transaction = calls.as_transaction(call, gas=gas, nonce=nonce, chain_id=self._rules.chain_id)
        raw = wire.encode_transaction(transaction)
        return replace(transaction, raw=raw, hash=keccak(raw))

    def _execute(self, state: Any, fork: Fork, transaction: Transaction) -> Outcome:
        if self._validation:
            account = self._world.account(transaction.sender)
            check_permissions(self._permissions, transaction)
            check_transaction(self._rules, transaction)
            check_nonce(transaction, 0 if account is None else account[0])
            base_fee = state.execution_context.base_fee_per_gas
            if (transaction.max_fee_per_gas or transaction.gas_price or 0) < base_fee:
                raise calls.underpriced(transaction, base_fee)
            check_sender(transaction, account, self._world.get_code(transaction.sender))  # type: ignore[arg-type]
        return calls.run_call(state, fork, transaction, self._permissions)

    def _sealed(
        self, header: Header, made: list[tuple[Transaction, Outcome, int]], step: SimulationStep
    ) -> SimulatedBlock:
        withdrawals = wire.encode_withdrawals(step.withdrawals)
        receipts, bloom = [], 0
        for transaction, outcome, cumulative in made:
            logs = [log for log in outcome.logs if not (self._trace_transfers and log[0] == NATIVE)]
            own = wire.logs_bloom(logs)
            bloom |= own
            status = b"\x01" if outcome.succeeded else b""
            receipts.append(
                wire.encode_receipt(
                    kind=transaction.type, outcome=status, cumulative_gas_used=cumulative, bloom=own, logs=logs
                )
            )
        header = wire.hashed(
            replace(
                header,
                state_root=self._world.make_state_root(),
                transactions_root=tries.ordered_root(transaction.raw for transaction, _, _ in made),
                receipts_root=tries.ordered_root(receipts),
                logs_bloom=bloom.to_bytes(256, "big"),
                gas_used=made[-1][2] if made else 0,
                withdrawals_root=None
                if header.withdrawals_root is None
                else tries.ordered_root(withdrawals)
                if withdrawals
                else EMPTY_TRIE_ROOT,
            )
        )
        self._parent = header
        self._hashes[header.number] = header.hash
        encoded = None if header.withdrawals_root is None else rlp_list(withdrawals)
        raw = wire.encode_block(wire.RawBlock(header, tuple(tx.raw for tx, _, _ in made), EMPTY_LIST, encoded))
        return SimulatedBlock(
            Block(
                header=header,
                transactions=tuple(_placed(tx, header, position) for position, (tx, _, _) in enumerate(made)),
                size=len(raw),
                withdrawals=step.withdrawals if header.withdrawals_root is not None else None,
            ),
            _answers(header, made),
        )


def _excess_blob_gas(fork: Fork, parent: Header) -> int | None:
    """EIP-4844, with the target of the new block's fork."""
    if fork.blob_gas_target is None:
        return None
    return max(0, (parent.excess_blob_gas or 0) + (parent.blob_gas_used or 0) - fork.blob_gas_target)


def _placed(transaction: Transaction, header: Header, position: int) -> Transaction:
    return replace(
        transaction,
        block_number=header.number,
        block_hash=header.hash,
        index=position,
        block_timestamp=header.timestamp,
    )


def _answers(header: Header, made: list[tuple[Transaction, Outcome, int]]) -> tuple[SimulatedCall, ...]:
    answers: list[SimulatedCall] = []
    index = 0
    for position, (transaction, outcome, _) in enumerate(made):
        failure = None if outcome.succeeded else calls.failure(outcome)
        reverted = failure is not None and failure.code == "reverted"
        answers.append(
            SimulatedCall(
                return_data=outcome.output,
                gas_used=outcome.gas_used,
                max_used_gas=outcome.max_used_gas,
                logs=tuple(
                    Log(
                        address=address,
                        topics=topics,
                        data=data,
                        block_number=header.number,
                        block_hash=header.hash,
                        block_timestamp=header.timestamp,
                        transaction_hash=transaction.hash,
                        transaction_index=position,
                        log_index=place,
                    )
                    for place, (address, topics, data) in enumerate(outcome.logs, index)
                ),
                succeeded=outcome.succeeded,
                error_code=None if failure is None else REVERTED if reverted else FAILED,
                error=None if failure is None else failure.detail,
            )
        )
        index += len(outcome.logs)
    return tuple(answers)
