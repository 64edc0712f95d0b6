"""Blocks that somebody waits for after a transaction, as deployment tools do: how far the chain should still go."""

import threading
from collections.abc import Callable, Sequence

from ledger_node.chain.blocks import Hash32


class AwaitedBlocks:
    """May be used from any thread. `blocks` are to follow each transaction that was asked for."""

    def __init__(self, blocks: int) -> None:
        self._blocks = blocks
        self._lock = threading.Lock()
        self._waiting: set[Hash32] = set()
        self.until = 0
        """The block the chain should reach."""

    def ask(self, transaction_hash: Hash32, waits: Callable[[], bool], mined_in: Callable[[], int | None]) -> bool:
        """Whether it is mined already, so that nobody will say `mined` of it."""
        with self._lock:
            if waits():
                self._waiting.add(transaction_hash)
                return False
            number = mined_in()
            if number is not None:
                self.until = max(self.until, number + self._blocks)
            return number is not None

    def mined(self, number: int, transactions: Sequence[Hash32], *, all_gone: bool) -> None:
        """Said after the pool let go of these; `all_gone`: it holds nothing more."""
        with self._lock:
            if self._waiting.isdisjoint(transactions):
                return
            self._waiting.difference_update(transactions)
            if all_gone:  # those, too, that were let go of without a block
                self._waiting.clear()
            self.until = max(self.until, number + self._blocks)
