"""Statements made once, and parts of a transaction that are undone alone."""

import sqlite3

import pytest
import sqlalchemy as sa

from ledger_node.database import Database, execute, execute_many, fetch, one_of
from ledger_node.writer import Writer, attempt

notes = sa.Table("notes", sa.MetaData(), sa.Column("number", sa.Integer, primary_key=True), sa.Column("text", sa.Text))

NOTE = notes.insert().inline()
RENAME = notes.update().where(notes.c.number == sa.bindparam("of")).values(text=sa.bindparam("to"))
ALL = sa.select(notes.c.number).order_by(notes.c.number)
SOME = ALL.where(one_of(notes.c.number, "numbers"), notes.c.text != sa.bindparam("but"))


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with database.write() as connection:
        notes.create(connection)
        execute_many(connection, NOTE, [{"number": number, "text": f"n{number}"} for number in range(1, 8)])
    yield database
    database.close()


def kept(database):
    with database.read() as connection:
        return [row.number for row in fetch(connection, ALL)]


@pytest.mark.parametrize("numbers", [[], [1], [1, 2], [3, 1, 7], [5, 5, 6, 99], [1, 2, 3, 4, 5, 6, 7]])
def test_a_list_finds_each_of_its_values_once(database, numbers):
    with database.read() as connection:
        found = [row.number for row in fetch(connection, SOME, numbers=numbers, but="n6")]
    assert found == sorted(set(numbers) - {6, 99})


def test_an_update_says_how_many_rows_it_hit(database):
    with database.write() as connection:
        assert execute(connection, RENAME, of=3, to="three") == 1
        assert execute(connection, RENAME, of=99, to="none") == 0
        assert execute_many(connection, RENAME, []) == 0
        assert execute_many(connection, RENAME, [{"of": 1, "to": "one"}, {"of": 2, "to": "two"}]) == 2


def test_a_part_that_succeeds_stands_in_its_transaction(database):
    with database.write() as connection:
        assert attempt(connection, lambda c: execute(c, NOTE, number=8, text="n8")) == (1, None)
    assert kept(database) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_part_that_fails_is_undone_alone(database):
    def failing(connection):
        execute(connection, NOTE, number=9, text="n9")
        raise ValueError("refused")

    with database.write() as connection:
        execute(connection, NOTE, number=8, text="n8")
        _, failure = attempt(connection, failing)
        execute(connection, NOTE, number=10, text="n10")
    assert str(failure) == "refused"
    assert kept(database) == [1, 2, 3, 4, 5, 6, 7, 8, 10]


def test_a_transaction_that_fails_leaves_nothing_for_the_next(database):
    def fail():
        with database.write() as connection:
            execute(connection, NOTE, number=8, text="n8")
            raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        fail()
    with database.write() as connection:
        execute(connection, NOTE, number=9, text="n9")
    assert kept(database) == [1, 2, 3, 4, 5, 6, 7, 9]


def test_a_part_that_cannot_be_undone_is_the_whole_groups_failure(database):
    """The database may give up a transaction by itself, when its disk is full; then what came before it is gone too."""

    def given_up(connection):
        connection.connection.cursor().execute("ROLLBACK")
        raise ValueError("the disk is full")

    faults = []
    writer = Writer(database, on_fault=faults.append)
    before = writer.submit(lambda connection: execute(connection, NOTE, number=8, text="n8"))
    lost = writer.submit(given_up)
    writer.start()
    for future in (before, lost):
        assert "no such savepoint" in str(future.exception(timeout=30))
    assert len(faults) == 1
    assert kept(database) == [1, 2, 3, 4, 5, 6, 7]


def test_what_a_reader_still_has_when_the_database_is_closed_is_closed_when_it_is_given_back(database):
    with database.read() as connection:
        held = connection.connection.dbapi_connection
        database.close()
        assert connection.execute(ALL).first() is not None, "it reads on to its end"
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        held.execute("SELECT 1")
