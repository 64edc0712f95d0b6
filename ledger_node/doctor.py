"""The doctor: looks at a data directory and its surroundings, and says of each thing whether it is well and what to do.

Reads only. It repairs nothing: a repair that guesses is worse than a node that stands still.
"""

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx

from ledger_node.chain.genesis import read_genesis
from ledger_node.clock import SystemClock
from ledger_node.config import Config
from ledger_node.data_directory import KEY_NAMES, DataDirectory
from ledger_node.database import Database
from ledger_node.errors import LedgerNodeError
from ledger_node.keys import open_keystore
from ledger_node.node import Node

FREE_BYTES_MIN = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is empty when all is well."""

    subject: str
    well: bool
    detail: str
    remedy: str = ""


def examine(config: Config) -> Iterator[Finding]:
    """One finding after another; later ones may repeat what an earlier one caused."""
    directory = DataDirectory(config.data)
    yield _tried("directory", directory.require, "run `ledger-node init`", f"{directory.path} is a node's")
    yield _permissions(directory)
    yield _disk(directory)
    yield _keys(config, directory)
    yield _tried("genesis", lambda: read_genesis(directory.genesis), "restore it from a backup", "it can be read")
    yield _schema(config)
    for name, path in (("ledger", directory.path / "ledger.sqlite"), ("chain", directory.chain / "chain.sqlite")):
        if path.exists():
            yield _integrity(name, path)
    yield _clock(directory)
    yield from _running(directory)
    yield _backing(config)


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
    def open_all() -> None:
        password = config.password_path.read_text(encoding="utf-8").strip()
        for name in KEY_NAMES:
            open_keystore(directory.keystore(name), password)

    remedy = f"put the keystores' password into {config.password_path}, or restore keys/ from a backup"
    return _tried("keys", open_all, remedy, f"{len(KEY_NAMES)} keystores open")


def _schema(config: Config) -> Finding:
    database = Database(config.ledger_url)
    try:
        return _tried("schema", database.require_known_schema, "install the newer release", "this release knows it")
    finally:
        database.close()


def _integrity(name: str, path: Path) -> Finding:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            verdict = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            verdict = str(error)
    if verdict == "ok":
        return Finding(f"{name} database", True, "every page is sound")
    remedy = "restore a backup" if name == "ledger" else "remove the chain directory and import exported blocks"
    return Finding(f"{name} database", False, verdict, remedy)


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


def _backing(config: Config) -> Finding:
    try:
        report = Node.audit(config)
    except (LedgerNodeError, OSError, sqlite3.Error) as error:
        return Finding("backing", False, f"the audit could not be carried out: {error}", "mend what is named above")
    if report.passed:
        return Finding("backing", True, f"every token is backed at block {report.block_number}")
    details = "; ".join(finding.detail for finding in report.findings)
    return Finding("backing", False, details, "stop payments and compare with `ledger-node audit --json`")
