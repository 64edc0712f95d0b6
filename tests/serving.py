"""A door of the node, open in a thread: what the tests talk to is the server that users talk to."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvloop

from ledger_node.connections import Bounds, Tell
from ledger_node.doors import Door
from ledger_node.gateway.problems import tell_at_the_door


@contextmanager
def opened(
    app: Any, *, bounds: Bounds | None = None, tell: Tell = tell_at_the_door, message_bytes_max: int = 1 << 20
) -> Iterator[Door]:
    door = Door(app, "127.0.0.1", 0, tell=tell, bounds=bounds, message_bytes_max=message_bytes_max)
    listening = threading.Event()

    async def serve() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(door.serve(sockets=[door.socket]))
            while not door.started:
                await asyncio.sleep(0)
            listening.set()

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert listening.wait(20)
    try:
        yield door
    finally:
        door.should_exit = True
        thread.join(20)


def line_to(url: str, *, timeout_s: float = 10) -> socket.socket:
    where = urlsplit(url)
    return socket.create_connection((where.hostname, where.port), timeout=timeout_s)


def everything(line: socket.socket) -> bytes:
    """What comes until the other side ends it; a reset is an error."""
    parts = []
    while part := line.recv(65536):
        parts.append(part)
    return b"".join(parts)
