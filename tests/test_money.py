"""Money: read from text exactly, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_node.errors import CurrencyMismatch, InvalidAmount, UnknownCurrency
from ledger_node.money import AMOUNT_MAX, Amount, currency, decimal_string, parse_amount

USD, JPY, BHD = currency("USD"), currency("JPY"), currency("BHD")


@pytest.mark.parametrize(
    ("text", "of", "minor"),
    [("60.00", USD, 6000), ("60", USD, 6000), ("0.5", USD, 50), ("7", JPY, 7), ("1.234", BHD, 1234),
     ("90071992547409.91", USD, AMOUNT_MAX)],
)  # fmt: skip
def test_a_decimal_string_becomes_minor_units(text: str, of: object, minor: int) -> None:
    assert parse_amount(text, of).minor == minor  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.00", "-1", "+1", "1e3", " 1", "1 ", "1.", ".5", "01", "1,000", "١", "1.001", "90071992547409.92",
     "9" * 400, "NaN", "0x10", "1_000", 60, 60.0, None, True, ["1"]],
)  # fmt: skip
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(text, USD)


def test_a_currency_without_minor_units_takes_no_point() -> None:
    with pytest.raises(InvalidAmount, match="JPY has 0 digits"):
        parse_amount("7.0", JPY)


@given(st.integers(1, AMOUNT_MAX), st.sampled_from([USD, JPY, BHD]))
def test_what_is_printed_is_read_back(minor: int, of: object) -> None:
    text = decimal_string(minor, of)  # type: ignore[arg-type]
    assert parse_amount(text, of).minor == minor  # type: ignore[arg-type]


def test_a_difference_may_be_negative_when_printed() -> None:
    assert (decimal_string(-5, USD), decimal_string(-5, JPY), decimal_string(0, BHD)) == ("-0.05", "-5", "0.000")


@pytest.mark.parametrize("code", ["", "usd", "USDX", "XXQ", "XAU", "840"])
def test_a_code_that_cannot_be_issued_is_unknown(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        currency(code)


def test_amounts_of_one_currency_add_and_of_two_do_not() -> None:
    assert str(Amount(150, USD) + Amount(50, USD) - Amount(1, USD)) == "1.99"
    with pytest.raises(CurrencyMismatch):
        Amount(1, USD) + Amount(1, JPY)
