"""Backup and restore: a consistent copy of both stores, taken while the node runs, with a manifest of hashes.

The copy is consistent because nothing can be committed to the ledger at the moment when both read snapshots begin: the
chain's snapshot then holds no batch that the ledger's snapshot has not signed. Copying happens afterwards, beside a
node that goes on working. The password of the keystores and the API keys are not in a backup; keep them elsewhere.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from ledger_node import __version__
from ledger_node.clock import Clock, SystemClock, iso8601
from ledger_node.config import Config
from ledger_node.data_directory import DataDirectory, DirectoryLock, make_durable, write_private
from ledger_node.errors import ConfigurationError
from ledger_node.json_files import read_json

FORMAT = 1
MANIFEST = "manifest.json"
LEDGER, CHAIN, WITNESSES = Path("ledger.sqlite"), Path("chain/chain.sqlite"), Path("chain/witnesses.sqlite")
PLAIN_FILES = (Path("genesis.json"), Path("config.toml"))
BUSY_TIMEOUT_S = 30.0


def back_up(config: Config, to: Path, clock: Clock | None = None) -> dict[str, Any]:
    """Copy the data directory into the new directory `to`; returns the manifest.

    Raises ConfigurationError when `to` exists, or the ledger is not SQLite (a server's own tools back that up).
    """
    directory = DataDirectory(config.data)
    directory.require()
    if config.database_url and not config.database_url.startswith("sqlite"):
        raise ConfigurationError("The ledger is on a database server: back it up with the server's own tools, at rest.")
    if to.exists():
        raise ConfigurationError(f"{to} is there already; name a directory that is not.")
    clock = clock or SystemClock()
    unfinished = to.with_name(to.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)

    with _both_snapshots(_ledger_file(config), directory.chain / "chain.sqlite") as (ledger, chain):
        facts = _facts(ledger, chain)
        _copy(ledger, unfinished / LEDGER)
        if chain is not None:
            _copy(chain, unfinished / CHAIN)
    if (directory.path / WITNESSES).exists():  # what followers attested; it may be newer than the blocks, never older
        with closing(_connect(directory.path / WITNESSES)) as witnesses:
            _copy(witnesses, unfinished / WITNESSES)
    for path in PLAIN_FILES:
        shutil.copyfile(directory.path / path, unfinished / path)
    (unfinished / "keys").mkdir(mode=0o700)
    for keystore in sorted(directory.keys.glob("*.json")):
        write_private(unfinished / "keys" / keystore.name, keystore.read_text(encoding="utf-8"))

    manifest = {
        "format": FORMAT,
        "version": __version__,
        "made_at": iso8601(clock.now_ms()),
        **facts,
        "files": {str(path.relative_to(unfinished)): _described(path) for path in _files(unfinished)},
    }
    write_private(unfinished / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    _sync(unfinished)
    unfinished.rename(to)
    make_durable(to.parent)
    return manifest


def verify(backup: Path) -> dict[str, Any]:
    """The manifest of a backup that is whole. Raises ConfigurationError naming the first file that is not as it was."""
    try:
        manifest: dict[str, Any] = read_json(backup / MANIFEST)
        files = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigurationError(f"{backup} is no backup: it has no readable {MANIFEST}.") from None
    if manifest.get("format") != FORMAT:
        raise ConfigurationError(f"{backup} has format {manifest.get('format')}; this release reads {FORMAT}.")
    found = {str(path.relative_to(backup)) for path in _files(backup)} - {MANIFEST}
    for name in sorted(found ^ set(files)):
        raise ConfigurationError(f"{backup}: {name} is {'missing' if name in files else 'not in the manifest'}.")
    for name, described in sorted(files.items()):
        if _described(backup / name) != described:
            raise ConfigurationError(f"{backup}: {name} is not what was backed up.")
    for name in (LEDGER, CHAIN, WITNESSES):
        if str(name) in files:
            _check_integrity(backup / name)
    if manifest["head"] is not None and (manifest["booked"] or 0) > manifest["head"]:
        raise ConfigurationError(f"{backup}: the ledger has booked a block that the chain in it does not have.")
    return manifest


def restore(backup: Path, data: Path) -> dict[str, Any]:
    """Put a backup that is whole into `data`, which must be empty or new; returns its manifest.

    Nothing is written before everything was verified. `config.toml` comes last, as with `init`.
    """
    manifest = verify(backup)
    if data.exists() and any(data.iterdir()):
        raise ConfigurationError(f"{data} is not empty. Move it away first; a restore never overwrites.")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = DirectoryLock(data)
    try:
        last = "config.toml"
        for name in sorted(manifest["files"], key=lambda name: (name == last, name)):
            target = data / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(backup / name, target)
            target.chmod(0o600)
        _sync(data)
        make_durable(data.parent)
    finally:
        lock.release()
    return manifest


# SNAPSHOTS


def _ledger_file(config: Config) -> Path:
    return Path(config.ledger_url.removeprefix("sqlite:///"))


@contextmanager
def _both_snapshots(ledger: Path, chain: Path) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection | None]]:
    with ExitStack() as stack:
        gate = stack.enter_context(closing(_connect(ledger)))
        gate.execute("BEGIN IMMEDIATE")  # no commit to the ledger until both snapshots have begun
        chain_snapshot = None
        if chain.exists():
            chain_snapshot = stack.enter_context(closing(_connect(chain)))
            _begin_snapshot(chain_snapshot)
        ledger_snapshot = stack.enter_context(closing(_connect(ledger)))
        _begin_snapshot(ledger_snapshot)
        gate.execute("ROLLBACK")
        yield ledger_snapshot, chain_snapshot


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)


def _begin_snapshot(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _copy(source: sqlite3.Connection, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    target.chmod(0o600)


def _facts(ledger: sqlite3.Connection, chain: sqlite3.Connection | None) -> dict[str, Any]:
    booked = ledger.execute("SELECT block_number FROM chain_cursor").fetchone()
    schema = ledger.execute("SELECT version_num FROM alembic_version").fetchone()
    head = None if chain is None else chain.execute("SELECT max(number) FROM blocks").fetchone()[0]
    return {"schema": schema[0], "booked": booked and booked[0], "head": head}


def _check_integrity(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            verdict = str(error)
    if verdict != "ok":
        raise ConfigurationError(f"{path} is damaged: {verdict}.")


# FILES


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _sync(directory: Path) -> None:
    for path in [*_files(directory), *(p for p in directory.rglob("*") if p.is_dir()), directory]:
        make_durable(path)
