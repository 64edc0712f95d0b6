"""`ledger-node chain split`: the chain of a bank's node gets a data directory, and so a process, of its own.

The chain takes the sealing key with it, under another password: what seals and what pays are then two machines, and
neither can do the other's part. Everything is written at its new place before anything is taken from the old one.
"""

import os
import shutil

from ledger_node.chain.genesis import read_genesis
from ledger_node.chain.pyevm.engine import ChainSettings
from ledger_node.chain_node import open_network
from ledger_node.config import Config
from ledger_node.data_directory import DataDirectory, DirectoryLock, write_private
from ledger_node.errors import ConfigurationError
from ledger_node.keys import new_password, read_password, rewrite_keystore

READING = ChainSettings(produce=False, call_workers=0)


def split(config: Config, to: DataDirectory) -> None:
    """The node must not be running. Raises ConfigurationError, before anything is changed, where it cannot be done."""
    node = DataDirectory(config.data)
    node.require()
    held = DirectoryLock(node.path)
    try:
        if not node.keystore("sealer").exists():
            raise ConfigurationError(f"{node.path} has no sealing key: its chain is kept elsewhere already.")
        to.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if remains := sorted(path.name for path in (to.config, to.genesis, to.keys, to.chain) if path.exists()):
            raise ConfigurationError(f"{to.path} holds {', '.join(remains)}; name an empty directory.")
        _write(config, node, to)
        node.keystore("sealer").unlink()
        shutil.rmtree(node.chain, ignore_errors=True)
    finally:
        held.release()


def _write(config: Config, node: DataDirectory, to: DataDirectory) -> None:
    to.keys.mkdir(mode=0o700)
    password = new_password()
    write_private(to.keys / "password", password + "\n")
    theirs = read_password(config.password_path)
    rewrite_keystore(node.keystore("sealer"), theirs, to.keystore("sealer"), password)
    if node.chain.exists():
        shutil.copytree(node.chain, to.chain)
    # Opened once, so that a node that never ran has its first block, and a copy that is no good is found out now.
    open_network(to.chain, read_genesis(node.genesis), settings=READING).close()
    write_private(to.genesis, node.genesis.read_text(encoding="utf-8"))
    os.sync()
