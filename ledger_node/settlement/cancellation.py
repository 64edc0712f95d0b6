"""Taking back a payment that waits: possible until the moment it is cut into a batch, never after."""

from dataclasses import replace

import sqlalchemy as sa

from ledger_node.errors import PaymentNotFound, WrongState
from ledger_node.reserve import ledger
from ledger_node.settlement import events, journaling, rows, tables
from ledger_node.settlement.model import Caller, Operation, PaymentKind


def cancel(
    connection: sa.Connection, caller: Caller, operation_id: str, kind: PaymentKind | None, *, at: int
) -> Operation:
    """The canceled payment; what it had set aside is free again. Raises PaymentNotFound, WrongState."""
    operations, holdings = tables.operations, tables.holdings
    query = sa.select(*rows.OPERATION).where(
        operations.c.id == operation_id, operations.c.member_id == caller.member_id
    )
    row = connection.execute(query).first()
    if row is None or kind not in (None, row.kind):
        raise PaymentNotFound(f"There is no {kind or 'payment'} {operation_id}.")
    operation = rows.operation(row)
    if operation.status != "accepted":
        raise WrongState(
            f"The {operation.kind} is {operation.status}; it is too late to cancel it.", status=operation.status
        )

    # RESERVE
    if operation.kind == "mint":
        ledger.void(connection, [operation.id], at=at)
    else:
        freed = holdings.update().where(holdings.c.account_id == operation.debtor_account)
        connection.execute(freed.values(outgoing=holdings.c.outgoing - operation.amount))

    done = replace(operation, status="canceled", code="canceled", reason_code="NARR", reason="Canceled by the member.")
    result = {"status": done.status, "code": done.code, "reason_code": done.reason_code, "reason": done.reason}
    connection.execute(operations.update().where(operations.c.id == operation.id).values(result))
    journaling.ended(connection, [done], at=at)
    events.record(connection, [events.of_operation(done, done.member_id)], at=at)
    return done
