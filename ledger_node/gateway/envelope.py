"""What every request and answer carries, whatever the route: a request id, security headers, a line in the access log.

One pure ASGI layer, because each layer costs every request. It is also the outermost loop: an exception that nobody
expected ends here as a problem with code `internal`. Knows no route and no rule; never sees a body or a credential.
"""

import logging
import re
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger_node.errors import LedgerNodeError
from ledger_node.gateway.metrics import Metrics
from ledger_node.gateway.problems import problem
from ledger_node.settlement.ids import new_id

logger = logging.getLogger("ledger_node.gateway")
access_logger = logging.getLogger("ledger_node.access")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_CLIENT_CLOSED = 499

CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
)


class Envelope:
    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = perf_counter(), _CLIENT_CLOSED

        async def send_wrapped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_common(message["headers"], request_id)
            await send(message)

        try:
            await self.app(scope, receive, send_wrapped)
        except ClientDisconnect:
            pass
        except Exception as error:  # the outermost loop of a request
            logger.error("request %s failed", request_id, exc_info=error)
            if status != _CLIENT_CLOSED:  # half an answer is out: cutting the connection is all that is left
                raise
            answer = problem(LedgerNodeError(""), request_id=request_id, instance=scope["path"])
            await answer(scope, receive, send_wrapped)
        finally:
            self._record(scope, request_id, status, perf_counter() - started)

    def _record(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.answered(scope["method"], route, status, seconds)
        if not access_logger.isEnabledFor(logging.INFO):
            return
        caller = scope["state"].get("caller")
        line = {
            "request_id": request_id,
            "method": scope["method"],
            "path": scope["path"],
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "client": (scope.get("client") or ("",))[0],
            "api_key_id": caller.id if caller is not None else None,
            "member": caller.member_id if caller is not None else None,
        }
        access_logger.info("answered", extra=line)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode() if _REQUEST_ID.fullmatch(value) else _new_request_id()
    return _new_request_id()


def _new_request_id() -> str:
    return new_id("req")


def _with_common(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    headers = [*headers, (b"x-request-id", request_id.encode()), *SECURITY_HEADERS]
    names = {name for name, _ in headers}
    if b"content-security-policy" not in names:
        headers.append((b"content-security-policy", CONTENT_SECURITY_POLICY.encode()))
    if b"cache-control" not in names:
        headers.append((b"cache-control", b"no-store"))
    return headers
