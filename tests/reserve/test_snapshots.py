"""A reader sees one moment, whatever is committed meanwhile: figures that are read one after another fit together."""

from ledger_node.reserve import ledger, movements
from tests.reserve.books import Books

CASH = movements.cash("USD")


def test_what_is_committed_while_somebody_reads_is_seen_by_the_next_reader_only(books: Books) -> None:
    books.deposit("d1", "A", 100)
    with books.database.read() as connection:
        before = books.account("A").posted
        assert ledger.read(connection, [CASH])[CASH].posted == before == 100
        books.deposit("d2", "A", 20)
        assert ledger.read(connection, [CASH])[CASH].posted == 100
    with books.database.read() as connection:
        assert ledger.read(connection, [CASH])[CASH].posted == 120
