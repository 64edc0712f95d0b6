"""The JSON-RPC port as an ASGI application: HTTP POST and WebSocket on any path. `node` serves it; it starts nothing.

Written on ASGI itself: there is one route, and a request's cost is mostly what stands around it. Guards come first: the
Host header (DNS rebinding), the Origin header (other people's web pages), the content type (a page can send text/plain
without asking, but not application/json), and the size.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any

from ledger_node.chain.backend import LocalChain
from ledger_node.clock import Clock, SystemClock
from ledger_node.rates import Rate, neighbourhood
from ledger_node.rpc.announcer import Announcer
from ledger_node.rpc.dispatch import Dispatcher
from ledger_node.rpc.door import Door
from ledger_node.rpc.filters import Filters
from ledger_node.rpc.guards import accepts_host, accepts_origin, cors_headers, is_json
from ledger_node.rpc.session import POLICY_VIOLATION, Session, Turn
from ledger_node.rpc.settings import RpcSettings
from ledger_node.rpc.signing import DevAccounts

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]

TOO_BIG, TRY_AGAIN_LATER = 1009, 1013
DEPARTURE_S = 1
"""How long a server may take to notice that a client left; of one that sent several requests at once it never says."""


def create_rpc_app(chain: LocalChain, *, settings: RpcSettings | None = None, clock: Clock | None = None) -> "RpcApp":
    """An ASGI application over `chain`. With the dev profile, `chain` must be a DevChain."""
    return RpcApp(chain, settings or RpcSettings(), clock or SystemClock())


class RpcApp:
    def __init__(self, chain: LocalChain, settings: RpcSettings, clock: Clock) -> None:
        self._settings = settings
        self._limits = settings.limits
        filters = Filters(chain, settings.limits, clock)
        self._door = Door(chain, settings, filters, DevAccounts(settings.dev_keys))
        self._dispatcher = Dispatcher(settings.limits)
        self._announcer = Announcer(chain)
        self._connections = 0
        self._rate = Rate("address", quota=settings.limits.rate_per_address, window_s=settings.rate_window_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                await self._counted(scope, receive, send)
            except _Unsendable:
                await _see_off(receive)
        elif scope["type"] == "websocket":
            await self._websocket(dict(scope["headers"]), _address(scope), receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    def close(self) -> None:
        """Stop listening to the chain and end the threads; a server that speaks lifespan has it done by itself."""
        self._door.filters.close()
        self._announcer.close()
        self._dispatcher.close()

    # HTTP

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        standing = self._rate.count(_address(scope))
        if standing is None:
            return await self._http(dict(scope["headers"]), scope["method"], receive, send)
        if not standing.may_pass:
            wait = str(standing.resets_in_s)
            fields = [*standing.fields, (b"retry-after", wait.encode())]
            return await _plain(send, 429, f"too many requests: try again in {wait} seconds", fields)

        async def send_with_standing(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *standing.fields]
            await send(message)

        return await self._http(dict(scope["headers"]), scope["method"], receive, send_with_standing)

    async def _http(self, headers: Headers, method: str, receive: Receive, send: Send) -> None:
        allowed = self._settings.cors_origins
        if not accepts_host(headers, self._settings.allowed_hosts):
            return await _plain(send, 403, "invalid host specified; the operator lists the names this node answers to")
        cors = cors_headers(headers, allowed)
        if method == "OPTIONS":
            return await _plain(send, 204 if cors else 403, "", cors)
        if method != "POST":
            return await _plain(send, 405, "This is a JSON-RPC port: POST a request to it.", [(b"allow", b"POST")])
        if not is_json(headers):
            return await _plain(send, 415, "invalid content type, only application/json is supported", cors)
        try:
            body = await self._body(headers, receive)
        except _TooLarge:
            most = self._limits.request_bytes
            return await _plain(send, 413, f"content length too large: at most {most} bytes", cors)
        if body is None:
            return None  # the caller went away
        answer = await self._dispatcher.answer(body, self._door)
        if answer is None:
            return await _plain(send, 204, "", cors)
        return await _respond(send, 200, answer, [(b"content-type", b"application/json"), *cors])

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        most = self._limits.request_bytes
        if int(headers.get(b"content-length", b"0")) > most:
            raise _TooLarge
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > most:
                raise _TooLarge
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    # WEBSOCKET

    async def _websocket(self, headers: Headers, address: str, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        welcome = accepts_host(headers, self._settings.allowed_hosts)
        if not welcome or not accepts_origin(headers, self._settings.cors_origins):
            return await send({"type": "websocket.close", "code": POLICY_VIOLATION})  # before accept: HTTP 403
        await send({"type": "websocket.accept"})
        if self._connections >= self._limits.connections:
            reason = f"too many connections: {self._limits.connections} are open"
            return await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": reason})
        self._connections += 1
        session = Session(self._limits, asyncio.get_running_loop(), self._announcer.add)
        sender = asyncio.create_task(_send_all(session, send))
        try:
            await self._converse(session, address, receive, sender)
        finally:
            self._connections -= 1
            self._announcer.remove(session)
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender
        return None

    async def _converse(self, session: Session, address: str, receive: Receive, sender: "asyncio.Task[None]") -> None:
        places = asyncio.Semaphore(self._limits.requests_per_connection)
        under_way: set[asyncio.Task[None]] = set()
        try:
            while not sender.done():
                await places.acquire()  # unread messages stay in the socket: the client feels it
                message = await _unless_done(receive(), sender)
                if message is None or message["type"] == "websocket.disconnect":
                    return
                body = message.get("text") or message.get("bytes") or b""
                if len(body) > self._limits.request_bytes:
                    session.end(TOO_BIG, f"message too large: at most {self._limits.request_bytes} bytes")
                    await sender
                    return
                standing = self._rate.count(address)
                if standing is not None and not standing.may_pass:
                    session.end(TRY_AGAIN_LATER, f"too many requests: try again in {standing.resets_in_s} seconds")
                    await sender
                    return
                task = asyncio.create_task(self._answer(session, body))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                task.add_done_callback(lambda _: places.release())
        finally:
            for task in under_way:
                task.cancel()

    async def _answer(self, session: Session, body: bytes | str) -> None:
        turn = Turn(session)
        answer = await self._dispatcher.answer(body, replace(self._door, turn=turn))
        if answer is not None:
            session.put(answer)
        turn.answered()

    # LIFESPAN

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.close()
        await send({"type": "lifespan.shutdown.complete"})


class _TooLarge(Exception):
    pass


class _Unsendable(Exception):
    """The server could not send; most likely the client has left."""


def _address(scope: Scope) -> str:
    return neighbourhood((scope.get("client") or ("",))[0])


async def _see_off(receive: Receive) -> None:
    """A server may fail to send before it notices that the client left; returning before it does is an error to it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DEPARTURE_S):
            while (await receive())["type"] != "http.disconnect":
                pass


async def _send_all(session: Session, send: Send) -> None:
    """Until the session ends, or the client is gone."""
    with contextlib.suppress(OSError, RuntimeError):
        while (message := await session.outbox.get()) is not None:
            await send({"type": "websocket.send", "text": message.decode()})
        await send({"type": "websocket.close", "code": session.end_code, "reason": session.end_reason})


async def _unless_done(incoming: Awaitable[MutableMapping[str, Any]], other: "asyncio.Task[None]") -> Any:
    """What arrives, or None if the other task ends first."""
    arriving = asyncio.ensure_future(incoming)
    await asyncio.wait({arriving, other}, return_when=asyncio.FIRST_COMPLETED)
    if arriving.done():
        return arriving.result()
    arriving.cancel()
    return None


async def _plain(send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    await _respond(send, status, text.encode(), [(b"content-type", b"text/plain; charset=utf-8"), *(headers or [])])


async def _respond(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = [(b"content-length", str(len(body)).encode())] if status != 204 else []
    try:
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
        await send({"type": "http.response.body", "body": body})
    except (OSError, RuntimeError) as error:
        raise _Unsendable(str(error)) from error
