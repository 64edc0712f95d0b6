"""The examples OpenAPI shows, in one place. Made-up banks; a test validates each against its schema."""

from typing import Any

_ID = "01981b3e0d537c1ab6c42f6d1f1a9a0"
MEMBER_ID = f"mbr_{_ID}1"
DDA_ID = f"acct_{_ID}2"
BDA_ID = f"acct_{_ID}3"
OTHER_BDA_ID = f"acct_{_ID}4"
_AT = "2026-01-31T09:30:00.125Z"
_HASH = "0x5b1f7f3d2c8c0b8f6c3f9a1f0a4e9d8e7c6b5a49382716051423324150607080"

PAYMENT: dict[str, Any] = {
    "id": f"trf_{_ID}5",
    "kind": "transfer",
    "status": "settled",
    "iso_status": "ACSC",
    "member": MEMBER_ID,
    "debtor_account": BDA_ID,
    "creditor_account": OTHER_BDA_ID,
    "amount": "60.00",
    "currency": "USD",
    "end_to_end_id": "INV-2026-0042",
    "uetr": "97ed4827-7b6f-4491-a06f-b548d5a7512d",
    "external_id": None,
    "created_at": _AT,
    "settled_at": "2026-01-31T09:30:00.161Z",
    "block_number": 42,
    "transaction_hash": _HASH,
    "log_index": 0,
    "code": None,
    "reason_code": None,
    "reason": None,
    "settlement": "gross",
    "net_until": None,
}
DEPOSIT: dict[str, Any] = {
    "id": f"dep_{_ID}6",
    "kind": "deposit",
    "status": "settled",
    "iso_status": "ACSC",
    "member": MEMBER_ID,
    "account": DDA_ID,
    "amount": "1000.00",
    "currency": "USD",
    "end_to_end_id": "WIRE-77",
    "uetr": "0f2a4a2c-7d55-4d5e-9a43-0c8e8f6f3b11",
    "external_id": None,
    "created_at": _AT,
    "settled_at": _AT,
    "code": None,
    "reason_code": None,
    "reason": None,
}
MEMBER = {
    "id": MEMBER_ID,
    "bic": "ALPHUS33XXX",
    "lei": "549300ALPHABANKNA115",
    "legal_name": "Alpha Bank N.A.",
    "status": "active",
    "created_at": _AT,
}
ACCOUNT = {
    "id": BDA_ID,
    "member": MEMBER_ID,
    "kind": "BDA",
    "currency": "USD",
    "status": "active",
    "address": "0x4f3edf983ac636a65a842ce7c78d9aa706d3b113",
    "custody": "managed",
    "created_at": _AT,
}
BALANCES = {"account": BDA_ID, "currency": "USD", "booked": "940.00", "available": "880.00", "block_number": 42}
ENTRY: dict[str, Any] = {
    "id": f"{BDA_ID}:7",
    "account": BDA_ID,
    "sequence": 7,
    "direction": "DBIT",
    "amount": "60.00",
    "balance": "940.00",
    "currency": "USD",
    "operation": PAYMENT["id"],
    "created_at": _AT,
    "block_number": 42,
    "transaction_hash": _HASH,
    "log_index": 0,
    "reason": None,
    "netting_cycle": None,
}
NETTING_CYCLE: dict[str, Any] = {
    "id": f"net_{_ID}9",
    "currency": "USD",
    "status": "settled",
    "batch": "bat_" + "5b" * 32,
    "payments": 10_000,
    "gross": "98000000.00",
    "net": "4900000.00",
    "liquidity_saved": "0.9500",
    "left": 12,
    "code": None,
    "reason": None,
    "created_at": _AT,
    "ended_at": "2026-01-31T09:30:00.161Z",
}
RESERVE_POSITION = {
    "currency": "USD",
    "reserve": "5000.00",
    "supply": "5000.00",
    "difference": "0.00",
    "in_flight": "0.00",
    "backed": True,
    "block_number": 42,
}
EVENT: dict[str, Any] = {
    "id": f"evt_{_ID}7",
    "sequence": 1201,
    "type": "transfer.settled",
    "member": MEMBER_ID,
    "resource": PAYMENT["id"],
    "data": {"status": "settled"},
    "created_at": _AT,
}
API_KEY: dict[str, Any] = {
    "id": f"key_{_ID}8",
    "hint": "lnk_Qx7b",
    "scope": "member",
    "member": MEMBER_ID,
    "user": "payments engine",
    "name": "payments engine, 2026",
    "created_at": _AT,
    "expires_at": None,
    "revoked_at": None,
}
NEW_API_KEY = {**API_KEY, "api_key": "lnk_Qx7b-example-only-not-a-key-Qx7b-example-only"}
LIMITS: dict[str, Any] = {
    "member": MEMBER_ID,
    "currency": "USD",
    "per_payment": "200000000.00",
    "per_day": "500000000.00",
    "holding": None,
    "approval_above": "1000000.00",
}
LIMITS_CHANGE: dict[str, Any] = {
    **LIMITS,
    "previous": {"per_payment": "200000000.00", "per_day": None, "holding": None, "approval_above": "1000000.00"},
}
ORDER: dict[str, Any] = {
    "id": f"ord_{_ID}a",
    "kind": "freeze",
    "status": "settled",
    "currency": "USD",
    "account": BDA_ID,
    "creditor_account": None,
    "amount": None,
    "reason": "Order 2026-117 of the district court",
    "created_at": _AT,
    "settled_at": "2026-01-31T09:30:00.161Z",
    "block_number": 42,
    "transaction_hash": _HASH,
    "code": None,
    "detail": None,
}
OPERATOR: dict[str, Any] = {
    "id": f"opr_{_ID}b",
    "name": "Ada Byron",
    "duties": ["maker", "checker"],
    "status": "active",
    "created_at": _AT,
}
NEW_OPERATOR = {**OPERATOR, "api_key": "lnk_Qx7b-example-only-not-a-key-Qx7b-example-only"}
HOUSE_KEY: dict[str, Any] = {
    "id": f"hky_{_ID}e",
    "office": "settlement",
    "status": "incoming",
    "address": "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    "waits_for": None,
    "created_at": _AT,
    "seated_at": None,
    "retired_at": None,
}
APPROVAL: dict[str, Any] = {
    "id": f"apr_{_ID}c",
    "action": "member.suspend",
    "parameters": {"member": MEMBER_ID},
    "status": "pending_approval",
    "member": None,
    "resource": MEMBER_ID,
    "maker": OPERATOR["id"],
    "reason": "Licence withdrawn",
    "created_at": _AT,
    "expires_at": "2026-02-01T09:30:00.125Z",
    "decided_at": None,
    "checker": None,
    "decision_reason": None,
    "code": None,
    "detail": None,
}
AUDIT_ENTRY: dict[str, Any] = {
    "id": f"aud_{_ID}d",
    "sequence": 17,
    "created_at": _AT,
    "person": OPERATOR["id"],
    "api_key": f"key_{_ID}8",
    "scope": "operator",
    "member": None,
    "action": "member.suspend",
    "resource": MEMBER_ID,
    "reason": "Licence withdrawn",
    "outcome": "done",
    "code": None,
    "request_id": f"req_{_ID}9",
    "request_hash": _HASH,
    "hash": _HASH,
}
TOKEN: dict[str, Any] = {
    "currency": "USD",
    "name": "USD Deposit Token",
    "version": "1",
    "chain_id": 13370000,
    "address": "0x5fbdb2315678afecb367f032d93f642f64180aa3",
    "block_number": 1,
}
READY: dict[str, Any] = {"ready": True, "reasons": []}


