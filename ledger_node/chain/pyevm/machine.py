"""The virtual machine: py-evm's, on our world state and with our answers about the block.

What differs from Prague on a network of ours is said here and in `rules.py`, and nowhere else: PREVRANDAO is always 0
(its context says so), slow precompiled contracts cost more (`precompiles.py`), CREATE and CREATE2 fail where the
transaction's sender may not deploy, and an account that may not transact runs no code that it delegated to (EIP-7702).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from eth.abc import ComputationAPI, MessageAPI, StateAPI, TransactionContextAPI
from eth.exceptions import Revert
from eth.typing import JournalDBCheckpoint
from eth.vm import mnemonics, opcode_values
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.logic import (
    BaseCallEIP7702,
    CallCodeEIP7702,
    CallEIP7702,
    DelegateCallEIP7702,
    StaticCallEIP7702,
)
from eth.vm.state import BaseState

from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.errors import DEPLOYMENT_NOT_PERMITTED
from ledger_node.chain.pyevm.creation import BoundedCode, bounded_creations
from ledger_node.chain.pyevm.precompiles import network_precompiles
from ledger_node.chain.pyevm.world import World

AncestorHash = Callable[[int], Hash32]


class Powers(Protocol):
    """What permissions say while code runs; a sentence refuses and says why."""

    def refusal_to_deploy(self, sender: Address) -> str | None: ...

    def refusal_to_delegate(self, authority: Address, delegate: Address) -> str | None: ...


class _Judged(BaseCallEIP7702):
    """A call that finds an account without code where its delegation is refused; it costs the same."""

    def get_code_at_address(self, computation: Any, code_source: Any) -> tuple[bytes, Any]:
        code, delegate = super().get_code_at_address(computation, code_source)
        if delegate is not None and computation.state.refuses_delegation(code_source, delegate):
            return b"", None
        return code, delegate


def _judged(plain: Any, mnemonic: str) -> Any:
    kind: Any = type(plain.__name__, (_Judged, plain), {})
    return kind.configure(__name__=f"opcode:{mnemonic}", mnemonic=mnemonic, gas_cost=0)()


class NetworkComputation(BoundedCode, PragueComputation):
    _precompiles = network_precompiles()
    opcodes = {
        **PragueComputation.opcodes,
        **bounded_creations(PragueComputation.opcodes),
        opcode_values.CALL: _judged(CallEIP7702, mnemonics.CALL),
        opcode_values.CALLCODE: _judged(CallCodeEIP7702, mnemonics.CALLCODE),
        opcode_values.DELEGATECALL: _judged(DelegateCallEIP7702, mnemonics.DELEGATECALL),
        opcode_values.STATICCALL: _judged(StaticCallEIP7702, mnemonics.STATICCALL),
    }

    @property
    def is_origin_computation(self) -> bool:
        # py-evm compares sender and origin, which also holds for calls out of a delegated sender's own code (EIP-7702).
        return self.msg.depth == 0

    @classmethod
    def consume_initcode_gas_cost(cls, computation: ComputationAPI) -> None:
        """Paid with the intrinsic gas already (EIP-3860)."""

    @classmethod
    def apply_create_message(
        cls,
        state: StateAPI,
        message: MessageAPI,
        transaction_context: TransactionContextAPI,
        parent_computation: ComputationAPI | None = None,
    ) -> ComputationAPI:
        assert isinstance(state, WorldState)
        origin = transaction_context.origin
        refusal = None if state.powers is None else state.powers.refusal_to_deploy(origin)
        if refusal is not None:
            state.refused_creation = refusal
            computation = cls(state, message, transaction_context)
            computation.output = DEPLOYMENT_NOT_PERMITTED + origin.rjust(32, b"\x00")
            computation.error = Revert("permissions refuse")
            return computation
        return super().apply_create_message(state, message, transaction_context, parent_computation)


class WorldState(BaseState):
    """py-evm's view of a World at one block; `state_class` puts it in front of a fork's own state class."""

    def __init__(
        self,
        world: World,
        context: ExecutionContext,
        ancestor_hash: AncestorHash,
        computation_class: Any,
        powers: Powers | None = None,
    ) -> None:
        self.world = world
        self._account_db: World = world
        self.execution_context = context
        self._ancestor_hash = ancestor_hash
        self.computation_class = computation_class
        self.powers = powers
        self.refused_creation: str | None = None
        """Why the latest creation was refused in this state, if one was; for words only, it decides nothing."""
        self.blob_base_fee_override: int | None = None

    def get_ancestor_hash(self, block_number: int) -> Any:
        if not 0 <= block_number < self.block_number or self.block_number - block_number > 256:
            return b""
        return self._ancestor_hash(block_number)

    def refuses_delegation(self, authority: Address, delegate: Address) -> bool:
        return self.powers is not None and self.powers.refusal_to_delegate(authority, delegate) is not None

    @property
    def blob_base_fee(self) -> int:
        return super().blob_base_fee if self.blob_base_fee_override is None else self.blob_base_fee_override

    # One journal undoes everything, transient storage too.

    def snapshot(self) -> Any:
        return self.world.record()

    def revert(self, snapshot: Any) -> None:
        self.world.discard(JournalDBCheckpoint(snapshot))

    def commit(self, snapshot: Any) -> None:
        self.world.commit(JournalDBCheckpoint(snapshot))

    def get_transient_storage(self, address: Any, slot: int) -> bytes:
        value: bytes = self.world.transient.get((address, slot), b"")
        return value

    def set_transient_storage(self, address: Any, slot: int, value: bytes) -> None:
        self.world.set_transient(address, slot, value)

    def clear_transient_storage(self) -> None:
        self.world.transient = {}


@cache
def state_class(fork_state: Any) -> Any:
    return type(fork_state.__name__, (WorldState, fork_state), {})
