"""The database refuses wrong books even when the code above it does not: each constraint, tried with plain SQL."""

import pytest
import sqlalchemy as sa

from tests.reserve.books import Books

POSTING = (
    "INSERT INTO reserve_postings (debit_account, credit_account, currency, amount, reference, debit_sequence,"
    " debit_balance, credit_sequence, credit_balance, created_at, hold_id)"
    " VALUES ('{debit}', '{credit}', '{currency}', {amount}, 'x', 99, 0, 99, 0, 0, {hold})"
)
FINE = {"debit": "cash:USD", "credit": "dda:A", "currency": "USD", "amount": 1, "hold": "NULL"}


def refuse(books: Books, statement: str) -> None:
    with pytest.raises(sa.exc.IntegrityError), books.write() as connection:
        connection.exec_driver_sql(statement)


def test_a_fine_posting_is_taken(books: Books) -> None:
    with books.write() as connection:
        connection.exec_driver_sql(POSTING.format(**FINE))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": -1},
        {"debit": "dda:A"},
        {"credit": "dda:unknown"},
        {"debit": "cash:EUR"},
        {"currency": "JPY"},
        {"debit": "cash:JPY", "currency": "JPY"},
        {"hold": "'no such hold'"},
    ],
    ids=str,
)
def test_a_wrong_posting_is_refused(books: Books, wrong: dict[str, object]) -> None:
    refuse(books, POSTING.format(**(FINE | wrong)))


@pytest.mark.parametrize(
    "change",
    [
        "posted = -1",
        "outgoing = -1",
        "incoming = -1",
        "outgoing = posted + 1",
        "normal_side = 'left'",
        "currency = 'JPY'",
    ],
)
def test_an_account_cannot_be_brought_below_nothing(books: Books, change: str) -> None:
    books.deposit("d1", "A", 10)
    refuse(books, f"UPDATE reserve_accounts SET {change} WHERE id = 'dda:A'")


def test_one_hold_is_posted_once_at_most(books: Books) -> None:
    books.deposit("d1", "A", 10)
    books.hold("m1", "A", 5)
    books.post("m1")
    refuse(books, POSTING.format(**(FINE | {"hold": "'m1'"})))


@pytest.mark.parametrize("change", ["state = 'posted'", "ended_at = 1", "state = 'lost'", "amount = 0"])
def test_a_hold_has_ended_or_it_has_not(books: Books, change: str) -> None:
    books.deposit("d1", "A", 10)
    books.hold("m1", "A", 5)
    refuse(books, f"UPDATE reserve_holds SET {change} WHERE id = 'm1'")


def test_an_entry_number_is_given_once(books: Books) -> None:
    books.deposit("d1", "A", 10)
    refuse(books, POSTING.format(**FINE).replace("99, 0, 99, 0", "1, 0, 99, 0"))
    refuse(books, POSTING.format(**FINE).replace("99, 0, 99, 0", "99, 0, 1, 0"))
