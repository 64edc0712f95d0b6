"""`/livez` and `/readyz` in front of a JSON-RPC door, as plain ASGI: whether this node follows, and if not, why."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Report = Callable[[], tuple[bool, dict[str, Any]]]
"""Whether the node is ready, and what it says of itself."""


def with_probes(app: App, report: Report) -> App:
    """Answers GET of the two probes; all else goes to `app`."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return await app(scope, receive, send)
        if scope["path"] == "/livez":
            return await _respond(send, 200, {"live": True})
        if scope["path"] == "/readyz":
            ready, said = report()
            return await _respond(send, 200 if ready else 503, {"ready": ready, **said})
        return await app(scope, receive, send)

    return answer


async def _respond(send: Send, status: int, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode() + b"\n"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
