"""`ledger-node` with one store that does not wait for the disk: CARELESS names it. What a wrong setting would do."""

import os
from typing import Any

from ledger_node import database
from ledger_node.chain.pyevm.store import Store
from ledger_node.cli.main import main

PRAGMA = "PRAGMA synchronous = NORMAL"
"""With a write-ahead log SQLite then syncs at checkpoints only."""


def careless_ledger() -> None:
    prepare = database._prepare_sqlite

    def and_unlearn(connection: Any, record: Any) -> None:
        prepare(connection, record)
        connection.execute(PRAGMA)

    database._prepare_sqlite = and_unlearn


def careless_chain() -> None:
    connect = Store._connect

    def and_unlearn(self: Store) -> Any:
        connection = connect(self)
        connection.execute(PRAGMA)
        return connection

    Store._connect = and_unlearn  # type: ignore[method-assign]


if __name__ == "__main__":
    {"ledger": careless_ledger, "chain": careless_chain}[os.environ["CARELESS"]]()
    main()
