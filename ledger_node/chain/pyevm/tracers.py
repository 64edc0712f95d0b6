"""Tracers: the struct logger, the call tracer and the prestate tracer, as geth defines them.

They watch plain py-evm through its own seams (the opcode table, the entry of a message, the world's reads), so the
traced execution is the real one. What they gather is plain data; rendering it is the RPC room's business.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from eth.exceptions import VMError
from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream
from eth.vm.logic.invalid import InvalidOpcode

from ledger_node.chain.blocks import Address, Transaction
from ledger_node.chain.encoding import EMPTY_HASH
from ledger_node.chain.errors import CallFailed
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
from ledger_node.chain.pyevm.calls import error_message
from ledger_node.chain.pyevm.execution import Outcome
from ledger_node.chain.pyevm.forks import Fork
from ledger_node.chain.pyevm.recording import RecordingWorld
from ledger_node.chain.pyevm.world import NEW_ACCOUNT, Account

STEPS_MAX = 500_000
_CALLS = {op.CALL: "CALL", op.CALLCODE: "CALLCODE", op.DELEGATECALL: "DELEGATECALL", op.STATICCALL: "STATICCALL"}
_CREATES = {op.CREATE: "CREATE", op.CREATE2: "CREATE2"}


class Tracer:
    """Traces one transaction: put `fork` in place of the real one, execute, then ask for the `trace`."""

    def __init__(self, config: TraceConfig, fork: Fork) -> None:
        self.config = config
        self.fork = _watched(fork, self)

    def attached(self, state: Any) -> "Tracer":
        """Execution on `state` goes through this tracer from now on."""
        state.computation_class = self.fork.computation
        return self

    def enter(self, message: Any, parent: Any, context: Any) -> None: ...

    def leave(self, computation: Any) -> None: ...

    def step(self, opcode: int, run: Callable[..., None], computation: Any) -> None:
        run(computation=computation)

    def trace(self, outcome: Outcome, transaction: Transaction) -> Trace:
        raise NotImplementedError


def _watched(fork: Fork, tracer: Tracer) -> Fork:
    plain: Any = fork.computation

    class Watched(plain):  # type: ignore[misc]
        opcodes = _WatchedOpcodes(plain.opcodes, tracer)

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.code = CodeStream(self.msg.code)  # one instruction after the other, never a translated trace

        @classmethod
        def apply_computation(
            cls, state: Any, message: Any, transaction_context: Any, parent_computation: Any = None
        ) -> Any:
            tracer.enter(message, parent_computation, transaction_context)
            computation = super().apply_computation(state, message, transaction_context, parent_computation)
            if not message.is_create:
                tracer.leave(computation)
            return computation

        @classmethod
        def apply_create_message(
            cls, state: Any, message: Any, transaction_context: Any, parent_computation: Any = None
        ) -> Any:
            # Keeping the code costs gas and may fail after the init code ran, so a creation ends here.
            computation = super().apply_create_message(state, message, transaction_context, parent_computation)
            tracer.leave(computation)
            return computation

    return replace(fork, computation=Watched)


class _WatchedOpcodes:
    def __init__(self, plain: dict[int, Any], tracer: Tracer) -> None:
        self._plain = plain
        self._tracer = tracer

    def __getitem__(self, opcode: int) -> Callable[[Any], None]:
        run = self._plain.get(opcode) or InvalidOpcode(opcode)

        def watched(computation: Any) -> None:
            self._tracer.step(opcode, run, computation)

        return watched


# THE STRUCT LOGGER


class StructLogger(Tracer):
    def __init__(self, config: TraceConfig, fork: Fork) -> None:
        super().__init__(config, fork)
        self._steps: list[Step | None] = []
        self._limit = min(config.limit or STEPS_MAX, STEPS_MAX)
        self._costs: list[int | None] = []
        self._storage: dict[Address, dict[int, int]] = {}

    def enter(self, message: Any, parent: Any, context: Any) -> None:
        if parent is not None and self._costs:
            # What the instruction took from its caller before the callee began; a creation's own gas is not its cost.
            given = message.gas if message.is_create else 0
            self._costs[-1] = parent._gas_meter.gas_remaining + given

    def step(self, opcode: int, run: Callable[..., None], computation: Any) -> None:
        if len(self._steps) >= STEPS_MAX:
            raise CallFailed(f"the trace is longer than {STEPS_MAX} steps; ask for fewer with its limit")
        if len(self._steps) >= self._limit:
            run(computation=computation)
            return
        place = len(self._steps)
        self._steps.append(None)
        seen = self._seen(opcode, computation)
        gas = computation._gas_meter.gas_remaining
        self._costs.append(None)
        error: str | None = None
        try:
            run(computation=computation)
        except VMError as failure:
            if opcode != op.REVERT:
                error = error_message(failure, computation)
            raise
        finally:
            left = self._costs.pop()
            if left is None:
                left = computation._gas_meter.gas_remaining
            if opcode == op.SLOAD and seen["storage_slot"] is not None and error is None:
                self._see_storage(computation, seen["storage_slot"])
            self._steps[place] = self._made(opcode, computation, seen, gas, gas - left, error)

    def _seen(self, opcode: int, computation: Any) -> dict[str, Any]:
        stack = tuple(_word(item) for item in computation._stack.values)
        slot = None
        if opcode == op.SLOAD and stack:
            slot = stack[-1]
        elif opcode == op.SSTORE and len(stack) >= 2:
            slots = self._storage.setdefault(computation.msg.storage_address, {})
            slots[stack[-1]] = stack[-2]
        return {
            "pc": max(computation.code.program_counter - 1, 0),
            "stack": stack,
            "memory": bytes(computation._memory._bytes) if self.config.with_memory else None,
            "return_data": bytes(computation.return_data) if self.config.with_return_data else None,
            "refund": _refund(computation),
            "storage_slot": slot,
        }

    def _see_storage(self, computation: Any, slot: int) -> None:
        address = computation.msg.storage_address
        self._storage.setdefault(address, {})[slot] = computation.state.get_storage(address, slot)

    def _made(
        self, opcode: int, computation: Any, seen: dict[str, Any], gas: int, cost: int, error: str | None
    ) -> Step:
        storage = None
        if self.config.with_storage and opcode in (op.SLOAD, op.SSTORE):
            storage = dict(self._storage.get(computation.msg.storage_address, {}))
        return Step(
            pc=seen["pc"],
            op=opcode_name(opcode),
            gas=gas,
            gas_cost=cost,
            depth=computation.msg.depth + 1,
            error=error,
            stack=seen["stack"] if self.config.with_stack else None,
            memory=seen["memory"],
            storage=storage,
            return_data=seen["return_data"],
            refund=seen["refund"],
        )

    def trace(self, outcome: Outcome, transaction: Transaction) -> StructTrace:
        return StructTrace(
            gas=outcome.gas_used,
            failed=not outcome.succeeded,
            return_value=outcome.output,
            steps=tuple(step for step in self._steps if step is not None),
        )


def _word(item: int | bytes) -> int:
    return item if isinstance(item, int) else int.from_bytes(item, "big")


def _refund(computation: Any) -> int:
    refund: int = computation._gas_meter.gas_refunded
    return max(refund, 0)


_MNEMONICS = {value: name for name, value in vars(op).items() if name.isupper() and isinstance(value, int)}


def opcode_name(opcode: int) -> str:
    """geth's name."""
    name = {op.SHA3: "KECCAK256", op.DIFFICULTY: "PREVRANDAO"}.get(opcode) or _MNEMONICS.get(opcode)
    return name if name is not None else f"opcode 0x{opcode:x} not defined"


