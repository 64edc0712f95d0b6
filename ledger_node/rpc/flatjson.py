"""Frames in Parity's flat shape: each with its place in the tree, as `flatCallTracer` and `trace_` methods show them.

As in geth and Parity, a frame's call of a precompiled contract is no trace of its own.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ledger_node.chain.blocks import Hash32
from ledger_node.chain.inspection import CallFrame
from ledger_node.rpc.render import hexed, quantity
from ledger_node.rpc.tracejson import CREATIONS

CALLS = ("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL")
REVERTED = "execution reverted"
_WORDS = {
    "out of gas": "Out of gas", "contract creation code storage out of gas": "Out of gas",
    "gas uint64 overflow": "Out of gas", "max code size exceeded": "Out of gas",
    "invalid jump destination": "Bad jump destination", REVERTED: "Reverted",
    "return data out of bounds": "Out of bounds", "stack limit reached 1024 (1023)": "Out of stack",
    "precompiled failed": "Built-in failed", "invalid input length": "Built-in failed",
    "write protection": "Mutable Call In Static Context",
}  # fmt: skip
_FIRST_WORDS = {
    "out of gas:": "Out of gas", "invalid opcode:": "Bad instruction", "stack underflow": "Stack underflow"
}  # fmt: skip

Placed = tuple[CallFrame, tuple[int, ...], int]
"""A frame, its trace address, and how many frames it has below it."""


def placed(top: CallFrame, *, precompiled: bool = False) -> Iterator[Placed]:
    """Every frame before those below it. Frames nest a thousand deep, so none of this calls itself."""
    left: list[tuple[CallFrame, tuple[int, ...]]] = [(top, ())]
    while left:
        frame, at = left.pop()
        below = [call for call in frame.calls if precompiled or not _is_builtin(call)]
        yield frame, at, len(below)
        left.extend((call, (*at, place)) for place, call in reversed(list(enumerate(below))))


def _is_builtin(frame: CallFrame) -> bool:
    return frame.is_precompile and frame.type in ("CALL", "STATICCALL")


def parity_error(error: str) -> str:
    first = next((words for start, words in _FIRST_WORDS.items() if error.startswith(start)), error)
    return _WORDS.get(error, first)


# PARITY'S SHAPE


def parity_traces(top: CallFrame) -> list[dict[str, Any]]:
    """Without the block, as `trace_call` answers."""
    return [parity_trace(*one) for one in placed(top)]


def parity_trace(frame: CallFrame, at: tuple[int, ...], below: int) -> dict[str, Any]:
    shown = _flat(frame, at, below)
    if frame.error is not None:
        shown["error"] = parity_error(frame.error)
    shown["result"] = None if frame.type == "SELFDESTRUCT" or frame.error not in (None, REVERTED) else _result(frame)
    return shown


def in_block(number: int, block_hash: Hash32, position: int, transaction_hash: Hash32) -> dict[str, Any]:
    return {
        "blockHash": hexed(block_hash),
        "blockNumber": number,
        "transactionHash": hexed(transaction_hash),
        "transactionPosition": position,
    }


# GETH'S


def geth_traces(top: CallFrame, *, parity_errors: bool, precompiled: bool) -> list[dict[str, Any]]:
    return [_geth_trace(*one, parity_errors=parity_errors) for one in placed(top, precompiled=precompiled)]


def _geth_trace(frame: CallFrame, at: tuple[int, ...], below: int, *, parity_errors: bool) -> dict[str, Any]:
    shown = _flat(frame, at, below)
    if frame.error is not None:
        shown["error"] = parity_error(frame.error) if parity_errors else frame.error
    if frame.type != "SELFDESTRUCT" and frame.error in (None, REVERTED):
        shown["result"] = _result(frame)
        if frame.error is not None:
            shown["result"].pop("address", None)
    return shown


# BOTH


def _flat(frame: CallFrame, at: tuple[int, ...], below: int) -> dict[str, Any]:
    kind = "create" if frame.type in CREATIONS else "suicide" if frame.type == "SELFDESTRUCT" else "call"
    return {"action": _action(frame, kind), "subtraces": below, "traceAddress": list(at), "type": kind}


def _action(frame: CallFrame, kind: str) -> dict[str, Any]:
    value = quantity(frame.value or 0)
    to = hexed(frame.to or bytes(20))
    if kind == "suicide":
        return {"address": hexed(frame.sender), "balance": value, "refundAddress": to}
    action = {"from": hexed(frame.sender), "gas": quantity(frame.gas), "value": value}
    if kind == "create":
        return action | {"init": hexed(frame.input), "creationMethod": frame.type.lower()}
    return action | {"callType": frame.type.lower(), "input": hexed(frame.input), "to": to}


def _result(frame: CallFrame) -> dict[str, Any]:
    used, output = quantity(frame.gas_used), hexed(frame.output)
    if frame.type not in CREATIONS:
        return {"gasUsed": used, "output": output}
    return {"gasUsed": used, "code": output, "address": hexed(frame.to or bytes(20))}


# SELECTORS


def selectors(top: CallFrame) -> dict[str, int]:
    """geth's `4byteTracer`: how often each selector was called with so many bytes behind it."""
    called = (frame for frame, _, _ in placed(top, precompiled=True) if frame.type in CALLS and not frame.is_precompile)
    return dict(Counter(f"{hexed(one.input[:4])}-{len(one.input) - 4}" for one in called if len(one.input) >= 4))
