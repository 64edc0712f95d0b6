"""Frames of calls and creations that failed before they began: no code of theirs ran, yet a call trace shows them."""

from typing import Any

from eth import constants

from ledger_node.chain.inspection import CallFrame
from ledger_node.chain.pyevm.tracers.watching import CREATES


def refused_frame(kind: str, stack: list[int], computation: Any) -> CallFrame:
    """`stack` is the instruction's operands, the first one first; `computation` is its caller, after it ran."""
    return (_creation if kind in CREATES.values() else _call)(kind, stack, computation)


def _call(kind: str, stack: list[int], computation: Any) -> CallFrame:
    to, *rest = stack[1:]
    value = None if kind == "STATICCALL" else computation.msg.value if kind == "DELEGATECALL" else rest.pop(0)
    deep = computation.msg.depth + 1 > constants.STACK_DEPTH_LIMIT
    return CallFrame(
        type=kind,
        sender=computation.msg.storage_address,
        to=to.to_bytes(32, "big")[12:],
        value=value,
        gas=computation.gas_returned,
        gas_used=0,
        input=computation.memory_read_bytes(rest[0], rest[1]),
        output=b"",
        error="max call depth exceeded" if deep else "insufficient balance for transfer",
    )


def _creation(kind: str, stack: list[int], computation: Any) -> CallFrame:
    value, start, length = stack[:3]
    error = _why_not_created(value, computation)
    # A creation that meets a contract has taken its gas with it; the others were not given any.
    left = computation.get_gas_remaining()
    given = computation.gas_asked if error is None else left - left // 64
    return CallFrame(
        type=kind,
        sender=computation.msg.storage_address,
        to=None,
        value=value,
        gas=given,
        gas_used=given if error is None else 0,
        input=computation.memory_read_bytes(start, length),
        output=b"",
        error=error or "contract address collision",
    )


def _why_not_created(value: int, computation: Any) -> str | None:
    address = computation.msg.storage_address
    if computation.msg.depth + 1 > constants.STACK_DEPTH_LIMIT:
        return "max call depth exceeded"
    if computation.state.get_balance(address) < value:
        return "insufficient balance for transfer"
    if computation.state.get_nonce(address) == constants.UINT_64_MAX:
        return "nonce uint64 overflow"
    return None
