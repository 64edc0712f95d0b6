"""A lost operator key given back: offline, by whoever holds the data directory, and written into the audit log.

Knows no rule of who may do what: whoever can write the directory stands outside them (docs/decisions/0023).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ledger_node.access import audit_log, operators
from ledger_node.access.model import Caller, Duty
from ledger_node.clock import Clock, SystemClock
from ledger_node.config import Config
from ledger_node.data_directory import DataDirectory, DirectoryLock, write_private
from ledger_node.database import Database
from ledger_node.errors import ConfigurationError, OperatorNotFound, WrongState
from ledger_node.gateway.credentials import KeyRing, api_keys

ON_THE_MACHINE = Caller("recover", "operator", person="recover")
"""Whoever could run the command: nobody has shown a key."""


@dataclass(frozen=True, slots=True)
class Whose:
    """`duties` is None for the house's own key, which has no name."""

    person: str
    name: str
    duties: frozenset[Duty] | None


def recover(
    config: Config, operator: str | None, to: Path | None, *, reason: str | None = None, dry_run: bool = False,
    clock: Clock | None = None,
) -> tuple[Whose, Path]:  # fmt: skip
    """A new key in the new file `to` (mode 600) for an operator, named by id or name, or for the house's first key;
    every key that the person had ends. Returns whose it is, and the file.

    Raises ConfigurationError when a node runs on the directory, or the file is there; OperatorNotFound, WrongState."""
    clock = clock or SystemClock()
    directory = DataDirectory(config.data)
    directory.require()
    lock = DirectoryLock(directory.path)
    try:
        file = _new_file(directory, operator, to)
        database = Database(config.ledger_url)
        try:
            database.require_ledger()
            database.migrate()
            ring = KeyRing(database, clock)
            with database.read() as connection:
                whose = _whose(connection, operator)
            if not dry_run:
                _replace(database, ring, whose, file, reason, at=clock.now_ms())
        finally:
            database.close()
    finally:
        lock.release()
    return whose, file


def _new_file(directory: DataDirectory, operator: str | None, to: Path | None) -> Path:
    if to is None and operator is not None:
        raise ConfigurationError("Name a new file for the key with --to.")
    file = to or directory.credentials
    if file.exists():
        raise ConfigurationError(f"{file} is there already; name another file with --to, or move it away.")
    if not file.parent.is_dir():
        raise ConfigurationError(f"There is no directory {file.parent} to write {file.name} into.")
    return file


def _whose(connection: sa.Connection, operator: str | None) -> Whose:
    people = operators.listed(connection)
    if operator is not None:
        named = operators.one_name(operator).casefold()
        for each in people:
            if each.id == operator or operators.one_name(each.name).casefold() == named:
                if each.status != "active":
                    raise WrongState(f"{each.name} is {each.status}; nobody gets their key back.")
                return Whose(each.id, each.name, each.duties)
        raise OperatorNotFound(f"There is no operator {operator}.")
    first = (
        sa.select(api_keys)
        .where(api_keys.c.scope == "operator", api_keys.c.person.not_in([each.id for each in people]))
        .order_by(api_keys.c.created_at, api_keys.c.id)
        .limit(1)
    )
    row = connection.execute(first).first()
    if row is None:
        raise OperatorNotFound("No key of the house was ever made here; name an operator.")
    return Whose(row.person, row.name, None)


def _replace(database: Database, ring: KeyRing, whose: Whose, file: Path, reason: str | None, *, at: int) -> None:
    """The file is durable before the ledger says that the lost key has ended; if the ledger does not, it goes."""
    try:
        with database.write() as connection:
            ring.revoke_all(connection, person=whose.person)
            _, secret = ring.create(
                connection, scope="operator", member_id=None, name=whose.name, person=whose.person, duties=whose.duties
            )
            audit_log.record(
                connection, ON_THE_MACHINE, "operator.recover", "done", at=at, resource_id=whose.person, reason=reason
            )
            held = secret if whose.duties is not None else json.dumps({"operator": {"api_key": secret}}, indent=2)
            write_private(file, held + "\n")
    except BaseException:
        file.unlink(missing_ok=True)
        raise
