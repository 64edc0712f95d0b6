"""The JSON-RPC door on a real socket: uvicorn on a free port, and a plain HTTP client that speaks JSON-RPC to it."""

import json
import threading
import urllib.request
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.error import HTTPError

import uvicorn

from ledger_node.chain.backend import LocalChain
from ledger_node.clock import Clock
from ledger_node.rpc.app import create_rpc_app
from ledger_node.rpc.settings import RpcSettings
from tests.conformance.rpc.schema import faults


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
        app = create_rpc_app(chain, settings=settings, clock=clock)
        self._server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="websockets-sansio", lifespan="on")
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "RpcServer":
        self._thread.start()
        pause = threading.Event()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            pause.wait(0.01)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=30)

    @property
    def port(self) -> int:
        port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def client(self) -> Client:
        return Client(self.url)
