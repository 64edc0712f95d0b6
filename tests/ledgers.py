"""Where a test's ledger database is: a SQLite file in its directory, or a PostgreSQL database where the run says so.

`make test-postgresql` runs the money rooms' tests a second time, on a server in TEST_POSTGRESQL.
"""

import os
import re
import uuid
from pathlib import Path

import sqlalchemy as sa

ON_POSTGRESQL = "TEST_POSTGRESQL" in os.environ
_NOTE = "ledger.database"
"""The file that says, in place of a ledger, which database it is, and of which directory."""


def ledger_url(directory: Path) -> str:
    """The URL of this directory's ledger. A copied directory has a copied ledger, as it would with a file."""
    if not ON_POSTGRESQL:
        return f"sqlite:///{directory / 'ledger.sqlite'}"
    note = directory / _NOTE
    name, place = note.read_text().splitlines() if note.exists() else ("template0", "")
    if place != str(directory):
        name = _made_from(name)
        note.write_text(f"{name}\n{directory}\n")
    return sa.make_url(os.environ["TEST_POSTGRESQL"]).set(database=name).render_as_string(hide_password=False)


def copy_of_ledger(directory: Path) -> bytes:
    """What `put_back` makes this directory's ledger again. Nobody may have it open."""
    if not ON_POSTGRESQL:
        return (directory / "ledger.sqlite").read_bytes()
    return _made_from((directory / _NOTE).read_text().splitlines()[0]).encode()


def put_back(directory: Path, copy: bytes) -> None:
    if ON_POSTGRESQL:
        (directory / _NOTE).write_text(f"{copy.decode()}\n{directory}\n")
    else:
        (directory / "ledger.sqlite").write_bytes(copy)


def lose_ledger(directory: Path) -> None:
    """The next one in this directory begins with nothing."""
    for name in (_NOTE, "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (directory / name).unlink(missing_ok=True)


def _made_from(template: str) -> str:
    name = f"ledger_{uuid.uuid4().hex}"
    engine = sa.create_engine(os.environ["TEST_POSTGRESQL"], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine.dispose()
    return name


def alter(connection: sa.Connection, statement: str) -> None:
    """SQL as SQLite has it, in the words of the database there is."""
    if connection.dialect.name != "sqlite":
        statement = re.sub(r"randomblob\((\d+)\)", r"decode(repeat('ab', \1), 'hex')", statement)
        statement = re.sub(r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')", statement)
        statement = re.sub(r"x'([0-9a-f]*)'", r"decode('\1', 'hex')", statement)
        statement = statement.replace(" AS BLOB)", " AS bytea)")
    connection.exec_driver_sql(statement)


def stand_aside(connection: sa.Connection) -> None:
    """What guards the rows (foreign keys, triggers) lets an attacker with the database's own rights alter them."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for name in connection.exec_driver_sql(triggers).scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    else:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
