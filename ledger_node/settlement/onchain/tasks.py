"""Tasks: what the engine does on chain, each kind of it in one class.

A new kind is a new class of this protocol and its place in the engine's tuple, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import sqlalchemy as sa

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Call, Receipt
from ledger_node.chain.errors import CallFailed, ChainUnavailable, Reverted
from ledger_node.deposit_token.events import TokenEvent
from ledger_node.deposit_token.refusals import Refusal, refusal
from ledger_node.settlement.onchain.booking import Booking

Seen = tuple[str, TokenEvent]
"""An event of one of our tokens, after its currency."""


@dataclass(frozen=True, slots=True)
class Block:
    """The block that is being booked: what our tokens said in it, and our own transactions in it, each with its kind.

    `at`: when it is booked, in milliseconds since 1970.
    """

    number: int
    at: int
    chain: ChainBackend
    seen: Sequence[Seen]
    ours: Sequence[tuple[str, Receipt]]

    def receipts(self, kind: str) -> list[Receipt]:
        """Those of our transactions of this kind."""
        return [receipt for each, receipt in self.ours if each == kind]

    def events_of(self, receipt: Receipt) -> list[TokenEvent]:
        """What our tokens said in this transaction."""
        return [event for _, event in self.seen if event.log.transaction_hash == receipt.transaction_hash]

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

    def book(self, connection: sa.Connection, booking: Booking, block: Block) -> None:
        """Tell the booking what the block means for the operations of this kind: nothing, unless the kind says so.

        It is asked for every block, also for one with none of its transactions, before the booking is written and
        before it hears of the block's Transfer events. Raises Fault for what cannot be, ChainUnavailable.
        """
        return

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        """What becomes of a transaction of this kind, now that it is mined: nothing more, unless the kind says so.

        Runs inside the booking's transaction, after what the block moved is written. Raises Fault for what must not be.
        """
        return
