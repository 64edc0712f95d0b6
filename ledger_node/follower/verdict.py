"""Re-executes a whole history from genesis and says what came of it: a verdict that can be signed, or the wrong block.

It is given an empty chain and encoded blocks, and believes nothing else.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ledger_node import __version__
from ledger_node.chain.backend import LocalChain
from ledger_node.chain.blocks import LogFilter
from ledger_node.chain.encoding import NotCanonical, keccak
from ledger_node.chain.errors import InvalidBlock
from ledger_node.chain.wire import decode_block
from ledger_node.follower.follower import Backing
from ledger_node.follower.statement import TRANSFER
from ledger_node.keys import Signer

Progress = Callable[[int, int, int], None]
"""Told (blocks, transactions, transfers of tokens) verified so far."""


@dataclass(frozen=True, slots=True)
class WrongBlock:
    """The first block that is not what executing it gives. `executed` is the verifier's own value, if it has one."""

    number: int
    hash: str | None
    field: str
    detail: str
    executed: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    chain_id: int
    genesis_hash: str
    head_number: int
    head_hash: str
    blocks: int
    transactions: int
    transfers: int
    backed_at_every_block: bool
    seconds: float
    wrong: WrongBlock | None = None

    @property
    def passed(self) -> bool:
        return self.wrong is None

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": "valid" if self.passed else "invalid",
            **asdict(self),
            "verifier": f"ledger-node {__version__}",
        }


def verify(
    chain: LocalChain,
    blocks: Iterable[bytes],
    backing: Backing,
    *,
    progress: Progress = lambda _blocks, _all, _moved: None,
) -> Verdict:
    """Stops at the first wrong block; the verdict's head is the last one that is right."""
    started = time.monotonic()
    done = transactions = transfers = 0
    wrong: WrongBlock | None = None
    backed = True
    reading = iter(blocks)
    while wrong is None:
        raw = b""
        try:
            raw = next(reading)
            count = len(decode_block(raw).transactions)
            if _is_genesis(chain, raw):
                continue
            header = chain.import_block(raw)
        except StopIteration:
            break
        except InvalidBlock as invalid:
            wrong = _wrong(chain, raw, invalid)
        except NotCanonical as error:
            wrong = WrongBlock(chain.head().number + 1, None, "encoding", f"The block cannot be decoded: {error}.")
        else:
            done, transactions = done + 1, transactions + count
            transfers += _transfers_in(chain, header.number) if count else 0
            shortfall = backing.shortfall(header) if header.number > backing.checked else None
            if shortfall is not None:
                backed = False
                wrong = WrongBlock(header.number, _hex(header.hash), "backing", shortfall)
            progress(done, transactions, transfers)
    head = chain.head()
    return Verdict(
        chain_id=chain.chain_id,
        genesis_hash=_hex(chain.header(0).hash),
        head_number=head.number,
        head_hash=_hex(head.hash),
        blocks=done,
        transactions=transactions,
        transfers=transfers,
        backed_at_every_block=backed,
        seconds=round(time.monotonic() - started, 3),
        wrong=wrong,
    )


def _transfers_in(chain: LocalChain, number: int) -> int:
    """Of whatever tokens; a batch of payments is one transaction, and a transfer for each."""
    return len(chain.logs(LogFilter(first=number, last=number, topics=((TRANSFER,),))))


def _is_genesis(chain: LocalChain, raw: bytes) -> bool:
    if decode_block(raw).header.number > 0:
        return False
    if raw != chain.raw_block(0):
        raise InvalidBlock("The blocks start from another genesis than the one given.", field="genesis")
    return True


def _wrong(chain: LocalChain, raw: bytes, invalid: InvalidBlock) -> WrongBlock:
    try:
        header = decode_block(raw).header
    except NotCanonical:
        return WrongBlock(chain.head().number + 1, None, invalid.field, invalid.detail)
    own = None if invalid.executed is None else getattr(invalid.executed, invalid.field, None)
    shown = _hex(own) if isinstance(own, bytes) else None if own is None else str(own)
    return WrongBlock(header.number, _hex(header.hash), invalid.field, invalid.detail, shown)


def signed(document: dict[str, Any], signer: Signer) -> dict[str, Any]:
    """The document with a signature (EIP-191, `personal_sign`) over its canonical text: sorted keys, no spaces."""
    text = canonical(document)
    y_parity, r, s = signer.sign(keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + y_parity])
    return {**document, "signer": _hex(signer.address), "signature": _hex(signature)}


def canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
