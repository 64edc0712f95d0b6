"""The bookkeeper: the one way in for what the chain says. Each block is booked once, in order, in one transaction.

It serves the gateway's batches and a developer's raw transfer alike: statement lines come from Transfer events and from
nothing else. Meeting anything it cannot book, it stops; it never skips and never guesses.
"""

from collections.abc import Callable, Mapping, Sequence

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
    NetSettled,
    ReserveAttested,
    TokenEvent,
    TransferForced,
    decode,
)
from ledger_node.errors import ChainBehindLedger, Fault, LedgerBehindChain
from ledger_node.proofs.payments import root_named
from ledger_node.settlement import outcomes, rows, tables
from ledger_node.settlement.model import Operation
from ledger_node.settlement.netting import cycles
from ledger_node.settlement.onchain.booking import Booking, Leg
from ledger_node.settlement.onchain.tasks import Block, Task
from ledger_node.settlement.payments import authorised_transfers

BLOCKS_PER_JOB = 50

Seen = tuple[str, TokenEvent]
"""An event of one of our tokens, after its currency."""


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
        receipts = self._chain.receipts(header.number)
        block = Block(header.number, self._clock.now_ms(), self._chain)
        currencies = dict(fetch(connection, _TOKENS))
        seen = [
            (currencies[log.address], event)
            for receipt in receipts for log in receipt.logs if log.address in currencies
            if (event := decode(log)) is not None
        ]  # fmt: skip
        mine = _our_transactions(connection, receipts)
        _check_own_past(connection, seen, mine)
        if unknown := {kind for kind, _ in mine.values()} - self._tasks.keys():
            raise Fault(
                f"By block {header.number} a transaction is of a kind that this release does not know: "
                f"{', '.join(sorted(unknown))}. Start the release that sent it."
            )
        batches = {hash_: _legs(connection, hash_) for hash_, (kind, _) in mine.items() if kind == "batch"}
        nets = {hash_: cycles.carried(connection, hash_) for hash_, (kind, _) in mine.items() if kind == "net"}
        spent = authorised_transfers.spent(connection, seen)
        relayed = {
            hash_: leg for hash_, (kind, _) in mine.items()
            if kind == "authorization" and (leg := authorised_transfers.carried(connection, hash_)) is not None
        }  # fmt: skip

        booking = Booking(connection, timestamp_ms=header.timestamp * 1000, at=block.at)
        legs_of_all = [
            *(each.leg for each in spent),
            *relayed.values(),
            *(leg for legs in batches.values() for leg in legs),
        ]
        promising = {account_id for net in nets.values() for account_id in net.nets}
        booking.load(_holders(seen), {leg.operation.debtor_account or "" for leg in legs_of_all} | promising)
        moved_legs = {
            hash_: self._end_legs(booking, block, mine[hash_][1], seen, legs) for hash_, legs in batches.items()
        }
        for hash_, net in nets.items():
            self._end_net(connection, booking, block, mine[hash_][1], seen, net)
        for each in spent:
            if each.moved is not None:
                booking.settled(each.leg, each.moved.log)
                belonging = moved_legs.setdefault(each.moved.log.transaction_hash, {})
                belonging[each.moved.log.log_index] = each.leg.operation.id
            else:
                booking.rejected(each.leg, outcomes.NONCE_SPENT)
        ended_by_nonce = {each.leg.operation.id for each in spent}
        for hash_, leg in relayed.items():
            if leg.operation.id not in ended_by_nonce:
                self._end_reverted(connection, booking, block, mine[hash_][1], leg)
        reasons = {event.log.transaction_hash: event.reason for _, event in seen if isinstance(event, TransferForced)}
        for currency, event in seen:
            if isinstance(event, Moved):
                operation_id = moved_legs.get(event.log.transaction_hash, {}).get(event.log.log_index)
                booking.moved(currency, event, operation_id, reasons.get(event.log.transaction_hash))
            elif isinstance(event, HolderRegistered):
                booking.registered(currency, event.account)
            elif isinstance(event, HolderStatusChanged):
                booking.status_changed(currency, event.account, event.status)
            elif isinstance(event, FrozenTokensChanged):
                booking.frozen(currency, event.account, event.amount)
        ended = booking.write()
        for currency, account_ids in booking.touched().items():
            self._on_touched(currency, account_ids, header.number)

        for kind, receipt in mine.values():
            status = "succeeded" if receipt.succeeded else "reverted"
            execute(connection, _MINED, of=receipt.transaction_hash, ended=status, in_block=header.number)
            self._tasks[kind].booked(connection, receipt, block)
        _move_cursor(connection, header)
        return ended

    def _end_legs(
        self, booking: Booking, block: Block, receipt: Receipt, seen: Sequence[Seen], legs: Sequence[Leg]
    ) -> dict[int, str]:
        """Settle or reject every operation of a batch; which operation each of its Transfer events belongs to."""
        if not receipt.succeeded:
            outcome = outcomes.of_revert(block.why(receipt))
            for leg in legs:
                booking.rejected(leg, outcome)
            return {}
        events = [event for _, event in seen if event.log.transaction_hash == receipt.transaction_hash]
        codes = next(event.codes for event in events if isinstance(event, BatchSettled))
        movements = iter([event for event in events if isinstance(event, Moved)])
        if len(codes) != len(legs):
            raise Fault(f"A batch of {len(legs)} was answered with {len(codes)} codes.")
        belongs: dict[int, str] = {}
        for leg, code in zip(legs, codes, strict=True):
            if code != 0:
                booking.rejected(leg, outcomes.of_leg(code))
                continue
            moved = next(movements, None)
            if moved is None or moved.amount != leg.operation.amount:
                raise Fault(f"The chain says {leg.operation.id} moved but shows no Transfer of it.")
            booking.settled(leg, moved.log)
            belongs[moved.log.log_index] = leg.operation.id
        return belongs

    def _end_net(
        self, connection: sa.Connection, booking: Booking, block: Block, receipt: Receipt, seen: Sequence[Seen],
        net: cycles.Carried,
    ) -> None:  # fmt: skip
        """Settle every payment of a net batch; or put them back, and reject those of the account that was refused."""
        for account_id, each in net.nets.items():
            booking.free(account_id, max(0, -each))
        legs = [Leg(operation, other) for operation, other in net.payments]
        if receipt.succeeded:
            events = [event for _, event in seen if event.log.transaction_hash == receipt.transaction_hash]
            settled = next(event for event in events if isinstance(event, NetSettled))
            if root_named(net.batch_id) != settled.payments_root:
                raise Fault(f"The chain settled the net of other payments than those of {net.batch_id}.")
            currency = next(currency for currency, event in seen if event is settled)
            booking.check_nets(currency, net.nets, [event for event in events if isinstance(event, Moved)])
            for leg in legs:
                booking.netted(leg, settled.log)
            cycles.ended(connection, net.batch_id, refused=None, at=block.at)
            return
        blame = cycles.blame(net, block.why(receipt))
        for leg in legs:
            if blame.on(leg.operation):
                booking.rejected(leg, blame.outcome, promised=False)
            else:
                booking.put_back(leg.operation)
        cycles.ended(connection, net.batch_id, refused=blame.outcome, at=block.at)

    def _end_reverted(
        self, connection: sa.Connection, booking: Booking, block: Block, receipt: Receipt, leg: Leg
    ) -> None:
        """Our transaction of a signed transfer moved nothing: reject it, unless another one had moved it before."""
        if receipt.succeeded:
            raise Fault(f"The chain took {leg.operation.id} but shows no use of its nonce.")
        moved = authorised_transfers.moved_before(connection, self._chain, leg)
        if moved is None:
            booking.rejected(leg, outcomes.of_single(block.why(receipt)))
            return
        booking.settled(leg, moved.log)
        authorised_transfers.claim(connection, leg, moved)

    def _check_common_past(self, cursor: Row, head: Header) -> None:
        if head.number < cursor.block_number:
            raise ChainBehindLedger(
                f"The ledger has booked block {cursor.block_number}; the chain ends at {head.number}.",
                booked=cursor.block_number, head=head.number,
            )  # fmt: skip
        if self._chain.header(cursor.block_number).hash != cursor.block_hash:
            raise ChainBehindLedger(f"The chain has another block {cursor.block_number} than the one that is booked.")


