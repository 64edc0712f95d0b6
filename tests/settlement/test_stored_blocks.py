"""What a stored chain's rows say is compared with its headers; and a row that cannot be read is damage with a name."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from ledger_node.chain.blocks import LogFilter
from ledger_node.chain.pyevm import views
from ledger_node.chain.pyevm.beside import BlocksOnDisk
from ledger_node.chain.pyevm.store import Store
from ledger_node.errors import StorageFailed
from tests.settlement.issuer import Issuer
from tests.settlement.scenario import play

LAST = "WHERE id = (SELECT max(id) FROM {0})"


@pytest.fixture
def paid(issuer: Issuer) -> Iterator[Issuer]:
    play(issuer, "deposit d1 A.dda 9.00 settled\nmint m1 A.dda A.bda 5.00 settled\nmint m2 A.dda A.bda 1.00 settled")
    return issuer


def change(issuer: Issuer, statement: str) -> None:
    """Of the last row of its table."""
    with closing(sqlite3.connect(issuer.chain.store.path)) as other:
        table = statement.removeprefix("DELETE FROM ").removeprefix("UPDATE ").split()[0]
        assert other.execute(f"{statement} {LAST.format(table)}").rowcount == 1
        other.commit()


def fields(issuer: Issuer) -> list[str]:
    with closing(BlocksOnDisk(issuer.chain.store.path.parent)) as blocks:
        return [field for field in blocks.altered_fields() if field is not None]


def test_an_untouched_chain_is_as_its_headers_say(paid: Issuer) -> None:
    assert fields(paid) == []


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ("UPDATE transactions SET raw = (SELECT raw FROM transactions ORDER BY id LIMIT 1)", "transactions"),
        ("UPDATE transactions SET sender = randomblob(20)", "transactions' hashes or senders"),
        ("UPDATE transactions SET hash = randomblob(32)", "transactions' hashes or senders"),
        ("UPDATE transactions SET outcome = x''", "receipts or logs"),
        ("UPDATE transactions SET gas_used = gas_used + 1", "receipts' gas"),
        ("UPDATE logs SET topic0 = randomblob(32)", "receipts or logs"),
        ("UPDATE logs SET data = zeroblob(length(data))", "receipts or logs"),
        ("UPDATE logs SET position = position + 1", "receipts or logs"),
        ("DELETE FROM logs", "receipts or logs"),
        ("DELETE FROM transactions", "transactions"),
    ],
)
def test_what_was_altered_is_named(paid: Issuer, statement: str, field: str) -> None:
    change(paid, statement)
    assert fields(paid) == [field]


def test_one_bit_of_a_log_is_found(paid: Issuer) -> None:
    with closing(sqlite3.connect(paid.chain.store.path)) as other:
        row, data = other.execute("SELECT id, data FROM logs WHERE length(data) > 0 ORDER BY id DESC").fetchone()
        turned = data[:-1] + bytes([data[-1] ^ 1])
        other.execute("UPDATE logs SET data = ? WHERE id = ?", (turned, row))
        other.commit()
    assert fields(paid) == ["receipts or logs"]


def read_all(store: Store) -> None:
    head = store.head()
    assert head is not None
    for number in range(head.number + 1):
        header = views.find_header(store, head, number)
        views.block(store, header)
        views.raw_receipts(store, header)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transactions SET raw = x''", "UPDATE transactions SET raw = x'f8'", "UPDATE transactions SET raw = 'x'",
        "UPDATE transactions SET sender = x'01'", "UPDATE transactions SET price = 'much'",
        "UPDATE transactions SET gas_used = 'much'", "UPDATE transactions SET contract = x'01'",
        "UPDATE logs SET address = x'01'", "UPDATE logs SET topic0 = 'x'", "UPDATE logs SET data = 7",
        "UPDATE logs SET data = CAST(x'ff00fe' AS TEXT)",
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_damage_with_the_files_name(paid: Issuer, statement: str) -> None:
    heard: list[StorageFailed] = []
    change(paid, statement)
    store = Store(paid.chain.store.path.parent, read_only=True)
    store.on_failure = heard.append
    with pytest.raises(StorageFailed, match=r"^chain\.sqlite: it holds "):
        read_all(store)
    assert heard
    store.close()


def test_a_log_or_header_that_cannot_be_read_is_damage_where_it_is_asked_for(paid: Issuer) -> None:
    change(paid, "UPDATE logs SET topic1 = x'01'")
    with pytest.raises(StorageFailed, match=r"^chain\.sqlite: it holds "):
        paid.chain.logs(LogFilter(first=0, last=10_000))
    with closing(sqlite3.connect(paid.chain.store.path)) as other:
        other.execute("UPDATE blocks SET header = x'c0' WHERE number = 1")
        other.commit()
    store = Store(paid.chain.store.path.parent, read_only=True)
    with pytest.raises(StorageFailed, match=r"^chain\.sqlite: it holds "):
        store.header(1)
    store.close()
