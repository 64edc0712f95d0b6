"""Fiat on the issuer's books: in, out, held, posted, given back, and never below nothing."""

import pytest

from ledger_node.errors import AccountNotFound, AlreadyExists, CurrencyMismatch, InsufficientFunds, WrongState
from ledger_node.reserve import ledger, movements
from tests.reserve.books import AT, Books


def test_a_deposit_is_owed_to_the_member(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    assert books.account("A").posted == 10_000
    assert books.totals().cash == 10_000
    assert books.totals().balanced


def test_a_withdrawal_takes_it_away_again(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.withdraw("w1", "A", 4_000)
    assert books.account("A").posted == 6_000
    assert books.totals().cash == 6_000


def test_more_than_there_is_cannot_be_withdrawn(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    with pytest.raises(InsufficientFunds) as refused:
        books.withdraw("w1", "A", 10_001)
    assert refused.value.facts["missing"] == 1
    assert books.account("A").posted == 10_000


def test_a_hold_takes_nothing_yet_but_is_no_longer_available(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    assert (books.account("A").posted, books.account("A").available) == (10_000, 4_000)
    assert books.totals().attested == 6_000


def test_a_hold_that_is_not_covered_is_refused_counting_other_holds(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    with pytest.raises(InsufficientFunds):
        books.hold("m2", "A", 4_001)


def test_a_posted_hold_moves_to_the_reserve(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    books.post("m1")
    assert (books.account("A").posted, books.account("A").outgoing) == (4_000, 0)
    assert (books.totals().reserve, books.totals().reserve_incoming) == (6_000, 0)
    assert books.totals().attested == 6_000
    assert books.totals().balanced


def test_a_voided_hold_gives_the_money_back(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    books.void("m1")
    assert (books.account("A").posted, books.account("A").available) == (10_000, 10_000)
    assert books.totals().attested == 0


@pytest.mark.parametrize("first", ["post", "void"])
@pytest.mark.parametrize("second", ["post", "void"])
def test_a_hold_ends_exactly_once(books: Books, first: str, second: str) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    getattr(books, first)("m1")
    before = books.totals()
    with pytest.raises(WrongState, match="ends once"):
        getattr(books, second)("m1")
    assert books.totals() == before


def test_a_hold_named_twice_in_one_call_ends_nothing(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    with pytest.raises(WrongState):
        books.post("m1", "m1")
    assert books.account("A").outgoing == 6_000


def test_an_unknown_hold_cannot_be_posted(books: Books) -> None:
    with pytest.raises(WrongState):
        books.post("never made")


def test_a_payout_brings_fiat_from_the_reserve_to_the_member(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    books.post("m1")
    books.payout("r1", "B", 6_000)
    assert books.account("B").posted == 6_000
    assert books.totals().reserve == 0


def test_more_than_the_reserve_is_never_paid_out(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    with pytest.raises(InsufficientFunds):
        books.payout("r1", "B", 1)


def test_of_many_movements_all_happen_or_none(books: Books) -> None:
    with pytest.raises(InsufficientFunds), books.write() as connection:
        ledger.transfer(
            connection, [movements.deposit("d1", "A", 5, "USD"), movements.withdrawal("w1", "A", 6, "USD")], at=AT
        )
    assert books.account("A").posted == 0
    assert books.entries("A") == []


def test_many_movements_on_one_account_are_numbered_in_order(books: Books) -> None:
    with books.write() as connection:
        ledger.transfer(
            connection, [movements.deposit("d1", "A", 5, "USD"), movements.withdrawal("w1", "A", 3, "USD")], at=AT
        )
    assert books.entries("A") == [("credit", 5, 5), ("debit", 3, 2)]


def test_entries_show_postings_and_not_holds(books: Books) -> None:
    books.deposit("d1", "A", 10_000)
    books.hold("m1", "A", 6_000)
    books.hold("m2", "A", 1_000)
    books.void("m2")
    assert books.entries("A") == [("credit", 10_000, 10_000)]
    books.post("m1")
    assert books.entries("A") == [("credit", 10_000, 10_000), ("debit", 6_000, 4_000)]


def test_entries_can_be_read_in_parts(books: Books) -> None:
    for number in range(1, 6):
        books.deposit(f"d{number}", "A", number)
    assert books.entries("A", limit=2) == [("credit", 4, 10), ("credit", 5, 15)]
    assert books.entries("A", limit=2, before=4) == [("credit", 2, 3), ("credit", 3, 6)]
    assert books.entries("A", first=AT + 1) == []
    assert books.entries("A", last=AT) == []


def test_currencies_do_not_mix(books: Books) -> None:
    books.open("Y", "JPY")
    with pytest.raises(CurrencyMismatch):
        books.deposit("d1", "A", 5, "JPY")
    books.deposit("d1", "Y", 5, "JPY")
    assert books.totals("JPY").cash == 5
    assert books.totals("USD").cash == 0


def test_an_account_that_is_not_open_is_refused(books: Books) -> None:
    with pytest.raises(AccountNotFound):
        books.deposit("d1", "C", 5)


def test_an_account_is_opened_once_and_a_currency_as_often_as_one_likes(books: Books) -> None:
    with pytest.raises(AlreadyExists):
        books.open("A")
    with books.write() as connection:
        ledger.open_currency(connection, "USD")
    assert books.totals().balanced


def test_a_currency_that_was_never_opened_has_nothing(books: Books) -> None:
    totals = books.totals("EUR")
    assert (totals.cash, totals.deposits, totals.attested) == (0, 0, 0)
    assert totals.balanced


def test_doing_nothing_is_allowed(books: Books) -> None:
    books.post()
    books.void()
    with books.write() as connection:
        ledger.transfer(connection, [], at=AT)
        ledger.hold(connection, [], at=AT)
    assert books.totals().balanced
