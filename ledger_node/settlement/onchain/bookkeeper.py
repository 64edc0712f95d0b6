"""The bookkeeper: the one way in for what the chain says. Each block is booked once, in order, in one transaction.

It serves the gateway's batches and a developer's raw transfer alike: statement lines come from Transfer events and from
nothing else. Meeting anything it cannot book, it stops; it never skips and never guesses.
"""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from ledger_node import journal
from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Header, Receipt
from ledger_node.clock import Clock
from ledger_node.database import Row, execute, fetch, one_of
from ledger_node.deposit_token.events import (
    NOBODY,
    BatchSettled,
    FrozenTokensChanged,
    HolderRegistered,
    HolderStatusChanged,
    Moved,
    ReserveAttested,
    TransferForced,
    decode,
)
from ledger_node.errors import ChainBehindLedger, Fault, LedgerBehindChain
from ledger_node.settlement import tables
from ledger_node.settlement.model import Operation
from ledger_node.settlement.onchain.booking import Booking
from ledger_node.settlement.onchain.tasks import Block, Seen, Task

BLOCKS_PER_JOB = 50


class Bookkeeper:
    def __init__(
        self, chain: ChainBackend, clock: Clock, tasks: Sequence[Task], *,
        on_ended: Callable[[list[Operation]], None],
        on_touched: Callable[[str, set[str], int], None] = lambda _currency, _account_ids, _block_number: None,
    ) -> None:  # fmt: skip
        self._chain = chain
        self._clock = clock
        self._tasks = {task.kind: task for task in tasks}
        assert len(self._tasks) == len(tasks), "each kind is one task's"
        self._on_ended = on_ended
        self._on_touched = on_touched

    def catch_up(self, connection: sa.Connection) -> bool:
        """Book the blocks after the cursor, at most BLOCKS_PER_JOB of them; whether more are left.

        Raises ChainBehindLedger, Fault for what cannot be booked, ChainUnavailable.
        """
        found = fetch(connection, _CURSOR)
        if not found:
            return False
        (cursor,) = found
        head = self._chain.head()
        self._check_common_past(cursor, head)
        ended: list[Operation] = []
        last = min(head.number, cursor.block_number + BLOCKS_PER_JOB)
        for number in range(cursor.block_number + 1, last + 1):
            ended += self.book(connection, self._chain.header(number))
        if ended:
            self._on_ended(ended)
        return bool(last < head.number)

    def book(self, connection: sa.Connection, header: Header) -> list[Operation]:
        """Write down what this block did; the operations that it ended. It must follow the block booked last."""
        block = self._read(connection, header)
        _check_own_past(connection, block)
        self._check_kinds(block)
        booking = Booking(connection, timestamp_ms=header.timestamp * 1000, at=block.at)
        booking.load(_holders(block.seen))
        for task in reversed(self._tasks.values()):  # the payments of batches are the first that are told of
            task.book(connection, booking, block)
        _book_events(booking, block.seen)
        ended = booking.write()
        for currency, account_ids in booking.touched().items():
            self._on_touched(currency, account_ids, header.number)
        for kind, receipt in block.ours:
            status = "succeeded" if receipt.succeeded else "reverted"
            execute(connection, _MINED, of=receipt.transaction_hash, ended=status, in_block=header.number)
            self._tasks[kind].booked(connection, receipt, block)
        _move_cursor(connection, header)
        return ended

    def _read(self, connection: sa.Connection, header: Header) -> Block:
        receipts = self._chain.receipts(header.number)
        currencies = dict(fetch(connection, _TOKENS))
        seen = [
            (currencies[log.address], event)
            for receipt in receipts for log in receipt.logs if log.address in currencies
            if (event := decode(log)) is not None
        ]  # fmt: skip
        ours = _our_transactions(connection, receipts)
        return Block(header.number, self._clock.now_ms(), self._chain, seen, ours)

    def _check_kinds(self, block: Block) -> None:
        if unknown := {kind for kind, _ in block.ours} - self._tasks.keys():
            raise Fault(
                f"By block {block.number} a transaction is of a kind that this release does not know: "
                f"{', '.join(sorted(unknown))}. Start the release that sent it."
            )

    def _check_common_past(self, cursor: Row, head: Header) -> None:
        if head.number < cursor.block_number:
            raise ChainBehindLedger(
                f"The ledger has booked block {cursor.block_number}; the chain ends at {head.number}.",
                booked=cursor.block_number, head=head.number,
            )  # fmt: skip
        if self._chain.header(cursor.block_number).hash != cursor.block_hash:
            raise ChainBehindLedger(f"The chain has another block {cursor.block_number} than the one that is booked.")


