"""The disk of the power-loss tests: what it must keep, what it may lose, and that a seed decides which."""

from pathlib import Path
from random import Random

from tests.crash.disk import SECTOR, Disk
from tests.crash.recording import Note

OLD, NEW = b"o" * 4 * SECTOR, b"n" * 4 * SECTOR


def write(data: bytes, path: str = "store", offset: int = 0) -> Note:
    return Note("W", path, offset, data)


def sync(path: str = "store") -> Note:
    return Note("S", path, 0, b"")


MADE = (Note("C", "store", 0, b""), write(OLD), sync(), sync(""))


def found(directory: Path, *notes: Note) -> list[bytes | None]:
    """What fifty power losses leave of the store."""
    disk, contents = Disk(), []
    for note in notes:
        disk.take(note)
    for seed in range(50):
        disk.as_found(directory / str(seed), Random(seed))
        store = directory / str(seed) / "store"
        contents.append(store.read_bytes() if store.exists() else None)
    return contents


def test_what_was_synced_is_there(tmp_path: Path) -> None:
    assert set(found(tmp_path, *MADE, write(NEW), sync())) == {NEW}


def test_what_was_not_synced_is_there_or_not_or_torn_between_sectors(tmp_path: Path) -> None:
    contents = set(found(tmp_path, *MADE, write(NEW)))
    assert {OLD, NEW} < contents
    for content in contents:
        assert content is not None
        sectors = {content[at : at + SECTOR] for at in range(0, len(content), SECTOR)}
        assert sectors <= {OLD[:SECTOR], NEW[:SECTOR]}


def test_of_two_writes_the_later_may_be_there_without_the_earlier(tmp_path: Path) -> None:
    contents = found(tmp_path, *MADE, write(b"1"), write(b"2", offset=SECTOR))
    assert any(content and (content[:1], content[SECTOR : SECTOR + 1]) == (b"o", b"2") for content in contents)


def test_a_file_whose_directory_was_not_synced_may_be_gone(tmp_path: Path) -> None:
    contents = set(found(tmp_path, *MADE[:3]))
    assert contents == {None, OLD}


def test_a_file_takes_its_new_name_when_the_directory_is_synced(tmp_path: Path) -> None:
    renamed = Note("R", "draft", 0, b"store")
    draft = (Note("C", "draft", 0, b""), write(NEW, "draft"), sync("draft"))
    assert set(found(tmp_path / "a", *draft, renamed, sync(""))) == {NEW}
    assert set(found(tmp_path / "b", *draft, renamed)) == {None, NEW}


def test_a_truncation_that_was_not_synced_may_be_undone(tmp_path: Path) -> None:
    assert set(found(tmp_path, *MADE, Note("T", "store", 0, b""))) == {b"", OLD}


def test_a_seed_decides_what_is_found(tmp_path: Path) -> None:
    notes = (*MADE, write(NEW), write(b"3", offset=9))
    assert found(tmp_path / "once", *notes) == found(tmp_path / "again", *notes)
