"""Listening sockets: where they are bound, and that a small answer leaves at once."""

import socket

from ledger_node.doors import Door
from ledger_node.gateway.problems import tell_at_the_door


async def nobody(scope: object, receive: object, send: object) -> None: ...


def test_what_a_door_answers_does_not_wait_for_the_client_s_acknowledgement() -> None:
    door = Door(nobody, "127.0.0.1", 0, tell=tell_at_the_door)
    port = int(door.url.rsplit(":", 1)[1])
    with door.socket, socket.create_connection(("127.0.0.1", port)):
        accepted, _ = door.socket.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
