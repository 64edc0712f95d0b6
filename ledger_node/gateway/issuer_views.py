"""How the operator's side looks in an answer: limits, orders, operators, approvals, the audit log, tokens."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from ledger_node.access.model import Approval, ApprovalStatus, AuditEntry, Duty, Named
from ledger_node.clock import iso8601
from ledger_node.gateway import examples, net_views, views
from ledger_node.gateway.credentials import ApiKey
from ledger_node.gateway.views import Body, View, _hex, _like, _money, _time
from ledger_node.settlement.limits import LimitsChange, told
from ledger_node.settlement.model import Account, Limits, Member, NettingCycle, Order, OrderKind, Token
from ledger_node.settlement.onchain.signing_keys import HouseKey, HouseKeyStatus, Office


class LimitsView(View):
    """What was agreed with a member in a currency; null limits nothing."""

    model_config = _like(examples.LIMITS)

    member: str
    currency: str
    per_payment: str
    per_day: str | None
    holding: str | None
    approval_above: str | None


class PreviousLimitsView(View):
    per_payment: str
    per_day: str | None
    holding: str | None
    approval_above: str | None


class LimitsChangeView(LimitsView):
    """What is agreed from now on, and what was before."""

    model_config = _like(examples.LIMITS_CHANGE)

    previous: PreviousLimitsView


def limits(agreed: Limits) -> Body:
    return {"member": agreed.member_id, "currency": agreed.currency, **told(agreed)}


def limits_change(change: LimitsChange) -> Body:
    return {**limits(change.now), "previous": told(change.before)}


class OrderView(View):
    """An order against an account or a token: `settled` once the chain has carried it out."""

    model_config = _like(examples.ORDER)

    id: str
    kind: OrderKind
    status: Literal["accepted", "processing", "settled", "rejected"]
    currency: str
    account: str | None
    creditor_account: str | None
    amount: str | None
    reason: str
    created_at: str
    settled_at: str | None
    block_number: int | None
    transaction_hash: str | None
    code: str | None
    detail: str | None


def order(given: Order) -> Body:
    return {
        "id": given.id,
        "kind": given.kind,
        "status": given.status,
        "currency": given.currency,
        "account": given.account_id,
        "creditor_account": given.creditor_account,
        "amount": None if given.amount is None else _money(given.amount, given.currency),
        "reason": given.reason,
        "created_at": iso8601(given.created_at),
        "settled_at": _time(given.settled_at),
        "block_number": given.block_number,
        "transaction_hash": _hex(given.transaction_hash),
        "code": given.code,
        "detail": given.detail,
    }


class OperatorView(View):
    """A person of the operator's house."""

    model_config = _like(examples.OPERATOR)

    id: str
    name: str
    duties: list[Duty]
    status: Literal["active", "revoked"]
    created_at: str


class NewOperatorView(OperatorView):
    model_config = _like(examples.NEW_OPERATOR)

    api_key: str = Field(description="The person's first key. Hand it over; who has it rotates it at once.")


def operator(person: Named) -> Body:
    return {
        "id": person.id,
        "name": person.name,
        "duties": sorted(person.duties),
        "status": person.status,
        "created_at": iso8601(person.created_at),
    }


class ApprovalView(View):
    """What waits for a second person, or what became of it."""

    model_config = _like(examples.APPROVAL)

    id: str
    action: str
    parameters: dict[str, Any]
    status: ApprovalStatus
    member: str | None
    resource: str | None
    maker: str
    reason: str | None
    created_at: str
    expires_at: str
    decided_at: str | None
    checker: str | None
    decision_reason: str | None
    code: str | None = Field(description="Why it failed when it was approved.")
    detail: str | None


def approval(asked: Approval) -> Body:
    return {
        "id": asked.id,
        "action": asked.action,
        "parameters": asked.parameters,
        "status": asked.status,
        "member": asked.member_id,
        "resource": asked.resource_id,
        "maker": asked.maker,
        "reason": asked.reason,
        "created_at": iso8601(asked.created_at),
        "expires_at": iso8601(asked.expires_at),
        "decided_at": _time(asked.decided_at),
        "checker": asked.checker,
        "decision_reason": asked.decision_reason,
        "code": asked.code,
        "detail": asked.detail,
    }


class AuditEntryView(View):
    """A line of the audit log. `request_hash` is SHA-256 of method, path and body; `hash` covers the line before."""

    model_config = _like(examples.AUDIT_ENTRY)

    id: str
    sequence: int
    created_at: str
    person: str
    api_key: str
    scope: str
    member: str | None
    action: str
    resource: str | None
    reason: str | None
    outcome: str
    code: str | None
    request_id: str | None
    request_hash: str | None
    hash: str


def audit_entry(entry: AuditEntry) -> Body:
    return {
        "id": entry.id,
        "sequence": entry.sequence,
        "created_at": iso8601(entry.created_at),
        "person": entry.person,
        "api_key": entry.api_key,
        "scope": entry.scope,
        "member": entry.member_id,
        "action": entry.action,
        "resource": entry.resource_id,
        "reason": entry.reason,
        "outcome": entry.outcome,
        "code": entry.code,
        "request_id": entry.request_id,
        "request_hash": _hex(entry.request_hash),
        "hash": _hex(entry.hash),
    }


class TokenView(View):
    """A token contract, with what its EIP-712 domain needs."""

    model_config = _like(examples.TOKEN)

    currency: str
    name: str
    version: str
    chain_id: int
    address: str
    block_number: int


def token(issued: Token, *, chain_id: int) -> Body:
    return {
        "currency": issued.currency,
        "name": issued.name,
        "version": "1",
        "chain_id": chain_id,
        "address": _hex(issued.address),
        "block_number": issued.block_number,
    }


class HouseKeyView(View):
    """A key of the house: `incoming` and `accepting` on its way in, `outgoing` on its way out."""

    model_config = _like(examples.HOUSE_KEY)

    id: str
    office: Office
    status: HouseKeyStatus
    address: str | None = Field(description="null in a dry run: no key was made.")
    waits_for: str | None = Field(description="What it cannot go on without, in words.")
    created_at: str
    seated_at: str | None = Field(description="When it took its office over.")
    retired_at: str | None = Field(description="When the last token gave it nothing any more.")


def house_key(key: HouseKey) -> Body:
    return {
        "id": key.id,
        "office": key.office,
        "status": key.status,
        "address": _hex(key.address),
        "waits_for": key.waits_for,
        "created_at": iso8601(key.created_at),
        "seated_at": _time(key.seated_at),
        "retired_at": _time(key.retired_at),
    }


_VIEWS: dict[type, Callable[[Any], Body]] = {
    Member: views.member,
    Account: views.account,
    LimitsChange: limits_change,
    Order: order,
    Named: operator,
    NettingCycle: net_views.netting_cycle,
    HouseKey: house_key,
    ApiKey: views.api_key,
}


def result(made: Any) -> Body:
    """What an action of the house made, whatever it is."""
    return _VIEWS[type(made)](made)
