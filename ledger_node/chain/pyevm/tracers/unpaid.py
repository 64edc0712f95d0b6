"""How geth's struct logger shows an instruction that did not begin: for want of operands, of room, or of gas.

It asks for all the gas of an instruction at once, and py-evm for one part after the other; of what py-evm did not come
to ask for nothing is known here.
"""

from typing import Any

from eth.exceptions import FullStack, InsufficientStack, OutOfGas, VMError, WriteProtection
from eth.vm import opcode_values as op
from eth.vm.forks.berlin.constants import COLD_ACCOUNT_ACCESS_COST, COLD_SLOAD_COST, WARM_STORAGE_READ_COST

from ledger_node.chain.pyevm.calls import error_message
from ledger_node.chain.pyevm.tracers.watching import CALLS, CREATES, word_of

CREATION_GAS = 32_000
_WORDS_MAX = 0xFFFF_FFFF
COUNTED_GAS_MAX = 3 * _WORDS_MAX + _WORDS_MAX**2 // 512
"""That of the most memory whose cost geth counts."""

_ACCOUNTS = (op.BALANCE, op.EXTCODESIZE, op.EXTCODECOPY, op.EXTCODEHASH)
_FIXED_GAS = (
    dict.fromkeys((*CALLS, *_ACCOUNTS), WARM_STORAGE_READ_COST)
    | dict.fromkeys(CREATES, CREATION_GAS)
    | dict.fromkeys((op.EXP, *range(op.LOG0, op.LOG4 + 1)), 0)
)
"""What geth asks for before it looks at operands, where py-evm asks for something else."""

_BY_OPERANDS = {
    1: (op.ISZERO, op.NOT, op.BALANCE, op.CALLDATALOAD, op.EXTCODESIZE, op.EXTCODEHASH, op.BLOCKHASH, op.BLOBHASH,
        op.POP, op.MLOAD, op.SLOAD, op.TLOAD, op.JUMP, op.SELFDESTRUCT),
    3: (op.ADDMOD, op.MULMOD, op.CALLDATACOPY, op.CODECOPY, op.RETURNDATACOPY, op.MCOPY, op.CREATE),
    4: (op.EXTCODECOPY, op.CREATE2),
    6: (op.DELEGATECALL, op.STATICCALL),
    7: (op.CALL, op.CALLCODE),
}  # fmt: skip
_OPERANDS = {opcode: count for count, opcodes in _BY_OPERANDS.items() for opcode in opcodes}


def operands_of(opcode: int) -> int:
    """How many an instruction that has any must find on the stack."""
    if op.DUP1 <= opcode <= op.DUP16:
        return opcode - op.DUP1 + 1
    if op.SWAP1 <= opcode <= op.SWAP16:
        return opcode - op.SWAP1 + 2
    if op.LOG0 <= opcode <= op.LOG4:
        return opcode - op.LOG0 + 2
    return _OPERANDS.get(opcode, 2)


def error_of(opcode: int, failure: VMError, stack: tuple[int, ...], computation: Any) -> str | None:
    """None for one that began and then failed: the frame has that error, and the step has none."""
    if isinstance(failure, InsufficientStack):
        return f"stack underflow ({len(stack)} <=> {operands_of(opcode)})"
    if isinstance(failure, OutOfGas) and computation.gas_lacking > COUNTED_GAS_MAX:
        return "gas uint64 overflow"
    begun = not isinstance(failure, OutOfGas | FullStack)
    if opcode in CREATES:  # and it may be refused for its code's length
        begun = isinstance(failure, WriteProtection)
    return None if begun else error_message(failure, computation)


def cost_of(opcode: int, failure: VMError, stack: tuple[int, ...], taken: int, computation: Any) -> int:
    """`taken` is what it had taken when it failed."""
    fixed: int = _FIXED_GAS.get(opcode, taken)
    if isinstance(failure, InsufficientStack):
        return fixed
    lacking: int = computation.gas_lacking
    uncounted = lacking > COUNTED_GAS_MAX
    unlooked = opcode in CALLS and taken == 0 and lacking == COLD_ACCOUNT_ACCESS_COST
    if uncounted or unlooked or taken + computation.get_gas_remaining() < fixed:
        return fixed
    if opcode == op.SSTORE and lacking:
        taken += _unasked(stack, computation)
    return max(taken + lacking, fixed) if opcode in CREATES else taken + lacking


def _unasked(stack: tuple[int, ...], computation: Any) -> int:
    """py-evm asks last for the slot that was not looked at before."""
    warm = computation.state.is_storage_warm(computation.msg.storage_address, word_of(stack[-1]))
    return 0 if warm else COLD_SLOAD_COST
