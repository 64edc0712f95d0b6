"""Block files as geth writes them: RLP blocks one after another, in order; gzip where the name ends in .gz."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from ledger_node.chain.backend import LocalChain
from ledger_node.chain.blocks import Header
from ledger_node.chain.encoding import NotCanonical, rlp_split
from ledger_node.chain.errors import BlockNotFound, InvalidBlock
from ledger_node.chain.wire import decode_header

_CHUNK = 1 << 20
BLOCK_BYTES_MAX = 1 << 27

Progress = Callable[[int, int], None]
"""Told (blocks done, blocks or bytes in all) after each block."""


class Exported(Protocol):
    """What is asked of a chain whose blocks are written to a file."""

    def head(self) -> Header: ...

    def export_blocks(self, first: int, last: int) -> Iterator[bytes]: ...


def export_file(
    chain: Exported,
    path: Path,
    *,
    first: int = 0,
    last: int | None = None,
    progress: Progress = lambda _done, _all: None,
) -> int:
    """Write blocks `first` to `last` (the head if None); returns how many. The file appears only when it is whole.

    Raises BlockNotFound when one of them is not there.
    """
    last = chain.head().number if last is None else last
    if first > last:
        raise BlockNotFound(f"There is no block {first} up to {last}; the newest is {chain.head().number}.")
    draft = path.with_name(f"{path.name}.part")
    with _open(draft, path, "wb") as file:
        for done, raw in enumerate(chain.export_blocks(first, last), 1):
            file.write(raw)
            progress(done, last - first + 1)
    draft.replace(path)
    return last - first + 1


def import_file(chain: LocalChain, path: Path, *, progress: Progress = lambda _done, _all: None) -> Header:
    """Take every block of a file that is not here yet, in order; returns the head. A genesis block must be ours.

    Raises InvalidBlock at the first that is not valid; those before it stay.
    """
    size = path.stat().st_size
    done = 0
    for raw in read_blocks(path):
        number = decode_header(_parts(raw)[0]).number
        if number == 0 and raw != chain.raw_block(0):
            raise InvalidBlock("The file starts from another genesis than this chain.", field="genesis")
        if number > 0:
            chain.import_block(raw)
        done += len(raw)
        progress(done, max(size, done))
    return chain.head()


def read_blocks(path: Path) -> Iterator[bytes]:
    """The encoded blocks of a file, one at a time. Raises InvalidBlock where it is damaged or cut short."""
    with _open(path, path, "rb") as file:
        waiting = b""
        while chunk := file.read(_CHUNK):
            waiting += chunk
            while (length := _length(waiting)) is not None and length <= len(waiting):
                yield waiting[:length]
                waiting = waiting[length:]
        if waiting:
            raise InvalidBlock("The file is cut short: its last block is not whole.", field="encoding")


def _length(data: bytes) -> int | None:
    """Bytes of the list that `data` begins with; None while too little of it is there."""
    if not data:
        return None
    if data[0] < 0xC0:
        raise InvalidBlock("The file is damaged: a block does not begin with a list.", field="encoding")
    if data[0] < 0xF8:
        return 1 + data[0] - 0xC0
    size = data[0] - 0xF7
    if len(data) < 1 + size:
        return None
    length = 1 + size + int.from_bytes(data[1 : 1 + size], "big")
    if length > BLOCK_BYTES_MAX:
        raise InvalidBlock(f"The file is damaged: a block of {length} bytes.", field="encoding")
    return length


def _parts(raw: bytes) -> list[bytes]:
    try:
        return rlp_split(raw)[0]
    except NotCanonical as error:
        raise InvalidBlock(f"The block cannot be decoded: {error}.", field="encoding") from None


def _open(path: Path, named: Path, mode: str) -> BinaryIO:
    if named.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, mode))
    return cast(BinaryIO, path.open(mode))
