"""Money: a currency and an integer number of its minor units. The only place where money is parsed, printed or added.

A token base unit is a minor unit (the token's `decimals` is the currency's ISO 4217 exponent), so nothing in the node
scales amounts. Floats never appear.
"""

import re
from dataclasses import dataclass
from functools import cache

import iso4217

from ledger_node.errors import CurrencyMismatch, InvalidAmount, UnknownCurrency

AMOUNT_MAX = 2**53 - 1
"""The largest amount of one payment in minor units: every JSON reader holds it exactly."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 currency: `code` (three letters) and `exponent` (digits of its minor unit: USD 2, JPY 0, BHD 3)."""

    code: str
    exponent: int

    def __str__(self) -> str:
        return self.code


@cache
def currency(code: str) -> Currency:
    """The currency of an ISO 4217 alphabetic code. Raises UnknownCurrency for any other text."""
    try:
        entry = iso4217.Currency(code)
    except ValueError:
        raise UnknownCurrency(f"{code!r} is no ISO 4217 currency code; use one such as USD.") from None
    if entry.exponent is None:
        raise UnknownCurrency(f"{code} has no minor unit and cannot be issued as a token.")
    return Currency(code=code, exponent=entry.exponent)


@dataclass(frozen=True, slots=True)
class Amount:
    """`minor` whole minor units of `currency`: Amount(6000, USD) is USD 60.00. Never negative."""

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        assert type(self.minor) is int and self.minor >= 0, "an amount is a whole number of minor units"

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.minor - self._same(other), self.currency)

    def _same(self, other: "Amount") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"Cannot combine {self.currency} with {other.currency}.")
        return other.minor

    def __str__(self) -> str:
        return decimal_string(self.minor, self.currency)


def parse_amount(text: object, of: Currency, *, zero: bool = False) -> Amount:
    """A payment's amount from its decimal string, e.g. `"60.00"` USD → 6000 minor units.

    At most the currency's exponent digits after the point (fewer are fine), no sign, exponent, blank or leading zero.
    Raises InvalidAmount for anything else, for zero unless `zero` allows it (a limit, a freeze), and above AMOUNT_MAX.
    """
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidAmount(
            'An amount is a string of decimal digits such as "60.00": no sign, no exponent, no JSON number.'
        )
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > of.exponent:
        raise InvalidAmount(f"{of} has {of.exponent} digits after the point, not {len(fraction)}.")
    minor = int(whole + fraction.ljust(of.exponent, "0"))
    if minor == 0 and not zero:
        raise InvalidAmount("The amount must be greater than zero.")
    if minor > AMOUNT_MAX:
        raise InvalidAmount(f"The amount must be at most {decimal_string(AMOUNT_MAX, of)} {of}.")
    return Amount(minor, of)


def decimal_string(minor: int, of: Currency) -> str:
    """Minor units as a decimal string with all of the currency's digits; negative differences keep their sign."""
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(of.exponent + 1, "0")
    return sign + (digits if of.exponent == 0 else f"{digits[: -of.exponent]}.{digits[-of.exponent :]}")
