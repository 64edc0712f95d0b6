"""What processes asked of their disk, as `recorder.c` notes it, and what clients were told, in one order."""

import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "recorder.c"
_HEADER = struct.Struct("=IIIIQ")


@dataclass(frozen=True, slots=True)
class Note:
    """`kind`: W(rite), T(runcate to offset), S(ync), C(reate), U(nlink), R(ename to data), D(irectory made), and A for
    an answer that a client was given: `path` is its key, `data` its JSON."""

    kind: str
    path: str
    offset: int
    data: bytes

    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.data)
        return found


class Recorder:
    """Records everything that processes with this environment do below `root`."""

    def __init__(self, scratch: Path, root: Path) -> None:
        self.log = scratch / "disk.log"
        self._library = scratch / "recorder.so"
        self._root = root.resolve()
        compiler = shutil.which("cc") or shutil.which("gcc")
        assert compiler, "a C compiler is needed: apt-get install gcc libc6-dev"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O2", "-o", self._library, SOURCE, "-ldl", "-lpthread"], check=True
        )

    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(self._library), "RECORD_ROOT": str(self._root), "RECORD_LOG": str(self.log),
        }  # fmt: skip

    def answered(self, key: str, answer: Mapping[str, Any]) -> None:
        """Note what a client has in hand: whatever was written before it has been written before this."""
        name, data = key.encode(), json.dumps(answer).encode()
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, _HEADER.pack(ord("A"), len(name), len(data), 0, 0) + name + data)
        finally:
            os.close(descriptor)


def read(log: Path) -> list[Note]:
    return list(_notes(log.read_bytes()))


def _notes(log: bytes) -> Iterator[Note]:
    place = 0
    while place < len(log):
        kind, path_size, data_size, _, offset = _HEADER.unpack_from(log, place)
        place += _HEADER.size
        path = log[place : place + path_size].decode()
        place += path_size
        yield Note(chr(kind), path, offset, log[place : place + data_size])
        place += data_size
