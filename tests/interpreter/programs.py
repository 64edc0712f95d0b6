"""Random programs: mostly sensible code with jumps, memory, storage, logs, calls, and now and then a mistake."""

from eth.vm import opcode_values as op
from hypothesis import strategies as st

from tests.interpreter.machine import MAIN, OTHER

WORDS = st.one_of(
    st.integers(0, 4),
    st.integers(0, 300),
    st.sampled_from(
        [2**8, 31, 32, 33, 2**31, 2**64, 2**96 - 1, 2**160 - 1, 2**255 - 1, 2**255, 2**256 - 1, 2**256 - 2]
    ),
    st.integers(0, 2**256 - 1),
)
SMALL = st.one_of(st.integers(0, 130), st.sampled_from([0, 32, 64, 2**32]))
BINARY = [
    op.ADD, op.MUL, op.SUB, op.DIV, op.SDIV, op.MOD, op.SMOD, op.EXP, op.SIGNEXTEND, op.LT, op.GT, op.SLT, op.SGT,
    op.EQ, op.AND, op.OR, op.XOR, op.BYTE, op.SHL, op.SHR, op.SAR,
]  # fmt: skip
NULLARY = [
    op.ADDRESS, op.ORIGIN, op.CALLER, op.CALLVALUE, op.CALLDATASIZE, op.CODESIZE, op.GASPRICE, op.RETURNDATASIZE,
    op.COINBASE, op.TIMESTAMP, op.NUMBER, op.PREVRANDAO, op.GASLIMIT, op.CHAINID, op.SELFBALANCE, op.BASEFEE, op.PC,
    op.MSIZE, op.GAS,
]  # fmt: skip
ANY_OPCODE = st.integers(0, 255)


