"""One connection to a door: HTTP/1.1 with a bound on everything a stranger decides. Knows nothing of what is asked.

uvicorn's protocol on llhttp, and what that leaves open: how large a head may be and how long it may take, how long a
body may take, how many connections there are and whose turn it is to leave, what a trailer is (ignored), which framing
is refused (RFC 9112: anything two readers could read in two ways), and that a refusal is read although the client is
still sending. The bounds cost a request two entries in a table; a sweep a few times a second looks at all deadlines.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

log = logging.getLogger(__name__)

PROBES = (b"/livez", b"/readyz")
"""Answered on the connections kept back when all others are taken."""

LINGER_S = 5.0
"""How long a connection that is over is still read from, so that the last answer is not lost by what is under way."""

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+;=-]*)(:[0-9]{0,5})?")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one door allows its clients together and each."""

    connections: int = 1_000
    connections_for_probes: int = 32
    head_bytes: int = 32_768
    headers: int = 100
    head_timeout_s: float = 10.0
    body_timeout_s: float = 10.0
    idle_timeout_s: float = 75.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the door itself says no to, before anybody behind it has seen a request."""

    status: int
    code: str
    detail: str


Tell = Callable[[str, str], tuple[Sequence[tuple[bytes, bytes]], bytes]]
"""How a door words a refusal, given its code and detail: header fields and body."""


class Stage(Enum):
    IDLE = "idle"  # between requests
    HEAD = "head"  # a request line has begun, its header fields have not ended
    BODY = "body"
    LEAVING = "leaving"  # the last answer is out; what still comes is thrown away
    DEAF = "deaf"  # the last request is in hand; what comes after it is thrown away


class Peer(Protocol):
    """A connection of either kind, HTTP or WebSocket."""

    transport: asyncio.Transport


class Hall:
    """What the connections of one door share: its bounds, and who keeps it waiting and until when, longest first."""

    def __init__(self, bounds: Bounds, tell: Tell) -> None:
        self.bounds = bounds
        self.tell = tell
        self.waiting: OrderedDict[Connection, float] = OrderedDict()
        self._closing: dict[Peer, float] = {}

    def timeout_s(self, stage: Stage, *, first: bool) -> float:
        if stage is Stage.LEAVING:
            return LINGER_S
        if stage is Stage.BODY:
            return self.bounds.body_timeout_s
        return self.bounds.idle_timeout_s if stage is Stage.IDLE and not first else self.bounds.head_timeout_s

    def sweep(self, now: float, connections: Collection[Any]) -> None:
        """End what is overdue, and cut off who does not take its last answer."""
        for connection, deadline in list(self.waiting.items()):
            if now >= deadline:
                connection.expire()
        # A WebSocket that has not shaken hands is as little use as one that has said goodbye.
        closing = [p for p in connections if p.transport.is_closing() or not getattr(p, "handshake_complete", True)]
        self._closing = {peer: self._closing.get(peer, now) for peer in closing}
        for peer, since in self._closing.items():
            if now >= since + LINGER_S:
                peer.transport.abort()

    def make_room(self, newcomer: "Connection", present: int) -> bool:
        """Whether the newcomer may stay: who has kept us waiting longest goes, and those who are served never."""
        if present <= self.bounds.connections:
            return True
        for oldest in self.waiting:
            if oldest is not newcomer:
                oldest.leave_at_once()
                return True
        return False


class _WayOut:
    """The transport as an answer sees it: closing it waits for what the client is still sending."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


class _Stop(Exception):
    """Stops the parser, from inside one of its callbacks; which does not always tell us why it stopped."""


