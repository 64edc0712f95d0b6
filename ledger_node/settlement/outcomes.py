"""What a member is told when the token contract refused: API code, ISO 20022 reason code and a sentence.

The codes of single legs have their one table in deposit_token/codes.py; here is only what concerns a whole batch.
"""

from dataclasses import dataclass

from ledger_node.deposit_token.codes import RESTRICTIONS, restriction
from ledger_node.deposit_token.refusals import Refusal
from ledger_node.errors import (
    AuthorizationExpired,
    AuthorizationInvalid,
    AuthorizationUsed,
    Fault,
    RejectedOnChain,
    Unpayable,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a payment was rejected."""

    code: str
    reason_code: str
    reason: str


ON_CHAIN = tuple(Outcome(row.api_code, row.reason_code, row.sentence) for row in RESTRICTIONS)
"""Every way in which the token refuses a leg."""

NONCE_SPENT = Outcome(
    AuthorizationUsed.code, "AM05", "The authorisation's nonce was canceled on chain, or used for another transfer."
)


def of_leg(code: int) -> Outcome:
    """What a leg's code means. Raises Fault for a code that this release does not know."""
    try:
        row = restriction(code)
    except KeyError:
        raise Fault(f"The token contract answered with the unknown code {code}; a newer release may know it.") from None
    return Outcome(row.api_code, row.reason_code, row.sentence)


def of_single(refusal: Refusal | None) -> Outcome:
    """A transaction with one purpose reverted: why. None: executing it again found no reason."""
    if refusal is not None and refusal.restriction is not None:
        row = refusal.restriction
        return Outcome(row.api_code, row.reason_code, row.sentence)
    name = None if refusal is None or refusal.revert is None else refusal.revert.name
    error = _AUTHORIZATIONS.get(name or "", RejectedOnChain)
    assert error.reason_code is not None
    return Outcome(error.code, error.reason_code, f"The token contract refused: {name or 'no reason given'}.")


_AUTHORIZATIONS: dict[str, type[Unpayable]] = {
    "ERC3009InvalidSignature": AuthorizationInvalid,
    "ERC3009InvalidAuthorizationTime": AuthorizationExpired,
    "ERC3009UsedAuthorization": AuthorizationUsed,
}


def of_revert(refusal: Refusal | None) -> Outcome:
    """The whole batch reverted, so every leg is rejected for one reason; None: executing it again found none."""
    if refusal is not None and refusal.restriction is not None:
        row = refusal.restriction
        return Outcome(row.api_code, row.reason_code, row.sentence)
    why = "without a reason" if refusal is None or refusal.revert is None else f"with {refusal.revert.name}"
    assert RejectedOnChain.reason_code is not None
    return Outcome(
        RejectedOnChain.code, RejectedOnChain.reason_code, f"The token contract refused the whole batch {why}."
    )
