"""Ready-made answers: JSON by orjson, pages of lists, and waiting for the writer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from ledger_node.gateway.views import Body, ProblemView
from ledger_node.settlement.model import Page

T = TypeVar("T")


class Json(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class PageView(BaseModel, Generic[T]):
    """A part of a list, newest first. Ask again with `cursor=next_cursor` while `has_more`."""

    data: list[T]
    has_more: bool
    next_cursor: str | None


def page(found: Page[T], view: Callable[[T], Body]) -> Json:
    return Json(
        {
            "data": [view(item) for item in found.data],
            "has_more": found.next_cursor is not None,
            "next_cursor": found.next_cursor,
        }
    )


async def durable(future: Future[T]) -> T:
    """The result of a job for the writer, once it is on disk. A caller who hangs up does not undo it."""
    return await asyncio.shield(asyncio.wrap_future(future))


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the error answers of a route."""
    return {
        status: {"description": _MEANINGS[status], "content": {"application/problem+json": {"schema": _PROBLEM}}}
        for status in statuses
    }


_PROBLEM = {"$ref": f"#/components/schemas/{ProblemView.__name__}"}
_MEANINGS = {
    400: "The request is malformed.",
    401: "No live API key was shown.",
    403: "This key or member may not do this.",
    404: "Unknown, or not yours.",
    408: "The body took too long to arrive.",
    409: "It conflicts with what is there.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A rule refuses it.",
    500: "A fault of the node.",
    503: "Not now; try again after Retry-After.",
}
