"""The virtual machine: py-evm's, on our world state and with our answers about the block.

What differs from Prague on a network of ours is said here and in `rules.py`, and nowhere else: PREVRANDAO is always 0
(its context says so), slow precompiled contracts cost more (`precompiles.py`), and CREATE and CREATE2 fail where the
transaction's sender may not deploy.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from eth.abc import ComputationAPI, MessageAPI, StateAPI, TransactionContextAPI
from eth.exceptions import Revert
from eth.typing import JournalDBCheckpoint
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.state import BaseState

from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import keccak
from ledger_node.chain.pyevm.precompiles import network_precompiles
from ledger_node.chain.pyevm.world import World

NOT_PERMITTED = keccak(b"DeploymentNotPermitted(address)")[:4]
"""Revert data of a creation that permissions refuse: this selector and the transaction's sender."""

AncestorHash = Callable[[int], Hash32]
RefusalToDeploy = Callable[[Address], str | None]


class NetworkComputation(PragueComputation):
    _precompiles = network_precompiles()

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
        if state.refusal_to_deploy(origin) is not None:
            computation = cls(state, message, transaction_context)
            computation.output = NOT_PERMITTED + origin.rjust(32, b"\x00")
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
        refusal_to_deploy: RefusalToDeploy = lambda _: None,
    ) -> None:
        self.world = world
        self._account_db: World = world
        self.execution_context = context
        self._ancestor_hash = ancestor_hash
        self.computation_class = computation_class
        self.refusal_to_deploy = refusal_to_deploy
        self.blob_base_fee_override: int | None = None

    def get_ancestor_hash(self, block_number: int) -> Any:
        if not 0 <= block_number < self.block_number or self.block_number - block_number > 256:
            return b""
        return self._ancestor_hash(block_number)

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
