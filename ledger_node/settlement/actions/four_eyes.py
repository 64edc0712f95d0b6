"""Four eyes: where the operator's house acts, at once or when a second person agrees, and where payments wait for one.

With the setting off every action is done at once by one operator. With it on, an action that needs two people becomes a
request, which another named operator approves or rejects. Everything goes into the audit log in the same transaction.
"""

from collections.abc import Callable, Set
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import sqlalchemy as sa

from ledger_node.access import approvals, audit_log, operators
from ledger_node.access.audit_log import NO_TRAIL
from ledger_node.access.model import NODE, Approval, ApprovalStatus, Caller, Trail
from ledger_node.clock import Clock
from ledger_node.errors import ApprovalExpired, ApprovalNotFound, InvalidField, LedgerNodeError, Refused
from ledger_node.keys import Vault
from ledger_node.money import currency, decimal_string
from ledger_node.settlement import rows, tables
from ledger_node.settlement.actions.operator_actions import ACTIONS, Act, KeyKeeper, Parameters
from ledger_node.settlement.intake import verbs
from ledger_node.settlement.intake.unit_of_work import Request, UnitOfWork
from ledger_node.settlement.limits import LimitsChange
from ledger_node.settlement.model import Authorization, FiatRequest, Operation, Order, PaymentRequest, Policy
from ledger_node.settlement.outcomes import Outcome
from ledger_node.settlement.party_tables import authorizations
from ledger_node.settlement.payments.cancellation import end
from ledger_node.writer import Writer

T = TypeVar("T")
EXPIRED_AT_ONCE = 100
"""So many requests that nobody decided end in one turn of the writer."""
CREDENTIALS = frozenset({"operator.name", "api_key.create", "api_key.rotate"})
"""What makes somebody a second person."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an action made, or the request that waits for a second person now, or what a rehearsed one would make."""

    result: Any = None
    approval: Approval | None = None
    rehearsal: bool = False
    needs_approval: bool = False


class _Rehearsed(Exception):
    def __init__(self, done: Done) -> None:
        self.done = done


