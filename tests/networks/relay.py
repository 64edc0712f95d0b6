"""A TCP line between two programs that can be cut, and kept cut: for protocols an HTTP proxy does not speak."""

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class Relay:
    """`cut()` ends every line through it; until `mend()` nobody gets through."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "", parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lines: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_cut = False
        self.opened = 0

    def __enter__(self) -> "Relay":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._listener.close()

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
            self._lines.clear()

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._connect(self._listener.accept()[0])

    def _connect(self, caller: socket.socket) -> None:
        with self._lock:
            try:
                if self._is_cut:
                    raise OSError("cut")
                upstream = socket.create_connection(self._upstream)
            except OSError:
                caller.close()
                return
            self._lines += [caller, upstream]
            self.opened += 1
        for source, target in ((caller, upstream), (upstream, caller)):
            threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with source:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for line in (source, target):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
