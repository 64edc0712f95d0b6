"""Problems: how an error leaves this door, as `application/problem+json` (RFC 9457).

Each error says its own status and remedy; here is how errors are told, not when they are raised.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from ledger_node.errors import InvalidAmount, InvalidField, LedgerNodeError, NotFound, Overloaded, Refused, Unavailable
from ledger_node.gateway.acting import note_refusal
from ledger_node.gateway.errors import (
    HeadersTooLarge,
    MalformedHttp,
    MethodNotAllowed,
    RequestTimeout,
    TransferCodingUnknown,
    UnknownParameter,
)
from ledger_node.gateway.headers import with_common
from ledger_node.ids import new_id

logger = logging.getLogger("ledger_node.gateway")

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER_S = 1
_INTERNAL_DETAIL = (
    "Something went wrong inside the node; nothing more can be said here. Quote the request_id to the operator."
)


def error_tree() -> dict[str, type[LedgerNodeError]]:
    """Every error class loaded in this process that has a `remedy` of its own, by its code: the errors that are told.

    The commands' errors have none, because their `detail` says it all, and no request is answered with them.
    """
    return {error.code: error for error in _descend(LedgerNodeError) if "remedy" in vars(error)}


def _descend(error: type[LedgerNodeError]) -> Iterator[type[LedgerNodeError]]:
    yield error
    for child in error.__subclasses__():
        yield from _descend(child)


class Problem(Response):
    media_type = MEDIA_TYPE


def problem(
    error: LedgerNodeError,
    *,
    request_id: str,
    instance: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Problem:
    """The answer that tells `error`."""
    body = problem_body(error, request_id=request_id, instance=instance, errors=errors)
    status: int = body["status"]
    answer_headers = dict(headers or {})
    if status == 401:
        answer_headers["WWW-Authenticate"] = 'Bearer realm="ledger-node"'
    if status == 503:
        answer_headers["Retry-After"] = str(RETRY_AFTER_S)
    return Problem(orjson.dumps(body, default=_plain), status_code=status, headers=answer_headers)


def problem_body(
    error: LedgerNodeError, *, request_id: str, instance: str, errors: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """`error` in words. A fault of the node says only that there is one; its own words go to the log."""
    told = isinstance(error, Refused | Unavailable) or error.status < 500
    code = error.code if told else "internal"
    body: dict[str, Any] = {
        "type": f"/errors/{code}",
        "title": error.title if told else LedgerNodeError.title,
        "status": error.status,
        "detail": error.detail if told else _INTERNAL_DETAIL,
        "instance": instance,
        "code": code,
        "request_id": request_id,
    }
    if told and error.reason_code is not None:
        body["reason_code"] = error.reason_code
    if told and error.facts:
        body["facts"] = error.facts
    if errors:
        body["errors"] = list(errors)
    elif told and error.pointer is not None:
        body["errors"] = [{"pointer": error.pointer, "detail": error.detail}]
    return body


def _plain(value: object) -> object:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


# HOW EACH KIND OF EXCEPTION IS TOLD


async def tell_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerNodeError)
    await note_refusal(request, error)
    answer = problem(error, request_id=request.state.request_id, instance=request.url.path)
    if answer.status_code == 500:
        logger.error(
            "request %s hit a fault: %s: %s", request.state.request_id, error.code, error.detail, exc_info=error
        )
    return answer


def tell_at_the_door(code: str, detail: str) -> tuple[Sequence[tuple[bytes, bytes]], bytes]:
    """What the door refused before it was a request: header fields and body."""
    request_id = new_id("req")
    answer = problem(_AT_THE_DOOR[code](detail), request_id=request_id, instance="")
    fields = [field for field in answer.raw_headers if field[0] != b"content-length"]
    return with_common(fields, request_id), bytes(answer.body)


_AT_THE_DOOR = {
    error.code: error for error in (MalformedHttp, HeadersTooLarge, RequestTimeout, TransferCodingUnknown, Overloaded)
}


async def tell_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if any(entry["loc"][0] == "path" for entry in error.errors()):  # an id that nothing can have
        return await tell_error(request, NotFound("There is nothing with this id."))
    told, errors = misshapen(error.errors())
    return problem(told, request_id=request.state.request_id, instance=request.url.path, errors=errors)


def misshapen(entries: Sequence[Mapping[str, Any]]) -> tuple[LedgerNodeError, list[dict[str, str]]]:
    """What is wrong with the shape of a request, whose places begin with `body` or `query`."""
    errors = [_pointed(entry) for entry in entries]
    detail = "; ".join(f"{entry['pointer'] or entry.get('parameter', 'body')}: {entry['detail']}" for entry in errors)
    kinds = [(tuple(entry["loc"]), entry["type"]) for entry in entries]
    if all(where[-1:] == ("amount",) and kind == "string_type" for where, kind in kinds):
        return (
            InvalidAmount('An amount is a string of decimal digits such as "60.00"; JSON numbers are refused.'),
            errors,
        )
    if any(where[0] == "query" and kind == "extra_forbidden" for where, kind in kinds):
        return UnknownParameter(detail), errors
    return InvalidField(detail), errors


def _pointed(entry: Mapping[str, Any]) -> dict[str, str]:
    place, *path = entry["loc"]
    detail = _SENTENCES.get(entry["type"], entry["msg"].removeprefix("Value error, "))
    if place == "body":
        return {"pointer": "".join(f"/{_escaped(part)}" for part in path), "detail": detail}
    return {"pointer": "", "parameter": str(path[0]) if path else place, "detail": detail}


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


_SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "This name is not known here.",
    "string_type": "This must be a JSON string.",
    "model_attributes_type": "This must be a JSON object.",
    "dict_type": "This must be a JSON object.",
}


async def tell_http(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: no such path, no such method."""
    assert isinstance(error, HTTPException)
    told: LedgerNodeError
    headers = dict(error.headers or {})
    if error.status_code == 404:
        told = NotFound("There is nothing at this path; /docs lists what there is.")
    elif error.status_code == 405:
        allowed = ", ".join(sorted(_methods_at(request)))
        told = MethodNotAllowed(f"This path takes {allowed}, not {request.method}.")
        headers = {"Allow": allowed}
    else:
        told = Refused(str(error.detail))
    return problem(told, request_id=request.state.request_id, instance=request.url.path, headers=headers)


def _methods_at(request: Request) -> set[str]:
    """Every method this path takes, from all the routes that share it."""
    at_path = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
    # /v1/transfers/bulk is not a payment whose id is `bulk`.
    literal = [route for route in at_path if route.path == request.url.path]
    methods = {method for route in literal or at_path for method in route.methods or ()}
    return methods | {"HEAD"} if "GET" in methods else methods