def push(word: int) -> bytes:
    size = max(1, (word.bit_length() + 7) // 8)
    return bytes([op.PUSH1 + size - 1]) + word.to_bytes(size)


def operation(opcode: int, *operands: int) -> bytes:
    """The opcode with its operands pushed; the first operand ends on top."""
    return b"".join(push(each) for each in reversed(operands)) + bytes([opcode])


words = WORDS.map(push)
pure = st.one_of(
    st.builds(lambda opcode, a, b: operation(opcode, a, b), st.sampled_from(BINARY), WORDS, WORDS),
    st.builds(lambda opcode, a: operation(opcode, a), st.sampled_from([op.ISZERO, op.NOT]), WORDS),
    st.builds(
        lambda opcode, a, b, c: operation(opcode, a, b, c), st.sampled_from([op.ADDMOD, op.MULMOD]), WORDS, WORDS, WORDS
    ),
    st.sampled_from([*BINARY, op.ISZERO, op.NOT, op.ADDMOD, op.POP]).map(lambda opcode: bytes([opcode])),
    st.sampled_from(NULLARY).map(lambda opcode: bytes([opcode])),
    st.integers(op.DUP1, op.DUP1 + 7).map(lambda opcode: bytes([opcode])),
    st.integers(op.SWAP1, op.SWAP1 + 6).map(lambda opcode: bytes([opcode])),
)
memory = st.one_of(
    st.builds(
        lambda opcode, at, word: operation(opcode, at, word), st.sampled_from([op.MSTORE, op.MSTORE8]), SMALL, WORDS
    ),
    SMALL.map(lambda at: operation(op.MLOAD, at)),
    st.builds(lambda at, size: operation(op.SHA3, at, size), SMALL, SMALL),
    st.builds(
        lambda opcode, to, at, size: operation(opcode, to, at, size),
        st.sampled_from([op.CALLDATACOPY, op.CODECOPY, op.RETURNDATACOPY, op.MCOPY]),
        SMALL,
        SMALL,
        SMALL,
    ),
    st.one_of(SMALL, WORDS).map(lambda at: operation(op.CALLDATALOAD, at)),
    st.sampled_from([op.MSTORE, op.MLOAD, op.SHA3, op.MSTORE8]).map(lambda opcode: bytes([opcode])),
)
SLOTS = st.integers(0, 3)
state = st.one_of(
    st.builds(
        lambda opcode, slot, word: operation(opcode, slot, word),
        st.sampled_from([op.SSTORE, op.SSTORE, op.TSTORE]),
        SLOTS,
        st.integers(0, 2),
    ),
    st.builds(lambda opcode, slot: operation(opcode, slot), st.sampled_from([op.SLOAD, op.TLOAD]), SLOTS),
    st.builds(
        lambda topics, at, size: operation(op.LOG0 + len(topics), at, size, *topics),
        st.lists(WORDS, max_size=4),
        SMALL,
        SMALL,
    ),
    st.sampled_from([MAIN, OTHER, b"\x02".rjust(20, b"\0")]).map(
        lambda address: operation(op.BALANCE, int.from_bytes(address))
    ),
    st.sampled_from([op.SSTORE, op.SLOAD, op.TSTORE, op.TLOAD]).map(lambda opcode: bytes([opcode])),
)
GAS = st.sampled_from([0, 700, 3000, 30_000, 10**9])
TARGETS = st.sampled_from([int.from_bytes(each) for each in (OTHER, OTHER, MAIN, b"\x04", b"\x99" * 20)])
calls = st.one_of(
    st.builds(
        lambda gas, to, value, size: operation(op.CALL, gas, to, value, 0, size, 32, size),
        GAS,
        TARGETS,
        st.sampled_from([0, 0, 1, 100]),
        SMALL,
    ),
    st.builds(
        lambda opcode, gas, to, size: operation(opcode, gas, to, 0, size, 64, size),
        st.sampled_from([op.DELEGATECALL, op.STATICCALL]),
        GAS,
        TARGETS,
        SMALL,
    ),
    st.builds(lambda value, size: operation(op.CREATE, value, 0, size), st.integers(0, 1), SMALL),
)
ends = st.one_of(
    st.builds(
        lambda opcode, at, size: operation(opcode, at, size), st.sampled_from([op.RETURN, op.REVERT]), SMALL, SMALL
    ),
    st.just(bytes([op.STOP])),
    st.integers(0, 255).map(lambda opcode: bytes([opcode])),
)


@st.composite
def programs(draw: st.DrawFn, *, with_calls: bool = True, max_blocks: int = 5) -> bytes:
    """Blocks that begin with a JUMPDEST and end by falling through or jumping: to a block, into data, or nowhere."""
    step = st.one_of(pure, pure, words, memory, state, *([calls] if with_calls else []))
    count = draw(st.integers(1, max_blocks))
    bodies = [b"".join(draw(st.lists(step, max_size=8))) for _ in range(count)]
    exits = [
        draw(
            st.one_of(
                st.tuples(st.just("jump"), st.integers(0, count)),
                st.tuples(st.just("branch"), st.integers(0, count)),
                st.tuples(st.just("branch on"), st.integers(0, count)),
                st.tuples(st.just("computed"), st.integers(0, count)),
                st.tuples(st.just("end"), ends),
                st.just(("fall", 0)),
            )
        )
        for _ in range(count)
    ]
    starts: list[int] = []
    at = 0
    for body, (kind, _) in zip(bodies, exits, strict=True):
        starts.append(at)
        at += 1 + len(body) + _exit_size(kind, _)
    starts.append(draw(st.integers(0, at + 2)))  # often no jump destination at all
    return b"".join(
        bytes([op.JUMPDEST]) + body + _exit(kind, argument, starts)
        for body, (kind, argument) in zip(bodies, exits, strict=True)
    )


def _exit(kind: str, argument: int | bytes, starts: list[int]) -> bytes:
    if isinstance(argument, bytes):
        return argument
    target = bytes([op.PUSH2]) + starts[argument].to_bytes(2)
    match kind:
        case "jump":
            return target + bytes([op.JUMP])
        case "branch":  # on whatever lies on the stack
            return target + bytes([op.JUMPI])
        case "branch on":  # a bit of the gas left, so that it goes both ways
            return bytes([op.GAS]) + push(3) + bytes([op.SHR]) + push(1) + bytes([op.AND]) + target + bytes([op.JUMPI])
        case "computed":
            return target + push(0) + bytes([op.CALLDATALOAD, op.XOR, op.JUMP])
        case _:
            return b""


def _exit_size(kind: str, argument: int | bytes) -> int:
    return len(_exit(kind, argument, [0] * 99))
