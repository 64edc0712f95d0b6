"""The blocks of a chain directory, read beside the process that makes them: no lock, no rules, nothing executed."""

from collections.abc import Iterator
from pathlib import Path

from ledger_node.chain.blocks import Header
from ledger_node.chain.pyevm import integrity, views
from ledger_node.chain.pyevm.store import Store
from ledger_node.errors import ConfigurationError


class BlocksOnDisk:
    """What was committed when it was opened; blocks that come later are not seen.

    Raises ConfigurationError when there is no chain in the directory, or one of another release's format.
    """

    def __init__(self, directory: Path) -> None:
        self._store = Store(directory, read_only=True)
        head = self._store.head()
        if head is None:
            self._store.close()
            raise ConfigurationError(f"The chain in {directory} has no block yet.")
        self._head = head

    def head(self) -> Header:
        return self._head

    def export_blocks(self, first: int, last: int) -> Iterator[bytes]:
        """Encoded blocks, in order. Raises BlockNotFound."""
        return views.raw_blocks(self._store, self._head, first, last)

    def altered_fields(self) -> Iterator[str | None]:
        """Of each block in order: what of it is not as its header has it, or None. Raises StorageFailed."""
        return integrity.altered_fields(self._store, self._head)

    def close(self) -> None:
        self._store.close()
