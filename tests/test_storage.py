"""What a failing disk is called, what is none of its business, and that an inspection sees a damaged page."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from ledger_node.database import Database, fetch
from ledger_node.errors import DoorsClosed, StorageFailed, StorageUnavailable
from ledger_node.storage import Inspection, failure, telling, unwritable
from ledger_node.values import json_of
from ledger_node.writer import Writer

PAGE = 4096


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A table with some thousand rows, as large as it is allowed to be."""
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT NOT NULL UNIQUE)")
        for number in range(2_000):
            connection.exec_driver_sql("INSERT INTO notes VALUES (?)", (f"{number:0100}",))
    return database


def fill(database: Database) -> None:
    """From now on there is no page left for it."""

    def at_its_limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # SQLite takes the present size instead

    database.close()
    sa.event.listen(database.engine, "connect", at_its_limit)


def write_much(connection: sa.Connection) -> None:
    connection.exec_driver_sql("INSERT INTO notes SELECT text || 'again' FROM notes")


def test_a_full_disk_is_a_failure_with_the_files_name_and_no_statement(database: Database) -> None:
    fill(database)
    heard: list[StorageFailed] = []
    database.on_failure = heard.append
    with pytest.raises(StorageUnavailable, match=r"^ledger.sqlite: database or disk is full\. Make room"):
        with database.write() as connection:
            write_much(connection)
    assert heard == []
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 2_000
    database.close()


def test_a_row_that_breaks_a_rule_is_no_failure_of_the_disk(database: Database) -> None:
    heard: list[StorageFailed] = []
    database.on_failure = heard.append
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO notes VALUES (?)", (f"{1:0100}",))
    with pytest.raises(sa.exc.OperationalError), database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM what_is_not_there")
    assert heard == []
    assert failure("ledger.sqlite", ValueError()) is None
    database.close()


def test_a_job_that_the_disk_fails_takes_its_neighbours_with_it_and_the_next_group_is_tried(database: Database) -> None:
    fill(database)
    writer = Writer(database)
    before = writer.submit(lambda connection: connection.exec_driver_sql("DELETE FROM notes WHERE rowid = 1").rowcount)
    failing = writer.submit(write_much)
    writer.start()
    for future in (failing, before):
        with pytest.raises(StorageUnavailable, match=r"ledger\.sqlite: database or disk is full"):
            future.result(10)
    assert writer.run(count, 10) == 2_000
    writer.stop()
    database.close()


def count(connection: sa.Connection) -> int:
    found: int = connection.exec_driver_sql("SELECT count(*) FROM notes").scalar_one()
    return found


def test_a_text_that_is_none_is_damage_and_stops_the_writer(database: Database) -> None:
    writer = Writer(database)
    writer.start()
    heard: list[StorageFailed] = []
    database.on_failure = heard.append
    writer.run(
        lambda connection: connection.exec_driver_sql("UPDATE notes SET text = CAST(x'ff00fe' AS TEXT) WHERE rowid = 7")
    )
    with pytest.raises(StorageFailed, match=r"^ledger.sqlite: it holds a text that is not UTF-8\. Stop"):
        with database.read() as connection:
            connection.exec_driver_sql("SELECT text FROM notes").all()
    with pytest.raises(StorageFailed, match=r"not UTF-8"), database.read() as connection:
        fetch(connection, sa.select(sa.column("text", sa.Text)).select_from(sa.table("notes")))
    assert len(heard) == 2
    with pytest.raises(DoorsClosed, match="not UTF-8"):
        writer.run(lambda connection: connection.exec_driver_sql("SELECT text FROM notes").all(), 10)
    with pytest.raises(DoorsClosed, match="not UTF-8"):
        writer.submit(count)
    database.close()


class _Said(Exception):
    """What a server says, as its driver does."""

    def __init__(self, state: str | None) -> None:
        super().__init__("the server said so")
        self.sqlstate = state


