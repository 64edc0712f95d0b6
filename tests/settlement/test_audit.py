"""The audit finds every difference between book, chain and reserve, and shuts the desk until it is mended."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.settlement.issuer import Issuer
from tests.settlement.scenario import play


@pytest.fixture
def backed(issuer: Issuer) -> Issuer:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        m1  A.dda  A.bda    50.00    settled
        audit                                    backed
        """,
    )
    return issuer


def tamper(issuer: Issuer, statement: str) -> None:
    with issuer.database.write() as connection:
        connection.execute(
            sa.text(statement.format(**{name.replace(".", "_"): issuer.id(name) for name in issuer.accounts}))
        )


@pytest.mark.parametrize(
    ("tampering", "codes", "words"),
    [
        ("UPDATE tokens SET supply = supply + 7 WHERE currency = 'USD'",
         ["not_backed", "holders_differ", "supply_differs"], "the book has 7 more"),
        ("UPDATE tokens SET supply = supply - 7 WHERE currency = 'USD'",
         ["not_backed", "holders_differ", "supply_differs"], "the chain has 7 more"),
        ("UPDATE holdings SET booked = booked + 7 WHERE account_id = '{A_bda}'",
         ["holders_differ", "balance_differs"], "the book has 7 more"),
        ("UPDATE reserve_accounts SET posted = posted - 7 WHERE id = 'reserve:USD'",
         ["not_backed", "books_unbalanced"], "Supply exceeds the reserve by 7"),
        ("UPDATE reserve_accounts SET posted = posted + 7 WHERE id = 'reserve:USD'",
         ["not_backed", "books_unbalanced"], "than is in flight (0)"),
        ("UPDATE reserve_accounts SET posted = posted + 7 WHERE id = 'cash:USD'",
         ["books_unbalanced"], "hold 10007 in cash and owe 10000"),
    ],
)  # fmt: skip
def test_a_difference_is_named_and_shuts_the_desk(backed: Issuer, tampering: str, codes: list[str], words: str) -> None:
    tamper(backed, tampering)
    report = backed.audit()
    assert [finding.code for finding in report.findings] == codes
    assert any(words in finding.detail for finding in report.findings)
    play(backed, "mint m2 A.dda A.bda 1.00 doors_closed\nbalance A.dda 50.00")
    play(backed, "mint m1 A.dda A.bda 50.00 settled  # a retry is still answered")
    assert any(words in reason for reason in backed.settlement.reasons_not_ready())


def test_the_desk_opens_again_when_it_is_mended(backed: Issuer) -> None:
    tamper(backed, "UPDATE holdings SET booked = booked + 7 WHERE account_id = '{A_bda}'")
    play(backed, "audit holders_differ\nmint m2 A.dda A.bda 1.00 doors_closed")
    tamper(backed, "UPDATE holdings SET booked = booked - 7 WHERE account_id = '{A_bda}'")
    play(backed, "audit backed\nmint m2 A.dda A.bda 1.00 settled")


def test_what_is_in_flight_is_no_difference(backed: Issuer) -> None:
    backed.pay("mint", "m2", "A.dda", "A.bda", "5.00")
    backed.pay("redemption", "r1", "A.bda", "A.dda", "5.00")
    assert backed.audit().passed
    backed.settle()
    play(backed, "audit backed")


def test_a_broken_backing_keeps_the_desk_shut_from_the_start(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    issuer.fiat("deposit", "d1", "A.dda", "10.00")
    issuer.close()
    issuer = Issuer(directory, currencies=("USD", "JPY"))
    tamper(issuer, "UPDATE tokens SET supply = 7 WHERE currency = 'USD'")
    issuer.start()
    assert any("supply 7 exceeds reserve 0" in reason for reason in issuer.settlement.reasons_not_ready())
    play(issuer, "mint m2 A.dda A.bda 1.00 doors_closed\nbalance A.dda 10.00")
    issuer.close()