# THE CALL TRACER


@dataclass
class _OpenFrame:
    message: Any
    type: str
    sender: Address
    to: Address | None
    value: int | None
    gas: int
    input: bytes
    logs: list[CallLog] = field(default_factory=list)
    calls: list[CallFrame] = field(default_factory=list)


class CallTracer(Tracer):
    def __init__(self, config: TraceConfig, fork: Fork) -> None:
        super().__init__(config, fork)
        self._open: list[_OpenFrame] = []
        self._calling: list[str] = []
        self._log_index = 0
        self._top: CallFrame | None = None

    def enter(self, message: Any, parent: Any, context: Any) -> None:
        self._open_frame(message)

    def _open_frame(self, message: Any) -> None:
        kind = self._calling[-1] if self._open else "CREATE" if message.is_create else "CALL"
        delegated = kind in ("DELEGATECALL", "CALLCODE")
        self._open.append(
            _OpenFrame(
                message=message,
                type=kind,
                sender=self._open[-1].message.storage_address if self._open else message.sender,
                to=message.code_address if delegated else message.storage_address,
                value=None if kind == "STATICCALL" else message.value,
                gas=message.gas,
                input=bytes(message.code if message.is_create else message.data),
            )
        )

    def step(self, opcode: int, run: Callable[..., None], computation: Any) -> None:
        kind = _CALLS.get(opcode) or _CREATES.get(opcode)
        if kind is None:
            logged = len(computation._log_entries)
            if opcode == op.SELFDESTRUCT and computation._stack.values:
                self._selfdestruct(computation)
            run(computation=computation)
            for _, address, topics, data in computation._log_entries[logged:]:
                self._log(address, topics, data)
            return
        self._calling.append(kind)
        try:
            run(computation=computation)
        finally:
            self._calling.pop()

    def _selfdestruct(self, computation: Any) -> None:
        beneficiary = _word(computation._stack.values[-1]).to_bytes(32, "big")[12:]
        address = computation.msg.storage_address
        balance = computation.state.get_balance(address)
        self._open[-1].calls.append(CallFrame("SELFDESTRUCT", address, beneficiary, balance, 0, 0, b"", b""))

    def _log(self, address: Address, topics: tuple[int, ...], data: bytes) -> None:
        frame = self._open[-1]
        words = tuple(topic.to_bytes(32, "big") for topic in topics)
        frame.logs.append(CallLog(address, words, bytes(data), self._log_index, len(frame.calls)))
        self._log_index += 1

    def leave(self, computation: Any) -> None:
        if not self._open or self._open[-1].message is not computation.msg:
            self._open_frame(computation.msg)  # refused before it began
        frame = self._open.pop()
        error = None if computation.is_success else error_message(computation.error, computation)
        closed = CallFrame(
            type=frame.type,
            sender=frame.sender,
            to=frame.to if error is None or not computation.msg.is_create else None,
            value=frame.value,
            gas=frame.gas,
            gas_used=frame.gas - computation.get_gas_remaining(),
            input=frame.input,
            output=bytes(computation.output),
            error=error,
            calls=() if self.config.only_top_call else tuple(frame.calls),
            logs=tuple(frame.logs) if self.config.with_log and error is None else (),
        )
        if self._open:
            self._open[-1].calls.append(closed)
        else:
            self._top = closed

    def trace(self, outcome: Outcome, transaction: Transaction) -> CallFrame:
        if self._top is None:
            self.leave(outcome.computation)  # an address collision: nothing was entered
            assert self._top is not None
        return replace(self._top, gas=transaction.gas, gas_used=outcome.gas_used)


