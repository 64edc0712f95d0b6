"""JSON-RPC over one WebSocket, with the two methods that web3's HTTP provider has for `Connection`.

The line opens at the first question and, when it has broken, at the next. The client is asked to announce its new heads
on it: an announcement is a hint that it is worth asking and nothing more. Knows no method's meaning but that one's.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

import orjson
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

_ANSWER_BYTES_MAX = 1 << 28
_PING_S = 10.0
_CLOSE_S = 0.2


class WebSocketProvider:
    """May be used from any thread. Raises TimeoutError, and OSError for everything else that keeps an answer away.

    `on_news` is called when a head is announced and when the line is lost, `on_loss` only then; both on another thread.
    """

    def __init__(self, url: str, *, timeout_s: float, on_news: Callable[[], None], on_loss: Callable[[], None]) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._on_news = on_news
        self._on_loss = on_loss
        self._opening = threading.Lock()
        self._line: _Line | None = None

    def make_request(self, method: str, params: Any) -> Any:
        (answer,) = self.make_batch_request([(method, params)])
        return answer

    def make_batch_request(self, questions: Iterable[tuple[str, Any]]) -> list[Any]:
        """Sent one after another without waiting for answers, so that no client has to know batches."""
        line = self._opened()
        deadline = time.monotonic() + self._timeout_s
        try:
            waiting = [line.send(method, params) for method, params in questions]
            return [each.result(timeout=max(0.0, deadline - time.monotonic())) for each in waiting]
        except TimeoutError:
            line.end()  # what is late on this line is late for whoever comes next
            raise

    @property
    def announces(self) -> bool:
        """Whether new heads are announced now; nobody need look for them as long as they are."""
        line = self._line
        return line is not None and line.announces

    def close(self) -> None:
        if self._line is not None:
            self._line.end()

    def _opened(self) -> "_Line":
        with self._opening:
            if self._line is None or self._line.has_ended:
                line = _Line(self._url, self._timeout_s, self._on_news, self._lost)
                try:
                    line.subscribe(self._timeout_s)
                except TimeoutError:
                    line.end()
                    raise
                self._line = line
            return self._line

    def _lost(self) -> None:
        self._on_loss()
        self._on_news()


class _Line:
    """From one opening to its end. A thread reads it and gives each answer to whoever waits for it."""

    def __init__(self, url: str, timeout_s: float, on_news: Callable[[], None], on_end: Callable[[], None]) -> None:
        self.announces = False
        self.has_ended = False
        self._on_news = on_news
        self._on_end = on_end
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Any]] = {}
        self._opened: Future[ClientConnection] = Future()
        open_s = min(timeout_s, 3.0)
        threading.Thread(target=self._run, args=(url, open_s), name="remote-chain-line", daemon=True).start()
        self._socket = self._opened.result()

    def send(self, method: str, params: Any) -> "Future[Any]":
        answer: Future[Any] = Future()
        with self._lock:
            if self.has_ended:
                raise ConnectionResetError("Connection reset: the WebSocket has ended.")
            number = next(self._ids)
            self._waiting[number] = answer
        try:
            self._socket.send(
                orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}).decode()
            )
        except WebSocketException as closed:
            self.has_ended = True  # the reading thread will find out by itself, but who asks again may be sooner
            raise ConnectionResetError(f"Connection reset: {closed}") from None
        return answer

    def subscribe(self, timeout_s: float) -> None:
        """A client that announces nothing is polled as over HTTP."""
        answer = self.send("eth_subscribe", ["newHeads"]).result(timeout_s)
        self.announces = isinstance(answer, dict) and isinstance(answer.get("result"), str)

    def end(self) -> None:
        self._socket.close()

    def _run(self, url: str, open_s: float) -> None:
        try:
            with connect(
                url, open_timeout=open_s, close_timeout=_CLOSE_S, ping_interval=_PING_S, ping_timeout=_PING_S,
                max_size=_ANSWER_BYTES_MAX,
            ) as socket:  # fmt: skip
                self._opened.set_result(socket)
                while True:
                    self._take(orjson.loads(socket.recv()))
        except (OSError, WebSocketException, ValueError) as reason:
            self._over(reason)

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict):
            return
        if message.get("method") == "eth_subscription":
            self._on_news()
        elif isinstance(number := message.get("id"), int):
            with self._lock:
                answer = self._waiting.pop(number, None)
            if answer is not None:
                answer.set_result(message)

    def _over(self, reason: Exception) -> None:
        if not self._opened.done():
            self._opened.set_exception(reason if isinstance(reason, OSError) else ConnectionError(str(reason)))
            return
        with self._lock:
            self.has_ended, self.announces = True, False
            waiting, self._waiting = self._waiting, {}
        self._on_end()
        for answer in waiting.values():
            answer.set_exception(ConnectionResetError(f"Connection reset: {reason}"))
