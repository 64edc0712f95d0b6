"""What is translated, when, and what is left to py-evm."""

import ast
import re
from pathlib import Path

from eth.vm import mnemonics
from eth.vm import opcode_values as op
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.opcodes import PRAGUE_OPCODES
from eth.vm.opcode import as_opcode

from ledger_node.chain.pyevm.interpreter import fast_computation
from ledger_node.chain.pyevm.interpreter.code import Code
from ledger_node.chain.pyevm.interpreter.program import SPARE_OPERATIONS, Program, translated_gas_costs
from ledger_node.chain.pyevm.interpreter.trace import Trace
from tests.interpreter.machine import EAGER, MAIN, Machine, World, assert_same
from tests.interpreter.programs import operation, push

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "performance.md"
COSTS = translated_gas_costs(PRAGUE_OPCODES)


def test_the_trace_shown_in_the_documentation_is_what_is_written() -> None:
    code = bytes([op.CALLER, op.PUSH0, op.CALLDATALOAD, op.ADD, op.SWAP1, op.JUMP])
    shown = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    written = Trace(Code(code), 0, gas_costs=COSTS, runs={}).source()
    assert ast.dump(ast.parse(shown.group(1))) == ast.dump(ast.parse(written))


def test_a_place_is_translated_when_it_has_run_often_enough() -> None:
    program = Program(bytes([op.CALLER, op.STOP]), COSTS, runs_before_translation=3)
    assert [program.trace(0) is None for _ in range(5)] == [True, True, True, False, False]


def test_a_program_cannot_make_us_translate_for_ever() -> None:
    code = bytes([op.CALLER]) * 400 + bytes([op.POP]) * 400
    program = Program(code, COSTS, runs_before_translation=0)
    written = [place for place in range(len(code)) if program.trace(place) is not None]
    operations = sum(len(code) - place for place in written)
    assert len(code) + SPARE_OPERATIONS <= operations < 2 * (len(code) + SPARE_OPERATIONS)
    assert len(written) < len(code)


def test_code_that_was_not_translated_in_time_still_runs() -> None:
    code = b"".join(bytes([op.JUMPDEST]) + push(at % 7) + bytes([op.POP, op.GAS, op.POP]) for at in range(900))
    assert_same(World({MAIN: code}), *[{"gas": limit} for limit in (100_000, 5_000)], computation_class=EAGER)


def test_an_opcode_that_the_rules_replaced_is_run_as_they_say() -> None:
    forty_two = as_opcode(lambda computation: computation.stack_push_int(42), mnemonics.CALLER, 1000)

    class OtherRules(PragueComputation):
        opcodes = {**PRAGUE_OPCODES, op.CALLER: forty_two}

    world = World({MAIN: bytes([op.CALLER, op.PUSH0, op.MSTORE]) + operation(op.RETURN, 0, 32)})
    done = Machine(fast_computation(OtherRules, runs_before_translation=0), world).send()
    assert done.output == (42).to_bytes(32)
    assert done == Machine(OtherRules, world).send()


def test_a_watcher_of_opcodes_sees_every_one() -> None:
    seen: list[int] = []

    class Watched(dict[int, object]):
        def __getitem__(self, opcode: int) -> object:
            seen.append(opcode)
            return super().__getitem__(opcode)

    class Watching(EAGER):  # type: ignore[misc, valid-type]
        opcodes = Watched(PRAGUE_OPCODES)

    Machine(Watching, World({MAIN: bytes([op.CALLER, op.GAS, op.ADD, op.STOP])})).send()
    assert seen == [op.CALLER, op.GAS, op.ADD, op.STOP]


def test_opcodes_of_prague_itself_are_translated() -> None:
    assert {op.ADD, op.SLOAD, op.SSTORE, op.LOG3, op.JUMPI, op.MCOPY, op.TSTORE} <= COSTS.keys()


def test_calls_and_creations_are_left_to_pyevm() -> None:
    left = {op.CALL, op.DELEGATECALL, op.STATICCALL, op.CREATE, op.CREATE2, op.RETURN, op.REVERT, op.SELFDESTRUCT}
    assert not left & COSTS.keys()
