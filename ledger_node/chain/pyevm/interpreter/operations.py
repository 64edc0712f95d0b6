"""How operations that touch memory, state or the call's surroundings are written in Python.

Each function takes the trace being written, pops its operands from the trace's stack, and writes lines. An opcode
that is in neither this table nor the pure one is left to py-evm.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from eth import constants
from eth.vm import opcode_values as op
from eth.vm.forks.spurious_dragon.constants import GAS_EXPBYTE_EIP160

from ledger_node.chain.pyevm.interpreter.values import Value, constant

if TYPE_CHECKING:
    from ledger_node.chain.pyevm.interpreter.trace import Trace

_CHEAP_TO_HASH = 256

Operation = Callable[["Trace"], None]

# MEMORY


def _mload(trace: "Trace") -> None:
    start = trace.pop()
    trace.reach(start, constant(32))
    trace.push_new(Value(f"from_bytes(memory[{start.source}:{_end(start, constant(32))}])"))


def _mstore(trace: "Trace") -> None:
    start, word = trace.pop(), trace.pop()
    trace.reach(start, constant(32))
    content = f"{word.source}.to_bytes(32)" if word.constant is None else repr(word.constant.to_bytes(32))
    trace.write(f"memory[{start.source}:{_end(start, constant(32))}] = {content}")


def _mstore8(trace: "Trace") -> None:
    start, word = trace.pop(), trace.pop()
    trace.reach(start, constant(1))
    trace.write(f"memory[{start.source}] = {word.source} & 255")


def _sha3(trace: "Trace") -> None:
    start, size = trace.pop(), trace.pop()
    if size.constant == 0:
        trace.push_new(Value("keccak_int(b'')"))
        return
    trace.reach(start, size)
    if size.constant is None:
        trace.write(f"gas -= {constants.GAS_SHA3WORD} * ({size.source} + 31 >> 5)")
    else:
        trace.gas += constants.GAS_SHA3WORD * ((size.constant + 31) >> 5)
    if size.constant is None or size.constant > _CHEAP_TO_HASH:
        trace.charge()  # paid before the work is done, or a trace full of long hashes would be free to attempt
    span = f"memory[{start.source}:{_end(start, size)}]"
    trace.push_new(Value(f"keccak_pair(bytes({span}))" if size.constant in (32, 64) else f"keccak_int({span})"))


def _calldatacopy(trace: "Trace") -> None:
    target, source, size = trace.pop(), trace.pop(), trace.pop()
    trace.write(f"gas = copy_in(memory, gas, {target.source}, {source.source}, {size.source}, frame.calldata)")


def _codecopy(trace: "Trace") -> None:
    target, source, size = trace.pop(), trace.pop(), trace.pop()
    trace.write(f"gas = copy_in(memory, gas, {target.source}, {source.source}, {size.source}, CODE)")


def _mcopy(trace: "Trace") -> None:
    target, source, size = trace.pop(), trace.pop(), trace.pop()
    trace.write(f"gas = mcopy(memory, gas, {target.source}, {source.source}, {size.source})")


def _end(start: Value, size: Value) -> str:
    if start.constant is not None and size.constant is not None:
        return constant(start.constant + size.constant).source
    return f"{start.source} + {size.source}"


# STATE


def _sload(trace: "Trace") -> None:
    slot = trace.pop()
    word = trace.new_name()
    trace.write(f"{word}, gas = sload(frame, {slot.source}, gas)")
    trace.push(Value(word))


def _sstore(trace: "Trace") -> None:
    slot, word = trace.pop(), trace.pop()
    trace.charge()
    trace.write(f"gas = sstore(frame, {slot.source}, {word.source}, gas)")


def _tload(trace: "Trace") -> None:
    trace.push_new(Value(f"tload(frame, {trace.pop().source})"))


def _tstore(trace: "Trace") -> None:
    slot, word = trace.pop(), trace.pop()
    trace.charge()
    trace.write(f"tstore(frame, {slot.source}, {word.source})")


def _log(topic_count: int) -> Operation:
    def write(trace: "Trace") -> None:
        start, size = trace.pop(), trace.pop()
        topics = "".join(f"{trace.pop().source}, " for _ in range(topic_count))
        trace.charge()
        trace.write(f"gas = log(frame, memory, gas, {start.source}, {size.source}, ({topics}))")

    return write


# SURROUNDINGS


def _calldataload(trace: "Trace") -> None:
    start = trace.pop()
    trace.push_new(Value(f"from_bytes(frame.calldata[{start.source}:{_end(start, constant(32))}])"))


def _gas(trace: "Trace") -> None:
    trace.charge()
    trace.push_new(Value("gas"))


def _exp(trace: "Trace") -> None:
    base, exponent = trace.pop(), trace.pop()
    trace.write(f"gas -= {GAS_EXPBYTE_EIP160} * (({exponent.source}).bit_length() + 7 >> 3)")
    trace.push_new(Value(f"pow({base.source}, {exponent.source}, MAX + 1)"))


def _read(source: str, bits: int = 256) -> Operation:
    return lambda trace: trace.push_new(Value(source, bits=bits))


EFFECTS: dict[int, Operation] = {
    op.MLOAD: _mload,
    op.MSTORE: _mstore,
    op.MSTORE8: _mstore8,
    op.MCOPY: _mcopy,
    op.SHA3: _sha3,
    op.CALLDATACOPY: _calldatacopy,
    op.CODECOPY: _codecopy,
    op.MSIZE: _read("len(memory)", bits=64),
    op.SLOAD: _sload,
    op.SSTORE: _sstore,
    op.TLOAD: _tload,
    op.TSTORE: _tstore,
    op.LOG0: _log(0),
    op.LOG1: _log(1),
    op.LOG2: _log(2),
    op.LOG3: _log(3),
    op.LOG4: _log(4),
    op.CALLDATALOAD: _calldataload,
    op.CALLDATASIZE: _read("frame.calldata_size", bits=64),
    op.RETURNDATASIZE: _read("len(frame.computation.return_data)", bits=64),
    op.ADDRESS: _read("frame.address", bits=160),
    op.CALLER: _read("frame.caller", bits=160),
    op.CALLVALUE: _read("frame.value"),
    op.ORIGIN: _read("from_bytes(frame.computation.transaction_context.origin)", bits=160),
    op.TIMESTAMP: _read("frame.state.timestamp"),
    op.NUMBER: _read("frame.state.block_number"),
    op.CHAINID: _read("frame.state.execution_context.chain_id"),
    op.GAS: _gas,
    op.EXP: _exp,
}
