"""The node that is followed, over its JSON-RPC. What it says is believed only as far as the chain here confirms it."""

import itertools
from dataclasses import dataclass
from typing import Any

import httpx

from ledger_node.chain.attestations import BlockAttestation
from ledger_node.chain.blocks import Hash32
from ledger_node.chain.errors import ChainUnavailable, SourceRefused

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
        answer = self._ask("ledger_getGenesis")
        return _bytes(answer["hash"]), answer["genesis"]

    def blocks(self, first: int, count: int, *, wait_ms: int = 0) -> Blocks:
        answer = self._ask("ledger_getRawBlocks", hex(first), hex(count), wait_ms)
        try:
            head = answer["head"]
            raw = tuple(_bytes(block) for block in answer["blocks"])
            return Blocks(int(head["number"], 16), _bytes(head["hash"]), raw)
        except (KeyError, TypeError, ValueError) as error:
            raise SourceRefused(f"{self.url} answered with what are no blocks: {error!r}.") from None

    def block(self, number: int) -> bytes:
        blocks = self.blocks(number, 1).raw
        if not blocks:
            raise SourceRefused(f"{self.url} has no block {number}.")
        return blocks[0]

    def attest(self, attestation: BlockAttestation) -> None:
        self._ask(
            "ledger_attestBlock",
            hex(attestation.number),
            "0x" + attestation.block_hash.hex(),
            "0x" + attestation.signature.hex(),
        )

    def attestations(self, number: int) -> tuple[BlockAttestation, ...]:
        answer = self._ask("ledger_getBlockAttestations", hex(number))
        return tuple(
            BlockAttestation(int(one["number"], 16), _bytes(one["hash"]), _bytes(one["signature"])) for one in answer
        )

    def report_second(self, raw_header: bytes) -> bool:
        return bool(self._ask("ledger_reportEquivocation", "0x" + raw_header.hex()))

    def send(self, raw_transaction: bytes) -> None:
        self._ask("eth_sendRawTransaction", "0x" + raw_transaction.hex())

    def _ask(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        try:
            answer = self._client.post(self.url, json=request).raise_for_status().json()
        except httpx.HTTPError as error:
            raise ChainUnavailable(f"{self.url} cannot be reached: {error!r}.") from None
        except ValueError:
            raise ChainUnavailable(f"{self.url} does not speak JSON-RPC.") from None
        if not isinstance(answer, dict) or "result" not in answer:
            raise SourceRefused(f"{self.url} refused {method}: {_said(answer)}")
        return answer["result"]


def _said(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get("message", error)) if isinstance(error, dict) else "it gave no result"


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
