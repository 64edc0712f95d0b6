"""The node that is followed, over its JSON-RPC. What it says is believed only as far as the chain here confirms it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from ledger_node.chain.attestations import BlockAttestation
from ledger_node.chain.blocks import Hash32, Header
from ledger_node.chain.encoding import NotCanonical
from ledger_node.chain.errors import ChainUnavailable, SourceRefused
from ledger_node.chain.wire import decode_block

T = TypeVar("T")
ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Blocks:
    """The source's newest block when it answered, and the encoded blocks asked for."""

    head_number: int
    head_hash: Hash32
    raw: tuple[bytes, ...]


class Source:
    """Every method raises ChainUnavailable when it cannot be reached, and SourceRefused when it answers an error."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(timeout=ANSWER_TIMEOUT_S, trust_env=False)
        self._ids = itertools.count(1)

    def close(self) -> None:
        self._client.close()

    def genesis(self) -> tuple[Hash32, Any]:
        """The hash it gives for block 0, and the genesis document."""
        return self._ask(lambda answer: (_bytes(answer["hash"]), answer["genesis"]), "ledger_getGenesis")

    def blocks(self, first: int, count: int, *, wait_ms: int = 0) -> Blocks:
        return self._ask(_blocks, "ledger_getRawBlocks", hex(first), hex(count), wait_ms)

    def block(self, number: int) -> tuple[Header, bytes]:
        """A block it says it has, decoded as far as its header."""
        blocks = self.blocks(number, 1).raw
        if not blocks:
            raise SourceRefused(f"{self.url} has no block {number}.")
        try:
            return decode_block(blocks[0]).header, blocks[0]
        except NotCanonical as error:
            raise SourceRefused(f"{self.url} gives for block {number} what is none: {error}.") from None

    def attest(self, attestation: BlockAttestation) -> None:
        words = (hex(attestation.number), _hex(attestation.block_hash), _hex(attestation.signature))
        self._ask(str, "ledger_attestBlock", *words)

    def attestations(self, number: int) -> tuple[BlockAttestation, ...]:
        return self._ask(_attestations, "ledger_getBlockAttestations", hex(number))

    def report_second(self, raw_header: bytes) -> bool:
        return self._ask(bool, "ledger_reportEquivocation", _hex(raw_header))

    def send(self, raw_transaction: bytes) -> None:
        self._ask(str, "eth_sendRawTransaction", _hex(raw_transaction))

    def _ask(self, read: Callable[[Any], T], method: str, *params: Any) -> T:
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        try:
            answer = self._client.post(self.url, json=request).raise_for_status().json()
        except httpx.HTTPError as error:
            raise ChainUnavailable(f"{self.url} cannot be reached: {error!r}.") from None
        except ValueError:
            raise ChainUnavailable(f"{self.url} does not speak JSON-RPC.") from None
        if not isinstance(answer, dict) or "result" not in answer:
            raise SourceRefused(f"{self.url} refused {method}: {_said(answer)}")
        try:
            return read(answer["result"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SourceRefused(f"{self.url} answered {method} with what is none: {error!r}.") from None


def _blocks(answer: Any) -> Blocks:
    head = answer["head"]
    return Blocks(int(head["number"], 16), _bytes(head["hash"]), tuple(_bytes(block) for block in answer["blocks"]))


def _attestations(answer: Any) -> tuple[BlockAttestation, ...]:
    return tuple(
        BlockAttestation(int(one["number"], 16), _bytes(one["hash"]), _bytes(one["signature"])) for one in answer
    )


def _said(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get("message", error)) if isinstance(error, dict) else "it gave no result"


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