class Connection(HttpToolsProtocol):
    def __init__(self, *, hall: Hall, **named: Any) -> None:
        super().__init__(**named)
        self._hall = hall
        self._bounds = hall.bounds
        self._most_bytes, self._most_headers = hall.bounds.head_bytes, hall.bounds.headers
        self._stage = Stage.IDLE
        self._requests = 0
        self._unread = 0
        """Bytes since the parser last gave us something whole: of a head, or of a trailer."""
        self._head_bytes = 0
        self._watched: tuple[Stage, int] | None = None
        self._elsewhere = False
        """Whether the request asks for a protocol that this door does not speak."""
        self._for_probes_only = False
        self._refusal: Refusal | None = None

    # FROM THE TRANSPORT

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._way_out = _WayOut(transport, self._leave)
        present = len(self.connections)
        if not self._hall.make_room(self, present):
            self._for_probes_only = True
            if present > self._bounds.connections + self._bounds.connections_for_probes:
                return transport.abort()
        return self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hall.waiting.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        stage = self._stage
        if stage is Stage.LEAVING or stage is Stage.DEAF:
            return
        self._unread += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self._stumbled(error)
            return
        if self._unread > self._most_bytes and self._stage not in (Stage.LEAVING, Stage.DEAF):
            self._refuse(self._too_large())
            return
        self._watch()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                return self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self._should_upgrade():
                    self._stage = Stage.DEAF  # from here on the transport is the WebSocket's
                    return self.handle_websocket_upgrade()
                data = self._without_upgrade() + data[upgrade.args[0] :]
        return None

    def _without_upgrade(self) -> bytes:
        """The head again, for a parser that has not yet left HTTP: an upgrade to what we do not speak is not made.

        llhttp would have left the body to the other protocol, and what the body holds must not become a request.
        """
        self.parser = httptools.HttpRequestParser(self)
        fields = [b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade"]
        line = b"%b %b HTTP/%b\r\n" % (self.scope["method"].encode(), self.url, self.scope["http_version"].encode())
        return b"".join([line, *fields, b"\r\n"])

    def _stumbled(self, error: httptools.HttpParserError) -> None:
        if self._stage is Stage.DEAF:
            return
        said = "its target is no path" if isinstance(error, httptools.HttpParserCallbackError) else str(error)
        self._refuse(self._refusal or _malformed(said))

    # FROM THE PARSER

    def on_message_begin(self) -> None:
        if self._stage is Stage.DEAF:
            raise _Stop
        super().on_message_begin()
        self._stage = Stage.HEAD
        self._requests += 1
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._stage is not Stage.HEAD:
            return  # a trailer: nothing here is allowed to come after the body (RFC 9110, 6.5.1)
        name = name.lower()
        self.headers.append((name, value))
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self._most_bytes or len(self.headers) > self._most_headers:
            self._stop(self._too_large())

    def on_headers_complete(self) -> None:
        if (refusal := self._fault_of_head()) is not None:
            self._stop(refusal)
        self._unread = 0
        self._elsewhere = self.parser.should_upgrade() and not self._should_upgrade()
        if self._elsewhere:
            self.scope["method"] = self.parser.get_method().decode()
            self.scope["http_version"] = self.parser.get_http_version()
            return
        self._stage = Stage.BODY
        super().on_headers_complete()
        if (newest := self._newest) is not None:
            newest.transport = self._way_out  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._elsewhere:
            return
        super().on_message_complete()
        self._unread = 0
        newest = self._newest
        last = newest is not None and not newest.keep_alive
        self._stage = Stage.DEAF if last else Stage.IDLE

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing() or self._stage is Stage.LEAVING:
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        self._watch()

    # WHAT A HEAD MAY SAY

    def _fault_of_head(self) -> Refusal | None:
        """What two readers could read in two ways, or finds no room."""
        hosts, codings, sized = [], [], False
        for name, value in self.headers:
            if name == b"host":
                hosts.append(value)
            elif name == b"transfer-encoding":
                codings.append(value.strip(b" \t").lower())
            elif name == b"content-length":
                sized = True
            elif name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            return _malformed("this door speaks HTTP/1.1 and 1.0")
        if len(hosts) > 1 or (not hosts and version == "1.1") or not all(map(_HOST.fullmatch, hosts)):
            return _malformed("send one Host header")
        if codings and (version == "1.0" or sized):
            return _malformed("Transfer-Encoding goes with HTTP/1.1 and without Content-Length")
        if codings and codings != [b"chunked"]:
            return Refusal(501, "transfer_coding_unknown", "Send `Transfer-Encoding: chunked` alone, or none.")
        if self.parser.should_upgrade() and (self.parser.get_method() == b"CONNECT" or self._unanswered()):
            return _malformed("this door is no proxy, and an upgrade waits for the answers before it")
        if (sized or codings) and self.parser.should_upgrade() and self._should_upgrade():
            return _malformed("a WebSocket begins without a body")
        if self._for_probes_only and self.url not in PROBES:
            return Refusal(503, "overloaded", "All connections are taken; try again in a moment.")
        return None

    def _stop(self, refusal: Refusal) -> None:
        self._refusal = refusal
        raise _Stop

    def _too_large(self) -> Refusal:
        most = f"{self._bounds.head_bytes} bytes in {self._bounds.headers} fields"
        return Refusal(431, "headers_too_large", f"The request's head, or its trailer, is too large: {most} at most.")

    # DEADLINES

    @property
    def _newest(self) -> RequestResponseCycle | None:
        """The request that came last and its answer, also while it waits for those before it."""
        return self.cycle

    def _unanswered(self) -> bool:
        newest = self._newest
        return newest is not None and not newest.response_complete

    def _answering(self) -> bool:
        newest = self._newest
        return newest is not None and newest.response_started

    def _watch(self) -> None:
        """Note whether we wait for the client now, and until when; not while it waits for us."""
        stage = self._stage
        ours = stage is Stage.DEAF or (stage in (Stage.IDLE, Stage.HEAD) and self._unanswered())
        key = None if ours else (stage, self._requests)
        if key == self._watched:
            return
        self._watched = key
        waiting = self._hall.waiting
        waiting.pop(self, None)
        if key is not None:
            waiting[self] = self.loop.time() + self._hall.timeout_s(stage, first=self._requests == 0)

    def expire(self) -> None:
        """The client's time is over."""
        self._watched = None
        if self._stage is Stage.LEAVING:
            self.transport.abort()
        elif self.flow.read_paused:  # it is we who do not read
            self._watch()
        elif self._stage is Stage.IDLE and self._unread == 0:
            self.leave_at_once()
        else:
            part = "body" if self._stage is Stage.BODY else "head"
            self._refuse(Refusal(408, "request_timeout", f"The request's {part} did not arrive in time."))

    # THE END

    def leave_at_once(self) -> None:
        self._hall.waiting.pop(self, None)
        self._stage = Stage.LEAVING
        self._give_up_request()
        self.transport.close()

    def _leave(self) -> None:
        """After the last answer. A client that is still sending would lose it if its bytes met a closed socket."""
        if self._stage is Stage.BODY:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        self._stage = Stage.LEAVING
        self.flow.resume_reading()
        self.transport.write_eof()
        self._watch()

    def _refuse(self, refusal: Refusal) -> None:
        log.info("refused", extra={"code": refusal.code, "client": (self.client or ("",))[0]})
        in_body = self._stage is Stage.BODY
        if not in_body and self._unanswered():
            # Requests before this one are in hand: they get their answers, in order, and this one none.
            self.cycle.keep_alive = False
            self._stage = Stage.DEAF
            self._watch()
        elif in_body and (self.pipeline or self._answering()):
            self.leave_at_once()
        else:
            self._give_up_request()
            self.transport.write(self._worded(refusal))
            self._linger()

    def _give_up_request(self) -> None:
        if self._unanswered():
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _worded(self, refusal: Refusal) -> bytes:
        fields, body = self._hall.tell(refusal.code, refusal.detail)
        more = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        lines = [b"%b: %b\r\n" % field for field in (*self.server_state.default_headers, *fields, *more)]
        return b"".join([STATUS_LINE[refusal.status], *lines, b"\r\n", body])


def _malformed(wrong: str) -> Refusal:
    return Refusal(400, "malformed_http", f"This is not HTTP/1.1 as RFC 9112 has it: {wrong}.")
