"""A real network of another Ethereum client under its own Prague rules: two EthereumJS nodes, peered on loopback.

After the merge an execution client makes and takes blocks when its consensus layer says so. ConsensusLayer here is the
smallest one: at every tick it has node `a` build a block and hands it to both nodes over the Engine API, as a beacon
node would. Transactions find their way from `b` to `a` over the clients' own peer-to-peer protocol, which loses the
second of two that are announced within one round trip and never announces it again; those ConsensusLayer carries over.

Clique is not used: the client seals empty Clique blocks only (docs/decisions/another-clients-network.md shows why).
"""

import contextlib
import json
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from ledger_node.chain.remote.conversion import hexadecimal, transaction_of
from tests.networks.anvil import free_port

CLIENT = Path(__file__).parent / "ethereumjs/node_modules/@ethereumjs/client/dist/esm/bin/cli.js"
GENESIS = Path(__file__).parent / "ethereumjs/genesis.json"

PERIOD_S = 1.0
START_S = 240
ROOT = "0x" + "00" * 32
NOBODY = "0x" + "00" * 20


class NotNow(Exception):
    """The node is away, or answers with an error, as it does while it stops."""


def ask(url: str, method: str, *params: Any) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=START_S) as response:
            answer = json.load(response)
    except OSError as away:
        raise NotNow(str(away)) from None
    if "error" in answer:
        raise NotNow(str(answer["error"]))
    return answer["result"]


class EthereumjsNode:
    """One node with its own directory, which it keeps over restarts."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._directory = directory
        rpc_port, engine_port, websocket_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{rpc_port}"
        self.engine_url = f"http://127.0.0.1:{engine_port}"
        self._log = directory / "output.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._arguments = [
            *("--gethGenesis", str(GENESIS), "--dataDir", str(directory)),
            *("--extIP", "127.0.0.1", "--port", str(free_port()), "--discDns=false", "--discV4=true"),
            *("--rpc", "--rpcAddr", "127.0.0.1", "--rpcPort", str(rpc_port)),
            *("--rpcEngine", "--rpcEngineAddr", "127.0.0.1", "--rpcEnginePort", str(engine_port)),
            *("--rpcEngineAuth=false", "--wsEngineAddr", "127.0.0.1", "--wsEnginePort", str(websocket_port)),
        ]

    def start(self, *peers: str) -> "EthereumjsNode":
        """`peers` are enode URLs it dials."""
        assert self._process is None, "it runs already"
        if not CLIENT.exists():
            pytest.skip("the EthereumJS client is not installed: run `npm ci` in tests/networks/ethereumjs")
        self._output = self._log.open("ab")
        self._process = subprocess.Popen(
            ["node", str(CLIENT), *self._arguments, *([f"--bootnodes={','.join(peers)}"] if peers else [])],
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        pause = threading.Event()
        for _ in range(START_S * 10):
            with contextlib.suppress(NotNow):
                self.ask("eth_chainId")
                return self
            assert self._process.poll() is None, self._log.read_text()
            pause.wait(0.1)
        raise AssertionError("the node does not answer: " + self._log.read_text())

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._output is not None:
            self._process.send_signal(how)
            self._process.wait(START_S)
            self._process = None
            self._output.close()

    def wait_for_block(self, number: int) -> None:
        """Until it took a block it answers, but takes no transactions."""
        pause = threading.Event()
        for _ in range(START_S * 10):
            if int(self.ask("eth_blockNumber"), 16) >= number:
                return
            pause.wait(0.1)
        raise AssertionError(f"block {number} does not come: " + self._log.read_text())

    @property
    def enode(self) -> str:
        return str(self.ask("admin_nodeInfo")["enode"])

    def ask(self, method: str, *params: Any) -> Any:
        return ask(self.url, method, *params)

    # THE CONSENSUS LAYER'S DOOR

    def build(self, head: str, timestamp: int) -> dict[str, Any]:
        """A block on `head` with what is in the pool, made but not yet taken."""
        attributes = {
            "timestamp": hex(timestamp),
            "prevRandao": ROOT,
            "suggestedFeeRecipient": NOBODY,
            "withdrawals": [],
            "parentBeaconBlockRoot": ROOT,
        }
        chosen = ask(self.engine_url, "engine_forkchoiceUpdatedV3", _forkchoice(head), attributes)
        built: dict[str, Any] = ask(self.engine_url, "engine_getPayloadV4", chosen["payloadId"])
        return built

    def take(self, built: dict[str, Any]) -> None:
        payload = built["executionPayload"]
        requests = built.get("executionRequests") or []
        taken = ask(self.engine_url, "engine_newPayloadV4", payload, [], ROOT, requests)
        assert taken["status"] != "INVALID", taken
        ask(self.engine_url, "engine_forkchoiceUpdatedV3", _forkchoice(payload["blockHash"]), None)


def _forkchoice(head: str) -> dict[str, str]:
    return {"headBlockHash": head, "safeBlockHash": head, "finalizedBlockHash": head}


@contextlib.contextmanager
def two_nodes(directory: Path) -> Iterator[tuple[EthereumjsNode, EthereumjsNode]]:
    """Node `a` builds, node `b` follows; both run, peered, with blocks coming."""
    a, b = EthereumjsNode(directory / "a"), EthereumjsNode(directory / "b")
    try:
        a.start()
        b.start(a.enode)
        with ConsensusLayer(a, b):
            b.wait_for_block(1)
            yield a, b
    finally:
        b.kill()
        a.kill()


class ConsensusLayer:
    """Makes a block at every tick; a node that was away, or lost blocks when it was killed, is given what it misses."""

    def __init__(self, builder: EthereumjsNode, *followers: EthereumjsNode) -> None:
        self._builder = builder
        self._followers = followers
        self._chain: list[dict[str, Any]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "ConsensusLayer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        offered: dict[str, Any] | None = None
        while not self._stopping.wait(PERIOD_S):
            for follower in self._followers:
                self._carry_over(follower)
            with contextlib.suppress(NotNow):
                head = self._bring_up(self._builder)
                if (
                    offered is not None
                    and head["hash"] == _hash(offered)
                    and head["hash"] not in map(_hash, self._chain)
                ):
                    self._chain.append(offered)  # it took the block and died before it could say so
                offered = self._builder.build(head["hash"], max(int(time.time()), int(head["timestamp"], 16) + 1))
                self._builder.take(offered)
                self._chain.append(offered)
            for follower in self._followers:
                with contextlib.suppress(NotNow):
                    self._bring_up(follower)

    def _carry_over(self, follower: EthereumjsNode) -> None:
        with contextlib.suppress(NotNow):
            for by_nonce in follower.ask("txpool_content")["pending"].values():
                for nonce in sorted(by_nonce, key=int):
                    with contextlib.suppress(NotNow):  # most have come already
                        self._builder.ask(
                            "eth_sendRawTransaction", hexadecimal(transaction_of(by_nonce[nonce], None).raw)
                        )

    def _bring_up(self, node: EthereumjsNode) -> dict[str, Any]:
        head = int(node.ask("eth_blockNumber"), 16)
        for built in self._chain:
            if int(built["executionPayload"]["blockNumber"], 16) > head:
                node.take(built)
        latest: dict[str, Any] = node.ask("eth_getBlockByNumber", "latest", False)
        return latest


def _hash(built: dict[str, Any]) -> str:
    return str(built["executionPayload"]["blockHash"])
