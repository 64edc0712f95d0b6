"""Calls: what a transaction would do, executed on a state that is thrown away afterwards.

As geth does it: the sender needs no key and no nonce, gas costs nothing unless a price is named, and gas is bounded.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eth.exceptions import (
    ContractCreationCollision,
    FullStack,
    InsufficientFunds,
    InsufficientStack,
    InvalidInstruction,
    InvalidJumpDestination,
    OutOfBoundsRead,
    OutOfGas,
    ReservedBytesInCode,
    Revert,
    StackDepthLimit,
    VMError,
    WriteProtection,
)

from ledger_node.chain.blocks import Call, Transaction
from ledger_node.chain.errors import (
    CallFailed,
    InsufficientBalanceForGas,
    IntrinsicGasTooLow,
    InvalidTransaction,
    Reverted,
    Underpriced,
)
from ledger_node.chain.pyevm.creation import INITCODE_MAX
from ledger_node.chain.pyevm.execution import BEYOND_THIS_ENGINE, Outcome, run_message
from ledger_node.chain.pyevm.forks import Fork
from ledger_node.chain.pyevm.rules import (
    Permissions,
    check_deployment,
    effective_price,
    fee_cap,
    total_cost,
)

OUT_OF_GAS = "out of gas"
_MESSAGES: tuple[tuple[type[VMError], str], ...] = (
    (OutOfGas, OUT_OF_GAS),
    (InvalidJumpDestination, "invalid jump destination"),
    (InsufficientStack, "stack underflow"),
    (FullStack, "stack limit reached 1024 (1023)"),
    (WriteProtection, "write protection"),
    (OutOfBoundsRead, "return data out of bounds"),
    (ContractCreationCollision, "contract address collision"),
    (ReservedBytesInCode, "invalid code: must not begin with 0xef"),
    (StackDepthLimit, "max call depth exceeded"),
    (InsufficientFunds, "insufficient balance for transfer"),
)
TRANSFER_GAS = 21_000
_KEEPING_CODE = "Write contract code"
"""What py-evm's gas meter was asked to pay for when a contract's code could not be kept."""


def as_transaction(call: Call, *, gas: int, nonce: int, chain_id: int) -> Transaction:
    """The transaction a call stands for; it has no signature and no hash."""
    dynamic = call.max_fee_per_gas is not None or call.max_priority_fee_per_gas is not None
    kind = 4 if call.authorization_list else 2 if dynamic else 1 if call.access_list else 0
    price = call.gas_price or 0
    return Transaction(
        hash=b"",
        type=kind,
        chain_id=chain_id,
        nonce=nonce,
        sender=call.sender,
        to=call.to,
        value=call.value,
        data=call.data,
        gas=gas,
        gas_price=None if kind in (2, 4) else price,
        max_fee_per_gas=_or(call.max_fee_per_gas, call.max_priority_fee_per_gas or price) if kind in (2, 4) else None,
        max_priority_fee_per_gas=_or(call.max_priority_fee_per_gas, price) if kind in (2, 4) else None,
        access_list=call.access_list,
        authorization_list=call.authorization_list or None,
        v=0,
        r=0,
        s=0,
        raw=b"",
    )


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def run_call(state: Any, fork: Fork, transaction: Transaction, permissions: Permissions) -> Outcome:
    """Execute once. Raises InvalidTransaction's errors where a transaction could not even start.

    A call reads, and reading is not restricted: whether its sender may transact is not asked here.
    """
    tx = transaction
    check_deployment(permissions, tx)
    if tx.gas < (needed := fork.least_gas(tx)):
        raise IntrinsicGasTooLow(f"intrinsic gas too low: gas {tx.gas}, minimum needed {needed}")
    if tx.to is None and state.world.get_nonce(tx.sender) == 2**64 - 1:
        raise CallFailed("nonce uint64 overflow")
    if tx.to is None and fork.pays_for_initcode and len(tx.data) > INITCODE_MAX:
        raise CallFailed(f"max initcode size exceeded: code size {len(tx.data)} limit {INITCODE_MAX}")
    price = effective_price(tx, state.execution_context.base_fee_per_gas)
    balance = state.world.get_balance(tx.sender)
    if balance < total_cost(tx):  # at the most it offers to pay, as for a transaction
        raise InsufficientBalanceForGas(
            f"insufficient funds for gas * price + value: address 0x{tx.sender.hex()} "
            f"have {balance} want {total_cost(tx)}"
        )
    try:
        return run_message(state, fork, tx, price=price, permissions=permissions)
    except (MemoryError, RecursionError):
        raise
    except BEYOND_THIS_ENGINE as limit:
        raise CallFailed(f"this engine cannot execute it: {str(limit) or repr(limit)}") from limit


def underpriced(transaction: Transaction, base_fee: int) -> InvalidTransaction:
    return Underpriced(
        "max fee per gas less than block base fee: "
        f"address 0x{transaction.sender.hex()}, maxFeePerGas: {fee_cap(transaction)}, baseFee: {base_fee}"
    )


def result(outcome: Outcome) -> bytes:
    """What a call returned. Raises Reverted or CallFailed, which also say so where a creation inside was refused."""
    if outcome.succeeded:
        return outcome.output
    raise failure(outcome)


def failure(outcome: Outcome) -> Reverted | CallFailed:
    error, refused = outcome.computation.error, outcome.computation.state.refused_creation
    if isinstance(error, Revert):
        return Reverted(outcome.output, refused_creation=refused)
    message = error_message(error, outcome.computation)
    return CallFailed(message if refused is None else f"{message} (creating a contract was refused: {refused})")


def error_message(error: VMError, computation: Any) -> str:
    """geth's words for a failure of execution."""
    if isinstance(error, Revert):
        return "execution reverted"
    if isinstance(error, InvalidInstruction):
        code, place = computation.msg.code, max(computation.code.program_counter - 1, 0)
        opcode = code[place] if place < len(code) else 0
        return "invalid opcode: INVALID" if opcode == 0xFE else f"invalid opcode: opcode 0x{opcode:x} not defined"
    if isinstance(error, OutOfGas) and _KEEPING_CODE in str(error):
        return "contract creation code storage out of gas"
    for kind, message in _MESSAGES:
        if isinstance(error, kind):
            return message
    return str(error)


