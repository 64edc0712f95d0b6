"""Traces in geth's JSON shapes: the struct logger, `callTracer` and `prestateTracer`."""

from collections.abc import Mapping
from typing import Any

import orjson

from ledger_node.chain.inspection import (
    AccountState,
    CallFrame,
    CallLog,
    Prestate,
    Step,
    StructTrace,
    Trace,
    TraceConfig,
)
from ledger_node.rpc.render import hexed, quantity, word
from ledger_node.rpc.revert import reason_of

WORD = 32
CREATIONS = ("CREATE", "CREATE2")
"""Where one failed there is no contract, and no `to`."""


def trace_json(trace: Trace, config: TraceConfig) -> Any:
    match trace:
        case StructTrace():
            return _struct_json(trace)
        case CallFrame():
            return _frame_json(trace)
        case Prestate():
            return _prestate_json(trace, diff_mode=config.diff_mode)


# STRUCT LOGGER


def _struct_json(trace: StructTrace) -> dict[str, Any]:
    return {
        "gas": trace.gas,
        "failed": trace.failed,
        "returnValue": hexed(trace.return_value),
        "structLogs": [_step_json(step) for step in trace.steps],
    }


def _step_json(step: Step) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "pc": step.pc,
        "op": step.op,
        "gas": step.gas,
        "gasCost": step.gas_cost,
        "depth": step.depth,
    }
    if step.refund:
        shown["refund"] = step.refund
    if step.error is not None:
        shown["error"] = step.error
    if step.stack is not None:
        shown["stack"] = [quantity(item) for item in step.stack]
    if step.return_data is not None:
        shown["returnData"] = hexed(step.return_data)
    if step.memory is not None:
        shown["memory"] = [hexed(step.memory[at : at + WORD]) for at in range(0, len(step.memory), WORD)]
    if step.storage is not None:
        shown["storage"] = _storage_json(step.storage)
    return shown


def _storage_json(storage: Mapping[int, int]) -> dict[str, str]:
    return {word(slot): word(value) for slot, value in storage.items()}


# CALL TRACER


def _frame_json(frame: CallFrame) -> orjson.Fragment:
    """Written frame by frame: a call may be 1,024 deep, and no JSON writer goes down as far."""
    parts: list[bytes] = []
    # A frame still to be written, or bytes that come after those before it.
    waiting: list[CallFrame | bytes] = [frame]
    while waiting:
        part = waiting.pop()
        if isinstance(part, bytes):
            parts.append(part)
            continue
        head = orjson.dumps(_frame_head(part))
        if not part.calls:
            parts.append(head)
            continue
        parts.append(head[:-1] + b',"calls":[')
        waiting.append(b"]}")
        for place, call in enumerate(reversed(part.calls)):
            waiting.extend((b",", call) if place else (call,))
    return orjson.Fragment(b"".join(parts))


def _frame_head(frame: CallFrame) -> dict[str, Any]:
    """All but the calls inside."""
    shown: dict[str, Any] = {
        "from": hexed(frame.sender),
        "gas": quantity(frame.gas),
        "gasUsed": quantity(frame.gas_used),
        "input": hexed(frame.input),
        "type": frame.type,
    }
    if frame.to is not None and not (frame.error is not None and frame.type in CREATIONS):
        shown["to"] = hexed(frame.to)
    if frame.value is not None:
        shown["value"] = quantity(frame.value)
    if frame.output:
        shown["output"] = hexed(frame.output)
    if frame.error is not None:
        shown["error"] = frame.error
        reason = reason_of(frame.output)
        if reason is not None:
            shown["revertReason"] = reason
    if frame.logs:
        shown["logs"] = [_log_json(log) for log in frame.logs]
    return shown


def _log_json(log: CallLog) -> dict[str, Any]:
    return {
        "address": hexed(log.address),
        "topics": [hexed(topic) for topic in log.topics],
        "data": hexed(log.data),
        "index": quantity(log.index),
        "position": quantity(log.position),
    }


# PRESTATE TRACER


def _prestate_json(prestate: Prestate, *, diff_mode: bool) -> dict[str, Any]:
    pre = _accounts_json(prestate.pre)
    return {"pre": pre, "post": _accounts_json(prestate.post or {})} if diff_mode else pre


def _accounts_json(accounts: Mapping[bytes, AccountState]) -> dict[str, Any]:
    return {hexed(address): _account_json(account) for address, account in accounts.items()}


def _account_json(account: AccountState) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if account.balance is not None:
        shown["balance"] = quantity(account.balance)
    if account.nonce:
        shown["nonce"] = account.nonce
    if account.code:
        shown["code"] = hexed(account.code)
    if account.code_hash is not None:
        shown["codeHash"] = hexed(account.code_hash)
    if account.storage:
        shown["storage"] = _storage_json(account.storage)
    return shown
