"""One JSON-RPC connection to another Ethereum client: over HTTP with web3's provider, or over one WebSocket.

Knows requests, batches and what can go wrong on the way; knows no method's meaning. Whatever keeps an answer from
coming is ChainUnavailable; an answer that is an error is Answered, for the caller to judge by the method it sent.
"""

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from web3.providers.rpc import HTTPProvider
from web3.types import RPCEndpoint

from ledger_node.chain.errors import ChainUnavailable
from ledger_node.chain.remote.websocket import WebSocketProvider

Question = tuple[str, list[Any]]

_PARALLEL_MAX = 64
_BATCH_MAX = 100


class Answered(Exception):
    """The client answered with a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.data = data


class Connection:
    """May be used from any thread. `breaks` counts the times the client could not be reached or hung up on us."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self.name = _without_password(url)
        self.breaks = 0
        self._closed = threading.Event()
        self._on_news: Callable[[], None] = lambda: None
        self._session = requests.Session()
        self._socket: WebSocketProvider | None = None
        self._provider: HTTPProvider | WebSocketProvider
        if urlsplit(url).scheme in ("ws", "wss"):
            self._provider = self._socket = WebSocketProvider(
                url, timeout_s=timeout_s, on_news=lambda: self._on_news(), on_loss=self._broke
            )
            return
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=_PARALLEL_MAX)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": (min(timeout_s, 3.0), timeout_s)},
            session=self._session,
            exception_retry_configuration=None,
        )

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one method; None where the client says null. Raises Answered and ChainUnavailable."""
        return _result(self._exchange(lambda: self._provider.make_request(RPCEndpoint(method), list(params))))

    def ask_many(self, questions: Sequence[Question]) -> list[Any]:
        """The results in the order of the questions. Raises Answered for the first that is an error."""
        results: list[Any] = []
        for start in range(0, len(questions), _BATCH_MAX):
            part = [(RPCEndpoint(method), params) for method, params in questions[start : start + _BATCH_MAX]]
            answers = self._exchange(lambda part=part: self._provider.make_batch_request(part))
            if not isinstance(answers, list) or len(answers) != len(part):
                # A client that takes no batches answers with one error for all of them.
                answers = [self._exchange(lambda q=q: self._provider.make_request(*q)) for q in part]
            results.extend(_result(answer) for answer in answers)
        return results

    def listen(self, on_news: Callable[[], None]) -> None:
        """Have it called, on another thread, when the client announces a head or can announce none any more."""
        self._on_news = on_news

    @property
    def announces(self) -> bool:
        """Whether the client announces its heads now. Over HTTP none does."""
        return self._socket is not None and self._socket.announces

    def closes_within(self, seconds: float) -> bool:
        """A pause before asking again; whether the connection is closed and nothing more can be asked."""
        return self._closed.wait(seconds)

    def close(self) -> None:
        self._closed.set()
        self._session.close()
        if self._socket is not None:
            self._socket.close()

    def _broke(self) -> None:
        self.breaks += 1

    def _exchange(self, send: Any) -> Any:
        try:
            try:
                return self._once(send)
            except (requests.exceptions.ConnectionError, ConnectionResetError) as broken:
                self.breaks += 1
                if not _hung_up(broken):
                    raise
                # A kept-alive connection ends when the client restarts; every method we send may be sent twice.
                return self._once(send)
        except (requests.exceptions.Timeout, TimeoutError):
            self.breaks += 1
            raise ChainUnavailable(f"The chain at {self.name} did not answer in time.") from None
        except requests.exceptions.HTTPError as refused:
            return self._body_of(refused)
        except OSError as broken:  # of the sockets' library, and all of requests' own
            self.breaks += 1
            raise ChainUnavailable(f"The chain at {self.name} cannot be reached: {_cause(broken)}.") from None
        except (ValueError, TypeError, KeyError):
            raise ChainUnavailable(f"{self.name} does not answer as an Ethereum JSON-RPC server does.") from None

    def _once(self, send: Any) -> Any:
        if self._closed.is_set():
            raise ChainUnavailable("The connection to the chain is closed.")
        return send()

    def _body_of(self, refused: requests.exceptions.HTTPError) -> Any:
        """Some clients answer JSON-RPC errors with an HTTP error status."""
        assert refused.response is not None, "web3 raises it for a response"
        status = refused.response.status_code
        try:
            answer = json.loads(refused.response.content)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and "error" in answer and status < 500 and status != 429:
            return answer
        self.breaks += 1
        raise ChainUnavailable(f"The chain at {self.name} answers with HTTP status {status}.") from None


def _result(answer: Any) -> Any:
    if not isinstance(answer, dict) or ("error" not in answer and "result" not in answer):
        raise ChainUnavailable("The chain's answer is neither a result nor an error.")
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    if not isinstance(error, dict):
        raise Answered(0, str(error))
    code = error.get("code")
    raise Answered(code if isinstance(code, int) else 0, str(error.get("message", "")), error.get("data"))


def _hung_up(broken: OSError) -> bool:
    return "Connection aborted" in str(broken) or "Connection reset" in str(broken)


def _cause(broken: BaseException) -> str:
    text = str(broken)
    for sign in ("Connection refused", "Name or service not known", "Connection reset", "Connection aborted"):
        if sign in text:
            return sign.lower()
    return type(broken).__name__


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
