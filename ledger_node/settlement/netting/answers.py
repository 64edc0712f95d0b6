"""Answers: what the chain made of a net batch, and what that means for its payments and its cycle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ledger_node.chain.blocks import Receipt
from ledger_node.deposit_token.events import Moved, NetSettled
from ledger_node.deposit_token.refusals import Refusal
from ledger_node.errors import Fault
from ledger_node.proofs.payments import root_named
from ledger_node.settlement import events, netting_tables, outcomes, rows, tables
from ledger_node.settlement.model import Operation
from ledger_node.settlement.netting import selection
from ledger_node.settlement.onchain.booking import Booking, Leg
from ledger_node.settlement.onchain.tasks import Block
from ledger_node.settlement.outcomes import Outcome

CONCERN_THE_DEBTOR = frozenset({4, 5, 6, 7, 8, 14, 15})
CONCERN_THE_CREDITOR = frozenset({9, 10, 11, 12})
"""Restriction codes (deposit_token/codes.py)."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A net batch as it was sent: its payments with the other bank of each, and each account's net."""

    batch_id: str
    payments: Sequence[Leg]
    nets: Mapping[str, int]


def carried(connection: sa.Connection, receipt: Receipt) -> Carried:
    """The net batch that this transaction of ours carries. Raises Fault when no cycle has it."""
    cycles, batches, operations = netting_tables.cycles, tables.batches, tables.operations
    query = sa.select(cycles.c.batch_id).join_from(cycles, batches)
    batch_id = connection.execute(query.where(batches.c.transaction_hash == receipt.transaction_hash)).scalar()
    if batch_id is None:
        raise Fault(f"The net batch of 0x{receipt.transaction_hash.hex()} belongs to no cycle.")
    taken = netting_tables.payments
    of_batch = (
        sa.select(*rows.OPERATION, operations.c.counterparty_id)
        .join_from(operations, taken)
        .where(taken.c.batch_id == batch_id)
        .order_by(taken.c.place)
    )
    found = [Leg(rows.operation(row), row.counterparty_id) for row in connection.execute(of_batch)]
    nets = sa.select(netting_tables.positions.c.account_id, netting_tables.positions.c.net)
    positions = connection.execute(nets.where(netting_tables.positions.c.batch_id == batch_id))
    return Carried(batch_id, found, {row.account_id: row.net for row in positions})


def end(connection: sa.Connection, booking: Booking, block: Block, receipt: Receipt, net: Carried) -> None:
    """Settle every payment of a net batch; or put them back, and reject those of the account that was refused."""
    for account_id, each in net.nets.items():
        booking.free(account_id, max(0, -each))
    if receipt.succeeded:
        _settle(booking, block, receipt, net)
        _ended(connection, net.batch_id, refused=None, at=block.at)
        return
    blame = _blame(net, block.why(receipt))
    for leg in net.payments:
        if blame.on(leg.operation):
            booking.rejected(leg, blame.outcome, promised=False)
        else:
            booking.put_back(leg.operation)
    _ended(connection, net.batch_id, refused=blame.outcome, at=block.at)


def _settle(booking: Booking, block: Block, receipt: Receipt, net: Carried) -> None:
    told = block.events_of(receipt)
    settled = next(event for event in told if isinstance(event, NetSettled))
    if root_named(net.batch_id) != settled.payments_root:
        raise Fault(f"The chain settled the net of other payments than those of {net.batch_id}.")
    currency = next(currency for currency, event in block.seen if event is settled)
    booking.check_nets(currency, net.nets, [event for event in told if isinstance(event, Moved)])
    for leg in net.payments:
        booking.netted(leg, settled.log)


@dataclass(frozen=True, slots=True)
class Blame:
    """Why a net batch was refused, and whose payments can be in no other: what `debtor` owes, or `creditor` is due."""

    outcome: Outcome
    debtor: str | None = None
    creditor: str | None = None

    def on(self, operation: Operation) -> bool:
        return (self.debtor is not None and operation.debtor_account == self.debtor) or (
            self.creditor is not None and operation.creditor_account == self.creditor
        )


def _blame(net: Carried, refusal: Refusal | None) -> Blame:
    """What the token's refusal means for the payments; a pause, say, is nobody's fault."""
    if refusal is None or refusal.revert is None or refusal.revert.name != "NetLegRefused":
        return Blame(outcomes.of_revert(refusal))
    leg, code = refusal.revert.arguments["leg"], refusal.revert.arguments["code"]
    payer, payee, _ = selection.flows(net.nets)[leg]
    outcome = outcomes.of_leg(code)
    if code in CONCERN_THE_DEBTOR:
        return Blame(outcome, debtor=payer)
    return Blame(outcome, creditor=payee) if code in CONCERN_THE_CREDITOR else Blame(outcome)


def _ended(connection: sa.Connection, batch_id: str, *, refused: Outcome | None, at: int) -> None:
    """The chain has answered."""
    result: dict[str, Any] = {"status": "settled", "ended_at": at}
    if refused is not None:
        result |= {"status": "returned", "code": refused.code, "reason": refused.reason}
    connection.execute(
        netting_tables.cycles.update().where(netting_tables.cycles.c.batch_id == batch_id).values(result)
    )
    row = connection.execute(
        sa.select(netting_tables.cycles).where(netting_tables.cycles.c.batch_id == batch_id)
    ).first()
    if row is None:
        raise Fault(f"The net batch {batch_id} belongs to no cycle.")
    data = {name: getattr(row, name) for name in ("id", "currency", "status", "payments", "code")}
    draft = events.draft(f"netting_cycle.{row.status}", member_id=None, resource_id=row.id, data=data)
    events.record(connection, [draft], at=at)
