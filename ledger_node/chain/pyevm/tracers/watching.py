"""How a tracer watches plain py-evm: through its own seams, so that the traced execution is the real one.

The seams are the opcode table, the entry of a message and the world's reads. What a tracer gathers is plain data;
rendering it is the RPC room's business.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream
from eth.vm.logic.invalid import InvalidOpcode

from ledger_node.chain.blocks import Transaction
from ledger_node.chain.errors import CallFailed
from ledger_node.chain.inspection import Trace, TraceConfig
from ledger_node.chain.pyevm.execution import Outcome
from ledger_node.chain.pyevm.forks import Fork

CALLS = {op.CALL: "CALL", op.CALLCODE: "CALLCODE", op.DELEGATECALL: "DELEGATECALL", op.STATICCALL: "STATICCALL"}
CREATES = {op.CREATE: "CREATE", op.CREATE2: "CREATE2"}


KEPT_BYTES_MAX = 64 * 1024 * 1024
"""Input, output and memory that one trace may keep: a call costs 100 gas and may hand on a megabyte."""


class Tracer:
    """Traces one transaction: put `fork` in place of the real one, execute, then ask for the `trace`."""

    def __init__(self, config: TraceConfig, fork: Fork) -> None:
        self.config = config
        self.fork = _watched(fork, self)
        self._kept_bytes = 0

    def keep(self, part: bytes) -> bytes:
        """Raises CallFailed where the trace gets too large."""
        self._kept_bytes += len(part)
        if self._kept_bytes > KEPT_BYTES_MAX:
            raise CallFailed(
                f"the trace is larger than {KEPT_BYTES_MAX} bytes; ask for less of it, or with onlyTopCall"
            )
        return part

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
            self.gas_asked = self.gas_returned = 0  # the latest, whether it was there or not
            self.gas_lacking = 0  # what was asked for last, where it was not there
            self._take_gas = self._gas_meter.consume_gas
            self._gas_meter.consume_gas = self._ask_gas

        def _ask_gas(self, amount: int, reason: str) -> None:
            self.gas_asked = self.gas_lacking = amount
            self._take_gas(amount, reason)
            self.gas_lacking = 0

        def return_gas(self, amount: int) -> None:
            self.gas_returned = amount
            super().return_gas(amount)

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


def word_of(item: int | bytes) -> int:
    return item if isinstance(item, int) else int.from_bytes(item, "big")


_MNEMONICS = {value: name for name, value in vars(op).items() if name.isupper() and isinstance(value, int)}


def opcode_name(opcode: int) -> str:
    """geth's name."""
    name = {op.SHA3: "KECCAK256", op.DIFFICULTY: "PREVRANDAO", 0xFE: "INVALID"}.get(opcode) or _MNEMONICS.get(opcode)
    return name if name is not None else f"opcode 0x{opcode:x} not defined"
