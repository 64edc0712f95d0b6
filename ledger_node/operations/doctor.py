"""The doctor: looks at a data directory and its surroundings, and says of each thing whether it is well and what to do.

Reads only. It repairs nothing: a repair that guesses is worse than a node that stands still.
"""

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from ledger_node import storage
from ledger_node.chain.errors import GenesisMismatch
from ledger_node.chain.genesis import read_genesis
from ledger_node.chain.pyevm.beside import BlocksOnDisk
from ledger_node.chain.remote import open_remote
from ledger_node.clock import SystemClock
from ledger_node.config import Config, load_config
from ledger_node.data_directory import KEY_NAMES, DataDirectory
from ledger_node.database import Database
from ledger_node.errors import ConfigurationError, LedgerNodeError
from ledger_node.follower.source import Source
from ledger_node.keys import open_keystore, read_password
from ledger_node.node import Node
from ledger_node.settlement.onchain import signing_keys

FREE_BYTES_MIN = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is empty when all is well."""

    subject: str
    well: bool
    detail: str
    remedy: str = ""


def examine(flags: Mapping[str, Any]) -> Iterator[Finding]:
    """One finding after another; later ones may repeat what an earlier one caused. `flags`: as commands have them."""
    try:
        config = load_config(flags)
    except (LedgerNodeError, OSError) as error:
        yield Finding(
            "configuration", False, str(error), "correct it; docs/reference/settings.md explains each setting"
        )
        return
    directory = DataDirectory(config.data)
    if not directory.is_chain_only:
        found = _tried("directory", directory.require, "run `ledger-node init`", f"{directory.path} is a node's")
        yield found
        if not found.well:
            return
        yield Finding("configuration", True, "every setting is known and sound")
    yield _permissions(directory)
    yield _disk(directory)
    if not directory.is_chain_only:
        yield _keys(config, directory)
    yield _tried("genesis", lambda: read_genesis(directory.genesis), "restore it from a backup", "it can be read")
    if not directory.is_chain_only:
        yield from _ledger(config)
    if not config.chain:
        yield from _chain(config, directory)
        yield _clock(directory)
    yield _evidence(directory)
    yield from _peers(config, directory)
    yield from _running(directory)
    if not directory.is_chain_only:
        yield _backing(config, directory)


def _tried(subject: str, check: Callable[[], object], remedy: str, well: str) -> Finding:
    try:
        check()
    except (LedgerNodeError, OSError) as error:
        return Finding(subject, False, str(error), remedy)
    return Finding(subject, True, well)


def _permissions(directory: DataDirectory) -> Finding:
    secret = [directory.credentials, *directory.keys.glob("*")]
    loose = [str(path) for path in secret if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        return Finding("permissions", False, f"others can read {', '.join(loose)}", "chmod 600 each of them")
    return Finding("permissions", True, "secrets are readable by their owner alone")


def _disk(directory: DataDirectory) -> Finding:
    free = shutil.disk_usage(directory.path).free
    well = free >= FREE_BYTES_MIN
    return Finding(
        "disk", well, f"{free // 1024**2} MiB free", "" if well else "make room before the stores fill the disk"
    )


def _keys(config: Config, directory: DataDirectory) -> Finding:
    others = [name for name in KEY_NAMES if name not in signing_keys.OFFICES]
    names = [name for name in others if not (name == "sealer" and config.chain)]  # it seals itself
    names += _keystores_of_offices(config)

    def open_all() -> None:
        password = read_password(config.password_path)
        for name in names:
            open_keystore(directory.keystore(name), password)

    remedy = f"put the keystores' password into {config.password_path}, or restore keys/ from a backup"
    return _tried("keys", open_all, remedy, f"{len(names)} keystores open")


def _keystores_of_offices(config: Config) -> list[str]:
    """Of the keys that hold one or are to; those of `init` where the ledger cannot be read, which is told beside."""
    database = Database(config.ledger_url)
    try:
        database.require_current_schema()
        with database.read() as connection:
            return [*signing_keys.keystores(connection).values(), *signing_keys.keystores_to_come(connection)]
    except (LedgerNodeError, sa.exc.SQLAlchemyError):
        return list(signing_keys.OFFICES)
    finally:
        database.close()


def _ledger(config: Config) -> Iterator[Finding]:
    database = Database(config.ledger_url)
    try:
        if database.file is not None and database.file.is_file():
            yield _integrity(
                "ledger database", database.file, "restore the newest backup, and compare with its members"
            )
        remedy = "restore the newest backup; without the ledger nobody knows what was asked for and settled"
        found = _tried("ledger", database.require_ledger, remedy, "it is there")
        yield found
        if found.well and database.file is not None and (trouble := storage.unwritable(database.file)) is not None:
            yield Finding("ledger", False, trouble.detail, "let the node's user write to it")
        if found.well:
            yield _tried("schema", database.require_current_schema, "do what it says", "it is this release's")
    finally:
        database.close()


def _chain(config: Config, directory: DataDirectory) -> Iterator[Finding]:
    path = directory.chain / "chain.sqlite"
    if path.is_file():
        yield _integrity("chain database", path, _CHAIN_REMEDY)
    elif not directory.is_chain_only and not _has_booked(config):
        yield Finding("chain", True, "the first start will make it")
        return
    yield _tried("chain", lambda: BlocksOnDisk(directory.chain).close(), _CHAIN_REMEDY, "its blocks can be read")


_CHAIN_REMEDY = (
    "stop the node and put the chain/ of a follower in its place, or of `ledger-node chain import` into a new "
    "directory, or restore a backup"
)


def _has_booked(config: Config) -> bool:
    """Whether the ledger knows of any block."""
    database = Database(config.ledger_url)
    try:
        database.require_current_schema()
        with database.read() as connection:
            return connection.execute(sa.text("SELECT 1 FROM chain_cursor")).first() is not None
    except ConfigurationError:
        return False
    finally:
        database.close()


def _integrity(subject: str, path: Path, remedy: str) -> Finding:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            verdict = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            verdict = str(error)
    if verdict == "ok":
        return Finding(subject, True, "every page is sound")
    return Finding(subject, False, " ".join(verdict.split()), remedy)


def _evidence(directory: DataDirectory) -> Finding:
    place = directory.path / "evidence"
    kept = sorted(path.parent.name for path in place.glob("*/difference.json"))
    if not kept:
        return Finding("evidence", True, "no difference was ever found")
    remedy = "read each difference.json and settle it with whoever sealed the block; then move it away"
    return Finding("evidence", False, f"{', '.join(kept)} in {place}", remedy)


def _peers(config: Config, directory: DataDirectory) -> Iterator[Finding]:
    """The node that is followed, and the engine that is another client's."""
    remedy = "start it, or correct the setting `{}`"
    if config.follow:
        source = Source(config.follow)

        def same_network() -> None:
            theirs, own = source.genesis()[0], read_genesis(directory.genesis).header().hash
            if theirs != own:
                raise GenesisMismatch(f"{source.url} is of another network: its genesis is 0x{theirs.hex()}.")

        yield _tried("peer", same_network, remedy.format("follow"), f"{config.follow} answers, and is of this network")
        source.close()
    if config.chain:
        yield _tried("engine", lambda: open_remote(config.chain).close(), remedy.format("chain"),
                     f"{config.chain} answers")  # fmt: skip


