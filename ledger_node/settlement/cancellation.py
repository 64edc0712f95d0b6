"""Ending a payment that waits: possible until the moment it is cut into a batch, never after.

By its member, who takes it back; by the house, when a party of it may not pay or be paid any more; by time, when nobody
approved it.
"""

from dataclasses import replace

import sqlalchemy as sa

from ledger_node.errors import CreditorNotActive, MemberSuspended, PaymentNotFound, WrongState
from ledger_node.reserve import ledger
from ledger_node.settlement import approvals, events, journaling, limits, rows, tables
from ledger_node.settlement.model import Caller, Operation, PaymentKind
from ledger_node.settlement.outcomes import Outcome

WAITING = ("accepted", "pending_approval", "queued")

CANCELED = Outcome("canceled", "NARR", "Canceled by the member.")

MAKER_LEFT = Outcome("not_approved", "NARR", "Who asked for it is of the house no more.")


def cancel(
    connection: sa.Connection, caller: Caller, operation_id: str, kind: PaymentKind | None, *, at: int
) -> Operation:
    """The canceled payment; what it had set aside is free again. Raises PaymentNotFound, WrongState."""
    operations = tables.operations
    query = sa.select(*rows.OPERATION).where(
        operations.c.id == operation_id, operations.c.member_id == caller.member_id
    )
    row = connection.execute(query).first()
    if row is None or kind not in (None, row.kind):
        raise PaymentNotFound(f"There is no {kind or 'payment'} {operation_id}.")
    operation = rows.operation(row)
    if operation.status not in WAITING:
        raise WrongState(
            f"The {operation.kind} is {operation.status}; it is too late to cancel it.", status=operation.status
        )
    if operation.status == "pending_approval":
        approvals.withdraw(connection, operation.id, at=at)
    return end(connection, replace(operation, status="canceled"), operation, CANCELED, at=at)


def reject_waiting_of(connection: sa.Connection, member_id: str, *, at: int) -> list[Operation]:
    """A member was stopped: what it asked for and what others would pay it is rejected, if no batch has it."""
    operations = tables.operations
    query = sa.select(*rows.OPERATION).where(
        operations.c.status.in_(WAITING),
        operations.c.kind.in_(["mint", "transfer", "redemption"]),
        sa.or_(operations.c.member_id == member_id, operations.c.counterparty_id == member_id),
    )
    ended = []
    for row in connection.execute(query).all():
        operation = rows.operation(row)
        if operation.member_id == member_id:
            outcome = Outcome(MemberSuspended.code, "AG10", "The member was suspended before the payment was sent.")
        else:
            outcome = Outcome(CreditorNotActive.code, "AC03", "The creditor was stopped before the payment was sent.")
        if operation.status == "pending_approval":
            approvals.withdraw(connection, operation.id, at=at)
        ended.append(end(connection, replace(operation, status="rejected"), operation, outcome, at=at))
    return ended


def take_back(connection: sa.Connection, operator_id: str, *, at: int) -> list[Operation]:
    """Somebody left the house: nobody agrees any more to what they asked for. The payments that end with it."""
    ended = []
    for approval in approvals.waiting_of(connection, operator_id):
        approvals.decide(connection, approval, "canceled", at=at, detail="Who asked for it was revoked.")
        if approval.action.startswith("payment."):
            mine = tables.operations.c.id == approval.parameters["operation"]
            operation = rows.operation(connection.execute(sa.select(*rows.OPERATION).where(mine)).one())
            ended.append(end(connection, replace(operation, status="rejected"), operation, MAKER_LEFT, at=at))
    return ended


def end(
    connection: sa.Connection, done: Operation, operation: Operation, outcome: Outcome, *, at: int
) -> Operation:  # fmt: skip
    """The operation in its final state `done`, with its reason; what it had set aside is free again."""
    if operation.status == "queued":  # promised nothing, but counts for its day
        limits.give_back(connection, [operation])
    elif operation.status == "accepted":
        # RESERVE
        if operation.kind == "mint":
            ledger.void(connection, [operation.id], at=at)
        else:
            holdings = tables.holdings
            freed = holdings.update().where(holdings.c.account_id == operation.debtor_account)
            connection.execute(freed.values(outgoing=holdings.c.outgoing - operation.amount))
        limits.give_back(connection, [operation])
    done = replace(done, code=outcome.code, reason_code=outcome.reason_code, reason=outcome.reason)
    result = {"status": done.status, "code": done.code, "reason_code": done.reason_code, "reason": done.reason}
    connection.execute(tables.operations.update().where(tables.operations.c.id == operation.id).values(result))
    journaling.reached(connection, [done], at=at)
    events.record(connection, [events.of_operation(done, done.member_id)], at=at)
    return done
