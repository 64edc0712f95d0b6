"""Each opcode on operands at the edges, from calldata, as constants and mixed; and the ways in which each can fail."""

from itertools import product
from typing import Any

import pytest
from eth.vm import mnemonics
from eth.vm import opcode_values as op
from eth.vm.forks.prague.opcodes import PRAGUE_OPCODES

from tests.interpreter.machine import EAGER, FAST, MAIN, OTHER, World, assert_same, gas_steps
from tests.interpreter.programs import operation, push

EDGES = [0, 1, 2, 7, 30, 31, 32, 255, 256, 2**64, 2**160 - 1, 2**255 - 1, 2**255, 2**255 + 1, 2**256 - 2, 2**256 - 1]
UNARY = [op.ISZERO, op.NOT, op.CALLDATALOAD]
BINARY = [
    op.ADD, op.MUL, op.SUB, op.DIV, op.SDIV, op.MOD, op.SMOD, op.EXP, op.SIGNEXTEND, op.LT, op.GT, op.SLT, op.SGT,
    op.EQ, op.AND, op.OR, op.XOR, op.BYTE, op.SHL, op.SHR, op.SAR,
]  # fmt: skip
TERNARY = [op.ADDMOD, op.MULMOD]


def name(opcode: int) -> str:
    return next(key for key in vars(mnemonics) if vars(op).get(key) == opcode)


def loop(opcode: int, operands: list[int | None]) -> bytes:
    """Applies the opcode to all of calldata, an operand a word (None) or a constant, and returns the results."""
    width = 32 * len(operands)
    code = bytes([op.PUSH0, op.JUMPDEST])
    for pushed, (at, constant) in enumerate(reversed(list(enumerate(operands)))):
        read = push(32 * at) + bytes([op.DUP1 + pushed + 1, op.ADD, op.CALLDATALOAD])
        code += read if constant is None else push(constant)
    code += bytes([opcode, op.DUP1 + 1, op.MSTORE])
    code += push(width) + bytes([op.ADD, op.DUP1, op.CALLDATASIZE, op.GT]) + push(1) + bytes([op.JUMPI])
    return code + bytes([op.PUSH0, op.RETURN])


def check(opcode: int, operands: list[int | None]) -> None:
    data = b"".join(word.to_bytes(32) for words in product(EDGES, repeat=len(operands)) for word in words)
    [outcome] = assert_same(World({MAIN: loop(opcode, operands)}), {"data": data, "gas": 10**8}, computation_class=FAST)
    assert outcome.error is None


@pytest.mark.parametrize("opcode", UNARY + BINARY + TERNARY, ids=name)
def test_an_opcode_gives_the_same_for_operands_from_calldata(opcode: int) -> None:
    check(opcode, [None] * (1 + (opcode not in UNARY) + (opcode in TERNARY)))


@pytest.mark.parametrize("opcode", BINARY, ids=name)
def test_an_opcode_gives_the_same_when_one_operand_or_both_are_constants(opcode: int) -> None:
    data = b"".join(word.to_bytes(32) + bytes(32) for word in EDGES)
    mirrored = b"".join(bytes(32) + word.to_bytes(32) for word in EDGES)
    for constant in EDGES:
        assert_same(World({MAIN: loop(opcode, [None, constant])}), {"data": data}, computation_class=FAST)
        assert_same(World({MAIN: loop(opcode, [constant, None])}), {"data": mirrored}, computation_class=FAST)
        assert_same(World({MAIN: loop(opcode, [constant, EDGES[-2]])}), {"data": data}, computation_class=FAST)


def returning(code: bytes) -> bytes:
    """The code, then its topmost stack item as output."""
    return code + bytes([op.PUSH0, op.MSTORE]) + operation(op.RETURN, 0, 64)


def on_calldata(opcode: int, operands: list[int]) -> tuple[bytes, bytes]:
    """The opcode with its operands read from calldata, and that calldata."""
    read = b"".join(push(32 * at) + bytes([op.CALLDATALOAD]) for at in reversed(range(len(operands))))
    return read + bytes([opcode]), b"".join(word.to_bytes(32) for word in operands)