class OperationalError(_Said):
    pass


class ConnectionTimeout(OperationalError):
    """psycopg's own, of a server that takes a connection and says nothing on it."""


def test_a_server_that_says_nothing_passes() -> None:
    assert isinstance(failure("PostgreSQL", ConnectionTimeout(None)), StorageUnavailable)


@pytest.mark.parametrize("wrong", [lambda: b"\xff".decode(), lambda: orjson.loads("{")])
def test_what_a_job_itself_cannot_read_is_no_damage_of_the_store(database: Database, wrong: Callable[[], Any]) -> None:
    heard: list[StorageFailed] = []
    database.on_failure = heard.append
    writer = Writer(database)
    writer.start()
    with pytest.raises(ValueError, match=r"can't decode|unexpected end"):
        writer.run(lambda _: wrong(), 10)
    with pytest.raises(ValueError, match=r"can't decode|unexpected end"), database.read():
        wrong()
    with pytest.raises(ValueError, match=r"can't decode|unexpected end"), telling("chain.sqlite"):
        wrong()
    before = writer.run(count, 10)  # it writes on
    assert (before, heard) == (writer.run(count, 10), [])
    writer.stop()
    database.close()


def test_a_stored_text_that_is_no_json_is_damage(database: Database) -> None:
    with pytest.raises(StorageFailed, match=r"^ledger\.sqlite: it holds what is no JSON\. Stop"), database.read():
        json_of('{"amount": ')
    database.close()


@pytest.mark.parametrize("state", [None, "57P01", "57P03", "08006", "40001", "53100", "53300", "55P03", "58030"])
def test_what_a_server_says_of_itself_passes(state: str | None) -> None:
    assert isinstance(failure("PostgreSQL", OperationalError(state)), StorageUnavailable)


@pytest.mark.parametrize("state", ["XX001", "XX002"])
def test_what_a_server_says_of_damage_does_not(state: str) -> None:
    assert isinstance(failure("PostgreSQL", OperationalError(state)), StorageFailed)


@pytest.mark.parametrize("state", ["23505", "42P01", "22003", "XX000"])
def test_what_a_server_says_of_a_statement_is_not_its_disk(state: str) -> None:
    assert failure("PostgreSQL", OperationalError(state)) is None


def test_a_store_that_may_not_be_written_is_seen_without_writing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.file is not None
    assert unwritable(database.file) is None
    monkeypatch.setattr("os.access", lambda path, _: Path(path).name != "ledger.sqlite")  # root may do anything
    assert "ledger.sqlite is not writable" in str(unwritable(database.file))
    database.close()


def test_an_inspection_sees_a_damaged_page_and_tells_of_it(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    database.close()
    sound = Inspection([path], on_damage=lambda _: pytest.fail("it is sound"))
    sound.begin(10)
    sound.stop()
    content = path.read_bytes()
    path.write_bytes(content[: 5 * PAGE] + bytes(PAGE) + content[6 * PAGE :])
    heard: list[StorageFailed] = []
    with pytest.raises(StorageFailed, match=r"^ledger.sqlite: .*Stop the node") as failed:
        Inspection([path], on_damage=heard.append).begin(10)
    assert heard == [failed.value]
    assert "\n" not in failed.value.detail


def test_what_is_found_after_the_start_is_told_too(database: Database, tmp_path: Path) -> None:
    database.close()
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all" * PAGE)
    told = threading.Event()
    late = Inspection([path], on_damage=lambda _: told.set())
    with suppress(StorageFailed):  # if the thread is quicker than nothing
        late.begin(0)
    assert told.wait(10)
    late.stop()


def test_a_store_that_is_no_database_cannot_be_opened(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(bytes(16) + path.read_bytes()[16:])
    database = Database(f"sqlite:///{path}")
    with pytest.raises(StorageFailed, match=r"ledger.sqlite: file is not a database"), database.read():
        pass
    database.close()
