"""The schema that the migrations make is the one the code declares."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import ledger_node.gateway.credentials
import ledger_node.reserve.tables
import ledger_node.settlement.netting_tables
import ledger_node.settlement.tables  # noqa: F401  declares its tables
from ledger_node.database import Database, _alembic_config, metadata, schema_versions
from ledger_node.errors import ConfigurationError, StorageFailed


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def test_the_versions_are_those_that_alembic_knows() -> None:
    script = ScriptDirectory.from_config(_alembic_config())
    assert schema_versions() == [revision.revision for revision in reversed([*script.walk_revisions()])]


def test_migrations_and_code_agree(database: Database) -> None:
    database.migrate()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_checks_and_index_conditions_agree_too(database: Database, tmp_path: Path) -> None:
    """Alembic's own comparison does not look at these."""
    database.migrate()
    declared = Database(f"sqlite:///{tmp_path / 'declared.sqlite'}")
    metadata.create_all(declared.engine)
    for table in metadata.tables:
        ours, theirs = (sa.inspect(side.engine) for side in (database, declared))
        assert _checks(ours, table) == _checks(theirs, table)
        assert _indexes(ours, table) == _indexes(theirs, table)


def _checks(inspector: sa.Inspector, table: str) -> set[tuple[str | None, str]]:
    return {(check["name"], check["sqltext"]) for check in inspector.get_check_constraints(table)}


def _indexes(inspector: sa.Inspector, table: str) -> set[tuple[str | None, ...]]:
    return {
        (index["name"], *index["column_names"], str(index["unique"]), str(index["dialect_options"].get("sqlite_where")))
        for index in inspector.get_indexes(table)
    }


def test_migrating_again_changes_nothing(database: Database) -> None:
    database.migrate()
    database.migrate()


def test_a_schema_of_a_newer_release_is_refused(database: Database) -> None:
    database.migrate()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_future'")
    with pytest.raises(ConfigurationError, match="newer"):
        database.migrate()


def test_a_ledger_that_is_lost_is_not_made_anew(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Restore the newest backup"):
        database.require_ledger()
    assert list(tmp_path.iterdir()) == []
    database.file.touch()  # type: ignore[union-attr]
    with pytest.raises(ConfigurationError, match="Restore the newest backup"):
        database.require_ledger()
    database.migrate()
    database.require_ledger()
    database.require_current_schema()


def test_a_ledger_that_cannot_be_read_is_refused_in_words(database: Database) -> None:
    database.file.write_bytes(b"no database" * 1000)  # type: ignore[union-attr]
    with pytest.raises(StorageFailed, match="ledger-node doctor"):
        database.migrate()


def test_an_older_schema_is_brought_up_to_date_by_the_node_and_named_to_who_only_reads(database: Database) -> None:
    config = _alembic_config()
    first = ScriptDirectory.from_config(config).get_base()
    assert first is not None
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, first)
    with pytest.raises(ConfigurationError, match="ledger-node run"):
        database.require_current_schema()
    assert database.require_ledger() == first
    database.migrate()
    database.require_current_schema()


def test_orders_of_an_older_schema_are_kept_when_another_kind_is_added(database: Database) -> None:
    """SQLite makes the whole table anew for it."""
    config = _alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004_house_keys")
    columns = "INSERT INTO orders (id, kind, currency, reason, status, created_at) VALUES "
    pause = columns + "('ord_1', 'pause', 'USD', 'Fire', 'accepted', 7)"
    limit = columns + "('ord_2', 'mint_limit', 'USD', 'Risk', 'accepted', 8)"
    with database.write() as connection:
        connection.exec_driver_sql(pause)
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.exec_driver_sql(limit)
    database.migrate()
    with database.write() as connection:
        connection.exec_driver_sql(limit)
    with database.read() as connection:
        kept = connection.exec_driver_sql("SELECT number, id, kind, reason FROM orders ORDER BY number").all()
    assert [tuple(row) for row in kept] == [(1, "ord_1", "pause", "Fire"), (2, "ord_2", "mint_limit", "Risk")]
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.exec_driver_sql(limit.replace("mint_limit", "burn").replace("ord_2", "ord_3"))
