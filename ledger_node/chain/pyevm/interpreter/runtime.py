"""What translated code calls while it runs: memory growth, hashing, storage, logs and the rarer arithmetic.

Each function charges gas as the opcode of the same name in py-evm does, and raises the same error where it fails.
Translated code looks these functions up by name, so a name here is part of the translation.
"""

from functools import lru_cache
from typing import Any

from eth import constants
from eth.exceptions import OutOfGas, WriteProtection
from eth.vm.forks.berlin.constants import COLD_SLOAD_COST, WARM_STORAGE_READ_COST
from eth.vm.forks.london.storage import GAS_SCHEDULE_EIP3529

from ledger_node.chain.encoding import keccak
from ledger_node.chain.pyevm.interpreter.values import MAX, SIGN

from_bytes = int.from_bytes

_SSTORE_SENTRY_GAS = 2300
_SET_GAS = GAS_SCHEDULE_EIP3529.sstore_set_gas
_RESET_GAS = GAS_SCHEDULE_EIP3529.sstore_reset_gas
_CLEARS_REFUND = GAS_SCHEDULE_EIP3529.sstore_clears_schedule


class Frame:
    """One call's surroundings as translated code reads them; nothing here changes while the call runs."""

    __slots__ = (
        "account",
        "address",
        "calldata",
        "calldata_size",
        "caller",
        "computation",
        "database",
        "is_static",
        "state",
        "value",
    )

    def __init__(self, computation: Any) -> None:
        message = computation.msg
        data = message.data_as_bytes
        self.computation = computation
        self.state = computation.state
        self.database = computation.state._account_db  # what py-evm's state hands storage questions on to
        self.account = message.storage_address
        self.is_static = message.is_static
        self.calldata_size = len(data)
        self.calldata = data + bytes(32)  # a word read near the end finds its zeros
        self.address = from_bytes(message.storage_address)
        self.caller = from_bytes(message.sender)
        self.value = message.value


# MEMORY


def memory_gas(size: int) -> int:
    words = (size + 31) >> 5
    return words * constants.GAS_MEMORY + words * words // constants.GAS_MEMORY_QUADRATIC_DENOMINATOR


def grow(memory: bytearray, end: int, gas: int) -> int:
    """Make `memory` reach at least `end`, in whole words; returns the gas left."""
    size = len(memory)
    gas -= memory_gas(end) - memory_gas(size)
    if gas < 0:
        raise OutOfGas("expanding memory")
    memory.extend(bytes(((end + 31) & ~31) - size))
    return gas


def copy_in(memory: bytearray, gas: int, target: int, source: int, size: int, data: bytes) -> int:
    """CALLDATACOPY and CODECOPY: bytes beyond the end of `data` read as zero."""
    if not size:
        return gas
    if target + size > len(memory):
        gas = grow(memory, target + size, gas)
    gas -= constants.GAS_COPY * ((size + 31) >> 5)
    if gas < 0:
        raise OutOfGas("copying into memory")
    memory[target : target + size] = data[source : source + size].ljust(size, b"\0")
    return gas


def mcopy(memory: bytearray, gas: int, target: int, source: int, size: int) -> int:
    if not size:
        return gas
    end = max(target, source) + size
    if end > len(memory):
        gas = grow(memory, end, gas)
    gas -= constants.GAS_COPY * ((size + 31) >> 5)
    if gas < 0:
        raise OutOfGas("MCOPY")
    memory[target : target + size] = memory[source : source + size]
    return gas


@lru_cache(maxsize=1 << 16)
def keccak_pair(data: bytes) -> int:
    """The hash of one or two words: where mappings and arrays keep their items, asked for again and again."""
    return from_bytes(keccak(data))


def keccak_int(data: bytes | bytearray) -> int:
    return from_bytes(keccak(bytes(data)))


# STORAGE


def sload(frame: Frame, slot: int, gas: int) -> tuple[int, int]:
    database = frame.database
    account = frame.account
    if database.is_storage_warm(account, slot):
        return database.get_storage(account, slot), gas - WARM_STORAGE_READ_COST
    database.mark_storage_warm(account, slot)
    return database.get_storage(account, slot), gas - COLD_SLOAD_COST


def sstore(frame: Frame, slot: int, value: int, gas: int) -> int:
    """Net gas metering of EIP-2200 with the prices of EIP-2929 and the refunds of EIP-3529."""
    if frame.is_static:
        raise WriteProtection("SSTORE inside of a static call")
    if gas <= _SSTORE_SENTRY_GAS:
        raise OutOfGas("SSTORE below the stipend")
    database = frame.database
    account = frame.account
    current = database.get_storage(account, slot)
    refund = 0
    if current == value:
        cost = WARM_STORAGE_READ_COST
    else:
        original = database.get_storage(account, slot, from_journal=False)
        if original == current:
            if original == 0:
                cost = _SET_GAS
            else:
                cost = _RESET_GAS
                if value == 0:
                    refund = _CLEARS_REFUND
        else:
            cost = WARM_STORAGE_READ_COST
            if original != 0:
                if current == 0:
                    refund -= _CLEARS_REFUND
                if value == 0:
                    refund += _CLEARS_REFUND
            if original == value:
                refund += (_SET_GAS if original == 0 else _RESET_GAS) - WARM_STORAGE_READ_COST
    if not database.is_storage_warm(account, slot):
        database.mark_storage_warm(account, slot)
        cost += COLD_SLOAD_COST
    gas -= cost
    if gas < 0:
        raise OutOfGas("SSTORE")
    if refund:
        frame.computation.refund_gas(refund)
    if current != value:
        database.set_storage(account, slot, value)
    return gas


def tload(frame: Frame, slot: int) -> int:
    return from_bytes(frame.state.get_transient_storage(frame.account, slot))


def tstore(frame: Frame, slot: int, value: int) -> None:
    if frame.is_static:
        raise WriteProtection("TSTORE inside of a static call")
    frame.state.set_transient_storage(frame.account, slot, value.to_bytes(32))


# LOGS


def log(frame: Frame, memory: bytearray, gas: int, start: int, size: int, topics: tuple[int, ...]) -> int:
    if frame.is_static:
        raise WriteProtection("LOG inside of a static call")
    gas -= constants.GAS_LOGDATA * size + constants.GAS_LOGTOPIC * len(topics)
    if gas < 0:
        raise OutOfGas("LOG")
    if size and start + size > len(memory):
        gas = grow(memory, start + size, gas)
    counter = frame.computation.transaction_context.get_next_log_counter()
    frame.computation._log_entries.append((counter, frame.account, topics, bytes(memory[start : start + size])))
    return gas


# ARITHMETIC that few contracts need


def signed(word: int) -> int:
    return (word ^ SIGN) - SIGN


def sdiv(a: int, b: int) -> int:
    if b == 0:
        return 0
    dividend, divisor = signed(a), signed(b)
    quotient = abs(dividend) // abs(divisor)
    return (quotient if (dividend < 0) == (divisor < 0) else -quotient) & MAX


def smod(a: int, b: int) -> int:
    if b == 0:
        return 0
    dividend = signed(a)
    remainder = abs(dividend) % abs(signed(b))
    return (remainder if dividend >= 0 else -remainder) & MAX


def addmod(a: int, b: int, modulus: int) -> int:
    return (a + b) % modulus if modulus else 0


def mulmod(a: int, b: int, modulus: int) -> int:
    return a * b % modulus if modulus else 0


def signextend(index: int, a: int) -> int:
    if index > 30:
        return a
    sign = 1 << 8 * index + 7
    return ((a & 2 * sign - 1 ^ sign) - sign) & MAX
