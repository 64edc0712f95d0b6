"""A bare Prague machine: accounts with code, messages to them, and what consensus can see of an outcome."""

from dataclasses import dataclass, field
from typing import Any

from eth.constants import BLANK_ROOT_HASH, CREATE_CONTRACT_ADDRESS
from eth.db.atomic import AtomicDB
from eth.vm.computation import BaseComputation
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS
from eth.vm.forks.prague.state import PragueState
from eth.vm.message import Message

from ledger_node.chain import tries
from ledger_node.chain.pyevm.interpreter import fast_computation
from ledger_node.chain.pyevm.machine import NetworkComputation, state_class
from ledger_node.chain.pyevm.world import World as OurWorld

SENDER = b"\xaa" * 20
MAIN = b"\xc0" * 20
OTHER = b"\x0c" * 20
COINBASE = b"\x01" * 20

PLAIN = PragueComputation
FAST = fast_computation(PragueComputation)
EAGER = fast_computation(PragueComputation, runs_before_translation=0)
NETWORK = fast_computation(NetworkComputation, runs_before_translation=0)
"""The fast machine with our network's rules, on our own world state instead of py-evm's."""

CONTEXT = ExecutionContext(COINBASE, 1_700_000_000, 5, 0, bytes(32), 10**9, [b"\x11" * 32] * 5, 1337, 0, 0)


@dataclass(frozen=True)
class World:
    """What is there before the message: code by address, and storage by address and slot."""

    code: dict[bytes, bytes]
    storage: dict[bytes, dict[int, int]] = field(default_factory=dict)
    balances: dict[bytes, int] = field(default_factory=lambda: {SENDER: 10**18, MAIN: 7, OTHER: 3})


@dataclass(frozen=True)
class Outcome:
    error: str | None
    output: bytes
    return_data: bytes
    gas_used: int
    gas_refund: int
    logs: tuple[Any, ...]
    calls: tuple[Any, ...]
    state_root: bytes


class Machine:
    def __init__(self, computation_class: type[BaseComputation], world: World) -> None:
        if issubclass(computation_class, NetworkComputation):
            empty = OurWorld(BLANK_ROOT_HASH, tries.no_nodes, no_code)
            self.state: Any = state_class(PragueState)(empty, CONTEXT, ancestor, computation_class)
        else:
            self.state = PragueState(AtomicDB(), CONTEXT, BLANK_ROOT_HASH)
            for system_contract in (BEACON_ROOTS_ADDRESS, HISTORY_STORAGE_ADDRESS):
                self.state.delete_account(system_contract)
            self.state.computation_class = computation_class
        for address, code in world.code.items():
            self.state.set_code(address, code)
            self.state.set_nonce(address, 1)
        for address, slots in world.storage.items():
            for slot, word in slots.items():
                self.state.set_storage(address, slot, word)
        for address, balance in world.balances.items():
            self.state.set_balance(address, balance)
        self.state.persist()

    def send(self, data: bytes = b"", *, gas: int = 40_000, value: int = 0, to: bytes = MAIN) -> Outcome:
        message = Message(gas, to, SENDER, value, data, self.state.get_code(to))
        return self._outcome(self.state.computation_class.apply_message, message)

    def create(self, init_code: bytes, *, gas: int = 1_000_000) -> Outcome:
        message = Message(gas, CREATE_CONTRACT_ADDRESS, SENDER, 0, b"", init_code, create_address=b"\xcc" * 20)
        return self._outcome(self.state.computation_class.apply_create_message, message)

    def _outcome(self, apply: Any, message: Message) -> Outcome:
        self.state.lock_changes()
        self.state.clear_transient_storage()
        done = apply(self.state, message, CancunTransactionContext(gas_price=9, origin=SENDER))
        return Outcome(
            error=error_of(done),
            output=done.output,
            return_data=done.return_data,
            gas_used=done.get_gas_used(),
            gas_refund=done.get_gas_refund(),
            logs=done.get_raw_log_entries(),
            calls=tuple(call_outcome(child) for child in done.children),
            state_root=self.state.make_state_root(),
        )


def error_of(done: BaseComputation) -> str | None:
    return type(done.error).__name__ if done.is_error else None


def call_outcome(done: BaseComputation) -> tuple[Any, ...]:
    """What a call inside the message came to, which its caller may not show."""
    return (
        error_of(done),
        done.output,
        done.get_gas_remaining(),
        tuple(call_outcome(child) for child in done.children[:9]),
    )


def no_code(code_hash: bytes) -> bytes:
    raise LookupError(code_hash.hex())


def ancestor(number: int) -> bytes:
    return b"\x11" * 32


class GasWatch(PragueComputation):  # type: ignore[misc]
    """Plain py-evm that notes the gas used before each opcode of the outermost frame."""

    seen: set[int]

    def consume_gas(self, amount: int, reason: str) -> None:
        GasWatch.seen.add(self.msg.gas - self.get_gas_remaining())
        super().consume_gas(amount, reason)
        GasWatch.seen.add(self.msg.gas - self.get_gas_remaining())


def assert_same(
    world: World, *messages: dict[str, Any], computation_class: type[BaseComputation] = EAGER
) -> list[Outcome]:
    """Send the same messages to py-evm and to the fast machine; every outcome must be the same. Returns them."""
    plain, fast = Machine(PLAIN, world), Machine(computation_class, world)
    outcomes = []
    for message in messages:
        expected = plain.send(**message)
        assert fast.send(**message) == expected
        outcomes.append(expected)
    return outcomes


def gas_steps(world: World, message: dict[str, Any]) -> list[int]:
    """Every gas limit at which the message could begin to end differently, and its neighbours."""
    GasWatch.seen = set()
    Machine(GasWatch, world).send(**message)
    return sorted({max(0, each + near) for each in GasWatch.seen for near in (-1, 0, 1)})
