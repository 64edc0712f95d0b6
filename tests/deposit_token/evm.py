"""A bare Prague EVM (plain py-evm, state in memory) that runs contracts, with as much of ChainBackend as rooms read."""

from collections.abc import Iterable

from eth.abc import ComputationAPI
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM
from eth.vm.message import Message
from eth.vm.transaction_context import BaseTransactionContext

from ledger_node.chain.blocks import BlockRef, Call, Log
from ledger_node.chain.contract import create_address
from ledger_node.chain.errors import CallFailed, Reverted

CHAIN_ID = 7_331
GENESIS_TIME = 1_767_225_600
GAS = 1_000_000_000


class Evm:
    """Messages from any sender, without signatures, fees or blocks; `seconds` is the time they run at."""

    chain_id = CHAIN_ID

    def __init__(self) -> None:
        network = MiningChain.configure(
            __name__="Test", vm_configuration=((0, PragueVM),), chain_id=CHAIN_ID
        ).from_genesis(AtomicDB(), {"difficulty": 0, "gas_limit": GAS, "timestamp": GENESIS_TIME})
        self.state = network.get_vm().state
        self.log_index = 0
        self.at(GENESIS_TIME)

    @property
    def block_number(self) -> int:
        return self.state.block_number

    def at(self, seconds: int) -> None:
        self.state.execution_context._timestamp = seconds

    def create(self, sender: bytes, init_code: bytes) -> bytes:
        nonce = self.state.get_nonce(sender)
        address = create_address(sender, nonce)
        self.state.increment_nonce(sender)
        message = Message(GAS, b"", sender, 0, b"", init_code, create_address=address)
        self._checked(self._run(message, create=True))
        return address

    def run(self, sender: bytes, to: bytes, data: bytes) -> tuple[Log, ...]:
        """Execute and keep what changed; the logs. Raises Reverted or CallFailed, and then nothing changed."""
        self.state.lock_changes()
        computation = self._checked(self._run(self._message(sender, to, data)))
        return tuple(self._logs(computation.get_log_entries()))

    def measured(self, sender: bytes, to: bytes, data: bytes) -> ComputationAPI:
        self.state.lock_changes()
        return self._run(self._message(sender, to, data))

    def call(self, call: Call, at: BlockRef = "latest") -> bytes:
        snapshot = self.state.snapshot()
        assert call.to is not None
        try:
            return self._checked(self._run(self._message(call.sender, call.to, call.data))).output
        finally:
            self.state.revert(snapshot)

    def storage(self, address: bytes, slot: int, at: BlockRef = "latest") -> int:
        return self.state.get_storage(address, slot)

    def _message(self, sender: bytes, to: bytes, data: bytes) -> Message:
        return Message(GAS, to, sender, 0, data, self.state.get_code(to))

    def _run(self, message: Message, *, create: bool = False) -> ComputationAPI:
        context = BaseTransactionContext(gas_price=0, origin=message.sender)
        run = self.state.computation_class
        return (run.apply_create_message if create else run.apply_message)(self.state, message, context)

    def _checked(self, computation: ComputationAPI) -> ComputationAPI:
        if computation.is_error:
            if computation.output:
                raise Reverted(computation.output)
            raise CallFailed(str(computation.error))
        return computation

    def _logs(self, entries: Iterable[tuple[bytes, tuple[int, ...], bytes]]) -> Iterable[Log]:
        for address, topics, data in entries:
            yield Log(
                address=address,
                topics=tuple(topic.to_bytes(32, "big") for topic in topics),
                data=data,
                block_number=self.block_number,
                block_hash=bytes(32),
                block_timestamp=self.state.timestamp,
                transaction_hash=bytes(32),
                transaction_index=0,
                log_index=self.log_index,
            )
            self.log_index += 1
