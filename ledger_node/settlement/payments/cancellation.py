"""Ending payments that wait: possible until the moment they are cut into a batch, never after.

By their member, who takes one back; by the house, when a party may not pay or be paid any more; by time, when nobody
approved it or no netting cycle took it. What may be many is ended in parts, so that the writer has turns for others.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ledger_node.access import approvals
from ledger_node.access.model import Caller
from ledger_node.access.tables import approvals as asked
from ledger_node.database import execute_many, fetch, one_of
from ledger_node.errors import CreditorNotActive, MemberSuspended, PaymentNotFound, WrongState
from ledger_node.reserve import ledger
from ledger_node.settlement import events, journaling, limits, rows, tables
from ledger_node.settlement.model import Operation, PaymentKind
from ledger_node.settlement.outcomes import Outcome

WAITING = ("accepted", "pending_approval", "queued")

AT_ONCE = 1_000
"""So many payments one turn of the writer ends: half of what a batch may have."""

CANCELED = Outcome("canceled", "NARR", "Canceled by the member.")
STOPPED = Outcome(MemberSuspended.code, "AG10", "The member was suspended before the payment was sent.")
CREDITOR_STOPPED = Outcome(CreditorNotActive.code, "AC03", "The creditor was stopped before the payment was sent.")

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
    """A member was stopped: what it asked for and what others would pay it is rejected, if no batch has it.

    AT_ONCE of them at most, what could go into the next batch first; `reject_waiting_of_stopped` ends the rest.
    """
    waiting = [rows.operation(row) for row in _waiting_of(connection, [member_id])]
    return end_all(
        connection,
        [
            (replace(each, status="rejected"), each, STOPPED if each.member_id == member_id else CREDITOR_STOPPED)
            for each in waiting
        ],
        at=at,
    )


def reject_waiting_of_stopped(connection: sa.Connection, *, at: int) -> list[Operation]:
    """The same for what an earlier turn has left of members that are suspended: of one of them."""
    for member_id in connection.execute(_SUSPENDED).scalars().all():
        if ended := reject_waiting_of(connection, member_id, at=at):
            return ended
    return []


def some_wait_of_stopped(connection: sa.Connection) -> bool:
    """Whether anything is left of members that are suspended."""
    return any(has_waiting(connection, member_id) for member_id in connection.execute(_SUSPENDED).scalars().all())


def has_waiting(connection: sa.Connection, member_id: str) -> bool:
    """Whether a payment by this member or to it waits."""
    return bool(_waiting_of(connection, [member_id], most=1))


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
    return end_all(connection, [(done, operation, outcome)], at=at)[0]


def end_all(
    connection: sa.Connection, endings: Sequence[tuple[Operation, Operation, Outcome]], *, at: int
) -> list[Operation]:  # fmt: skip
    """The same for many: each as it is to be, as it was, and why."""
    for _, before, _ in endings:
        if before.status == "pending_approval":
            approvals.withdraw(connection, before.id, at=at)
    # RESERVE
    _free(connection, [before for _, before, _ in endings], at=at)
    ended = [
        replace(done, code=outcome.code, reason_code=outcome.reason_code, reason=outcome.reason)
        for done, _, outcome in endings
    ]
    execute_many(connection, _END, [_end_row(done) for done in ended])
    journaling.reached(connection, ended, at=at)
    events.record(connection, [events.of_operation(done, done.member_id) for done in ended], at=at)
    return ended


def _free(connection: sa.Connection, waiting: Sequence[Operation], *, at: int) -> None:
    """What these had set aside; one that is queued promised nothing, but counts for its day."""
    accepted = [each for each in waiting if each.status == "accepted"]
    ledger.void(connection, [each.id for each in accepted if each.kind == "mint"], at=at)
    freed: dict[str | None, int] = {}
    for each in accepted:
        if each.kind != "mint":
            freed[each.debtor_account] = freed.get(each.debtor_account, 0) + each.amount
    execute_many(connection, _FREE, [{"id_": id_, "less": less} for id_, less in freed.items()])
    limits.give_back(connection, [each for each in waiting if each.status in ("accepted", "queued")])


def _end_row(done: Operation) -> dict[str, Any]:
    return {
        "id_": done.id, "status_": done.status, "code_": done.code, "reason_code_": done.reason_code,
        "reason_": done.reason,
    }  # fmt: skip


def _waiting_of(connection: sa.Connection, of: list[str], *, most: int = AT_ONCE) -> list[Any]:
    found: list[Any] = []
    for query in _WAITING_OF:
        found += fetch(connection, query, of=of, most=most - len(found)) if len(found) < most else []
    return found


_SUSPENDED = sa.select(tables.members.c.id).where(tables.members.c.status == "suspended")
_END = (
    tables.operations.update()
    .where(tables.operations.c.id == sa.bindparam("id_"))
    .values(
        status=sa.bindparam("status_"), code=sa.bindparam("code_"), reason_code=sa.bindparam("reason_code_"),
        reason=sa.bindparam("reason_"),
    )
)  # fmt: skip
_FREE = (
    tables.holdings.update()
    .where(tables.holdings.c.account_id == sa.bindparam("id_"))
    .values(outgoing=tables.holdings.c.outgoing - sa.bindparam("less"))
)


def _waiting_queries() -> tuple[sa.Select[Any], ...]:
    """By state, each with an index of what is in that state: a member's whole history would be read otherwise."""
    operations = tables.operations
    by, to = operations.c.member_id, operations.c.counterparty_id
    # No index on a member serves these words, so that the few are read that are in the state.
    either = sa.or_(one_of(sa.func.coalesce(by, ""), "of"), one_of(sa.func.coalesce(to, ""), "of"))
    waits = sa.select(asked.c.resource_id).where(sa.text("approvals.status = 'pending_approval'"))
    payment = sa.func.coalesce(operations.c.kind, "").in_(["mint", "transfer", "redemption"])  # fiat waits for others
    which = (
        (operations.c.status == tables.literally("accepted"), either),
        (operations.c.status == tables.literally("queued"), one_of(by, "of")),
        (operations.c.status == tables.literally("queued"), one_of(to, "of")),
        (operations.c.status == "pending_approval", operations.c.id.in_(waits), payment, either),
    )
    return tuple(sa.select(*rows.OPERATION).where(*each).limit(sa.bindparam("most")) for each in which)


_WAITING_OF = _waiting_queries()
