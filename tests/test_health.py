"""`ledger-node health` against a socket that answers when the test says: as late as a node may, and never."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger_node.cli.health import BESIDE_S

READY, SILENT = {"ready": True, "reasons": []}, {"code": "storage_unavailable"}


@contextmanager
def door(*, after_s: float, status: str, body: object) -> Iterator[int]:
    """A port that answers its only caller so late."""
    answer = json.dumps(body).encode()
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                gone.wait(after_s)
                connection.sendall(
                    b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status.encode(), len(answer)) + answer
                )

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            gone.set()
            thread.join()


def health(port: int, answer_within_s: float) -> tuple[int, str]:
    flags = ("--gateway-port", str(port), "--answer-within-s", str(answer_within_s), "--data", "/nonexistent")
    command = [sys.executable, "-m", "ledger_node", "health", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(("status", "body", "exits"), [("200 OK", READY, 0), ("503 Service Unavailable", SILENT, 1)])
def test_health_hears_what_a_node_says_at_the_end_of_its_time(status: str, body: object, exits: int) -> None:
    with door(after_s=1.0, status=status, body=body) as port:
        assert health(port, 1.0) == (exits, json.dumps(body) + "\n")


def test_health_ends_when_nobody_answers() -> None:
    with door(after_s=60, status="200 OK", body=READY) as port:
        began = time.monotonic()
        status, said = health(port, 0.1)
        took_s = time.monotonic() - began
    assert (status, said) == (1, f"no answer from http://127.0.0.1:{port} within {0.1 + BESIDE_S:g} s\n")
    assert 0.1 + BESIDE_S <= took_s < 30
