"""One WebSocket connection to a door: frames in small portions, so that nobody's tiny ones keep everybody waiting.

uvicorn's protocol, and what that leaves open: a client that sends millions of frames without content in one breath, or
one message in as many fragments. What the messages say it does not know.
"""

from collections import deque
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

PORTION_BYTES = 16_384
"""Read at one time; a frame has six bytes at least, so these take some milliseconds at most."""

FRAGMENTS_MAX = 10_000
"""Of one message. Clients that fragment at all send pieces of kilobytes."""

POLICY_VIOLATION = 1008


class WebSocket(WebSocketsSansIOProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._unread: deque[bytes] = deque()

    def data_received(self, data: bytes) -> None:
        if len(data) <= PORTION_BYTES and not self._unread:
            super().data_received(data)
            return
        reading = bool(self._unread)
        self._unread.extend(data[at : at + PORTION_BYTES] for at in range(0, len(data), PORTION_BYTES))
        self.transport.pause_reading()
        if not reading:
            self._read_on()

    def _read_on(self) -> None:
        """The next portion, and the others' turn before the one after it."""
        if self.transport.is_closing():
            self._unread.clear()
            return
        super().data_received(self._unread[0])
        self._unread.popleft()
        if self._unread:
            self.loop.call_soon(self._read_on)
        elif not self.read_paused:
            self.transport.resume_reading()

    async def receive(self) -> Any:
        message = await super().receive()
        if self._unread:
            self.transport.pause_reading()  # which taking a message ended
        return message

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < FRAGMENTS_MAX:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.send_close(POLICY_VIOLATION, f"a message has {FRAGMENTS_MAX} fragments at most")
            self.handle_parser_exception()
