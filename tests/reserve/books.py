"""A ledger in a real database, and what every reserve test does with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from ledger_node.database import Database
from ledger_node.reserve import ledger, movements, reports
from tests.ledgers import ledger_url

AT = 1_767_225_600_000


class Books:
    """USD and JPY are open; DDAs are opened as tests ask for them."""

    def __init__(self, directory: Path) -> None:
        self.database = Database(ledger_url(directory))
        self.database.migrate()
        with self.write() as connection:
            ledger.open_currency(connection, "USD")
            ledger.open_currency(connection, "JPY")

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        with self.database.write() as connection:
            yield connection

    def open(self, account: str, currency: str = "USD") -> None:
        with self.write() as connection:
            ledger.open_account(connection, account, currency)

    def deposit(self, reference: str, account: str, amount: int, currency: str = "USD") -> None:
        with self.write() as connection:
            ledger.transfer(connection, [movements.deposit(reference, account, amount, currency)], at=AT)

    def withdraw(self, reference: str, account: str, amount: int, currency: str = "USD") -> None:
        with self.write() as connection:
            ledger.transfer(connection, [movements.withdrawal(reference, account, amount, currency)], at=AT)

    def hold(self, reference: str, account: str, amount: int, currency: str = "USD") -> None:
        with self.write() as connection:
            ledger.hold(connection, [movements.earmark(reference, account, amount, currency)], at=AT)

    def post(self, *holds: str) -> None:
        with self.write() as connection:
            ledger.post(connection, holds, at=AT)

    def void(self, *holds: str) -> None:
        with self.write() as connection:
            ledger.void(connection, holds, at=AT)

    def payout(self, reference: str, account: str, amount: int, currency: str = "USD") -> None:
        with self.write() as connection:
            ledger.transfer(connection, [movements.payout(reference, account, amount, currency)], at=AT)

    def account(self, account: str) -> ledger.LedgerAccount:
        with self.database.read() as connection:
            return ledger.read(connection, [movements.dda(account)])[movements.dda(account)]

    def totals(self, currency: str = "USD") -> reports.Totals:
        with self.database.read() as connection:
            return reports.totals(connection, currency)

    def entries(self, account: str, **part: int) -> list[tuple[str, int, int]]:
        """Side, amount and balance, oldest first."""
        with self.database.read() as connection:
            found = reports.entries(connection, movements.dda(account), **({"limit": 100} | part))
        return [(entry.side, entry.amount, entry.balance) for entry in reversed(found)]
