"""The call tracer: every frame that was entered, with what it was given and what it gave back."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from eth.exceptions import Halt
from eth.vm import opcode_values as op

from ledger_node.chain.blocks import Address, Transaction
from ledger_node.chain.inspection import CallFrame, CallLog, TraceConfig
from ledger_node.chain.pyevm.calls import error_message
from ledger_node.chain.pyevm.execution import Outcome
from ledger_node.chain.pyevm.forks import Fork
from ledger_node.chain.pyevm.tracers.refused import refused_frame
from ledger_node.chain.pyevm.tracers.watching import CALLS, CREATES, Tracer, word_of


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
                input=self._part(bytes(message.code if message.is_create else message.data)),
            )
        )

    def _part(self, part: bytes) -> bytes:
        """A frame's input or output; what is inside the top call is kept only where it is shown."""
        return b"" if self.config.only_top_call and self._calling else self.keep(part)

    def step(self, opcode: int, run: Callable[..., None], computation: Any) -> None:
        kind = CALLS.get(opcode) or CREATES.get(opcode)
        if opcode == op.SELFDESTRUCT:
            self._selfdestruct(run, computation)
        elif kind is None:
            logged = len(computation._log_entries)
            run(computation=computation)
            for _, address, topics, data in computation._log_entries[logged:]:
                self._log(address, topics, data)
        else:
            self._call(kind, run, computation)

    def _call(self, kind: str, run: Callable[..., None], computation: Any) -> None:
        stack, inside = computation._stack.values[:-8:-1], len(self._open[-1].calls)
        self._calling.append(kind)
        try:
            run(computation=computation)
        finally:
            self._calling.pop()
        if len(self._open[-1].calls) == inside:
            refused = refused_frame(kind, [word_of(item) for item in stack], computation)
            shown = b"" if self.config.only_top_call else self.keep(refused.input)
            self._open[-1].calls.append(replace(refused, input=shown))

    def _selfdestruct(self, run: Callable[..., None], computation: Any) -> None:
        """Shown once it was carried out: write protection or a lack of gas refuses it."""
        address = computation.msg.storage_address
        balance = computation.state.get_balance(address)
        place = [word_of(item).to_bytes(32, "big")[12:] for item in computation._stack.values[-1:]]
        try:
            run(computation=computation)
        except Halt:
            gone = CallFrame("SELFDESTRUCT", address, place[0], balance, 0, 0, b"", b"")
            self._open[-1].calls.append(gone)
            raise

    def _log(self, address: Address, topics: tuple[int, ...], data: bytes) -> None:
        frame = self._open[-1]
        words = tuple(topic.to_bytes(32, "big") for topic in topics)
        kept = self.keep(bytes(data)) if self.config.with_log else b""
        frame.logs.append(CallLog(address, words, kept, self._log_index, len(frame.calls)))
        self._log_index += 1

    def leave(self, computation: Any) -> None:
        if not self._open or self._open[-1].message is not computation.msg:
            self._open_frame(computation.msg)  # refused before it began
        frame = self._open.pop()
        error = None if computation.is_success else error_message(computation.error, computation)
        closed = CallFrame(
            type=frame.type,
            sender=frame.sender,
            to=frame.to,
            value=frame.value,
            gas=frame.gas,
            gas_used=frame.gas - computation.get_gas_remaining(),
            input=frame.input,
            output=self._part(bytes(computation.output)),
            error=error,
            calls=() if self.config.only_top_call else tuple(frame.calls),
            logs=tuple(frame.logs) if self.config.with_log and error is None else (),
            is_precompile=computation.msg.code_address in computation.precompiles,
        )
        if self._open:
            self._open[-1].calls.append(closed)
        else:
            self._top = closed

    def trace(self, outcome: Outcome, transaction: Transaction) -> CallFrame:
        if self._top is None:
            self.leave(outcome.computation)  # an address collision: nothing was entered
            assert self._top is not None
        if self.config.message_gas:
            return self._top
        return replace(self._top, gas=transaction.gas, gas_used=outcome.gas_used)
