"""A lost operator key: given back offline, to the right person, and the lost one ends."""

import json
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger_node.access import audit_log, operators
from ledger_node.access import tables as access_tables
from ledger_node.access.model import Caller
from ledger_node.clock import SystemClock
from ledger_node.config import Config, load_config
from ledger_node.data_directory import DirectoryLock
from ledger_node.database import Database
from ledger_node.errors import ConfigurationError, LedgerNodeError, OperatorNotFound, Unauthenticated, WrongState
from ledger_node.gateway.credentials import KeyRing
from ledger_node.operations.initialise import initialise
from ledger_node.operations.recovery import recover


@pytest.fixture
def config(tmp_path: Path) -> Config:
    made = load_config({"data": tmp_path / "node"})
    initialise(made, chain_id=4711, sample=False)
    return made


def of_the_house(config: Config) -> str:
    return str(json.loads((config.data / "credentials.json").read_text())["operator"]["api_key"])


def name(config: Config, person: str, *, revoked: bool = False) -> tuple[str, str]:
    """A named operator's id and key."""
    database = Database(config.ledger_url)
    ring = KeyRing(database, SystemClock())
    with database.write() as connection:
        named = operators.name(connection, name=person, duties={"maker", "checker"}, at=1)
        _, secret = ring.create(
            connection, scope="operator", member_id=None, name=person, person=named.id, duties=named.duties
        )
        if revoked:
            operators.revoke(connection, named.id)
    database.close()
    return named.id, secret


def caller(config: Config, secret: str) -> Caller:
    database = Database(config.ledger_url)
    try:
        return KeyRing(database, SystemClock()).caller(secret)
    finally:
        database.close()


def log(config: Config) -> list[tuple[str, ...]]:
    database = Database(config.ledger_url)
    try:
        with database.read() as connection:
            assert audit_log.first_broken(connection) is None
            row = access_tables.audit_log.c
            return [tuple(line) for line in connection.execute(sa.select(row.person, row.action, row.resource_id))]
    finally:
        database.close()


def test_the_house_gets_its_key_back_where_init_wrote_it_and_the_lost_one_ends(config: Config) -> None:
    lost = of_the_house(config)
    before = caller(config, lost)
    _, ada = name(config, "Ada Byron")
    (config.data / "credentials.json").unlink()
    whose, file = recover(config, None, None, reason="Restored from a backup")
    assert (file, stat.S_IMODE(file.stat().st_mode)) == (config.data / "credentials.json", 0o600)
    assert caller(config, of_the_house(config)).who == before.who == whose.person
    with pytest.raises(Unauthenticated):
        caller(config, lost)
    assert caller(config, ada).scope == "operator"
    assert log(config) == [("recover", "operator.recover", whose.person)]


@pytest.mark.parametrize("written", ["Ada Byron", " ada  BYRON", None])
def test_a_named_operator_gets_a_key_with_the_same_duties(config: Config, tmp_path: Path, written: str | None) -> None:
    person, lost = name(config, "Ada Byron")
    _, file = recover(config, written or person, tmp_path / "ada.key")
    found = caller(config, file.read_text().strip())
    assert (found.who, found.duties) == (person, {"maker", "checker"})
    with pytest.raises(Unauthenticated):
        caller(config, lost)
    assert caller(config, of_the_house(config)).duties is None
    assert log(config) == [("recover", "operator.recover", person)]


def test_a_rehearsal_changes_nothing(config: Config, tmp_path: Path) -> None:
    person, key = name(config, "Ada Byron")
    whose, file = recover(config, person, tmp_path / "ada.key", dry_run=True)
    assert (whose.name, file.exists(), log(config)) == ("Ada Byron", False, [])
    assert caller(config, key).who == person


@pytest.mark.parametrize(
    ("operator", "to", "error"),
    [
        (None, None, ConfigurationError),  # credentials.json is there
        ("Ada Byron", None, ConfigurationError),
        ("Ada Byron", "there", ConfigurationError),
        ("Ada Byron", "nowhere/ada.key", ConfigurationError),
        ("Eve", "eve.key", OperatorNotFound),
        ("Old", "old.key", WrongState),
    ],
)
def test_what_is_refused_has_changed_nothing(
    config: Config, tmp_path: Path, operator: str | None, to: str | None, error: type[LedgerNodeError]
) -> None:
    _, key = name(config, "Ada Byron")
    name(config, "Old", revoked=True)
    (tmp_path / "there").write_text("mine")
    lost = of_the_house(config)
    with pytest.raises(error):
        recover(config, operator, to and tmp_path / to)
    assert (caller(config, key).scope, caller(config, lost).scope, log(config)) == ("operator", "operator", [])
    assert (tmp_path / "there").read_text() == "mine"
    assert not (tmp_path / "eve.key").exists()


def test_nothing_is_done_beside_a_node_that_runs(config: Config, tmp_path: Path) -> None:
    held = DirectoryLock(config.data)
    with pytest.raises(ConfigurationError, match="Another process holds"):
        recover(config, None, tmp_path / "new.json")
    held.release()
    recover(config, None, tmp_path / "new.json")


def test_a_file_that_cannot_be_written_leaves_the_old_key(config: Config) -> None:
    lost = of_the_house(config)
    (config.data / "credentials.json").unlink()
    (config.data / "credentials.json.tmp").mkdir()  # where the file is written first
    with pytest.raises(OSError):
        recover(config, None, None)
    assert (caller(config, lost).scope, log(config)) == ("operator", [])
