"""The ledger database: one engine, write transactions for the writer thread, read snapshots for everybody else.

SQLite by default (write-ahead log, synced at every commit), PostgreSQL by URL. Tables are declared by the rooms that
own them on `metadata`; the schema's history is in `migrations/`. Knows no table, no chain and no money.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

from ledger_node import storage
from ledger_node.errors import ConfigurationError, StorageFailed, StorageUnavailable
from ledger_node.storage import Unreadable
from ledger_node.values import NO_TEXT, check_all, reader

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Row = sa.Row[*tuple[Any, ...]]

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A key that counts by itself."""

PATIENCE_S = 5.0
"""How long a statement waits for a lock, and whoever wants a connection for one."""

MIGRATIONS = Path(__file__).parent / "migrations"

DurableWrite = Callable[[Literal["before", "after"]], None]
"""Called around every commit. Production passes nothing; the crash tests pass something that does not return."""


def _nothing(_: Literal["before", "after"]) -> None:
    return None


class Database:
    """One ledger database. `write()` is for the writer thread alone; `read()` may be used from any thread.

    Everything raises StorageFailed when a store is damaged, StorageUnavailable when it cannot be used now.
    """

    def __init__(self, url: str, *, on_durable_write: DurableWrite = _nothing) -> None:
        self.url = url
        self._on_durable_write = on_durable_write
        self._idle: list[sa.Connection] = []
        self._closed = False
        self.on_failure: Callable[[StorageFailed], None] = lambda _: None
        """Hears of damage, whoever was reading or writing."""
        # SQLite's transactions see one snapshot anyway; PostgreSQL's would see each statement's own.
        snapshots = {} if sa.make_url(url).get_backend_name() == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self.engine = sa.create_engine(
            url, pool_size=16, max_overflow=16, pool_timeout=PATIENCE_S, connect_args=_patience(url), **snapshots
        )
        self.name = Path(self.engine.url.database or "").name
        if self.engine.dialect.name != "sqlite":
            self.name = f"PostgreSQL ({self.engine.url.host or self.engine.url.query.get('host', 'localhost')})"
        sa.event.listen(self.engine, "handle_error", self._tell_failure)
        sa.event.listen(self.engine, "checkin", self._given_back)
        if self.engine.dialect.name == "sqlite":
            check_all(self.engine.dialect)
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One durable transaction: committed and synced when the block ends, rolled back when it raises."""
        with self._telling():
            # The connection is kept from one time to the next: taking it from the pool costs more than a small commit.
            connection = self._idle.pop() if self._idle else self.engine.connect().execution_options(ledger_write=True)
            try:
                transaction = connection.begin()
                try:
                    yield connection
                except BaseException:
                    with suppress(sa.exc.SQLAlchemyError, StorageFailed, StorageUnavailable):
                        transaction.rollback()  # a lost connection has done it already
                    raise
                self._on_durable_write("before")
                transaction.commit()
            except BaseException as error:
                if self._failure(error) is not None or isinstance(error, StorageFailed | StorageUnavailable):
                    connection.invalidate()  # what is opened again may fare better
                connection.close()
                raise
            self._idle.append(connection)
            self._on_durable_write("after")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent snapshot of the last commit."""
        with self._telling(), self.engine.connect() as connection, connection.begin():
            yield connection

    @property
    def file(self) -> Path | None:
        """Where it lies, if it is SQLite's."""
        name = self.engine.url.database
        return Path(name) if self.engine.dialect.name == "sqlite" and name else None

    def require_ledger(self) -> str:
        """The schema's version. Raises ConfigurationError when there is none or it is newer, StorageFailed if damaged.

        For whoever opens a ledger that must be there: SQLite would make an empty one in its place.
        """
        lost = f"There is no ledger at {self.engine.url.render_as_string()}. Restore the newest backup."
        if self.file is not None and not self.file.is_file():
            raise ConfigurationError(lost)
        current = self.require_known_schema()
        if current is None:
            raise ConfigurationError(lost)
        return current

    def require_current_schema(self) -> None:
        """For whoever only reads. Raises ConfigurationError also when the schema is an older release's."""
        current, head = self.require_ledger(), schema_versions()[-1]
        if current != head:
            raise ConfigurationError(
                f"The ledger database has schema version {current}; this release reads {head}. Make a backup, then "
                "start the node with `ledger-node run`: it brings the schema up to date."
            )

    def _tell_failure(self, context: sa.engine.ExceptionContext) -> None:
        """What SQLAlchemy raises for a failing store, in place of the statement and its parameters."""
        error = context.original_exception
        failed = self._failure(Unreadable(NO_TEXT) if isinstance(error, UnicodeDecodeError) else error)
        if failed is not None:
            self._tell(failed)
            raise failed from error

    def _tell(self, failed: storage.Failure) -> None:
        if isinstance(failed, StorageFailed):
            self.on_failure(failed)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """The same for statements that go past SQLAlchemy to the driver."""
        try:
            yield
        except sa.exc.TimeoutError as error:  # every connection is with somebody who waits
            raise StorageUnavailable(f"{self.name}: all connections are busy. Try again in a moment.") from error
        except (self.engine.dialect.loaded_dbapi.Error, Unreadable) as error:
            failed = self._failure(error)
            if failed is None:
                raise
            self._tell(failed)
            raise failed from error

    def _failure(self, error: BaseException) -> storage.Failure | None:
        return storage.failure(self.name, error)

    def require_known_schema(self) -> str | None:
        """The schema's version (None: no schema yet). Raises ConfigurationError if a newer release wrote it."""
        try:
            with self.engine.connect() as connection:
                current = _version(connection)
        except sa.exc.DBAPIError as error:
            raise ConfigurationError(
                f"The ledger database cannot be read ({error.orig}). Run `ledger-node doctor`; it says what to do."
            ) from None
        if current is not None and current not in schema_versions():
            raise ConfigurationError(
                f"The ledger database has schema version {current}, which is newer than this release. "
                "Install the release that wrote it, or restore a backup."
            )
        return current

    def migrate(self) -> None:
        """Bring the schema to this release's version. Raises ConfigurationError if a newer release wrote it."""
        if self.require_known_schema() == schema_versions()[-1]:
            return
        # Imported where a schema is old: Alembic and what it brings take as long to import as the rest of this room.
        from alembic import command

        config = _alembic_config()
        with self.engine.connect() as connection, _migrating(connection):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close every connection; one that a reader still has is closed when it is given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()

    def _given_back(self, _: Any, record: ConnectionPoolEntry) -> None:
        if self._closed:
            record.invalidate()  # its pool is gone, and nobody would close it


