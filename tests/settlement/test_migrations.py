"""The schema that the migrations make is the one the code declares."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
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
from tests.ledgers import ON_POSTGRESQL, alter, ledger_url


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


# WHAT OUR TRANSACTIONS ARE FOR


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Database]:
    """A ledger from before every task had its own word, on either database: a deployment, a batch and a net batch."""
    database, config = Database(ledger_url(tmp_path)), _alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006_net_queue")
    with database.write() as connection:
        for number, kind in enumerate(("deployment", "batch", "batch"), 1):
            alter(connection, _sent(number, kind))
        token = "INSERT INTO tokens (currency, address, name, deployment, supply) VALUES "
        alter(connection, token + f"('USD', x'{7:040x}', 'Deposit', x'{1:064x}', 0)")
        columns = "(id, currency, transaction_hash, status, legs, reserve, claims_root, ledger_sequence, ledger_head, "
        for number, status in ((2, "booked"), (3, "in_flight")):
            alter(
                connection,
                f"INSERT INTO batches {columns}created_at) VALUES ('bat_{number}', 'USD', x'{number:064x}', "
                f"'{status}', 1, 0, x'{0:064x}', 0, x'{0:064x}', 7)",
            )
        cycle = 'INSERT INTO netting_cycles (id, currency, status, batch_id, payments, gross, net, "left", created_at) '
        alter(connection, cycle + "VALUES ('net_1', 'USD', 'settling', 'bat_3', 1, 1, 1, 0, 7)")
    yield database
    database.close()


def _sent(number: int, kind: str) -> str:
    columns = "INSERT INTO chain_transactions (hash, sender, nonce, kind, raw, status, created_at) VALUES "
    return columns + f"(x'{number:064x}', x'{9:040x}', {number}, '{kind}', x'00', 'signed', 7)"


def _outbox(database: Database) -> list[tuple[int, str, int]]:
    query = "SELECT number, kind, nonce FROM chain_transactions ORDER BY number"
    with database.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_the_outbox_of_an_older_schema_is_kept_and_its_net_batches_are_told_apart(older: Database) -> None:
    older.migrate()
    assert _outbox(older) == [(1, "deployment", 1), (2, "batch", 2), (3, "net", 3)]


def test_another_kind_of_work_needs_no_migration_any_more(older: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), older.write() as connection:
        alter(connection, _sent(4, "greeting"))
    older.migrate()
    with older.write() as connection:
        alter(connection, _sent(4, "greeting"))
    assert _outbox(older)[-1][1:] == ("greeting", 4)


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE chain_transactions SET status = 'lost' WHERE number = 1",
        "UPDATE chain_transactions SET status = 'succeeded' WHERE number = 1",
        "UPDATE chain_transactions SET nonce = 2 WHERE number = 1",
        f"UPDATE tokens SET deployment = x'{99:064x}'",
        "DELETE FROM chain_transactions WHERE number = 2",
    ],
)
def test_what_guards_the_outbox_guards_it_after_the_migration(older: Database, wrong: str) -> None:
    older.migrate()
    before = _outbox(older)
    with pytest.raises(sa.exc.IntegrityError), older.write() as connection:
        alter(connection, wrong)
    assert _outbox(older) == before


@pytest.mark.skipif(ON_POSTGRESQL, reason="PostgreSQL makes no table anew")
def test_a_ledger_whose_rows_refer_to_nothing_is_not_migrated(older: Database) -> None:
    with closing(sqlite3.connect(str(older.file))) as careless:  # which minds no foreign keys
        careless.execute("DELETE FROM chain_transactions WHERE number = 1")
        careless.commit()
    with pytest.raises(StorageFailed, match="A row of tokens refers to one of chain_transactions that is lost"):
        older.migrate()
    assert _outbox(older) == [(2, "batch", 2), (3, "batch", 3)]
    with pytest.raises(ConfigurationError, match="0006_net_queue"):
        older.require_current_schema()
