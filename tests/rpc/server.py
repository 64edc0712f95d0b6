"""The JSON-RPC behind the node's own door on a free port, and a plain HTTP client that speaks JSON-RPC to it."""

import json
import urllib.request
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from ledger_node.chain.backend import LocalChain
from ledger_node.clock import Clock
from ledger_node.rpc.app import create_rpc_app
from ledger_node.rpc.jsonrpc import tell_at_the_door
from ledger_node.rpc.settings import RpcSettings
from tests.conformance.rpc.schema import faults
from tests.serving import opened


class Answered(Exception):
    """The error object of an answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data = error.get("data")


@dataclass
class Client:
    """What a program without a library would send."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, body: bytes, **headers: str) -> tuple[int, bytes]:
        sent = {
            "content-type": "application/json",
            **self.headers,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        request = urllib.request.Request(self.url, body, sent, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read()

    def send(self, document: Any) -> Any:
        _, body = self.post(json.dumps(document).encode())
        return json.loads(body) if body else None

    def __call__(self, method: str, *params: Any) -> Any:
        """The result, which every test holds to the published schema. Raises Answered."""
        answer = self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        if "error" in answer:
            raise Answered(answer["error"])
        assert faults(method, answer["result"]) == [], (method, answer["result"])
        return answer["result"]


class RpcServer:
    def __init__(self, chain: LocalChain, settings: RpcSettings | None = None, clock: Clock | None = None) -> None:
        self._app = create_rpc_app(chain, settings=settings, clock=clock)
        most = (settings or RpcSettings()).limits.request_bytes
        self._opening = opened(self._app, tell=tell_at_the_door, message_bytes_max=most)

    def __enter__(self) -> "RpcServer":
        self.url = self._opening.__enter__().url
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._opening.__exit__(kind, error, at)
        self._app.close()

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def client(self) -> Client:
        return Client(self.url)
