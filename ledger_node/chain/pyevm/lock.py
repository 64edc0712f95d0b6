"""One process on a chain directory."""

import fcntl
import os
from pathlib import Path

from ledger_node.chain.errors import ChainUnavailable


def locked(path: Path) -> int:
    """The system gives the lock back when the process ends, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise ChainUnavailable(
            f"Another process is running on {path.parent}. Stop it first; one chain directory serves one process."
        ) from None
    return descriptor
