"""A program: one contract's code with what running it has taught us.

A program starts cold: py-evm runs it, and we count how often each place is reached. A place reached often gets a trace.
What a program may spend on traces is bounded by its length, so nobody can make us translate for ever.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from eth.abc import OpcodeAPI
from eth.vm import opcode_values as op
from eth.vm.forks.prague.opcodes import PRAGUE_OPCODES

from ledger_node.chain.pyevm.interpreter.code import Code
from ledger_node.chain.pyevm.interpreter.operations import EFFECTS
from ledger_node.chain.pyevm.interpreter.trace import TraceFunction, translate
from ledger_node.chain.pyevm.interpreter.values import PURE

SPARE_OPERATIONS = 2000  # so that short programs, too, may have a few traces

_STACK_AND_FLOW = {op.POP, op.JUMP, op.JUMPI, op.JUMPDEST, op.PC, *range(op.PUSH0, op.SWAP16 + 1)}
_TRANSLATED = PURE.keys() | EFFECTS.keys() | _STACK_AND_FLOW


def translated_gas_costs(opcodes: Mapping[int, OpcodeAPI]) -> dict[int, int]:
    """Static gas of the opcodes a trace may hold. An opcode the rules replaced is not among them: py-evm runs it."""
    own: Mapping[int, Any] = PRAGUE_OPCODES
    return {each: own[each].gas_cost for each in _TRANSLATED if opcodes.get(each) is own[each]}


class Program:
    def __init__(self, code: bytes, gas_costs: Mapping[int, int], *, runs_before_translation: int) -> None:
        self.traces: dict[int, TraceFunction] = {}
        self._code = Code(code)
        self._gas_costs = gas_costs
        self._runs: Counter[int] = Counter()
        self._runs_before_translation = runs_before_translation
        self._operations_left = len(code) + SPARE_OPERATIONS

    def trace(self, at: int) -> TraceFunction | None:
        """The trace that starts at a place, or None while py-evm shall run it. Counts the visit."""
        if at in self.traces:
            return self.traces[at]
        self._runs[at] += 1
        if self._runs[at] <= self._runs_before_translation or self._operations_left <= 0:
            return None
        self.traces[at], operations = translate(self._code, at, gas_costs=self._gas_costs, runs=self._runs)
        self._operations_left -= operations
        return self.traces[at]
