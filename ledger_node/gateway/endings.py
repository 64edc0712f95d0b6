"""Codes that a payment or order can end with, and no request is refused with: the token contract's, and people's.

Shown at `/errors/{code}` beside the errors of requests, and in docs/reference/errors.md.
"""

from dataclasses import dataclass

from ledger_node.gateway.problems import error_tree
from ledger_node.settlement.outcomes import ON_CHAIN


@dataclass(frozen=True, slots=True)
class Ending:
    reason_code: str
    means: str
    remedy: str


_REMEDIES = {
    "token_paused": "Ask the operator when the token is taken up again; then ask for the payment with a new key.",
    "invalid_instruction": "The node sent what the token does not take. Quote the payment's id to the operator.",
    "account_frozen": "The debtor account is frozen by order. Ask the operator.",
    "creditor_suspended": "Ask the receiver, or pay another account.",
    "creditor_frozen": "Ask the receiver, or pay another account.",
    "creditor_closed": "Pay another account of the receiver; a closed one stays closed.",
    "spender_not_active": "The account that spends for another one is on no register. Ask the operator.",
    "balance_locked": "Ask for less, or wait until the hold or the freeze of the amount is lifted.",
    "reserve_exceeded": "Nothing was minted. Ask the operator: the attested reserve does not cover it.",
    "mint_limit_exceeded": "Mint tomorrow, or ask the operator to raise the day's limit.",
}

ENDINGS: dict[str, Ending] = {
    each.code: Ending(each.reason_code, each.reason, _REMEDIES[each.code])
    for each in ON_CHAIN
    if each.code not in error_tree()
} | {
    "not_approved": Ending(
        "NARR", "A second person said no, or who asked is of the house no more.", "Read `reason`; ask again if need be."
    ),
    "canceled": Ending("NARR", "The member took it back before it was sent.", "Ask for it again with a new key."),
}
"""Every code that is in no answer's `code` but a payment's, an order's or an event's."""
