"""Why the token does not move: the one table from the contract's restriction code to API code, ISO reason and sentence.

The same codes come out of `settle` (one per leg), of ERC-1404's detectTransferRestriction and of the TransferRestricted
error. They are in order of precedence. ISO codes are ISO 20022 external status reason codes.
"""

from dataclasses import dataclass

MOVED = 0


@dataclass(frozen=True, slots=True)
class Restriction:
    code: int
    name: str
    api_code: str
    reason_code: str
    sentence: str


RESTRICTIONS = (
    Restriction(1, "PAUSED", "token_paused", "AG01", "The token is paused; no account can send or receive."),
    Restriction(2, "INVALID_INSTRUCTION", "invalid_instruction", "NARR", "The instruction is not well formed."),
    Restriction(3, "INVALID_AMOUNT", "invalid_amount", "AM02", "The amount is zero or above the largest allowed."),
    Restriction(4, "DEBTOR_NOT_REGISTERED", "account_not_active", "AC01", "The debtor is no member's account."),
    Restriction(5, "DEBTOR_SUSPENDED", "member_suspended", "AG10", "The debtor account is suspended."),
    Restriction(6, "DEBTOR_FROZEN", "account_frozen", "AC06", "The debtor account is frozen."),
    Restriction(7, "DEBTOR_CLOSED", "account_closed", "AC04", "The debtor account is closed."),
    Restriction(8, "DEBTOR_IN_SELF_CUSTODY", "self_custody", "AG01", "Only the debtor's own key moves this account."),
    Restriction(9, "CREDITOR_NOT_REGISTERED", "creditor_not_active", "AC03", "The creditor is no member's account."),
    Restriction(10, "CREDITOR_SUSPENDED", "creditor_suspended", "AG10", "The creditor account is suspended."),
    Restriction(11, "CREDITOR_FROZEN", "creditor_frozen", "AC06", "The creditor account is frozen."),
    Restriction(12, "CREDITOR_CLOSED", "creditor_closed", "AC04", "The creditor account is closed."),
    Restriction(13, "SPENDER_NOT_ACTIVE", "spender_not_active", "AG01", "The spender is no active account."),
    Restriction(14, "INSUFFICIENT_BALANCE", "insufficient_balance", "AM04", "The debtor account holds too few tokens."),
    Restriction(
        15, "INSUFFICIENT_UNLOCKED_BALANCE", "balance_locked", "AM04", "Part of the debtor's tokens is frozen or held."
    ),
    Restriction(
        16, "ABOVE_ATTESTED_RESERVE", "reserve_exceeded", "AG01", "Supply would exceed the attested reserve."
    ),
    Restriction(
        17, "ABOVE_MINTER_ALLOWANCE", "mint_limit_exceeded", "AM14", "The mint is above what the minter may mint today."
    ),
)  # fmt: skip

_BY_CODE = {each.code: each for each in RESTRICTIONS}


def restriction(code: int) -> Restriction:
    """The row of a code that is not MOVED. A code this release does not know is a fault of ours: KeyError."""
    return _BY_CODE[code]
