"""An HTTP proxy on a real socket that loses, doubles, holds up and spoils what goes through it, as told per method."""

import http.client
import json
import threading
from collections import defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

Act = Literal[
    "lose request", "lose answer", "twice", "hold", "503", "429", "no json", "cut short",
    "pass", "null", "nothing", "header not found", "missing trie node", "unknown block",
]  # fmt: skip
LATE: tuple[Act, ...] = ("null", "nothing", "header not found", "missing trie node", "unknown block")
"""What a client answers that has announced a block and has not yet all of it."""


def _late(act: Act, question: dict[str, Any]) -> dict[str, Any]:
    answer = {"jsonrpc": "2.0", "id": question["id"]}
    if act == "null" or act == "nothing":
        lists = ("eth_getBlockReceipts", "eth_getLogs")
        return answer | {"result": [] if act == "nothing" and question["method"] in lists else None}
    return answer | {"error": {"code": -32000, "message": act}}


class Proxy:
    """`plan("eth_call", "503", "lose answer")`: the next eth_call gets a 503, the one after it is never answered."""

    def __init__(self, upstream: str) -> None:
        self._plans: dict[str, deque[Act]] = defaultdict(deque)
        self.passed: list[str] = []
        self.release = threading.Event()
        proxy, target = self, urlsplit(upstream).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                document = json.loads(body)
                method = document[0]["method"] if isinstance(document, list) else document["method"]
                plan = proxy._plans[method] or proxy._plans["*"]
                act = plan.popleft() if plan else None
                if act == "hold":
                    proxy.release.wait()
                if act in ("lose request", "hold"):
                    self._hang_up()
                elif act in ("503", "429"):
                    self._answer(int(act), b"later")
                elif act in LATE:
                    said = [_late(act, each) for each in (document if isinstance(document, list) else [document])]
                    self._answer(200, json.dumps(said if isinstance(document, list) else said[0]).encode())
                elif act == "no json":
                    self._answer(200, b"<html>It works!</html>")
                else:
                    answer = self._forward(method, body)
                    if act == "twice":
                        answer = self._forward(method, body)
                    if act == "lose answer":
                        self._hang_up()
                    elif act == "cut short":
                        self._answer(200, answer, say=len(answer) + 10)
                        self._hang_up()
                    else:
                        self._answer(200, answer)

            def _forward(self, method: str, body: bytes) -> bytes:
                proxy.passed.append(method)
                connection = http.client.HTTPConnection(target, timeout=30)
                try:
                    connection.request("POST", "/", body, {"Content-Type": "application/json"})
                    return connection.getresponse().read()
                finally:
                    connection.close()

            def _answer(self, status: int, body: bytes, say: int | None = None) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(say or len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _hang_up(self) -> None:
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                return  # the other side hung up, which is what we are here for

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def plan(self, method: str, *acts: Act) -> None:
        """What happens to the next requests of a method ("*": of any without a plan of its own); then all pass."""
        self._plans[method].extend(acts)

    def forget(self) -> None:
        """Everything passes again."""
        self._plans.clear()

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
