"""Events: what has happened to a member's resource, written in the same transaction as the thing itself."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from orjson import dumps

from ledger_node.database import execute_many
from ledger_node.ids import new_id
from ledger_node.money import currency, decimal_string
from ledger_node.settlement import tables
from ledger_node.settlement.model import Account, Operation

Draft = dict[str, Any]


def draft(type_: str, *, member_id: str | None, resource_id: str, data: dict[str, Any]) -> Draft:
    return {"type": type_, "member_id": member_id, "resource_id": resource_id, "data": dumps(data).decode()}


def of_operation(operation: Operation, member_id: str) -> Draft:
    """`transfer.settled` and the like, for one of its parties."""
    facts: dict[str, Any] = {
        "id": operation.id,
        "status": operation.status,
        "amount": decimal_string(operation.amount, currency(operation.currency)),
        "currency": operation.currency,
        "debtor_account": operation.debtor_account,
        "creditor_account": operation.creditor_account,
        "end_to_end_id": operation.end_to_end_id,
        "uetr": operation.uetr,
    }
    if operation.code is not None:
        facts |= {"code": operation.code, "reason_code": operation.reason_code, "reason": operation.reason}
    if operation.block_number is not None and operation.transaction_hash is not None:
        facts["block_number"] = operation.block_number
        facts["transaction_hash"] = "0x" + operation.transaction_hash.hex()
    return draft(f"{operation.kind}.{operation.status}", member_id=member_id, resource_id=operation.id, data=facts)


def of_account(account: Account) -> Draft:
    """`account.active` and the like."""
    data = {"id": account.id, "kind": account.kind, "currency": account.currency, "status": account.status}
    name = f"account.{account.status}"
    return draft(name, member_id=account.member_id, resource_id=account.id, data=data)


def record(connection: sa.Connection, drafts: Sequence[Draft], *, at: int) -> None:
    execute_many(
        connection,
        _RECORD,
        [draft | {"id": new_id("evt"), "created_at": at} for draft in drafts],
    )


_RECORD = tables.events.insert().inline()
