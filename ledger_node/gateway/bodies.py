"""How a JSON body comes in: content type, size, time and syntax are judged here, before any model sees it.

Knows nothing of what the fields mean.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from ledger_node.gateway.errors import (
    BodyTooLarge,
    MalformedJson,
    RequestTimeout,
    UnknownParameter,
    UnsupportedMediaType,
)

BODY_TIMEOUT_S = 10.0
"""A body that takes longer than this to arrive is given up (408): slow senders hold no memory for long."""


class LedgerRoute(APIRoute):
    """A route of this API: reads its body strictly and knows every query parameter it takes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        has_body, has_query = self.body_field is not None, bool(self.dependant.query_params)
        # FastAPI reads the body before it asks who calls; here nobody unknown gets a byte read.
        identify = [part.call for part in self.dependant.dependencies if part.call is not None]
        needs_body = self.body_field is not None and self.body_field.field_info.is_required()

        async def read_then_handle(request: Request) -> Response:
            for who in identify:
                await who(request)
            if not has_query and request.scope["query_string"]:
                raise UnknownParameter(f"{request.url.path} takes no query parameters.")
            if has_body:
                await _read_json(request, required=needs_body)
            return await handler(request)

        return read_then_handle


async def _read_json(request: Request, *, required: bool) -> None:
    """Leave the parsed body where FastAPI finds it, so that it is read and parsed once."""
    if not required and "content-type" not in request.headers and request.headers.get("content-length", "0") == "0":
        return
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(f"Send Content-Type: application/json, not {media_type or 'nothing'}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    body = await _read(request, request.app.state.body_max_bytes)
    if not body:
        raise MalformedJson("The body is empty; send a JSON object.")
    try:
        parsed = orjson.loads(body)
        json.loads(body, object_pairs_hook=_refuse_repeated_names)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise MalformedJson(f"The body cannot be read as JSON: {error}.") from None
    request._body, request._json = body, parsed


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
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise BodyTooLarge(f"The body may have {limit} bytes at most.", limit_bytes=limit)
                chunks.append(chunk)
    except TimeoutError:
        raise RequestTimeout(f"The body did not arrive within {BODY_TIMEOUT_S:g} seconds.") from None
    return b"".join(chunks)