def _clock(directory: DataDirectory) -> Finding:
    path = directory.chain / "chain.sqlite"
    newest = 0
    if path.exists():
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            try:
                newest = connection.execute("SELECT max(timestamp) FROM blocks").fetchone()[0] or 0
            except sqlite3.DatabaseError:
                return Finding("clock", False, "the chain's newest block cannot be read", "see the chain database")
    behind = newest - SystemClock().now_ms() // 1000
    if behind > 0:
        return Finding(
            "clock", False, f"this clock is {behind} s behind the newest block", "check time synchronisation"
        )
    return Finding("clock", True, "not behind the newest block")


def _running(directory: DataDirectory) -> Iterator[Finding]:
    try:
        record = directory.running_node()
    except LedgerNodeError as error:
        yield Finding("node", False, str(error), "wait until it has started, or look at its log")
        return
    if record is None:
        yield Finding("node", True, "does not run")
        return
    try:
        answer = httpx.get(f"{record['gateway']}/readyz", timeout=5)
        well = answer.is_success
        yield Finding(
            "node", well, f"runs as process {record['pid']}: {answer.text}", "" if well else "see the reasons"
        )
    except httpx.HTTPError as error:
        yield Finding("node", False, f"its gateway does not answer: {type(error).__name__}", "look at its log")


def _backing(config: Config, directory: DataDirectory) -> Finding:
    if not config.chain and not (directory.chain / "chain.sqlite").is_file():
        if _has_booked(config):
            return Finding("backing", False, "there is no chain to compare the book with", "see to the chain")
        return Finding("backing", True, "nothing is issued yet")
    try:
        report = Node.audit(config)
    except (LedgerNodeError, OSError, sqlite3.Error, sa.exc.SQLAlchemyError) as error:
        remedy = "do what it says, and mend what is named above"
        return Finding("backing", False, f"the audit could not be carried out: {error}", remedy)
    if report.passed:
        return Finding("backing", True, f"every token is backed at block {report.block_number}")
    details = "; ".join(finding.detail for finding in report.findings)
    return Finding("backing", False, details, "stop payments and compare with `ledger-node audit --json`")
