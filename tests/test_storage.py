"""What a failing disk is called, what is none of its business, and that an inspection sees a damaged page."""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger_node.database import Database
from ledger_node.errors import DoorsClosed, StorageFailed
from ledger_node.storage import Inspection, failure
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
    with pytest.raises(StorageFailed, match=r"^ledger.sqlite: database or disk is full\. Make room") as failed:
        with database.write() as connection:
            write_much(connection)
    assert heard == [failed.value]
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


def test_a_job_that_the_disk_fails_takes_its_neighbours_with_it_and_shuts_the_writer(database: Database) -> None:
    fill(database)
    writer = Writer(database)
    before = writer.submit(lambda connection: connection.exec_driver_sql("DELETE FROM notes WHERE rowid = 1").rowcount)
    failing = writer.submit(write_much)
    writer.start()
    for future in (failing, before):
        with pytest.raises(DoorsClosed, match=r"ledger\.sqlite: database or disk is full"):
            future.result(10)
    with pytest.raises(DoorsClosed, match="disk is full"):
        writer.submit(write_much)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 2_000
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
