"""A value that is not of its column's kind is damage, and named with its file, whoever reads it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger_node.database import Database, fetch
from ledger_node.errors import StorageFailed

things = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("amount", sa.BigInteger),
    sa.Column("address", sa.LargeBinary(20)),
    sa.Column("status", sa.Text),
    sa.Column("frozen", sa.Boolean),
    sa.CheckConstraint("status IN ('open', 'shut')", name="status"),
)
SOUND = {"id": 1, "name": "a", "amount": 5, "address": bytes(20), "status": "open", "frozen": True}
DAMAGE = [
    "name = x'ff00'", "name = CAST(x'ff00fe' AS TEXT)", "amount = 'many'", "amount = 1.5", "amount = x'01'",
    "address = x'01'", "address = 'text'", "address = zeroblob(21)", "status = 'opeo'", "status = x'00'",
    "frozen = 2", "frozen = 'yes'",
]  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/ledger.sqlite")
    with database.write() as connection:
        things.create(connection)
        connection.execute(sa.insert(things).values(SOUND))
        connection.execute(sa.insert(things).values({"id": 2}))
    yield database
    database.close()


def test_what_is_sound_is_read_as_it_is(database: Database) -> None:
    query = sa.select(things).order_by(things.c.id)
    with database.read() as connection:
        for rows in (connection.execute(query).all(), fetch(connection, query), fetch(connection, query)):
            assert [tuple(row) for row in rows] == [tuple(SOUND.values()), (2, None, None, None, None, None)]
        assert connection.execute(sa.select(sa.func.sum(things.c.amount), sa.func.count())).one() == (5, 2)


@pytest.mark.parametrize("change", DAMAGE)
def test_what_is_none_of_its_column_is_damage_in_every_way_of_reading(database: Database, change: str) -> None:
    heard: list[StorageFailed] = []
    database.on_failure = heard.append
    query = sa.select(things).order_by(things.c.id)
    with database.read() as connection:
        fetch(connection, query)  # so that the statement is known already
    with closing(sqlite3.connect(str(database.file))) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        other.execute(f"UPDATE things SET {change} WHERE id = 1")
        other.commit()
    for read in (lambda c: fetch(c, query), lambda c: c.execute(query).all(), lambda c: c.execute(query).first()):
        with pytest.raises(StorageFailed, match=r"^ledger\.sqlite: it holds ") as failed, database.read() as connection:
            read(connection)
        assert "opeo" not in failed.value.detail
    assert len(heard) == 3
