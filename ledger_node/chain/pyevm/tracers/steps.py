"""The struct logger: every instruction with what it found and what it cost."""

from collections.abc import Callable
from typing import Any

from eth.exceptions import VMError
from eth.vm import opcode_values as op

from ledger_node.chain.blocks import Address, Transaction
from ledger_node.chain.errors import CallFailed
from ledger_node.chain.inspection import Step, StructTrace, TraceConfig
from ledger_node.chain.pyevm.execution import Outcome
from ledger_node.chain.pyevm.forks import Fork
from ledger_node.chain.pyevm.tracers.unpaid import cost_of, error_of
from ledger_node.chain.pyevm.tracers.watching import CALLS, Tracer, opcode_name, word_of

STEPS_MAX = 500_000


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
        if len(self._steps) >= self._limit or not computation.msg.code:  # an account without code has no steps
            run(computation=computation)
            return
        place = len(self._steps)
        self._steps.append(None)
        seen = self._seen(opcode, computation)
        gas = computation._gas_meter.gas_remaining
        self._costs.append(None)
        computation.gas_returned = 0
        failed: VMError | None = None
        try:
            run(computation=computation)
        except VMError as failure:
            failed = failure
            raise
        finally:
            left = self._costs.pop()
            if left is None:
                left = computation._gas_meter.gas_remaining
                if opcode in CALLS:  # one that did not begin gave back what it was handed
                    left -= computation.gas_returned
            self._steps[place] = self._made(opcode, computation, seen, gas, gas - left, failed)

    def _seen(self, opcode: int, computation: Any) -> dict[str, Any]:
        stack = tuple(word_of(item) for item in computation._stack.values)
        address = computation.msg.storage_address
        slots = self._storage.setdefault(address, {})
        stored = True
        if opcode == op.SLOAD and stack:
            slots[stack[-1]] = computation.state.get_storage(address, stack[-1])
        elif opcode == op.SSTORE and len(stack) >= 2:
            slots[stack[-1]] = stack[-2]
        else:
            stored = False
        return {
            "pc": _place(opcode, computation),
            "stack": stack,
            "memory": self.keep(bytes(computation._memory._bytes)) if self.config.with_memory else None,
            "return_data": self.keep(bytes(computation.return_data)) if self.config.with_return_data else None,
            "refund": _refund(computation),
            "storage": dict(slots) if stored and self.config.with_storage else None,
        }

    def _made(
        self, opcode: int, computation: Any, seen: dict[str, Any], gas: int, cost: int, failed: VMError | None
    ) -> Step:
        error = None
        if failed is not None:
            cost = cost_of(opcode, failed, seen["stack"], cost, computation)
            error = error_of(opcode, failed, seen["stack"], computation)
        return Step(
            pc=seen["pc"],
            op=opcode_name(opcode),
            gas=gas,
            gas_cost=cost,
            depth=computation.msg.depth + 1,
            error=error,
            stack=seen["stack"] if self.config.with_stack else None,
            memory=seen["memory"],
            storage=seen["storage"],
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


def _place(opcode: int, computation: Any) -> int:
    """Of the STOP that follows the code's end, the place behind it."""
    following: int = computation.code.program_counter
    place = following - 1
    if opcode != op.STOP:
        return place
    code = computation.msg.code
    written = 0 <= place < len(code) and code[place] == op.STOP and computation.code.is_valid_opcode(place)
    return place if written else following


def _refund(computation: Any) -> int:
    refund: int = computation._gas_meter.gas_refunded
    return max(refund, 0)