def _check_own_past(connection: sa.Connection, seen: Sequence[Seen], mine: Mapping[bytes, object]) -> None:
    """Every batch and attestation on chain was made here. Raises LedgerBehindChain."""
    attested = [(currency, event) for currency, event in seen if isinstance(event, ReserveAttested | BatchSettled)]
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


def _our_transactions(connection: sa.Connection, receipts: Sequence[Receipt]) -> dict[bytes, tuple[str, Receipt]]:
    by_hash = {receipt.transaction_hash: receipt for receipt in receipts}
    return {row.hash: (row.kind, by_hash[row.hash]) for row in fetch(connection, _OURS, hashes=list(by_hash))}


def _legs(connection: sa.Connection, transaction_hash: bytes) -> list[Leg]:
    found = fetch(connection, _LEGS, of=transaction_hash)
    return [Leg(rows.operation(row), row.counterparty_id) for row in found]


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
_LEGS = (
    sa.select(*rows.OPERATION, tables.operations.c.counterparty_id)
    .join_from(tables.operations, tables.batches)
    .where(tables.batches.c.transaction_hash == sa.bindparam("of"))
    .order_by(tables.operations.c.leg)
)
_MINED = (
    tables.chain_transactions.update()
    .where(tables.chain_transactions.c.hash == sa.bindparam("of"))
    .values(status=sa.bindparam("ended"), block_number=sa.bindparam("in_block"))
)
