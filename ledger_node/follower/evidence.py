"""What a follower keeps of the first difference: the block as it came, its own result, and the field that differs."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger_node.chain.blocks import Hash32, Header


@dataclass(frozen=True, slots=True)
class Difference:
    """`field`: the header's, or `transactions`, `encoding`, `body`, `backing`, `equivocation`.

    `block` is as the source gave it. `own` is the header this node came to itself, `own_block` its own block at the
    same height; each where there is one.
    """

    number: int
    field: str
    detail: str
    source: str
    block: bytes
    block_hash: Hash32 | None = None
    header: Header | None = None
    own: Header | None = None
    own_block: bytes | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "hash": _shown(self.block_hash),
            "field": self.field,
            "detail": self.detail,
            "source": self.source,
        }


def keep(directory: Path, difference: Difference, *, found_at: str) -> Path:
    """Write it into a directory of its own under `directory`; returns which. What was kept before stays as it is."""
    name = f"{difference.number}-{(difference.block_hash or bytes(8)).hex()[:16]}-{difference.field}"
    place = directory / name
    if place.exists():
        return place
    draft = directory / f"{name}.part"
    draft.mkdir(parents=True, exist_ok=True)
    document = {
        **difference.as_json(),
        "found_at": found_at,
        "header": _header(difference.header),
        "own_header": _header(difference.own),
    }
    _write(draft / "difference.json", (json.dumps(document, indent=2) + "\n").encode())
    _write(draft / "block.rlp", difference.block)
    if difference.own_block is not None:
        _write(draft / "own_block.rlp", difference.own_block)
    draft.replace(place)
    return place


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _header(header: Header | None) -> dict[str, Any] | None:
    return None if header is None else {name: _shown(value) for name, value in asdict(header).items()}


def _shown(value: Any) -> Any:
    return f"0x{value.hex()}" if isinstance(value, bytes) else value