def problem(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": f"/errors/{code}",
        "title": "What this code stands for, in a few words",
        "status": status,
        "detail": detail,
        "instance": "/v1/transfers",
        "code": code,
        "request_id": f"req_{_ID}9",
    }


PROBLEM = problem(422, "insufficient_balance", f"{BDA_ID} has 40.00 USD available; 60.00 is needed.") | {
    "title": "Not enough tokens on the blockchain account",
    "reason_code": "AM04",
    "facts": {"available": "40.00", "needed": "60.00"},
    "errors": [{"pointer": "/amount", "detail": "60.00 is needed."}],
}

BULK_ITEM: dict[str, Any] = {
    "idempotency_key": "payroll-2026-01/0042",
    "debtor_account": BDA_ID,
    "creditor_account": OTHER_BDA_ID,
    "amount": "60.00",
    "currency": "USD",
    "end_to_end_id": "INV-2026-0042",
}
BULK: dict[str, Any] = {
    "data": [
        {
            "idempotency_key": BULK_ITEM["idempotency_key"],
            "status": 201,
            "replayed": False,
            "payment": PAYMENT,
            "problem": None,
        },
        {
            "idempotency_key": "payroll-2026-01/0043",
            "status": 422,
            "replayed": False,
            "payment": None,
            "problem": PROBLEM | {"errors": [{"pointer": "/transfers/1/amount", "detail": "60.00 is needed."}]},
        },
    ],
    "accepted": 1,
    "refused": 1,
}