def _check_own_past(connection: sa.Connection, block: Block) -> None:
    """Every batch and attestation on chain was made here. Raises LedgerBehindChain."""
    mine = {receipt.transaction_hash for _, receipt in block.ours}
    attested = [
        (currency, event) for currency, event in block.seen if isinstance(event, ReserveAttested | BatchSettled)
    ]
    newest = journal.head(connection).sequence if attested else 0
    for currency, event in attested:
        told = event.ledger_sequence if isinstance(event, ReserveAttested) else 0
        if event.log.transaction_hash in mine and told <= newest:
            continue
        sequences = f" (its ledger sequence is {told}, the newest here {newest})" if told else ""
        raise LedgerBehindChain(
            f"Block {event.log.block_number} of the chain has the batch 0x{event.batch_id.hex()} of the {currency} "
            f"token, which this ledger never made{sequences}: the ledger is older than its chain. Nothing is signed. "
            "Restore the newest ledger.",
            batch_id="0x" + event.batch_id.hex(), block_number=event.log.block_number,
        )  # fmt: skip


def _holders(seen: Sequence[Seen]) -> set[tuple[str, bytes]]:
    holders: set[tuple[str, bytes]] = set()
    for currency, event in seen:
        if isinstance(event, Moved):
            holders |= {(currency, side) for side in (event.payer, event.payee) if side != NOBODY}
        elif isinstance(event, HolderRegistered | HolderStatusChanged | FrozenTokensChanged):
            holders.add((currency, event.account))
    return holders


def _book_events(booking: Booking, seen: Sequence[Seen]) -> None:
    """What the tokens said, whoever's transaction it was."""
    reasons = {event.log.transaction_hash: event.reason for _, event in seen if isinstance(event, TransferForced)}
    for currency, event in seen:
        if isinstance(event, Moved):
            booking.moved(currency, event, reasons.get(event.log.transaction_hash))
        elif isinstance(event, HolderRegistered):
            booking.registered(currency, event.account)
        elif isinstance(event, HolderStatusChanged):
            booking.status_changed(currency, event.account, event.status)
        elif isinstance(event, FrozenTokensChanged):
            booking.frozen(currency, event.account, event.amount)


def _our_transactions(connection: sa.Connection, receipts: Sequence[Receipt]) -> list[tuple[str, Receipt]]:
    by_hash = {receipt.transaction_hash: receipt for receipt in receipts}
    return [(row.kind, by_hash[row.hash]) for row in fetch(connection, _OURS, hashes=list(by_hash))]


def _move_cursor(connection: sa.Connection, header: Header) -> None:
    """To this block, if the block booked last is its parent."""
    moved = execute(
        connection, _MOVE, before=header.number - 1, parent=header.parent_hash, to=header.number, its_hash=header.hash
    )
    if moved != 1:
        raise ChainBehindLedger(f"Block {header.number} does not follow the block that was booked last.")


_CURSOR = sa.select(tables.cursor)
_MOVE = (
    tables.cursor.update()
    .where(tables.cursor.c.block_number == sa.bindparam("before"), tables.cursor.c.block_hash == sa.bindparam("parent"))
    .values(block_number=sa.bindparam("to"), block_hash=sa.bindparam("its_hash"))
)
_TOKENS = sa.select(tables.tokens.c.address, tables.tokens.c.currency)
_OURS = sa.select(tables.chain_transactions.c.hash, tables.chain_transactions.c.kind).where(
    one_of(tables.chain_transactions.c.hash, "hashes")
)
_MINED = (
    tables.chain_transactions.update()
    .where(tables.chain_transactions.c.hash == sa.bindparam("of"))
    .values(status=sa.bindparam("ended"), block_number=sa.bindparam("in_block"))
)
