"""How settlement's data looks in an answer: money as decimal strings, times as RFC 3339, hashes as 0x hex.

The models describe the answers for OpenAPI; the functions beside them make the answers, without a second validation.
Tests hold the two together.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger_node.clock import iso8601
from ledger_node.gateway import examples
from ledger_node.gateway.credentials import ApiKey
from ledger_node.money import currency, decimal_string
from ledger_node.settlement.model import (
    ISO_STATUS,
    Account,
    AccountKind,
    AccountStatus,
    Balances,
    Custody,
    Entry,
    Event,
    Member,
    MemberStatus,
    Operation,
    ReservePosition,
    Settlement,
    Status,
)

Body = dict[str, Any]


class View(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _like(example: Body) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


def _money(minor: int, code: str) -> str:
    return decimal_string(minor, currency(code))


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso8601(milliseconds)


def _hex(data: bytes | None) -> str | None:
    return None if data is None else f"0x{data.hex()}"


# PAYMENTS


class PaymentView(View):
    """A mint, transfer or redemption. Block and transaction are there once it is settled, the codes once rejected."""

    model_config = _like(examples.PAYMENT)

    id: str
    kind: Literal["mint", "transfer", "redemption"]
    status: Status
    iso_status: str = Field(description="ISO 20022 payment status: ACTC, ACSP, ACSC, RJCT, CANC or PDNG.")
    member: str
    debtor_account: str
    creditor_account: str
    amount: str
    currency: str
    end_to_end_id: str | None
    uetr: str
    external_id: str | None
    created_at: str
    settled_at: str | None
    block_number: int | None
    transaction_hash: str | None
    log_index: int | None
    code: str | None
    reason_code: str | None = Field(description="ISO 20022 external status reason code.")
    reason: str | None
    settlement: Settlement
    net_until: str | None = Field(description="How long it waits for a netting cycle, when it is to be settled net.")


def payment(operation: Operation) -> Body:
    return {
        "id": operation.id,
        "kind": operation.kind,
        "status": operation.status,
        "iso_status": ISO_STATUS[operation.status],
        "member": operation.member_id,
        "debtor_account": operation.debtor_account,
        "creditor_account": operation.creditor_account,
        "amount": _money(operation.amount, operation.currency),
        "currency": operation.currency,
        "end_to_end_id": operation.end_to_end_id,
        "uetr": operation.uetr,
        "external_id": operation.external_id,
        "created_at": iso8601(operation.created_at),
        "settled_at": _time(operation.settled_at),
        "block_number": operation.block_number,
        "transaction_hash": _hex(operation.transaction_hash),
        "log_index": operation.log_index,
        "code": operation.code,
        "reason_code": operation.reason_code,
        "reason": operation.reason,
        "settlement": operation.settlement,
        "net_until": _time(operation.net_until),
    }


class FiatView(View):
    """A deposit or withdrawal; the codes are there once it is rejected."""

    model_config = _like(examples.DEPOSIT)

    id: str
    kind: Literal["deposit", "withdrawal"]
    status: Status
    iso_status: str
    member: str
    account: str
    amount: str
    currency: str
    end_to_end_id: str | None
    uetr: str
    external_id: str | None
    created_at: str
    settled_at: str | None
    code: str | None
    reason_code: str | None
    reason: str | None


def fiat(operation: Operation) -> Body:
    return {
        "id": operation.id,
        "kind": operation.kind,
        "status": operation.status,
        "iso_status": ISO_STATUS[operation.status],
        "member": operation.member_id,
        "account": operation.creditor_account or operation.debtor_account,
        "amount": _money(operation.amount, operation.currency),
        "currency": operation.currency,
        "end_to_end_id": operation.end_to_end_id,
        "uetr": operation.uetr,
        "external_id": operation.external_id,
        "created_at": iso8601(operation.created_at),
        "settled_at": _time(operation.settled_at),
        "code": operation.code,
        "reason_code": operation.reason_code,
        "reason": operation.reason,
    }


# PARTIES AND ACCOUNTS


class MemberView(View):
    model_config = _like(examples.MEMBER)

    id: str
    bic: str
    lei: str
    legal_name: str
    status: MemberStatus
    created_at: str


def member(bank: Member) -> Body:
    return {
        "id": bank.id,
        "bic": bank.bic,
        "lei": bank.lei,
        "legal_name": bank.legal_name,
        "status": bank.status,
        "created_at": iso8601(bank.created_at),
    }


class AccountView(View):
    """A deposit account (DDA: `address` and `custody` null) or a blockchain deposit account (BDA)."""

    model_config = _like(examples.ACCOUNT)

    id: str
    member: str
    kind: AccountKind
    currency: str
    status: AccountStatus
    address: str | None
    custody: Custody | None
    created_at: str


def account(held: Account) -> Body:
    return {
        "id": held.id,
        "member": held.member_id,
        "kind": held.kind,
        "currency": held.currency,
        "status": held.status,
        "address": _hex(held.address),
        "custody": held.custody,
        "created_at": iso8601(held.created_at),
    }


class BalancesView(View):
    """`booked` and `available` as of the block named."""

    model_config = _like(examples.BALANCES)

    account: str
    currency: str
    booked: str
    available: str
    block_number: int


def balances(of: Balances) -> Body:
    return {
        "account": of.account_id,
        "currency": of.currency,
        "booked": _money(of.booked, of.currency),
        "available": _money(of.available, of.currency),
        "block_number": of.block_number,
    }


class EntryView(View):
    """One line of an account's statement; `balance` is booked after it."""

    model_config = _like(examples.ENTRY)

    id: str
    account: str
    sequence: int
    direction: Literal["CRDT", "DBIT"]
    amount: str
    balance: str
    currency: str
    operation: str | None
    created_at: str
    block_number: int | None
    transaction_hash: str | None
    log_index: int | None
    reason: str | None = Field(description="Of the court order that moved it.")
    netting_cycle: str | None = Field(
        description="Of which it is this account's net, or part of it; the cycle lists the payments behind it."
    )


