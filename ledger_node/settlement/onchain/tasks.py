"""Tasks: what the engine does on chain, each kind of it in one class.

A new kind is a new class of this protocol and its place in the engine's tuple, and nothing else.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import sqlalchemy as sa

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Call, Receipt
from ledger_node.chain.errors import CallFailed, ChainUnavailable, Reverted
from ledger_node.deposit_token.refusals import Refusal, refusal


@dataclass(frozen=True, slots=True)
class Block:
    """The block that is being booked. `at`: when it is booked, in milliseconds since 1970."""

    number: int
    at: int
    chain: ChainBackend

    def why(self, receipt: Receipt) -> Refusal | None:
        """The contract's own words for a reverted transaction, found by executing it again on the state before.

        None when it gives none. Raises ChainUnavailable.
        """
        transaction = self.chain.transaction(receipt.transaction_hash)
        if transaction is None:
            raise ChainUnavailable(f"The chain shows no transaction 0x{receipt.transaction_hash.hex()} yet.")
        call = Call(sender=transaction.sender, to=transaction.to, data=transaction.data, gas=transaction.gas)
        # A transaction before it in the same block may be the cause: then the state after the block tells.
        for at in (receipt.block_number - 1, receipt.block_number):
            try:
                self.chain.call(call, at)
            except Reverted as reverted:
                return refusal(reverted.data)
            except CallFailed:
                return None
        return None


class Task(Protocol):
    kind: ClassVar[str]
    """The word that is stored with its transactions; no other task has it."""

    def prepare(self, connection: sa.Connection) -> None:
        """Put what comes next into the outbox. Runs inside the writer's commit, so it asks the ledger and no chain.

        Raises BackingBroken when the ledger cannot be attested: what stands after it in the tuple waits then too.
        """

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        """What becomes of a transaction of this kind, now that it is mined: nothing more, unless the kind says so.

        Runs inside the booking's transaction, after what the block moved is written. Raises Fault for what must not be.
        """
        return
