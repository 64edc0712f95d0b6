"""The state transition: one transaction, and one block. Production and import call the same `execute_block`.

The steps of a transaction follow the Prague execution specs; py-evm runs the code in the middle. Nothing is written
here: an Executed holds all that is to be kept, or nothing is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from eth.exceptions import ContractCreationCollision
from eth.vm.execution_context import ExecutionContext
from eth.vm.message import Message
from eth_utils.exceptions import ValidationError

from ledger_node.chain import tries
from ledger_node.chain.blocks import Address, Authorization, Hash32, Header, Transaction
from ledger_node.chain.encoding import EMPTY_HASH, EMPTY_LIST_HASH, EMPTY_TRIE_ROOT, int_bytes, keccak, rlp_encode
from ledger_node.chain.errors import InvalidBlock, InvalidTransaction
from ledger_node.chain.genesis import BEACON_ROOTS, BLOCK_HASHES, NO_REQUESTS_HASH
from ledger_node.chain.pyevm.forks import NETWORK, Fork
from ledger_node.chain.pyevm.rows import BlockRow, LogRow, TransactionRow
from ledger_node.chain.pyevm.rules import (
    ParentState,
    Permissions,
    Rules,
    check_nonce,
    check_permissions,
    check_sender,
    check_transaction,
    effective_price,
)
from ledger_node.chain.pyevm.store import Store
from ledger_node.chain.pyevm.world import World
from ledger_node.chain.wire import (
    BadSignature,
    RawBlock,
    authority,
    encode_block,
    encode_receipt,
    hashed,
    logs_bloom,
)

_DELEGATED = b"\xef\x01\x00"
_HISTORY = 8191
_GAS_OF_BLOB = 131_072
EMPTY_LIST = b"\xc0"

# STATES


class Schedule(Protocol):
    """What executing anything on a chain needs to know of its rules."""

    @property
    def chain_id(self) -> int: ...

    def fork_at(self, header: Header) -> Fork: ...


def state_on(
    store: Store,
    schedule: Schedule,
    header: Header,
    *,
    root: Hash32,
    permissions: Permissions | None = None,
    fork: Fork | None = None,
    world: World | None = None,
) -> Any:
    """A WorldState on `root`, in which the block is `header` (its own roots are not looked at)."""
    fork = fork or schedule.fork_at(header)
    return fork.state_class(
        world or World(root, store.node, store.code),
        ExecutionContext(
            coinbase=header.coinbase,  # type: ignore[arg-type]
            timestamp=header.timestamp,
            block_number=header.number,  # type: ignore[arg-type]
            difficulty=header.difficulty,
            # On a network of ours PREVRANDAO is 0: the seal, which lies in this field, must not reach into execution.
            mix_hash=bytes(32) if fork.name == NETWORK.name else header.mix_hash,  # type: ignore[arg-type]
            gas_limit=header.gas_limit,
            prev_hashes=(),
            chain_id=schedule.chain_id,
            base_fee_per_gas=header.base_fee_per_gas or 0,
            excess_blob_gas=header.excess_blob_gas or 0,
        ),
        lambda number: _hash_of(store, number),
        fork.computation,
        permissions,
    )


def _hash_of(store: Store, number: int) -> Hash32:
    header = store.header(number)
    return b"" if header is None else header.hash


# TRANSACTIONS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What executing a transaction or a call came to. `computation` is py-evm's, for tracers and error texts.

    `max_used_gas` is what it took before refunds."""

    gas_used: int
    max_used_gas: int
    succeeded: bool
    output: bytes
    logs: tuple[tuple[Address, tuple[Hash32, ...], bytes], ...]
    contract: Address | None
    computation: Any


def execute_transaction(state: Any, transaction: Transaction, rules: Rules, permissions: Permissions) -> Outcome:
    """Check and execute. Raises InvalidTransaction, having changed nothing."""
    check_transaction(rules, transaction)
    world = state.world
    sender = world.account(transaction.sender)
    check_nonce(transaction, 0 if sender is None else sender[0])
    check_sender(transaction, sender, world.get_code(transaction.sender))
    check_permissions(permissions, transaction)
    try:
        return run_message(state, rules.fork, transaction, price=effective_price(transaction), permissions=permissions)
    except BEYOND_THIS_ENGINE as limit:
        world.undo()
        raise InvalidTransaction(f"this engine cannot execute it: {str(limit) or repr(limit)}") from limit


BEYOND_THIS_ENGINE = (
    ValidationError, RecursionError, MemoryError, ArithmeticError, ValueError, TypeError, AssertionError,
)  # fmt: skip
"""What py-evm raises where a virtual machine should not: such a transaction must not stop the chain for good."""