def entry(line: Entry) -> Body:
    return {
        "id": line.id,
        "account": line.account_id,
        "sequence": line.sequence,
        "direction": line.direction,
        "amount": _money(line.amount, line.currency),
        "balance": _money(line.balance, line.currency),
        "currency": line.currency,
        "operation": line.operation_id,
        "created_at": iso8601(line.created_at),
        "block_number": line.block_number,
        "transaction_hash": _hex(line.transaction_hash),
        "log_index": line.log_index,
        "reason": line.reason,
        "netting_cycle": line.netting_cycle,
    }


# THE HOUSE


class ReserveView(View):
    """One currency: fiat held against tokens issued. `backed` is false if anything is missing."""

    model_config = _like(examples.RESERVE_POSITION)

    currency: str
    reserve: str
    supply: str
    difference: str
    in_flight: str
    backed: bool
    block_number: int


def reserve_position(position: ReservePosition) -> Body:
    return {
        "currency": position.currency,
        "reserve": _money(position.reserve, position.currency),
        "supply": _money(position.supply, position.currency),
        "difference": _money(position.difference, position.currency),
        "in_flight": _money(position.in_flight, position.currency),
        "backed": position.backed,
        "block_number": position.block_number,
    }


class EventView(View):
    model_config = _like(examples.EVENT)

    id: str
    sequence: int
    type: str
    member: str | None
    resource: str
    data: dict[str, Any]
    created_at: str


def event(happened: Event) -> Body:
    return {
        "id": happened.id,
        "sequence": happened.sequence,
        "type": happened.type,
        "member": happened.member_id,
        "resource": happened.resource_id,
        "data": happened.data,
        "created_at": iso8601(happened.created_at),
    }


class ApiKeyView(View):
    """`hint` is the key's first characters; the key itself is told once, by the answer that made it."""

    model_config = _like(examples.API_KEY)

    id: str
    hint: str
    scope: Literal["member", "operator", "supervisor"]
    member: str | None
    user: str = Field(description="Whose key it is. Two keys of one user are one pair of eyes.")
    name: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class NewApiKeyView(ApiKeyView):
    model_config = _like(examples.NEW_API_KEY)

    api_key: str | None = Field(
        description="The key itself. Store it now: it cannot be read again. Null when its owner has made it."
    )


def api_key(key: ApiKey) -> Body:
    return {
        "id": key.id,
        "hint": key.hint,
        "scope": key.scope,
        "member": key.member_id,
        "user": key.person,
        "name": key.name,
        "created_at": iso8601(key.created_at),
        "expires_at": _time(key.expires_at),
        "revoked_at": _time(key.revoked_at),
    }


class PointedView(View):
    pointer: str = Field(description="JSON pointer (RFC 6901) to the field; empty for the whole body or a parameter.")
    detail: str
    parameter: str | None = None


class ProblemView(BaseModel):
    """RFC 9457. `code` is stable; branch on it, not on the words."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PROBLEM]})

    type: str = Field(description="A page this server serves about the code.")
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    reason_code: str | None = Field(None, description="ISO 20022 external status reason code, for payments.")
    errors: list[PointedView] | None = None
    facts: dict[str, Any] | None = Field(None, description="The numbers and ids behind the refusal.")


class LivenessView(View):
    model_config = _like({"live": True})

    live: bool


class ReadinessView(View):
    model_config = _like(examples.READY)

    ready: bool
    reasons: list[str]