# STATEMENTS MADE ONCE
#
# What every cycle asks and writes goes past SQLAlchemy's execution to the driver, which costs a tenth of it
# (docs/internals/performance.md). SQLAlchemy still words the statements. Values come and go as the driver has them.


def execute_many(connection: sa.Connection, statement: sa.Executable, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run one INSERT or UPDATE for many rows, all with the same keys; how many rows it hit.

    SQLite gets many rows in one INSERT: it lets go of the interpreter lock and takes it again with every step.
    """
    if not rows:
        return 0
    sql, order = _compiled(statement, connection.dialect, tuple(rows[0]))
    cursor, hit = connection.connection.cursor(), 0
    values = list(map(_in_order(order), rows)) if order else list(rows)
    if order and len(values) >= ROWS_AT_ONCE and (wide := _wide(sql)) is not None:
        whole = len(values) - len(values) % ROWS_AT_ONCE
        starts = range(0, whole, ROWS_AT_ONCE)
        cursor.executemany(wide, [tuple(chain.from_iterable(values[at : at + ROWS_AT_ONCE])) for at in starts])
        hit, values = cursor.rowcount, values[whole:]
    if values:
        cursor.executemany(sql, values)
        hit += cursor.rowcount
    return hit


def execute(connection: sa.Connection, statement: sa.Executable, **values: Any) -> int:
    """The same for one row."""
    return execute_many(connection, statement, [values])


def fetch(connection: sa.Connection, query: sa.Select[Any], **values: Any) -> list[Any]:
    """The rows of a query that is made once; `values` are its bind parameters.

    A list is for `one_of`; where one is empty, nothing is asked and nothing found.
    """
    sizes: tuple[tuple[str, int], ...] = ()
    for name, value in values.items():
        if type(value) is list:
            if not value:
                return []
            sizes += ((name, 1 << (len(value) - 1).bit_length()),)
    question = _question(query, connection.dialect, sizes)
    given = {**question.constants, **values}
    for name, size in sizes:
        # Few different statements, whatever the number: the last value stands for those that are missing.
        some = values[name] + values[name][-1:] * (size - len(values[name]))
        given |= zip(question.places[name], some, strict=True)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(question.sql, [given[key] for key in question.order] if question.order else given)
        found = cursor.fetchall()
    except UnicodeDecodeError as error:  # the driver's: what it was sent is no text
        raise Unreadable(NO_TEXT) from error
    return list(map(question.row, found))


ROWS_AT_ONCE = 50


@lru_cache(maxsize=256)
def _wide(sql: str) -> str | None:
    """The same INSERT for ROWS_AT_ONCE rows; None for any other statement."""
    insert = _INSERT.fullmatch(sql)
    return None if insert is None else insert[1] + ", ".join([insert[2]] * ROWS_AT_ONCE)


_INSERT = re.compile(r"(INSERT INTO [^()]+ \([^()]*\) VALUES )(\([^()]*\))")


def _in_order(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) == 1:
        return lambda row: (row[names[0]],)
    return itemgetter(*names)


def one_of(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Whether the column has one of the values that `fetch` is given as a list under this name."""
    return column.in_(sa.bindparam(name, expanding=True))


@dataclass(frozen=True, slots=True)
class _Question:
    """A query in the driver's words. `order` of its parameters (none where the driver takes them by name)."""

    sql: str
    order: tuple[str, ...]
    constants: Mapping[str, Any]
    places: Mapping[str, Sequence[str]]
    row: Callable[[Any], Any]


@lru_cache(maxsize=1024)
def _question(query: sa.Select[Any], dialect: sa.Dialect, sizes: tuple[tuple[str, int], ...]) -> _Question:
    compiled = query.compile(dialect=dialect)
    worded = compiled.construct_expanded_state(dict(compiled.params) | {name: [None] * size for name, size in sizes})
    row = namedtuple("Row", query.selected_columns.keys(), rename=True)  # type: ignore[misc]
    read = reader(tuple(query.selected_columns), dialect, row._make)
    return _Question(
        worded.statement, tuple(worded.positiontup or ()), worded.parameters, worded.parameter_expansion, read
    )


@lru_cache(maxsize=256)
def _compiled(statement: Any, dialect: sa.Dialect, keys: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The statement in the driver's words, and its parameters in order (none where the driver takes them by name)."""
    compiled = statement.compile(dialect=dialect, column_keys=keys)
    return str(compiled), tuple(compiled.positiontup or ())


def _alembic_config() -> "AlembicConfig":
    from alembic.config import Config as AlembicConfig  # see `migrate`

    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def schema_versions() -> list[str]:
    """Every version of the schema, oldest first; each is the name of its file."""
    return sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _patience(url: str) -> dict[str, Any]:
    """For the driver. A URL that says otherwise has it its own way."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return {}
    ours = {
        "connect_timeout": max(2, round(PATIENCE_S)), "options": f"-c lock_timeout={round(PATIENCE_S * 1000)}",
        # A server that has left the network says nothing; the kernel's own patience is two hours.
        "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000,
    }  # fmt: skip
    return {name: value for name, value in ours.items() if name not in parsed.query}


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN is turned off: SQLAlchemy's begin event starts every transaction.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA busy_timeout = {round(PATIENCE_S * 1000)}")
    cursor.execute("PRAGMA cache_size = -16384")
    # The log is copied into the database every 64 MB and not every 4, which is one large commit: a page that many
    # commits wrote is copied once. What is durable, and when, is the same.
    cursor.execute("PRAGMA wal_autocheckpoint = 16000")
    cursor.close()


@contextmanager
def _migrating(connection: sa.Connection) -> Iterator[None]:
    """One transaction in which a table that others refer to may be made anew. Raises StorageFailed, with nothing kept.

    SQLite would take the old table's end for that of its rows; it hears this pragma outside a transaction only
    (lang_altertable.html, section 7). So it looks at every reference itself before the commit.
    """
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            yield
            if sqlite and (row := connection.exec_driver_sql("PRAGMA foreign_key_check").first()) is not None:
                raise StorageFailed(f"A row of {row[0]} refers to one of {row[2]} that is lost. {storage.DAMAGED}")
    finally:
        if sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("ledger_write", False)
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")
