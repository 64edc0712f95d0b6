"""Tasks: what the engine does on chain, each kind of it in one class.

A new kind is a new class of this protocol and its place in the engine's tuple, and nothing else.
"""

from typing import ClassVar, Protocol

import sqlalchemy as sa


class Task(Protocol):
    kind: ClassVar[str]
    """The word that is stored with its transactions; no other task has it."""

    def prepare(self, connection: sa.Connection) -> None:
        """Put what comes next into the outbox. Runs inside the writer's commit, so it asks the ledger and no chain.

        Raises BackingBroken when the ledger cannot be attested: what stands after it in the tuple waits then too.
        """
