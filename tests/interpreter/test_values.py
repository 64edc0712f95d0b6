"""What the translator believes of a value's width is never too narrow, for a mask is left out on the strength of it."""

from itertools import product

import pytest
from eth.vm import opcode_values as op

from ledger_node.chain.pyevm.interpreter import runtime
from ledger_node.chain.pyevm.interpreter.values import MAX, PURE, Value, constant
from tests.interpreter.test_opcodes import name

WIDTHS = [0, 1, 2, 8, 9, 160, 255, 256]
CONSTANTS = [0, 1, 2, 3, 7, 31, 32, 96, 248, 255, 256, 2**8 - 1, 2**8, 2**160 - 1, 2**160, MAX]


def within(bits: int) -> list[int]:
    return sorted({0, min(1, (1 << bits) - 1), (1 << bits) >> 1, (1 << bits) - 1})


def operands() -> list[tuple[str | int, int]]:
    """Names of a width, and constants (which are their own width)."""
    return [("name", bits) for bits in WIDTHS] + [(number, 0) for number in CONSTANTS]


@pytest.mark.parametrize("opcode", sorted(PURE), ids=name)
def test_a_result_is_a_word_and_no_wider_than_believed(opcode: int) -> None:
    arity, rule = PURE[opcode]
    kinds = operands() if arity < 3 else operands()[::5]
    for chosen in product(kinds, repeat=arity):
        values = [
            Value(f"x{at}", bits=bits) if kind == "name" else constant(int(kind))
            for at, (kind, bits) in enumerate(chosen)
        ]
        result = rule(*values)
        for words in product(*(within(bits) if kind == "name" else [0] for kind, bits in chosen)):
            names = dict(vars(runtime), **{f"x{at}": word for at, word in enumerate(words)})
            word = eval(result.source, names)
            assert 0 <= word <= MAX
            assert word.bit_length() <= result.bits
            if result.condition and result.opposite:
                assert bool(eval(result.condition, names)) == bool(word) != bool(eval(result.opposite, names))


def test_a_mask_that_masks_nothing_is_left_out() -> None:
    address = Value("x", bits=160)
    assert PURE[op.AND][1](constant(2**160 - 1), address) is address


def test_a_mask_that_masks_is_kept() -> None:
    word = Value("x", bits=161)
    assert PURE[op.AND][1](constant(2**160 - 1), word) is not word
