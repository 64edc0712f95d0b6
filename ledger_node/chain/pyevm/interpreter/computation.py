"""py-evm's computation with a faster way through the code: translated traces where a program is hot.

py-evm's own loop stays in charge: it asks the code stream for the next opcode and executes it. Our stream runs traces
between two answers, so the loop sees only the opcodes left to it (cold code, calls, creations, returns, and everything
that fails). Its errors, its handling of them, and the rules of the class we extend stay what they are.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from eth.exceptions import OutOfGas
from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream
from eth.vm.computation import BaseComputation

from ledger_node.chain.pyevm.interpreter.program import Program, translated_gas_costs
from ledger_node.chain.pyevm.interpreter.runtime import Frame

PROGRAMS_KEPT = 128
INIT_PROGRAMS_KEPT = 8
RUNS_BEFORE_TRANSLATION = 8  # translating an operation costs about as much as py-evm running it a dozen times


class TranslatingCodeStream(CodeStream):
    __slots__ = ("_computation", "_program_of")

    def __init__(self, computation: Any, program_of: Callable[[bytes], Program]) -> None:
        super().__init__(computation.msg.code)
        self._computation = computation
        self._program_of = program_of

    def __iter__(self) -> Iterator[int]:
        computation, self._computation = self._computation, None  # it runs once, and a cycle would outlive the call
        program = self._program_of(self._raw_code_bytes)
        meter = computation._gas_meter
        stack: list[Any] = computation._stack.values
        frame = Frame(computation)
        traces, code_size = program.traces, len(self)
        place = 0
        while True:
            trace = traces.get(place) or program.trace(place)
            if trace is None:
                yield from self._basic_block()
                stack[:] = [_word(item) for item in stack]
            else:
                place, gas = trace(frame, stack, computation._memory._bytes, meter.gas_remaining)
                while place >= 0 and (trace := traces.get(place)) and gas >= 0:
                    place, gas = trace(frame, stack, computation._memory._bytes, gas)
                if gas < 0:
                    raise OutOfGas("static gas")
                meter.gas_remaining = gas
                if place >= 0:
                    self.program_counter = place
                    continue
                self.program_counter = ~place + 1
                yield self._raw_code_bytes[~place] if ~place < code_size else op.STOP
                if stack:
                    stack[-1] = _word(stack[-1])
            place = self.program_counter

    def _basic_block(self) -> Iterator[int]:
        """The opcodes up to and with the next jump, for py-evm to run."""
        for opcode in super().__iter__():
            yield opcode
            if opcode == op.JUMP or opcode == op.JUMPI:
                return


def _word(item: int | bytes) -> int:
    """py-evm leaves bytes on the stack where it has them; traces know integers only."""
    return int.from_bytes(item) if isinstance(item, bytes) else item


def fast_computation(
    computation_class: type[BaseComputation], *, runs_before_translation: int = RUNS_BEFORE_TRANSLATION
) -> type[BaseComputation]:
    """`computation_class` (Prague, or the network's own rules over it), executing the same code faster."""
    gas_costs = translated_gas_costs(computation_class.opcodes)

    @lru_cache(maxsize=PROGRAMS_KEPT)
    def program_of(code: bytes) -> Program:
        return Program(code, gas_costs, runs_before_translation=runs_before_translation)

    # Init code runs once, but a loop in it can run long. It must not push out what runs in every block.
    init_program_of = lru_cache(maxsize=INIT_PROGRAMS_KEPT)(program_of.__wrapped__)

    class FastComputation(computation_class):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            # Whoever watches opcodes by replacing their table wants to see each of them.
            if self.msg.code and self.opcodes is computation_class.opcodes:
                self.code = TranslatingCodeStream(self, init_program_of if self.msg.is_create else program_of)

    return FastComputation
