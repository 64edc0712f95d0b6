"""Nodes on sockets for these tests: one that seals and may lie, and those who follow it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger_node.chain import wire
from ledger_node.chain.genesis import Genesis
from ledger_node.chain.pyevm.engine import PyEvmChain
from ledger_node.chain.pyevm.rules import seal
from ledger_node.chain_node import contracts_of
from ledger_node.clock import HandSetClock
from ledger_node.deposit_token.backing import TokenBacking
from ledger_node.follower.evidence import Difference
from ledger_node.follower.follower import Follower
from ledger_node.follower.source import Source
from ledger_node.keys import LocalSigner
from tests.chain.conftest import Person
from tests.follower.network import SEALER, START, open_at, pay
from tests.rpc.server import RpcServer

TIMEOUT_S = 180


class Served:
    """A chain as its operator serves it: `alter` puts another block in the place of a true one."""

    def __init__(self, chain: PyEvmChain) -> None:
        self.chain = chain
        self.altered: dict[int, bytes] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def export_blocks(self, first: int, last: int) -> Iterator[bytes]:
        for number, raw in enumerate(self.chain.export_blocks(first, last), first):
            yield self.altered.get(number, raw)

    def alter(self, number: int, **fields: Any) -> None:
        """The operator changes header fields, or the body, and seals the block again."""
        block = wire.decode_block(self.chain.raw_block(number))
        transactions = fields.pop("transactions", block.transactions)
        header = seal(replace(block.header, **fields), SEALER) if fields else block.header
        self.altered[number] = wire.encode_block(replace(block, header=header, transactions=transactions))


class FollowerNode:
    """A follower with a chain of its own, and events for what a test waits for."""

    def __init__(
        self, directory: Path, genesis: Genesis, url: str, *, attestor: LocalSigner | None = None,
        sealer: LocalSigner | None = None,
    ) -> None:  # fmt: skip
        self.directory = directory
        self.chain = open_at(directory / "chain", genesis, sealer=sealer)
        self.halted: threading.Event = threading.Event()
        self.difference: Difference | None = None
        self.backing = TokenBacking(self.chain, directory / "backing.json", predeployed=contracts_of(genesis))
        self.follower = Follower(
            self.chain, Source(url), evidence=directory / "evidence", backing=self.backing,
            clock=HandSetClock(START * 1000), attestor=attestor, on_halt=self._halted,
        )  # fmt: skip
        self.follower.start()

    def _halted(self, difference: Difference) -> None:
        self.difference = difference
        self.halted.set()

    def reaches(self, number: int) -> None:
        wait(lambda: self.chain.head().number >= number or self.halted.is_set())
        assert not self.halted.is_set(), self.difference

    def differs(self) -> Difference:
        assert self.halted.wait(TIMEOUT_S), self.follower.status
        assert self.difference is not None
        return self.difference

    def evidence(self) -> list[dict[str, Any]]:
        return [
            json.loads(path.read_text()) for path in sorted((self.directory / "evidence").glob("*/difference.json"))
        ]

    def close(self) -> None:
        self.follower.stop()
        self.backing.remember()
        self.chain.close()


def wait(reached: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(TIMEOUT_S * 100):
        if reached():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


class Network:
    """Node A on a socket, and whoever follows it."""

    def __init__(self, directory: Path, stack: ExitStack, genesis: Genesis) -> None:
        self.directory = directory
        self.genesis = genesis
        self.stack = stack
        self.a = open_at(directory / "a", genesis, sealer=SEALER)
        stack.callback(self.a.close)
        self.served = Served(self.a)
        self.server = stack.enter_context(RpcServer(self.served))  # type: ignore[arg-type]
        self.alice = Person("alice")

    def follower(self, name: str = "follower", **options: Any) -> FollowerNode:
        node = FollowerNode(self.directory / name, self.genesis, self.server.url, **options)
        self.stack.callback(node.close)
        return node

    def pay(self, count: int = 1) -> None:
        for _ in range(count):
            pay(self.a, self.alice)
