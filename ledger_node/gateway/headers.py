"""The request headers that steer a payment: `Idempotency-Key` and `Prefer: wait=N` (RFC 7240)."""

import re
from typing import Any

from starlette.requests import Request

_WAIT = re.compile(r'wait\s*=\s*"?([0-9]{1,9})"?', re.ASCII | re.IGNORECASE)


def idempotency_key(request: Request) -> str:
    """As sent, for settlement to judge: empty when missing; two headers joined by ", ", which is no valid key."""
    return ", ".join(request.headers.getlist("idempotency-key"))


def preferred_wait_s(request: Request) -> float | None:
    """Seconds the client would wait, at most as long as the node allows; None when it said nothing we understand.

    An unknown or malformed preference is ignored, as RFC 7240 has it.
    """
    longest_s: float = request.app.state.wait_max_s
    for header in request.headers.getlist("prefer"):
        for preference in header.split(","):
            match = _WAIT.fullmatch(preference.partition(";")[0].strip())
            if match is not None:
                return min(float(match[1]), longest_s)
    return None


# WHAT EVERY ANSWER CARRIES

CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
)


def with_common(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    headers = [*headers, (b"x-request-id", request_id.encode()), *SECURITY_HEADERS]
    names = {name for name, _ in headers}
    if b"content-security-policy" not in names:
        headers.append((b"content-security-policy", CONTENT_SECURITY_POLICY.encode()))
    if b"cache-control" not in names:
        headers.append((b"cache-control", b"no-store"))
    return headers


# AS OPENAPI DESCRIBES THEM

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Yours, 1 to 255 visible ASCII characters; kept for ever. Repeat it only with the same body.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "5f1c1f6a-6ad2-4c0e-8e7b-6a0f6b1d2c3e",
}
PREFER_WAIT: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=N`: answer when the payment is final, or after N seconds with 202.",
    "schema": {"type": "string"},
    "example": "wait=10",
}
ANSWERED: dict[str, Any] = {
    "Location": {"description": "Where to read it again.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` when an earlier request with this key had made it.",
        "schema": {"type": "string"},
    },
    "Preference-Applied": {"description": "The wait that was applied.", "schema": {"type": "string"}},
}
