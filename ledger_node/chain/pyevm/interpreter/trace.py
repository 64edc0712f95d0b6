"""Write one trace as a Python function: straight-line code from one entry, jumps followed where they are known.

The EVM's stack is worked out while writing: DUP, SWAP, POP and PUSH cost nothing at run time, and what an operation
computes lives in a Python local. At an exit the items that changed are put back on the real stack, so between two
traces the machine's state is exactly the EVM's.

A trace goes on along the way that ran most often before it was written and leaves at the others. An operation that is
not translated, or that would fail for another reason than gas, is handed over to py-evm with the state just before it.

    def trace(frame, stack, memory, gas):
        if not 2 <= len(stack) <= 1019: return ~0x1c4, gas     # hand the entry over: let py-evm find the error
        e1 = stack[-1]
        v1 = e1 + 0x20                                         # no mask: e1 is known to be narrow
        if v1 >= e2:
            stack[-2:] = (v1, e1)
            return 0x2f0, gas - 34                             # an exit: the next trace starts at 0x2f0
        ...
"""

from collections import Counter
from collections.abc import Callable, Mapping

from eth.exceptions import OutOfGas
from eth.vm import opcode_values as op

from ledger_node.chain.pyevm.interpreter import runtime
from ledger_node.chain.pyevm.interpreter.code import Code
from ledger_node.chain.pyevm.interpreter.operations import EFFECTS
from ledger_node.chain.pyevm.interpreter.values import PURE, Value, constant

MAX_OPERATIONS = 1200
MAX_VISITS = 3
STACK_LIMIT = 1024

# (frame, stack, memory, gas) -> (where to go on, gas left). A place below zero, ~place, is for py-evm to run.
TraceFunction = Callable[..., tuple[int, int]]

_NAMES = {name: thing for name, thing in vars(runtime).items() if not name.startswith("__")}


