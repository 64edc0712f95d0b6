"""Many rows in one statement are the rows one by one would be: all of them, in their order, under every constraint."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger_node.database import ROWS_AT_ONCE, Database, execute_many
from ledger_node.storage import insert_many

_notes = sa.Table(
    "notes", sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, unique=True, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
)  # fmt: skip
_WRITE = _notes.insert().inline()
_AS_A_DRAFT = _notes.insert().values(text=sa.bindparam("said"), kind=sa.literal_column("'draft'")).inline()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'notes.sqlite'}")
    with database.write() as connection:
        _notes.create(connection)
    return database


@pytest.mark.parametrize("count", [1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE + 7])
def test_however_many_they_keep_their_order(database: Database, count: int) -> None:
    with database.write() as connection:
        execute_many(connection, _WRITE, [{"kind": "note", "text": f"t{n}"} for n in range(count)])
    with database.read() as connection:
        stored = connection.execute(sa.select(_notes.c.text, _notes.c.kind).order_by(_notes.c.number)).all()
    assert stored == [(f"t{n}", "note") for n in range(count)]
    database.close()


def test_a_constant_of_the_statement_is_every_rows(database: Database) -> None:
    with database.write() as connection:
        execute_many(connection, _AS_A_DRAFT, [{"said": f"t{n}"} for n in range(2 * ROWS_AT_ONCE + 1)])
    with database.read() as connection:
        kinds = connection.execute(sa.select(_notes.c.kind, sa.func.count()).group_by(_notes.c.kind)).all()
    assert kinds == [("draft", 2 * ROWS_AT_ONCE + 1)]
    database.close()


def test_one_that_breaks_a_rule_breaks_them_all(database: Database) -> None:
    rows = [{"kind": "note", "text": f"t{n % (2 * ROWS_AT_ONCE)}"} for n in range(2 * ROWS_AT_ONCE + 1)]
    with pytest.raises((sa.exc.IntegrityError, sqlite3.IntegrityError)), database.write() as connection:
        execute_many(connection, _WRITE, rows)
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(_notes)).scalar() == 0
    database.close()


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 350])
def test_the_chains_rows_are_all_there(count: int) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE pairs (one INTEGER, other BLOB)")
    rows = [(n, bytes([n % 256])) for n in range(count)]
    insert_many(db, "INSERT INTO pairs VALUES ", rows)
    assert db.execute("SELECT * FROM pairs ORDER BY rowid").fetchall() == rows
