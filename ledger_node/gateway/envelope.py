"""What every request and answer carries, whatever the route: a request id, security headers, a line in the access log.

One pure ASGI layer, because each layer costs every request. It is also the outermost loop: an exception that nobody
expected ends here as a problem with code `internal`, and a request that gets no answer from the node's threads as
`storage_unavailable`. Counts requests against their rate, by API key or by address; and
HEAD is a GET whose body the server leaves out. Knows no route and no rule; never sees a body.
"""

import logging
import re
from dataclasses import dataclass
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger_node.errors import LedgerNodeError
from ledger_node.gateway.credentials import KeyRing
from ledger_node.gateway.errors import RateLimited
from ledger_node.gateway.headers import with_common
from ledger_node.gateway.identity import recognise
from ledger_node.gateway.metrics import Metrics
from ledger_node.gateway.problems import problem
from ledger_node.gateway.waiting import Deadline
from ledger_node.ids import new_id
from ledger_node.rates import Rate, Standing, neighbourhood

logger = logging.getLogger("ledger_node.gateway")
access_logger = logging.getLogger("ledger_node.access")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_CLIENT_CLOSED = 499
_PROBES = ("/livez", "/readyz")


_TELLING = re.compile(r"[a-z0-9_]{0,24}|[a-z]{2,8}_[0-9a-f]{32,64}|[A-Z]{3}")
"""Parts of a path that may be written down: words, ids and currencies. Anything else may be a secret gone astray."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often the gateway may be asked."""

    per_key: Rate
    per_address: Rate

    @classmethod
    def of(cls, *, per_key: int, per_address: int, window_s: int) -> "Rates":
        return cls(
            Rate("key", quota=per_key, window_s=window_s), Rate("address", quota=per_address, window_s=window_s)
        )  # fmt: skip


class Envelope:
    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, keys: KeyRing, rates: Rates, answer_within_s: float, store: str
    ) -> None:  # fmt: skip
        self.app = app
        self._metrics = metrics
        self._keys = keys
        self._rates = rates
        self._answer_within_s = answer_within_s
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        deadline = scope["state"]["deadline"] = Deadline(self._answer_within_s, self._store)
        started, status = perf_counter(), _CLIENT_CLOSED
        standing = self._standing(scope)
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope

        async def send_wrapped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                deadline.suspend()
                status = message["status"]
                message["headers"] = with_common(message["headers"], request_id)
                if standing is not None:
                    message["headers"] += standing.fields
            await send(message)

        try:
            if standing is None or standing.may_pass:
                with deadline:
                    await self.app(inner, receive, send_wrapped)
            else:
                await _too_many(standing, request_id, scope["path"])(scope, receive, send_wrapped)
        except ClientDisconnect:
            pass
        except Exception as error:  # the outermost loop of a request
            told = _told(error, deadline, request_id)
            if status != _CLIENT_CLOSED:  # half an answer is out: cutting the connection is all that is left
                raise
            answer = problem(told, request_id=request_id, instance=scope["path"])
            await answer(scope, receive, send_wrapped)
        finally:
            self._record(inner, scope["method"], request_id, status, perf_counter() - started)

    def _standing(self, scope: Scope) -> Standing | None:
        """Whether the caller may ask once more; the probes may be asked for ever."""
        if scope["path"] in _PROBES:
            return None
        caller = recognise(scope, self._keys)
        if caller is not None:
            return self._rates.per_key.count(caller.id)
        return self._rates.per_address.count(neighbourhood((scope.get("client") or ("",))[0]))

    def _record(self, scope: Scope, method: str, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.answered(method, route, status, seconds)
        if not access_logger.isEnabledFor(logging.INFO):
            return
        caller = scope["state"].get("caller")
        line = {
            "request_id": request_id,
            "method": method,
            "path": _written(scope["path"]),
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "client": (scope.get("client") or ("",))[0],
            "api_key_id": caller.id if caller is not None else None,
            "member": caller.member_id if caller is not None else None,
        }
        access_logger.info("answered", extra=line)


def _told(error: Exception, deadline: Deadline, request_id: str) -> LedgerNodeError:
    """What the caller hears instead of an exception, which the log has."""
    if deadline.passed:
        logger.warning("request %s was not answered in time", request_id)
        return deadline.told()
    logger.error("request %s failed", request_id, exc_info=error)
    return LedgerNodeError("")


def _too_many(standing: Standing, request_id: str, path: str) -> Response:
    error = RateLimited(f"Too many requests; send it again in {standing.resets_in_s} seconds.")
    return problem(
        error, request_id=request_id, instance=path, headers={"Retry-After": str(standing.resets_in_s)}
    )  # fmt: skip


def _written(path: str) -> str:
    """The path as a log may have it."""
    return "/".join(part if _TELLING.fullmatch(part) else "…" for part in path[:512].split("/"))


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode() if _REQUEST_ID.fullmatch(value) else _new_request_id()
    return _new_request_id()


def _new_request_id() -> str:
    return new_id("req")
