"""The rules of a chain that other clients made: its fork schedule, and no permissions."""

from collections.abc import Callable
from dataclasses import dataclass

from ledger_node.chain.blocks import Address, Header
from ledger_node.chain.geth_genesis import GethGenesis
from ledger_node.chain.pyevm.forks import FORKS, Fork
from ledger_node.chain.pyevm.rules import ParentState, Permissions, everyone
from ledger_node.chain.pyevm.store import Store


@dataclass(frozen=True, slots=True)
class ForeignRules:
    """New transactions are judged by the newest block's fork."""

    genesis: GethGenesis
    store: Store

    @property
    def chain_id(self) -> int:
        return self.genesis.chain_id

    @property
    def fork(self) -> Fork:
        return self.fork_at(self._head())

    @property
    def transaction_gas_max(self) -> int:
        return self._head().gas_limit

    def _head(self) -> Header:
        head = self.store.head()
        assert head is not None
        return head

    def fork_at(self, header: Header) -> Fork:
        return FORKS[self.fork_name(header)]

    def fork_name(self, header: Header) -> str:
        return self.genesis.fork_name(number=header.number, timestamp=header.timestamp, difficulty=header.difficulty)

    @property
    def attestors(self) -> tuple[Address, ...]:
        return ()

    @property
    def quorum(self) -> int:
        return 0

    @property
    def permissions_at(self) -> Callable[[ParentState], Permissions]:
        return everyone