class FourEyes:
    def __init__(
        self, writer: Writer, clock: Clock, *, currencies: Set[str], policy: Policy,
        closed_because: Callable[[], str | None], on_ended: Callable[[list[Operation]], None], vault: Vault,
        foresee: Callable[[sa.Connection, Order], Order],
    ) -> None:  # fmt: skip
        self._writer = writer
        self._clock = clock
        self._currencies = frozenset(currencies)
        self.policy = policy
        self._closed_because = closed_because
        self._on_ended = on_ended
        self._vault = vault
        self._foresee = foresee
        self.keys: KeyKeeper | None = None
        """Who keeps API keys, if a door does."""

    def do(
        self, caller: Caller, action: str, parameters: Parameters, *, reason: str | None = None,
        rehearse: bool = False, trail: Trail = NO_TRAIL,
    ) -> Future[Done]:  # fmt: skip
        """Do it, ask for it, or (`rehearse`) say what it would do.

        Raises Forbidden, NamedOperatorNeeded; the future whatever the action refuses.
        """
        what = ACTIONS[action]
        operators.must_have(caller, what.duty)

        def job(connection: sa.Connection) -> Done:
            at = self._clock.now_ms()
            if not (what.four_eyes and self._needs_two(connection, action, parameters)):
                done = self._act(connection, caller, action, parameters, reason, rehearse=rehearse, trail=trail)
                if rehearse:
                    raise _Rehearsed(done)
                return done
            approvals.named(caller)
            with connection.begin_nested() as rehearsal:  # what would be refused is refused now
                rehearsed = self._run(connection, action, parameters, reason, rehearse=True)[0]
                rehearsed = self._foreseen(connection, rehearsed, rehearse=rehearse)
                rehearsal.rollback()
            if rehearse:
                raise _Rehearsed(Done(rehearsed, rehearsal=True, needs_approval=True))
            resource_id = parameters[what.resource] if what.resource else None
            approval = approvals.ask(
                connection, caller, action, parameters, at=at, expires_at=at + self.policy.expires_after_ms,
                reason=reason, resource_id=resource_id, request_hash=trail.request_hash,
            )  # fmt: skip
            audit_log.record(
                connection, caller, action, "pending_approval", at=at, resource_id=approval.id,
                reason=_told(reason, rehearsed), trail=trail,
            )  # fmt: skip
            return Done(approval=approval)

        return _answered(self._writer.submit(job))

    def approve(
        self, caller: Caller, approval_id: str, *, reason: str | None = None, rehearse: bool = False,
        trail: Trail = NO_TRAIL,
    ) -> Future[Done]:  # fmt: skip
        """Carry out what another person asked for, or (`rehearse`) say what would become of it. Approving again what
        one has approved answers the same.

        The future raises ApprovalNotFound, Forbidden, NamedOperatorNeeded, OwnRequest, WrongState, ApprovalExpired.
        """

        def job(connection: sa.Connection) -> Done:
            at = self._clock.now_ms()
            approval = approvals.find(connection, caller, approval_id)
            if approval.checker == caller.who and approval.status in ("approved", "failed"):
                return Done(approval=approval, rehearsal=rehearse)
            approvals.may_decide(approval, caller, at=at)
            result, refusal = self._carry_out(connection, approval, rehearse=rehearse)
            status: ApprovalStatus = "approved" if refusal is None else "failed"
            code, detail = (None, None) if refusal is None else (refusal.code, refusal.detail)
            resource_id = getattr(result, "id", None) if approval.resource_id is None else None
            decided = approvals.decide(
                connection, approval, status, at=at, checker=caller, reason=reason, code=code, detail=detail,
                resource_id=resource_id,
            )  # fmt: skip
            if rehearse:
                raise _Rehearsed(Done(result, decided, rehearsal=True))
            audit_log.record(
                connection, caller, approval.action, status, at=at, resource_id=approval.id,
                reason=_told(reason, result), code=code, trail=trail,
            )  # fmt: skip
            return Done(result, decided)

        return _answered(self._writer.submit(job))

    def reject(
        self, caller: Caller, approval_id: str, *, reason: str, rehearse: bool = False, trail: Trail = NO_TRAIL
    ) -> Future[Done]:
        """Say no. Rejecting again what one has rejected answers the same. The future raises as `approve` does."""
        if not reason.strip() or len(reason) > 140:
            raise InvalidField("Give a reason of 1 to 140 characters.", pointer="/reason")

        def job(connection: sa.Connection) -> Done:
            at = self._clock.now_ms()
            approval = approvals.find(connection, caller, approval_id)
            if approval.checker == caller.who and approval.status == "rejected":
                return Done(approval=approval, rehearsal=rehearse)
            approvals.may_decide(approval, caller, at=at)
            outcome = Outcome("not_approved", "NARR", reason)
            operation = self._end_operation(connection, approval, outcome, at, rehearse=rehearse)
            decided = approvals.decide(connection, approval, "rejected", at=at, checker=caller, reason=reason)
            if rehearse:
                raise _Rehearsed(Done(operation, decided, rehearsal=True))
            audit_log.record(
                connection, caller, approval.action, "rejected", at=at, resource_id=approval.id, reason=reason,
                trail=trail,
            )  # fmt: skip
            return Done(operation, decided)

        return _answered(self._writer.submit(job))

    def decide_operation(
        self, caller: Caller, operation_id: str, *, approve: bool, reason: str | None, trail: Trail = NO_TRAIL
    ) -> Future[Done]:
        """The same by the payment that waits. The future also raises ApprovalNotFound when it never waited."""
        found = self._writer.submit(lambda connection: approvals.of_operation(connection, operation_id))
        outer: Future[Done] = Future()

        def go_on(inner: Future[Approval | None]) -> None:
            try:
                approval = inner.result()
                if approval is None or caller.member_id not in (None, approval.member_id):
                    raise ApprovalNotFound(f"{operation_id} waits for nobody's approval.")
                if approve:
                    deciding = self.approve(caller, approval.id, reason=reason, trail=trail)
                else:
                    deciding = self.reject(caller, approval.id, reason=reason or "", trail=trail)
            except LedgerNodeError as error:
                outer.set_exception(error)
                return
            deciding.add_done_callback(lambda decided: _pass_on(decided, outer))

        found.add_done_callback(go_on)
        return outer

    def expire(self, connection: sa.Connection) -> None:
        """End what nobody decided in time, EXPIRED_AT_ONCE of them; a job for the writer."""
        at = self._clock.now_ms()
        for approval in approvals.due(connection, at=at, most=EXPIRED_AT_ONCE):
            outcome = Outcome(ApprovalExpired.code, "NARR", "Nobody approved it in time.")
            self._end_operation(connection, approval, outcome, at)
            approvals.decide(connection, approval, "expired", at=at)
            audit_log.record(connection, NODE, approval.action, "expired", at=at, resource_id=approval.id)

    # INSIDE THE WRITER'S TRANSACTION

    def staffed(self, connection: sa.Connection) -> bool:
        """Whether from now on nobody gives another person a credential alone: four eyes is on, and somebody has named
        the first two checkers. Who left since counts too, or the last one could name a puppet."""
        return self.policy.four_eyes and len(operators.checkers(connection, ever=True)) >= 2

    def _needs_two(self, connection: sa.Connection, action: str, parameters: Parameters) -> bool:
        if not self.policy.four_eyes:
            return False
        if action == "account.open":
            return bool(parameters["custody"] == "self")  # whose key is to move a member's money
        return action not in CREDENTIALS or self.staffed(connection)

    def _run(
        self, connection: sa.Connection, action: str, parameters: Parameters, reason: str | None, *, rehearse: bool
    ) -> tuple[Any, Act]:
        act = Act(
            connection, self._clock.now_ms(), self._currencies, reason, rehearse, self.keys, self._vault,
            self.policy.four_eyes,
        )  # fmt: skip
        return ACTIONS[action].run(act, parameters), act

    def _act(
        self, connection: sa.Connection, caller: Caller, action: str, parameters: Parameters, reason: str | None, *,
        rehearse: bool, trail: Trail,
    ) -> Done:  # fmt: skip
        result, act = self._run(connection, action, parameters, reason, rehearse=rehearse)
        if not rehearse:
            self._on_ended(act.ended)
            resource = ACTIONS[action].resource
            resource_id = parameters[resource] if resource else getattr(result, "id", None)
            audit_log.record(
                connection, caller, action, "done", at=act.at, resource_id=resource_id, reason=_told(reason, result),
                trail=trail,
            )  # fmt: skip
        return Done(self._foreseen(connection, result, rehearse=rehearse), rehearsal=rehearse)

    def _foreseen(self, connection: sa.Connection, made: Any, *, rehearse: bool) -> Any:
        """A rehearsed order with what the chain would say of it."""
        return self._foresee(connection, made) if rehearse and isinstance(made, Order) else made

    def _carry_out(
        self, connection: sa.Connection, approval: Approval, *, rehearse: bool
    ) -> tuple[Any, Refused | None]:
        """What was asked for, done; or why it is refused now, and nothing changed. Raises Unavailable."""
        try:
            with connection.begin_nested():
                if approval.action.startswith("payment."):
                    return self._accept(connection, approval, rehearse=rehearse), None
                result, act = self._run(
                    connection, approval.action, approval.parameters, approval.reason, rehearse=rehearse
                )
                self._tell(act.ended, rehearse=rehearse)
                return self._foreseen(connection, result, rehearse=rehearse), None
        except Refused as refusal:
            reason_code = refusal.reason_code or "NARR"
            outcome = Outcome(refusal.code, reason_code, refusal.detail)
            at = self._clock.now_ms()
            return self._end_operation(connection, approval, outcome, at, rehearse=rehearse), refusal

    def _accept(self, connection: sa.Connection, approval: Approval, *, rehearse: bool) -> Operation:
        """The payment goes its way, judged again by every rule but the one that put it off."""
        operation = _operation(connection, approval)
        request = _as_asked(connection, operation, approval)
        work = UnitOfWork(
            connection, [request], currencies=self._currencies, at=self._clock.now_ms(),
            closed_because=self._closed_because(), policy=self.policy, approving=operation,
        )  # fmt: skip
        accepted = verbs.decide(work, request).operation
        work.write()
        if accepted.status == "settled":
            self._tell([accepted], rehearse=rehearse)
        return accepted

    def _tell(self, ended: list[Operation], *, rehearse: bool) -> None:
        """Whoever waits for one of these; nobody waits for what is undone."""
        if not rehearse:
            self._on_ended(ended)

    def _end_operation(
        self, connection: sa.Connection, approval: Approval, outcome: Outcome, at: int, *, rehearse: bool = False
    ) -> Operation | None:
        if not approval.action.startswith("payment."):
            return None
        operation = _operation(connection, approval)
        ended = end(connection, replace(operation, status="rejected"), operation, outcome, at=at)
        self._tell([ended], rehearse=rehearse)
        return ended


