"""How a JSON body comes in: content type, size and syntax are judged here, before any model sees it.

Knows nothing of what the fields mean.
"""

import asyncio
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Coroutine
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.errors import InvalidField, NotFound, Overloaded
from ledger_node.gateway.errors import (
    BodyTooLarge,
    MalformedJson,
    UnknownParameter,
    UnsupportedMediaType,
)
from ledger_node.gateway.headers import preferred_wait_s
from ledger_node.gateway.waiting import Deadline

LARGE_BYTES = 65_536
"""Larger bodies are parsed on another thread, so that nobody else waits for it."""

BULK_BODIES_AT_ONCE = 8
"""Bulk bodies of full size that may be in hand together; as many smaller ones as come to the same."""


class LedgerRoute(APIRoute):
    """A route of this API: reads its body strictly and knows every query parameter it takes."""

    body_max = "body_max_bytes"
    """The application's setting that bounds its bodies."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        has_body, has_query = self.body_field is not None, bool(self.dependant.query_params)
        # FastAPI reads the body before it asks who calls; here nobody unknown gets a byte read.
        identify = [part.call for part in self.dependant.dependencies if part.call is not None]
        needed = _needed(self)
        body_max = self.body_max
        answer = _plain(self)

        async def read_then_handle(request: Request) -> Response:
            callers = [await who(request) for who in identify]
            if not all(value.isprintable() for value in request.path_params.values()):
                raise NotFound("There is nothing with this id.")
            if query := request.scope["query_string"]:
                if not has_query:
                    raise UnknownParameter(f"{request.url.path} takes no query parameters.")
                _check_query(query)
            if has_body:
                limit: int = getattr(request.app.state, body_max)
                deadline: Deadline = request.state.deadline
                deadline.suspend()
                await _read_json(request, needed=needed, limit=limit)
                deadline.begin_anew(beside_s=preferred_wait_s(request) or 0)
            if answer is not None and (response := answer(request, callers[0])) is not None:
                return await response
            return await handler(request)

        return read_then_handle


def _needed(route: APIRoute) -> str | None:
    """What a body must hold at least, in words; None where there need not be any."""
    if route.body_field is None or not route.body_field.field_info.is_required():
        return None
    fields = getattr(route.body_field.field_info.annotation, "model_fields", {})
    required = [name for name, field in fields.items() if field.is_required()]
    return f"a JSON object with {', '.join(required)}" if required else "a JSON object, an empty one if you mean it"


def _check_query(query: bytes) -> None:
    """One value for each name, and nothing that cannot be seen: of two, a reader cannot know which was meant."""
    said: set[str] = set()
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in said:
            raise InvalidField(f"The query says {name!r} more than once; say it once.")
        if not value.isprintable():
            raise InvalidField(f"The query's {name!r} has characters that cannot be seen.")
        said.add(name)


def _plain(route: APIRoute) -> Callable[[Request, Any], Awaitable[Response] | None] | None:
    """For an endpoint that takes the request, the caller and one form: the way to it past FastAPI's questions.

    Those cost a payment more than all the rest of its HTTP (docs/internals/performance.md), to find what is known by
    then. A form that is not valid gets None, and FastAPI says what is wrong with it.
    """
    asked, field, endpoint = route.dependant, route.body_field, route.endpoint
    if field is None or len(asked.dependencies) != 1 or not iscoroutinefunction(endpoint):
        return None
    names = (asked.request_param_name, asked.dependencies[0].name, field.name)
    signature = inspect.signature(endpoint)
    if set(signature.parameters) != set(names) or signature.return_annotation is not Response:
        return None
    request_name, caller_name, form_name = map(str, names)

    def answer(request: Request, caller: Any) -> Awaitable[Response] | None:
        form, wrong = field.validate(request._json, {}, loc=("body",))
        if wrong:
            return None
        response: Awaitable[Response] = endpoint(**{request_name: request, caller_name: caller, form_name: form})
        return response

    return answer


class BulkRoute(LedgerRoute):
    """A route whose bodies may be large. What is in hand at once is bounded too; who comes beyond is told to wait."""

    body_max = "bulk_body_max_bytes"

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        in_hand = 0

        async def handle_within_bounds(request: Request) -> Response:
            nonlocal in_hand
            limit: int = request.app.state.bulk_body_max_bytes
            declared = request.headers.get("content-length", "")
            size = min(int(declared), limit) if declared.isdigit() else limit
            if in_hand + size > BULK_BODIES_AT_ONCE * limit:
                raise Overloaded("Too many large requests are in hand; send it again later, with the same keys.")
            in_hand += size
            try:
                return await handler(request)
            finally:
                in_hand -= size

        return handle_within_bounds


async def _read_json(request: Request, *, needed: str | None, limit: int) -> None:
    """Leave the parsed body where FastAPI finds it, so that it is read and parsed once."""
    headers = request.headers
    if (
        "content-type" not in headers
        and "transfer-encoding" not in headers
        and headers.get("content-length", "0") == "0"
    ):
        if needed is None:
            return
        raise MalformedJson(f"The body is missing; send {needed}.")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(f"Send Content-Type: application/json, not {media_type or 'nothing'}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    body = await _read(request, limit)
    if not body:
        raise MalformedJson(f"The body is empty; send {needed or 'a JSON object'}.")
    parsed = _parse(body) if len(body) <= LARGE_BYTES else await asyncio.to_thread(_parse, body)
    request._body, request._json = body, parsed


def _parse(body: bytes) -> Any:
    try:
        parsed = orjson.loads(body)
        # The slow reader is asked only where a name may have been lost: what ends a name in the body is counted, and a
        # string that has such an end inside it can only make the count too high.
        if len(_NAME_ENDS.findall(body)) != _names_in(parsed):
            json.loads(body, object_pairs_hook=_refuse_repeated_names)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise MalformedJson(f"The body cannot be read as JSON: {error}.") from None
    return parsed


_NAME_ENDS = re.compile(rb'"[ \t\r\n]*:')


def _names_in(parsed: Any) -> int:
    """How many names the objects of this value have, at every depth."""
    names = 0
    parts = [parsed]
    for part in parts:  # which grows meanwhile
        if isinstance(part, dict):
            names += len(part)
            parts += [inner for inner in part.values() if isinstance(inner, dict | list)]
        elif isinstance(part, list):
            parts += [inner for inner in part if isinstance(inner, dict | list)]
    return names


def _refuse_repeated_names(pairs: list[tuple[str, Any]]) -> None:
    """Readers differ in which of two equal names they take: a body that says two amounts says none."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedJson(f"The body names {twice!r} twice.")


async def _read(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLarge(f"The body may have {limit} bytes at most, not {declared}.", limit_bytes=limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(f"The body may have {limit} bytes at most.", limit_bytes=limit)
        chunks.append(chunk)
    return b"".join(chunks)