def estimate(run: Callable[[Transaction], Outcome], fork: Fork, transaction: Transaction, *, balance: int) -> int:
    """The least gas with which it succeeds, to within 1.5 %, as geth searches it.

    `run` executes with a given gas on a fresh state. Raises Reverted, CallFailed, or what makes it invalid.
    """
    high = transaction.gas
    if price := fee_cap(transaction):
        high = min(high, max(balance - transaction.value, 0) // price)
        if high < fork.least_gas(transaction):
            raise CallFailed(
                f"gas required exceeds allowance ({high}): at a price of {price} wei the sender cannot pay for more; "
                "offer a price of 0, or give the sender ether"
            )
    if transaction.to is not None and not transaction.data and fork.least_gas(transaction) <= TRANSFER_GAS:
        plain = run(replace(transaction, gas=TRANSFER_GAS)) if high >= TRANSFER_GAS else None
        if plain is not None and plain.succeeded and plain.gas_used == TRANSFER_GAS:
            return TRANSFER_GAS
    outcome = run(replace(transaction, gas=high))
    if not outcome.succeeded:
        if error_message(outcome.computation.error, outcome.computation) == OUT_OF_GAS:
            raise CallFailed(f"gas required exceeds allowance ({high})")
        raise failure(outcome)
    low = max(outcome.gas_used, fork.least_gas(transaction)) - 1
    # Room for the 63/64 rule and for refunds usually is enough; otherwise halve the interval.
    guess = (outcome.gas_used + outcome.computation.get_gas_refund() + 2_300) * 64 // 63
    while low + 1 < high and (high - low) * 1000 > high * 15:
        middle = guess if low < guess < high else min((low + high) // 2, low * 2)
        guess = 0
        if run(replace(transaction, gas=middle)).succeeded:
            high = middle
        else:
            low = middle
    return high