def _told(reason: str | None, result: Any) -> str | None:
    """The reason that was given and, of what says no more than what is now, what was before."""
    if not isinstance(result, LimitsChange):
        return reason
    return str(result) if reason is None else f"{reason} ({result})"


def _operation(connection: sa.Connection, approval: Approval) -> Operation:
    mine = tables.operations.c.id == approval.parameters["operation"]
    return rows.operation(connection.execute(sa.select(*rows.OPERATION).where(mine)).one())


def _as_asked(connection: sa.Connection, operation: Operation, approval: Approval) -> Request:
    """The request that made the operation, from what is stored of it."""
    amount = decimal_string(operation.amount, currency(operation.currency))
    if operation.kind == "deposit" or operation.kind == "withdrawal":
        operator = Caller(approval.maker, "operator", person=approval.maker)
        account = operation.creditor_account or operation.debtor_account or ""
        return FiatRequest(operation.kind, operator, approval.id, account, amount, operation.currency)
    user = Caller(approval.maker, "member", operation.member_id, person=approval.maker)
    mine = authorizations.c.operation_id == operation.id
    row = connection.execute(sa.select(authorizations).where(mine)).first()
    signed = None if row is None else Authorization(row.valid_after, row.valid_before, row.nonce, row.signature)
    return PaymentRequest(
        operation.kind, user, approval.id, operation.debtor_account or "", operation.creditor_account or "", amount,
        operation.currency, authorization=signed, settlement=operation.settlement,
    )  # fmt: skip


def _answered(inner: Future[Done]) -> Future[Done]:
    outer: Future[Done] = Future()
    inner.add_done_callback(lambda done: _pass_on(done, outer))
    return outer


def _pass_on(inner: Future[Done], outer: Future[Done]) -> None:
    failure = inner.exception()
    if isinstance(failure, _Rehearsed):
        outer.set_result(failure.done)
    elif failure is not None:
        outer.set_exception(failure)
    else:
        outer.set_result(inner.result())
