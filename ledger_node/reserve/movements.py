"""The ledger accounts of the reserve and the four movements between them.

cash:<currency>        asset      the fiat the issuer holds                         debit-normal
dda:<account id>       liability  what the issuer owes a member on a DDA            credit-normal
reserve:<currency>     liability  what the issuer owes the holders of the token     credit-normal

deposit      cash    → dda        fiat comes in
withdrawal   dda     → cash       fiat goes out
earmark      dda     → reserve    a mint: held first, posted when the tokens exist
payout       reserve → dda        a redemption: posted when the tokens are burnt
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Movement:
    """`amount` minor units from the debit to the credit side, for the operation `reference` (a hold's id, too)."""

    reference: str
    debit: str
    credit: str
    amount: int
    currency: str


def cash(currency: str) -> str:
    return f"cash:{currency}"


def reserve(currency: str) -> str:
    return f"reserve:{currency}"


def dda(account_id: str) -> str:
    return f"dda:{account_id}"


def deposit(reference: str, account_id: str, amount: int, currency: str) -> Movement:
    return Movement(reference, debit=cash(currency), credit=dda(account_id), amount=amount, currency=currency)


def withdrawal(reference: str, account_id: str, amount: int, currency: str) -> Movement:
    return Movement(reference, debit=dda(account_id), credit=cash(currency), amount=amount, currency=currency)


def earmark(reference: str, account_id: str, amount: int, currency: str) -> Movement:
    return Movement(reference, debit=dda(account_id), credit=reserve(currency), amount=amount, currency=currency)


def payout(reference: str, account_id: str, amount: int, currency: str) -> Movement:
    return Movement(reference, debit=reserve(currency), credit=dda(account_id), amount=amount, currency=currency)
