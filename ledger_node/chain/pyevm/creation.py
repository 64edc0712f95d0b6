"""Bounds on the size of code and of init code (EIP-170, EIP-3860), where they can be told from a lack of gas.

py-evm calls both `OutOfGas`, and looks at init code's size only after what pushes a zero: a lack of balance, the depth.
The rules say the size first. Knows no transaction: init code that came with one was judged before.
"""

from typing import Any

from eth.exceptions import OutOfGas, VMError
from eth.vm import opcode_values
from eth.vm.forks.shanghai.constants import MAX_INITCODE_SIZE
from eth.vm.forks.shanghai.logic import Create2EIP3860, CreateEIP3860

INITCODE_MAX: int = MAX_INITCODE_SIZE


class CodeTooLarge(VMError):
    """What a creation returned is more than a contract may have."""


class InitcodeTooLarge(VMError):
    """CREATE or CREATE2 was given more than init code may have."""


class _Bounded:
    """A creation that judges the size before anything else; it costs the same."""

    def get_gas_cost(self, data: Any) -> int:
        if data.memory_length > INITCODE_MAX:
            raise InitcodeTooLarge(f"out of gas: max initcode size exceeded: size {data.memory_length}")
        gas: int = super().get_gas_cost(data)  # type: ignore[misc]
        return gas


def bounded_creations(opcodes: dict[int, Any]) -> dict[int, Any]:
    """CREATE and CREATE2 in place of those of `opcodes`; none where the fork has no such bound."""
    plain = {code: type(opcodes.get(code)) for code in (opcode_values.CREATE, opcode_values.CREATE2)}
    return {
        code: type(kind.__name__, (_Bounded, kind), {})()
        for code, kind in plain.items()
        if issubclass(kind, CreateEIP3860 | Create2EIP3860)
    }


class BoundedCode:
    """A computation that names a contract too large; in front of a fork's own class."""

    @classmethod
    def validate_contract_code(cls, contract_code: bytes) -> None:
        try:
            super().validate_contract_code(contract_code)  # type: ignore[misc]
        except OutOfGas as too_large:
            raise CodeTooLarge("max code size exceeded") from too_large