SPANS = [0, 1, 31, 32, 33, 64, 65, 200, 2**32, 2**64, 2**256 - 1]


@pytest.mark.parametrize("opcode", [op.SHA3, op.LOG0, op.RETURN, op.REVERT], ids=name)
def test_spans_of_memory_are_charged_and_read_the_same(opcode: int) -> None:
    filled = operation(op.MSTORE, 10, 2**256 - 3)
    for start, size in product(SPANS, SPANS):
        assert_same(World({MAIN: filled + operation(opcode, start, size)}), {}, {"gas": 400}, computation_class=EAGER)
        code, data = on_calldata(opcode, [start, size])
        messages: list[dict[str, Any]] = [{"data": data}, {"data": data, "gas": 400}]
        assert_same(World({MAIN: filled + code}), *messages, computation_class=EAGER)


@pytest.mark.parametrize("opcode", [op.CALLDATACOPY, op.CODECOPY, op.MCOPY, op.RETURNDATACOPY], ids=name)
def test_copies_into_memory_end_the_same(opcode: int) -> None:
    call = operation(op.STATICCALL, 10**6, int.from_bytes(OTHER), 0, 0, 0, 0)
    giver = operation(op.MSTORE, 0, 2**256 // 7) + operation(op.RETURN, 0, 40)
    some = [0, 1, 33, 40, 2**64]
    for target, source, size in product(some, some, [0, 1, 7, 40, 2**64]):
        code = call + operation(op.MSTORE, 3, 2**200 + 77) + operation(opcode, target, source, size)
        world = World({MAIN: returning(code + bytes([op.MSIZE])), OTHER: giver})
        assert_same(world, {"data": bytes(range(1, 37))}, computation_class=EAGER)
        copy, data = on_calldata(opcode, [target, source, size])
        code = call + operation(op.MSTORE, 3, 2**200 + 77) + copy
        world = World({MAIN: returning(code + bytes([op.MSIZE])), OTHER: giver})
        assert_same(world, {"data": data}, {"data": data, "gas": 3_000}, computation_class=EAGER)


@pytest.mark.parametrize("opcode", [op.MLOAD, op.MSTORE, op.MSTORE8], ids=name)
def test_words_of_memory_are_the_same_at_any_place(opcode: int) -> None:
    for start in [0, 1, 31, 32, 33, 2**16, 2**32, 2**256 - 32, 2**256 - 1]:
        operands = [start] if opcode == op.MLOAD else [start, 2**256 - 2]
        code = operation(opcode, *operands) + operation(op.MLOAD, 1)
        world = World({MAIN: returning(code + bytes([op.MSIZE]))})
        assert_same(world, {}, {"gas": 10**7}, {"gas": 25}, computation_class=EAGER)
        code, data = on_calldata(opcode, operands)
        world = World({MAIN: returning(code + operation(op.MLOAD, 1) + bytes([op.MSIZE]))})
        assert_same(world, {"data": data}, {"data": data, "gas": 10**7}, computation_class=EAGER)


def test_storing_costs_and_refunds_the_same_on_every_way_between_values() -> None:
    for original, first, second in product(range(3), repeat=3):
        code = operation(op.SSTORE, 5, first) + operation(op.SLOAD, 5) + operation(op.SSTORE, 5, second)
        world = World({MAIN: returning(code + bytes([op.GAS]))}, {MAIN: {5: original}})
        assert_same(world, {}, {}, computation_class=EAGER)


def test_storing_out_of_gas_ends_the_same_at_every_limit() -> None:
    code = operation(op.SSTORE, 5, 1) + operation(op.SSTORE, 6, 0) + operation(op.SSTORE, 5, 0)
    world = World({MAIN: code}, {MAIN: {6: 1}})
    for limit in gas_steps(world, {}):
        assert_same(world, {"gas": limit}, computation_class=EAGER)


def test_storing_needs_more_than_the_stipend_the_same() -> None:
    code = operation(op.SLOAD, 6) + operation(op.SSTORE, 6, 1)  # the second costs 100, but wants 2301 to be there
    outcomes = assert_same(
        World({MAIN: code}, {MAIN: {6: 1}}), *[{"gas": limit} for limit in range(4395, 4425)], computation_class=EAGER
    )
    assert {outcome.error for outcome in outcomes} == {None, "OutOfGas"}


@pytest.mark.parametrize(
    "write",
    [
        operation(op.SSTORE, 1, 1),
        operation(op.TSTORE, 1, 1),
        operation(op.LOG0 + 1, 0, 0, 9),
        operation(op.CREATE, 0, 0, 0),
        operation(op.CALL, 5000, 1, 1, 0, 0, 0, 0),
        operation(op.SLOAD, 1),
        operation(op.TLOAD, 1),
    ],
)
def test_writing_inside_a_static_call_fails_the_same(write: bytes) -> None:
    for given in (20_000, 2_000, 300, 50, 7, 5):
        call = operation(op.STATICCALL, given, int.from_bytes(OTHER), 0, 0, 0, 32)
        world = World({MAIN: returning(call + bytes([op.RETURNDATASIZE])), OTHER: write})
        assert_same(world, {}, {"gas": 600}, computation_class=EAGER)


def test_transient_storage_is_read_back_and_forgotten_after_the_message() -> None:
    code = operation(op.TLOAD, 3) + operation(op.TSTORE, 3, 2**255) + operation(op.TLOAD, 3)
    world = World({MAIN: returning(code + bytes([op.ADD]))})
    first, second = assert_same(world, {}, {}, computation_class=EAGER)
    assert first.output == second.output == (2**255).to_bytes(32) + bytes(32)


@pytest.mark.parametrize("depth", [1022, 1023, 1024, 1025])
def test_the_stack_overflows_at_the_same_item(depth: int) -> None:
    filled = bytes([op.PUSH0]) * depth
    for last in (b"", bytes([op.DUP1]), bytes([op.ADD]), push(7) + bytes([op.POP]), bytes([op.CALLER])):
        assert_same(World({MAIN: filled + last}), {}, {"gas": 2 * depth}, computation_class=EAGER)


@pytest.mark.parametrize("opcode", sorted(PRAGUE_OPCODES.keys() - {op.SELFDESTRUCT}), ids=name)
def test_too_few_items_on_the_stack_fail_the_same(opcode: int) -> None:
    for items in range(8):
        world = World({MAIN: bytes([op.PUSH0]) * items + bytes([opcode, op.STOP])})
        assert_same(world, {}, {"gas": 2 * items + 1}, computation_class=EAGER)


@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize("target", [*range(24), 99, 2**64, 2**256 - 1])
def test_jumps_lead_to_the_same_place_or_fail_the_same(target: int, computed: bool) -> None:
    destination = push(0) + bytes([op.CALLDATALOAD]) if computed else push(target)
    rest = bytes([op.STOP, op.PUSH2, op.JUMPDEST, op.JUMPDEST, op.POP, op.JUMPDEST, op.CALLER])
    for jump in (bytes([op.JUMP]), bytes([op.JUMPI])):
        world = World({MAIN: push(1) + destination + jump + rest})
        assert_same(world, {"data": target.to_bytes(32), "gas": 300}, computation_class=EAGER)


def test_calls_nest_as_deeply() -> None:
    again = operation(op.CALL, 2**255, int.from_bytes(MAIN), 0, 0, 0, 0, 0)
    code = (
        operation(op.SSTORE, 0, 1)[:0] + again + operation(op.SLOAD, 0) + push(1) + bytes([op.ADD, op.PUSH0, op.SSTORE])
    )
    [outcome] = assert_same(World({MAIN: code}), {"gas": 10**13}, computation_class=EAGER)
    assert outcome.error is None


def test_code_that_creates_code_ends_the_same() -> None:
    child = operation(op.MSTORE, 0, 0x600160005260206000F3) + operation(op.RETURN, 22, 10)
    code = operation(op.MSTORE, 0, int.from_bytes(child.ljust(32, b"\0"))) + operation(op.CREATE, 1, 0, len(child))
    world = World({MAIN: returning(code + bytes([op.DUP1, op.PUSH0, op.MSTORE, op.RETURNDATASIZE]))})
    assert_same(world, {}, {"gas": 34_000}, {"gas": 33_000}, computation_class=EAGER)
