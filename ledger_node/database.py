"""The ledger database: one engine, write transactions for the writer thread, read snapshots for everybody else.

SQLite by default (write-ahead log, synced at every commit), PostgreSQL by URL. Tables are declared by the rooms that
own them on `metadata`; the schema's history is in `migrations/`. Knows no table, no chain and no money.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ledger_node.errors import ConfigurationError

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

MIGRATIONS = Path(__file__).parent / "migrations"

DurableWrite = Callable[[Literal["before", "after"]], None]
"""Called around every commit. Production passes nothing; the crash tests pass something that does not return."""


def _nothing(_: Literal["before", "after"]) -> None:
    return None


class Database:
    """One ledger database. `write()` is for the writer thread alone; `read()` may be used from any thread."""

    def __init__(self, url: str, *, on_durable_write: DurableWrite = _nothing) -> None:
        self.url = url
        self._on_durable_write = on_durable_write
        # SQLite's transactions see one snapshot anyway; PostgreSQL's would see each statement's own.
        snapshots = {} if sa.make_url(url).get_backend_name() == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self.engine = sa.create_engine(url, pool_size=16, max_overflow=16, **snapshots)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One durable transaction: committed and synced when the block ends, rolled back when it raises."""
        with self.engine.connect() as connection:
            connection = connection.execution_options(ledger_write=True)
            transaction = connection.begin()
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            self._on_durable_write("before")
            transaction.commit()
            self._on_durable_write("after")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent snapshot of the last commit."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def require_known_schema(self) -> str | None:
        """The schema's version (None: no schema yet). Raises ConfigurationError if a newer release wrote it."""
        script = ScriptDirectory.from_config(_alembic_config())
        with self.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise ConfigurationError(
                f"The ledger database has schema version {current}, which is newer than this release. "
                "Install the release that wrote it, or restore a backup."
            )
        return current

    def migrate(self) -> None:
        """Bring the schema to this release's version. Raises ConfigurationError if a newer release wrote it."""
        current = self.require_known_schema()
        config = _alembic_config()
        if current == ScriptDirectory.from_config(config).get_current_head():
            return
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        self.engine.dispose()


def execute_many(connection: sa.Connection, statement: sa.Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run one INSERT or UPDATE for many rows, all with the same keys, whose values are the driver's own types.

    For the paths that write thousands of rows at once: it goes past SQLAlchemy's per-row parameter processing, which
    costs more than the database (docs/internals/performance.md).
    """
    if rows:
        sql, order = _compiled(statement, connection.dialect, tuple(rows[0]))
        connection.exec_driver_sql(sql, [tuple([row[key] for key in order]) for row in rows] if order else list(rows))


def fetch(connection: sa.Connection, query: sa.Select[Any], **values: Any) -> Sequence[sa.Row[Any]]:
    """The rows of a query that is made once and asked every cycle; `values` are its bind parameters.

    It is compiled once, and values come as the driver has them. Making such a query anew and finding its compiled form
    costs many times what the database takes (docs/internals/performance.md).
    """
    sql, order, constants = _question(query, connection.dialect)
    given = constants | values
    return connection.exec_driver_sql(sql, tuple([given[key] for key in order]) if order else given).all()


@lru_cache(maxsize=256)
def _question(query: Any, dialect: sa.Dialect) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    compiled = query.compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params)


@lru_cache(maxsize=256)
def _compiled(statement: Any, dialect: sa.Dialect, keys: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The statement in the driver's words, and its parameters in order (none where the driver takes them by name)."""
    compiled = statement.compile(dialect=dialect, column_keys=keys)
    return str(compiled), tuple(compiled.positiontup or ())


def _alembic_config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN is turned off: SQLAlchemy's begin event starts every transaction.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("ledger_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
