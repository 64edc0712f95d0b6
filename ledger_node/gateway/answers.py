"""Ready-made answers: JSON by orjson, and pages of lists."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from ledger_node.gateway import examples
from ledger_node.gateway.views import Body, ProblemView
from ledger_node.pages import Page

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


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the error answers of a route."""
    return {status: {"$ref": f"#/components/responses/problem_{status}"} for status in statuses}


def problem_responses() -> dict[str, Any]:
    """What those entries point at: every kind of error answer, once, with an example."""
    return {
        f"problem_{status}": {
            "description": description,
            "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": f"#/components/schemas/{ProblemView.__name__}"},
                    "example": examples.problem(status, code, detail),
                }
            },
        }
        for status, (description, code, detail) in _PROBLEMS.items()
    }


_PROBLEMS = {
    400: ("The request is malformed.", "invalid_amount", "The amount must be greater than zero."),
    401: ("No live API key was shown.", "unauthenticated", "This API key is not known here, or it was revoked."),
    403: ("This key or member may not do this.", "forbidden", "This needs a key of scope operator."),
    404: ("Unknown, or not yours.", "account_not_found", f"There is no account {examples.BDA_ID}."),
    408: ("The request took too long to arrive.", "request_timeout", "The request's body did not arrive in time."),
    409: ("It conflicts with what is there.", "wrong_state", "Alpha Bank N.A. is active; it cannot become active."),
    413: ("The body is too large.", "body_too_large", "The body may have 65536 bytes at most."),
    415: ("The body is not application/json.", "unsupported_media_type", "Send Content-Type: application/json."),
    422: ("A rule refuses it.", "insufficient_balance", f"{examples.BDA_ID} has 40.00 USD available; 60.00 is needed."),
    429: ("Too many requests; RateLimit tells.", "rate_limited", "Too many requests; send it again in 12 seconds."),
    500: ("A fault of the node.", "internal", "Something went wrong inside the node."),
    503: ("Not now; try again after Retry-After.", "stopping", "The node is stopping; send the request again."),
}
