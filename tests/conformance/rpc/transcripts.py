"""Transcripts: what is sent (`>>`) and what is answered (`<<`), line by line, as files that a reader can follow.

A word such as `$filter` in an answer stands for whatever is there, and for the same in the lines after it. Lines that
start with `//` are comments. `python -m tests.conformance.rpc.record` writes the answers anew; read the difference.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address

from ledger_node.chain.genesis import PERMISSIONS
from ledger_node.permissions import calls
from tests.clients.guestbook import artifact
from tests.clients.network import STRANGER, TRANSACTOR, open_permissioned_network
from tests.rpc.network import Developer, open_network
from tests.rpc.server import Client, RpcServer

HERE = Path(__file__).parent
ADMINISTRATOR_KEY = b"\x08" * 32
FILES = sorted(HERE.glob("*.io"))


@contextmanager
def network(directory: Path) -> Iterator[Client]:
    """Five blocks: a deployment, a legacy transfer, a page, a refused page, a type 1 transfer. The same each time."""
    with closing(open_network(directory)) as chain, RpcServer(chain) as server:
        developer = Developer(server.client)
        deployed = developer.send(data=artifact()["bytecode"] + (32).to_bytes(32, "big").hex())
        developer.send(to="0x" + "11" * 20, value=7, type=0)
        developer.write(deployed["contractAddress"], "the first page")
        developer.write(deployed["contractAddress"], "more words than fit on any of its pages")
        slots = ["0x" + "00" * 32]
        listed = [{"address": "0x" + "11" * 20, "storageKeys": slots}]
        developer.send(to="0x" + "11" * 20, type=1, accessList=listed, gasPrice=3)
        yield server.client


@contextmanager
def permissioned_network(directory: Path) -> Iterator[Client]:
    """A network whose members decide: a bank waits for the second vote, and another key may only transact."""
    with closing(open_permissioned_network(directory)) as chain, RpcServer(chain) as server:
        administrator = Developer(server.client, ADMINISTRATOR_KEY)
        second = calls.propose(calls.add_network_administrator(TRANSACTOR))
        bank = calls.propose_organisation("Albion Bank", STRANGER)
        for call in (second, bank):
            administrator.send(to=to_checksum_address(PERMISSIONS), data="0x" + call.hex())
        yield server.client


def network_of(file: Path) -> Callable[[Path], AbstractContextManager[Client]]:
    return permissioned_network if file.stem.startswith("perm_") else network


@dataclass
class Exchange:
    sent: str
    answered: str | None


def read(file: Path) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(">> "):
            exchanges.append(Exchange(line[3:], None))
        elif line.startswith("<< "):
            exchanges[-1].answered = line[3:]
    return exchanges


def play(rpc: Client, exchange: Exchange, words: dict[str, str]) -> Any:
    """The answer; `words` are those the transcript has given to what it cannot foresee."""
    sent = exchange.sent
    for word, value in words.items():
        sent = sent.replace(word, value)
    _, body = rpc.post(sent.encode())
    return json.loads(body) if body else None


def learn(expected: Any, answered: Any, words: dict[str, str]) -> Any:
    """`expected` with its words put in, learning those that are new."""
    if isinstance(expected, str) and re.fullmatch(r"\$\w+", expected) and isinstance(answered, str):
        return words.setdefault(expected, answered)
    if isinstance(expected, dict) and isinstance(answered, dict):
        return {name: learn(value, answered.get(name), words) for name, value in expected.items()}
    if isinstance(expected, list) and isinstance(answered, list) and len(expected) == len(answered):
        return [learn(one, other, words) for one, other in zip(expected, answered, strict=True)]
    return expected
