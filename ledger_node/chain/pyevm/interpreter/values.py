"""What the translator knows of a stack item: how to write it in Python, its greatest width, whether it is a constant.

The operations here are pure: they take values and give one, and touch neither gas nor memory nor state. It knows
nothing of control flow.
"""

from collections.abc import Callable
from dataclasses import dataclass

from eth.vm import opcode_values as op

WORD_BITS = 256
MAX = 2**256 - 1
SIGN = 2**255


@dataclass(frozen=True, slots=True)
class Value:
    """A stack item as a Python expression without side effects, cheap enough to be written more than once.

    `bits` bounds its bit length. A test also has `condition` and `opposite`, the two boolean expressions a branch can
    use without making a 0 or 1 of it first.
    """

    source: str
    bits: int = WORD_BITS
    constant: int | None = None
    condition: str | None = None
    opposite: str | None = None

    @property
    def when_true(self) -> str:
        return self.condition or self.source

    @property
    def when_false(self) -> str:
        return self.opposite or f"not {self.source}"


def constant(number: int) -> Value:
    return Value(source=hex(number) if number > 9 else str(number), bits=number.bit_length(), constant=number)


def test(condition: str, opposite: str) -> Value:
    return Value(source=f"(1 if {condition} else 0)", bits=1, condition=condition, opposite=opposite)


# RULES: each gives the result of one operation; its first operand is the top of the stack


def _add(a: Value, b: Value) -> Value:
    return _wrapped(f"{a.source} + {b.source}", bits=max(a.bits, b.bits) + 1)


def _mul(a: Value, b: Value) -> Value:
    return _wrapped(f"{a.source} * {b.source}", bits=a.bits + b.bits)


def _sub(a: Value, b: Value) -> Value:
    return Value(f"({a.source} - {b.source}) & MAX")


def _div(a: Value, b: Value) -> Value:
    if b.constant:
        return Value(f"{a.source} // {b.source}", bits=a.bits)
    return Value(f"{a.source} // {b.source} if {b.source} else 0", bits=a.bits)


def _mod(a: Value, b: Value) -> Value:
    return Value(f"{a.source} % {b.source} if {b.source} else 0", bits=min(a.bits, b.bits))


def _and(a: Value, b: Value) -> Value:
    for mask, other in ((a, b), (b, a)):
        if mask.constant is not None and mask.constant & (mask.constant + 1) == 0 and other.bits <= mask.bits:
            return other  # masks nothing away
    return Value(f"{a.source} & {b.source}", bits=min(a.bits, b.bits))


def _or(a: Value, b: Value) -> Value:
    return Value(f"{a.source} | {b.source}", bits=max(a.bits, b.bits))


def _xor(a: Value, b: Value) -> Value:
    return Value(f"{a.source} ^ {b.source}", bits=max(a.bits, b.bits))


def _not(a: Value) -> Value:
    return Value(f"{a.source} ^ MAX")


def _shl(shift: Value, a: Value) -> Value:
    if shift.constant is None:
        return Value(f"({a.source} << {shift.source}) & MAX if {shift.source} < 256 else 0")
    if shift.constant >= WORD_BITS:
        return constant(0)
    return _wrapped(f"{a.source} << {shift.constant}", bits=a.bits + shift.constant)


def _shr(shift: Value, a: Value) -> Value:
    if shift.constant is None:
        return Value(f"{a.source} >> {shift.source} if {shift.source} < 256 else 0", bits=a.bits)
    if shift.constant >= a.bits:
        return constant(0)
    return Value(f"{a.source} >> {shift.constant}", bits=a.bits - shift.constant)


def _sar(shift: Value, a: Value) -> Value:
    return Value(f"((({a.source}) ^ SIGN) - SIGN >> min({shift.source}, 256)) & MAX")


def _byte(position: Value, a: Value) -> Value:
    if position.constant is None:
        return Value(f"{a.source} >> 248 - 8 * {position.source} & 255 if {position.source} < 32 else 0", bits=8)
    if position.constant >= 32:
        return constant(0)
    return Value(f"{a.source} >> {248 - 8 * position.constant} & 255", bits=8)


def _lt(a: Value, b: Value) -> Value:
    return test(f"({a.source} < {b.source})", f"({a.source} >= {b.source})")


def _gt(a: Value, b: Value) -> Value:
    return test(f"({a.source} > {b.source})", f"({a.source} <= {b.source})")


def _slt(a: Value, b: Value) -> Value:
    # Flipping the sign bit maps the signed order to the unsigned one.
    return test(f"({a.source} ^ SIGN < {b.source} ^ SIGN)", f"({a.source} ^ SIGN >= {b.source} ^ SIGN)")


def _sgt(a: Value, b: Value) -> Value:
    return _slt(b, a)


def _eq(a: Value, b: Value) -> Value:
    return test(f"({a.source} == {b.source})", f"({a.source} != {b.source})")


def _iszero(a: Value) -> Value:
    return test(a.when_false, a.when_true) if a.condition else test(f"({a.source} == 0)", f"({a.source} != 0)")


def _wrapped(source: str, bits: int) -> Value:
    """Words are 256 bits wide; the mask is left out where the operands are known to be narrow enough."""
    return Value(source, bits=bits) if bits <= WORD_BITS else Value(f"({source}) & MAX")


def _call(function: str) -> Callable[..., Value]:
    return lambda *operands: Value(f"{function}({', '.join(each.source for each in operands)})")


PURE: dict[int, tuple[int, Callable[..., Value]]] = {
    op.ADD: (2, _add),
    op.MUL: (2, _mul),
    op.SUB: (2, _sub),
    op.DIV: (2, _div),
    op.SDIV: (2, _call("sdiv")),
    op.MOD: (2, _mod),
    op.SMOD: (2, _call("smod")),
    op.ADDMOD: (3, _call("addmod")),
    op.MULMOD: (3, _call("mulmod")),
    op.SIGNEXTEND: (2, _call("signextend")),
    op.LT: (2, _lt),
    op.GT: (2, _gt),
    op.SLT: (2, _slt),
    op.SGT: (2, _sgt),
    op.EQ: (2, _eq),
    op.ISZERO: (1, _iszero),
    op.AND: (2, _and),
    op.OR: (2, _or),
    op.XOR: (2, _xor),
    op.NOT: (1, _not),
    op.BYTE: (2, _byte),
    op.SHL: (2, _shl),
    op.SHR: (2, _shr),
    op.SAR: (2, _sar),
}