class Trace:
    def __init__(self, code: Code, entry: int, *, gas_costs: Mapping[int, int], runs: Mapping[int, int]) -> None:
        self._code = code
        self._entry = entry
        self._gas_costs = gas_costs
        self._runs = runs
        self.gas = 0  # static gas of operations already written, not yet charged
        self.operations = 0
        self._lines: list[str] = []
        self._items: list[Value] = []  # the top of the stack; below lies what the entry found and nobody touched
        self._taken = 0  # how many of the entry's items are among them
        self._growth = 0
        self._names = 0
        self._memory_size = 0  # memory is known to be at least this long

    def source(self) -> str:
        self._write_from(self._entry)
        highest = STACK_LIMIT - self._growth
        return "\n".join(
            [
                "def trace(frame, stack, memory, gas):",
                f" if not {self._taken} <= len(stack) <= {highest}: return {_left_to_pyevm(self._entry)}, gas",
                *(f" {line}" for line in self._lines),
            ]
        )

    # FLOW

    def _write_from(self, entry: int) -> None:
        visits: Counter[int] = Counter()
        at: int | None = entry
        while at is not None:
            visits[at] += 1
            if self.operations >= MAX_OPERATIONS or visits[at] > MAX_VISITS or (at == self._entry and visits[at] > 1):
                self._leave(hex(at))
                return
            self.operations += 1
            at = self._write_operation(at)

    def _write_operation(self, at: int) -> int | None:
        """Write the operation at `at`; returns where to go on, or None if the trace ended."""
        opcode, operand, after = self._code.instruction(at)
        if opcode not in self._gas_costs:
            self._leave(_left_to_pyevm(at))
            return None
        if op.PUSH0 <= opcode <= op.PUSH32:
            self.push(constant(operand))
        elif op.DUP1 <= opcode <= op.DUP16:
            self.push(self._peek(opcode - op.DUP1 + 1))
        elif op.SWAP1 <= opcode <= op.SWAP16:
            depth = opcode - op.SWAP1 + 2
            self._peek(depth)
            self._items[-1], self._items[-depth] = self._items[-depth], self._items[-1]
        elif opcode == op.POP:
            self._take(1)
            self._items.pop()
        elif opcode == op.JUMP:
            return self._jump(at)
        elif opcode == op.JUMPI:
            return self._branch(at, after)
        elif opcode == op.PC:
            self.push(constant(at))
        elif opcode in PURE:
            self._compute(opcode)
        elif opcode in EFFECTS:
            self.gas += self._gas_costs[opcode]
            EFFECTS[opcode](self)
            return after
        self.gas += self._gas_costs[opcode]
        return after

    def _jump(self, at: int) -> int | None:
        target = self._peek(1)
        if target.constant is None:
            self.write(f"if {target.source} not in JUMPDESTS:")
            self._leave(_left_to_pyevm(at), indent=" ")
        elif target.constant not in self._code.jump_destinations:
            self._leave(_left_to_pyevm(at))
            return None
        self._items.pop()
        self.gas += self._gas_costs[op.JUMP]
        if target.constant is not None:
            return target.constant
        self._leave(target.source)
        return None

    def _branch(self, at: int, after: int) -> int | None:
        self._take(2)
        target, decision = self._items[-1], self._items[-2]
        if target.constant not in self._code.jump_destinations:
            self._leave(_left_to_pyevm(at))
            return None
        assert target.constant is not None
        del self._items[-2:]
        self.gas += self._gas_costs[op.JUMPI]
        if decision.constant is not None:
            return target.constant if decision.constant else after
        jumped, fell = self._runs.get(target.constant, 0), self._runs.get(after, 0)
        if jumped > fell:
            self.write(f"if {decision.when_false}:")
            self._leave(hex(after), indent=" ")
            return target.constant
        self.write(f"if {decision.when_true}:")
        self._leave(hex(target.constant), indent=" ")
        if fell:
            return after
        self._leave(hex(after))  # neither way was ever taken: nothing tells which one is worth writing
        return None

    def _leave(self, target: str, indent: str = "") -> None:
        """Write an exit: put the changed items back and say where to go on, or ~where py-evm shall."""
        kept = 0
        while kept < min(self._taken, len(self._items)) and self._items[kept].source == f"e{self._taken - kept}":
            kept += 1
        replaced = self._taken - kept
        items = [each.source for each in self._items[kept:]]
        if replaced and not items:
            self.write(f"{indent}del stack[-{replaced}:]")
        elif replaced or items:
            where = f"stack[-{replaced}:]" if replaced else "stack[len(stack):]"
            self.write(f"{indent}{where} = ({', '.join(items)},)")
        self.write(f"{indent}return {target}, gas - {self.gas}")

    # STACK

    def push(self, value: Value) -> None:
        self._items.append(value)
        self._growth = max(self._growth, len(self._items) - self._taken)

    def pop(self) -> Value:
        """The top item as an operand: a name or a number."""
        self._take(1)
        value = self._items.pop()
        return self._named(value) if value.condition else value

    def push_new(self, value: Value) -> None:
        """Compute `value` now, into a name of its own."""
        self.push(self._named(value))

    def new_name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _named(self, value: Value) -> Value:
        name = self.new_name()
        self.write(f"{name} = {value.source}")
        return Value(name, bits=value.bits)

    def _peek(self, depth: int) -> Value:
        self._take(depth)
        return self._items[-depth]

    def _take(self, count: int) -> None:
        while len(self._items) < count:
            self._taken += 1
            name = f"e{self._taken}"
            self.write(f"{name} = stack[-{self._taken}]")
            self._items.insert(0, Value(name))

    def _compute(self, opcode: int) -> None:
        arity, rule = PURE[opcode]
        if opcode == op.ISZERO:  # the one operation that reads a test as a test
            self._take(1)
            operands = [self._items.pop()]
        else:
            operands = [self.pop() for _ in range(arity)]
        value = rule(*operands)
        if all(each.constant is not None for each in operands):
            self.push(constant(eval(value.source, _NAMES)))  # noqa: S307
        elif value.condition or value.constant is not None or value in operands:
            self.push(value)
        else:
            self.push_new(value)

    # LINES

    def write(self, line: str) -> None:
        self._lines.append(line)

    def charge(self) -> None:
        """Make `gas` exact: what comes next reads it, or fails with another error than OutOfGas."""
        self.write(f"gas -= {self.gas}")
        self.write("if gas < 0: raise OutOfGas('static gas')")
        self.gas = 0

    def reach(self, start: Value, size: Value) -> None:
        """Make memory reach the end of a span; its gas is charged at once."""
        if start.constant is not None and size.constant is not None:
            end = start.constant + size.constant
            if end <= self._memory_size:
                return
            self._memory_size = end
            self.write(f"if len(memory) < {end}: gas = grow(memory, {end}, gas)")
        else:
            non_empty = "" if size.constant else f"{size.source} and "
            end_source = f"{start.source} + {size.source}"
            self.write(f"if {non_empty}len(memory) < {end_source}: gas = grow(memory, {end_source}, gas)")


def _left_to_pyevm(at: int) -> str:
    return f"~{at:#x}"


def translate(
    code: Code, entry: int, *, gas_costs: Mapping[int, int], runs: Mapping[int, int]
) -> tuple[TraceFunction, int]:
    """The trace from `entry` as a function, and how many operations went into it.

    `gas_costs` has the opcodes that may be translated, `runs` how often each place was reached so far.
    """
    trace = Trace(code, entry, gas_costs=gas_costs, runs=runs)
    names = dict(_NAMES, OutOfGas=OutOfGas, JUMPDESTS=code.jump_destinations, CODE=code.content)
    exec(compile(trace.source(), f"<evm {entry:#x}>", "exec"), names)  # noqa: S102  # our own source, see write()
    return names["trace"], trace.operations
