"""A disk that promises no more than POSIX does: what was synced is there, of the rest any part may be.

A file's bytes are durable when the file was synced, its name when its directory was. Of writes that were not synced
some are lost, whichever, and some are torn: of their sectors of 512 bytes some are there and some not. Changes of a
directory that were not synced are lost from some point on (filesystems journal them, in order).
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.crash.recording import Note

SECTOR = 512
TORN = 0.2
"""Of the writes that reach the disk without having been synced."""


class _File:
    def __init__(self) -> None:
        self.synced = bytearray()
        self.unsynced: list[Note] = []

    def sync(self) -> None:
        for note in self.unsynced:
            _apply(self.synced, note)
        self.unsynced.clear()

    def as_found(self, random: Random) -> bytes:
        """What is there when the power comes back."""
        content = bytearray(self.synced)
        share = random.choice((0.0, 0.5, 0.9, 1.0))
        for note in self.unsynced:
            if random.random() < share:
                if note.kind == "W" and random.random() < TORN:
                    for part in _sectors(note):
                        if random.random() < 0.5:
                            _apply(content, part)
                else:
                    _apply(content, note)
        return bytes(content)


_Names = dict[str, _File | None]
"""What lies under each path: a file, or None for a directory."""


class Disk:
    """Takes notes one after another; `as_found` may be asked at any time, and changes nothing."""

    def __init__(self) -> None:
        self._names: _Names = {}
        self._durable: _Names = {}
        self._changes: dict[str, list[tuple[Note, _File | None]]] = defaultdict(list)
        """What is not synced of each directory."""

    def take(self, note: Note) -> None:
        if note.kind in "CURD":
            made = _File() if note.kind == "C" else None
            self._changes[str(Path(note.path).parent)].append((note, made))
            _change(self._names, note, made)
        elif note.kind in "WT" and (file := self._names.get(note.path)) is not None:
            file.unsynced.append(note)
        elif note.kind == "S":
            self._sync(note.path)

    def _sync(self, path: str) -> None:
        if (file := self._names.get(path)) is not None:
            file.sync()
        else:
            for note, made in self._changes.pop(path or ".", []):
                _change(self._durable, note, made)

    def as_found(self, directory: Path, random: Random) -> None:
        """Write what a power loss at this moment leaves into `directory`."""
        names = dict(self._durable)
        for changes in self._changes.values():
            for note, made in changes[: random.randint(0, len(changes))]:
                _change(names, note, made)
        directory.mkdir(parents=True)
        for path, file in sorted(names.items()):
            place = directory / path
            if not place.parent.is_dir():
                continue  # it was in a directory that is not there
            if file is None:
                place.mkdir()
            else:
                place.write_bytes(file.as_found(random))


def _change(names: _Names, note: Note, made: _File | None) -> None:
    if not note.path:
        return  # the data directory itself
    if note.kind in "CD":
        names[note.path] = made
    elif note.kind == "R" and note.path in names:
        names[note.data.decode()] = names.pop(note.path)
    elif note.kind == "U":
        names.pop(note.path, None)


def _apply(content: bytearray, note: Note) -> None:
    end = note.offset + len(note.data)
    content.extend(bytes(max(0, end - len(content))))
    if note.kind == "T":
        del content[note.offset :]
    else:
        content[note.offset : end] = note.data


def _sectors(note: Note) -> Iterator[Note]:
    start, end = note.offset, note.offset + len(note.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield Note("W", note.path, start, note.data[start - note.offset : stop - note.offset])
        start = stop