def run_message(
    state: Any, fork: Fork, tx: Transaction, *, price: int, permissions: Permissions | None = None
) -> Outcome:
    """Execute what was checked already: buy gas, delegate, run, refund, pay the sealer, clear up."""
    world: Any = state.world
    world.lock_changes()
    # Only on chains of other clients does a transaction carry blobs; what they cost is burnt.
    blobs = len(tx.blob_versioned_hashes or ())
    blob_fee = blobs * _GAS_OF_BLOB * state.blob_base_fee if blobs else 0
    world.set_balance(tx.sender, world.get_balance(tx.sender) - tx.gas * price - blob_fee)
    # A transaction cannot have the last nonce, but a call may pretend it; geth's counter starts again at zero there.
    world.set_nonce(tx.sender, (world.get_nonce(tx.sender) + 1) % 2**64)
    refund = sum(_delegate(state, entry, permissions) for entry in tx.authorization_list or ())
    computation = _run(state, fork, tx, price)
    # A failure that is no revert burns what is left; only delegations earn a refund then.
    remaining = computation.get_gas_remaining()
    used = tx.gas - remaining
    deleted = computation.get_accounts_for_deletion()
    refund += computation.get_gas_refund() + len(deleted) * fork.selfdestruct_refund
    floor = fork.floor_gas(tx)
    most = max(used, floor)
    used = max(used - min(refund, used // fork.refund_divisor), floor)
    world.set_balance(tx.sender, world.get_balance(tx.sender) + (tx.gas - used) * price)
    tip = price - state.execution_context.base_fee_per_gas
    if tip > 0 or not fork.clears_empty_accounts:
        world.set_balance(state.coinbase, world.get_balance(state.coinbase) + used * tip)
    for address in deleted:
        world.delete_account(address)
    if fork.clears_empty_accounts:
        world.clear_empty_accounts()
    return Outcome(
        gas_used=used,
        max_used_gas=most,
        succeeded=computation.is_success,
        output=bytes(computation.output),
        logs=tuple(
            (address, tuple([topic.to_bytes(32, "big") for topic in topics]), bytes(data))
            for address, topics, data in computation.get_log_entries()
        ),
        contract=computation.msg.storage_address if tx.to is None else None,
        computation=computation,
    )


def _run(state: Any, fork: Fork, tx: Transaction, price: int) -> Any:
    world: Any = state.world
    world.mark_address_warm(tx.sender)
    for address, slots in tx.access_list or ():
        world.mark_address_warm(address)
        for slot in slots:
            world.mark_storage_warm(address, slot)
    context = state.get_transaction_context_class()(
        gas_price=price, origin=tx.sender, blob_versioned_hashes=tx.blob_versioned_hashes
    )
    gas = tx.gas - fork.intrinsic_gas(tx)
    if tx.to is None:
        nonce = (world.get_nonce(tx.sender) - 1) % 2**64
        contract = keccak(rlp_encode([tx.sender, int_bytes(nonce)]))[12:]
        world.mark_address_warm(contract)
        message = Message(gas, b"", tx.sender, tx.value, b"", tx.data, create_address=contract)  # type: ignore[arg-type]
        if world.account_has_code_or_nonce(contract):
            computation: Any = state.get_computation(message, context)
            computation.error = ContractCreationCollision("contract address collision")
            return computation
        return state.computation_class.apply_create_message(state, message, context)
    world.mark_address_warm(tx.to)
    code = world.get_code(tx.to)
    is_delegation = code.startswith(_DELEGATED)
    if is_delegation:
        delegate = code[3:]
        world.mark_address_warm(delegate)
        code = b"" if state.refuses_delegation(tx.to, delegate) else world.get_code(delegate)
    message = Message(gas, tx.to, tx.sender, tx.value, tx.data, code, is_delegation=is_delegation)  # type: ignore[arg-type]
    return state.computation_class.apply_message(state, message, context)


def _delegate(state: Any, entry: Authorization, permissions: Permissions | None) -> int:
    """Carry out one EIP-7702 authorization, or skip it; returns the refund it earns."""
    world: Any = state.world
    if entry.chain_id not in (0, state.execution_context.chain_id) or entry.nonce >= 2**64 - 1:
        return 0
    try:
        account = authority(entry)
    except BadSignature:
        return 0
    world.mark_address_warm(account)
    code = world.get_code(account)
    if (code and not code.startswith(_DELEGATED)) or world.get_nonce(account) != entry.nonce:
        return 0
    if permissions is not None and permissions.refusal_to_delegate(account, entry.address) is not None:
        return 0
    refund = 12_500 if world.account_exists(account) else 0
    if entry.address == bytes(20):
        world.delete_code(account)
    else:
        world.set_code(account, _DELEGATED + entry.address)
    world.increment_nonce(account)
    return refund


# BLOCKS


@dataclass(frozen=True, slots=True)
class Executed:
    """A block that was executed: its header (without a seal), and all the store is to keep."""

    header: Header
    transactions: tuple[TransactionRow, ...]
    logs: tuple[LogRow, ...]
    created: dict[Hash32, tuple[bytes, tries.Node]]
    codes: dict[Hash32, bytes]

    def row(self, header: Header) -> BlockRow:
        raw = RawBlock(header, tuple(row.raw for row in self.transactions), EMPTY_LIST, EMPTY_LIST)
        return BlockRow(header, EMPTY_LIST, EMPTY_LIST, len(encode_block(raw)))


def execute_block(
    store: Store,
    rules: Rules,
    parent: Header,
    transactions: Iterable[Transaction],
    *,
    timestamp: int,
    dropped: Callable[[Transaction, InvalidTransaction], None] | None = None,
    parent_root: Hash32 | None = None,
    world: World | None = None,
) -> Executed:
    """The block of `transactions` after `parent`.

    A transaction that is not valid makes the block invalid (InvalidBlock naming `transactions`), unless `dropped` takes
    it: a producer leaves it out. One that does not fit into what is left of the gas limit is left out too, silently.
    `world`, if given, is on the parent's state, and has what the block wrote afterwards.
    """
    root = parent.state_root if parent_root is None else parent_root
    parent_state = ParentState(root, store.node, store.code)
    permissions = rules.permissions_at(parent_state)
    header = Header(
        number=parent.number + 1,
        hash=b"",
        parent_hash=parent.hash,
        ommers_hash=EMPTY_LIST_HASH,
        coinbase=rules.authorised_sealer(parent_state),
        state_root=b"",
        transactions_root=b"",
        receipts_root=b"",
        logs_bloom=b"",
        difficulty=0,
        gas_limit=rules.genesis.gas_limit,
        gas_used=0,
        timestamp=timestamp,
        extra_data=b"",
        mix_hash=bytes(32),
        nonce=bytes(8),
        base_fee_per_gas=0,
        withdrawals_root=EMPTY_TRIE_ROOT,
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_block_root=bytes(32),
        requests_hash=NO_REQUESTS_HASH,
    )
    state = state_on(store, rules, header, root=root, permissions=permissions, world=world)
    begin_block(state, rules.fork, header)
    gas_used, bloom = 0, 0
    rows: list[TransactionRow] = []
    logs: list[LogRow] = []
    receipts: list[bytes] = []
    for tx in transactions:
        if gas_used + tx.gas > header.gas_limit:
            if dropped is None:
                raise _invalid_transaction(len(rows), tx, "the block's gas limit is exceeded")
            continue
        try:
            outcome = execute_transaction(state, tx, rules, permissions)
        except InvalidTransaction as refusal:
            if dropped is None:
                raise _invalid_transaction(len(rows), tx, refusal.detail) from refusal
            dropped(tx, refusal)
            continue
        gas_used += outcome.gas_used
        status = b"\x01" if outcome.succeeded else b""
        receipt_bloom = logs_bloom(outcome.logs)
        bloom |= receipt_bloom
        receipts.append(
            encode_receipt(
                kind=tx.type, outcome=status, cumulative_gas_used=gas_used, bloom=receipt_bloom, logs=outcome.logs
            )
        )
        logs.extend(LogRow(len(rows), address, topics, data) for address, topics, data in outcome.logs)
        rows.append(
            TransactionRow(
                hash=tx.hash,
                sender=tx.sender,
                raw=tx.raw,
                outcome=status,
                gas_used=outcome.gas_used,
                cumulative_gas_used=gas_used,
                price=effective_price(tx),
                contract=outcome.contract,
            )
        )
    state_root = state.world.make_state_root()
    return Executed(
        header=hashed(
            replace(
                header,
                state_root=state_root,
                transactions_root=tries.ordered_root(row.raw for row in rows),
                receipts_root=tries.ordered_root(receipts),
                logs_bloom=bloom.to_bytes(256, "big"),
                gas_used=gas_used,
            )
        ),
        transactions=tuple(rows),
        logs=tuple(logs),
        created=state.world.created,
        codes=state.world.codes,
    )


def begin_block(state: Any, fork: Fork, header: Header) -> None:
    """What the system contracts are told before the first transaction (EIP-4788, EIP-2935)."""
    world: Any = state.world
    if fork.keeps_beacon_roots and world.get_code_hash(BEACON_ROOTS) != EMPTY_HASH:
        place = header.timestamp % _HISTORY
        world.set_storage(BEACON_ROOTS, place, header.timestamp)
        root = int.from_bytes(header.parent_beacon_block_root or b"", "big")
        world.set_storage(BEACON_ROOTS, place + _HISTORY, root)
    if fork.keeps_block_hashes and world.get_code_hash(BLOCK_HASHES) != EMPTY_HASH:
        parent_hash = int.from_bytes(header.parent_hash, "big")
        world.set_storage(BLOCK_HASHES, (header.number - 1) % _HISTORY, parent_hash)


def _invalid_transaction(position: int, transaction: Transaction, why: str) -> InvalidBlock:
    return InvalidBlock(
        f"The block is not valid: transaction {position} (0x{transaction.hash.hex()}): {why}.", field="transactions"
    )
