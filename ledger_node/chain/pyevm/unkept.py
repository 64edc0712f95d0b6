"""A store as it would be with one block more. Nothing of that block is written."""

from collections.abc import Sequence
from typing import Any

from ledger_node.chain import tries
from ledger_node.chain.blocks import Hash32, Header
from ledger_node.chain.pyevm.execution import Executed
from ledger_node.chain.pyevm.rows import BlockRow, LogRow, TransactionRow
from ledger_node.chain.pyevm.store import Store


class Unkept:
    """A store in which there is one block more, which nobody committed."""

    def __init__(self, store: Store, executed: Executed) -> None:
        self._store = store
        self.executed = executed
        self.next = executed.header

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def node(self, node_hash: Hash32) -> tries.Node:
        made = self.executed.created.get(node_hash)
        return self._store.node(node_hash) if made is None else made[1]

    def code(self, code_hash: Hash32) -> bytes:
        made = self.executed.codes.get(code_hash)
        return self._store.code(code_hash) if made is None else made

    def block(self, header: Header) -> BlockRow | None:
        return self.executed.row(header) if header == self.next else self._store.block(header)

    def transactions(self, number: int) -> Sequence[TransactionRow]:
        return self.executed.transactions if number == self.next.number else self._store.transactions(number)

    def logs(self, number: int) -> Sequence[LogRow]:
        assert number == self.next.number
        return self.executed.logs
