"""The data directory: where each file of a node lies, who holds it, and where its doors are while it runs.

DIR/config.toml        settings (written last by `init`: its presence says that the directory is complete)
DIR/genesis.json       the network's genesis
DIR/credentials.json   API keys made by `init`, mode 600
DIR/keys/              encrypted keystores and, unless a setting says otherwise, their password file
DIR/evidence/          what a follower keeps of the first difference it found
DIR/chain/             the embedded engine's store; can be deleted and synced again
DIR/ledger.sqlite      the ledger; cannot be lost
DIR/lock               held by the one process that uses the directory
DIR/running.json       process id and door addresses of a running node
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger_node.errors import ConfigurationError
from ledger_node.json_files import read_json

KEY_NAMES = ("sealer", "settlement", "attestor", "admin", "network")


@dataclass(frozen=True, slots=True)
class DataDirectory:
    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def genesis(self) -> Path:
        return self.path / "genesis.json"

    @property
    def credentials(self) -> Path:
        return self.path / "credentials.json"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def chain(self) -> Path:
        return self.path / "chain"

    @property
    def running(self) -> Path:
        return self.path / "running.json"

    def keystore(self, name: str) -> Path:
        return self.keys / f"{name}.json"

    def require(self) -> None:
        """Raises ConfigurationError unless `init` has completed here."""
        if not self.config.is_file():
            raise ConfigurationError(
                f"{self.path} is not a node's data directory; run `ledger-node init --data {self.path}`."
            )

    @property
    def is_chain_only(self) -> bool:
        """Whether it holds a chain that was followed or imported, and no ledger."""
        return not self.config.exists() and (self.chain / "chain.sqlite").exists()

    def running_node(self) -> dict[str, Any] | None:
        """What the process that holds the directory wrote about itself, or None when nobody holds it."""
        if not self.path.is_dir():
            return None
        try:
            lock = DirectoryLock(self.path)
        except ConfigurationError:
            try:
                record: dict[str, Any] = read_json(self.running)
            except (FileNotFoundError, ValueError):
                raise ConfigurationError(
                    f"A process holds {self.path} but has not opened its doors yet; try again in a moment."
                ) from None
            return record
        lock.release()
        return None


class DirectoryLock:
    """The exclusive right to a data directory, given back when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise ConfigurationError(
                f"Another process holds {path}; one node at a time can use a data directory. Stop it first."
            ) from None

    def release(self) -> None:
        os.close(self._descriptor)


def make_durable(path: Path) -> None:
    """Wait until a file's bytes, or the names in a directory, would be there after a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all. It is durable when this returns."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    make_durable(path.parent)