# THE PRESTATE TRACER


class PrestateTracer(Tracer):
    def __init__(self, config: TraceConfig, fork: Fork, world: RecordingWorld) -> None:
        super().__init__(config, fork)
        self._world = world
        world.start_recording()

    def trace(self, outcome: Outcome, transaction: Transaction) -> Prestate:
        world = self._world
        accounts, slots = dict(world.accounts_seen), {a: dict(s) for a, s in world.slots_seen.items()}
        pre = {address: self._state(account, slots.get(address, {})) for address, account in accounts.items()}
        if not self.config.diff_mode:
            return Prestate(pre)
        changed_pre: dict[Address, AccountState] = {}
        post: dict[Address, AccountState] = {}
        for address, before in accounts.items():
            after = world.account(address)
            moved = {
                slot: (value, world.get_storage(address, slot))
                for slot, value in slots.get(address, {}).items()
                if value != world.get_storage(address, slot)
            }
            if before == after and not moved:
                continue
            if before is not None:
                changed_pre[address] = self._state(before, {slot: old for slot, (old, _) in moved.items() if old})
            if after is not None:
                new_slots = {slot: new for slot, (_, new) in moved.items() if new}
                post[address] = self._difference(before or NEW_ACCOUNT, after, new_slots)
        return Prestate(changed_pre, post)

    def _state(self, account: Account | None, slots: dict[int, int]) -> AccountState:
        nonce, balance, _, code_hash = account or NEW_ACCOUNT
        code = self._code(code_hash)
        return AccountState(
            balance=balance,
            nonce=nonce or None,
            code=code or None,
            code_hash=code_hash if code else None,
            storage=slots,
        )

    def _difference(self, before: Account, after: Account, slots: dict[int, int]) -> AccountState:
        return AccountState(
            balance=after[1] if after[1] != before[1] else None,
            nonce=after[0] if after[0] != before[0] else None,
            code=self._code(after[3]) if after[3] != before[3] else None,
            code_hash=after[3] if after[3] != before[3] else None,
            storage=slots,
        )

    def _code(self, code_hash: bytes) -> bytes | None:
        if not self.config.with_code or code_hash == EMPTY_HASH:
            return None
        return self._world.code_of_hash(code_hash)
