"""Why a call to the token reverted, from its revert data alone: a custom error's name and numbers."""

from dataclasses import dataclass

from ledger_node.chain.contract import Revert
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.codes import Restriction, restriction

_WITH_A_CODE = ("TransferRestricted", "LegRefused")
_NAMED_BY_ERROR = {"EnforcedPause": 1, "ERC20InsufficientBalance": 14, "InsufficientUnlockedBalance": 15}


@dataclass(frozen=True, slots=True)
class Refusal:
    """`restriction` is set where the token's movement rules refused; `revert` is None for data of no known error."""

    revert: Revert | None
    restriction: Restriction | None


def refusal(data: bytes) -> Refusal:
    revert = deposit_token().revert(data)
    if revert is None:
        return Refusal(None, None)
    code = revert.arguments["code"] if revert.name in _WITH_A_CODE else _NAMED_BY_ERROR.get(revert.name)
    return Refusal(revert, None if code is None else restriction(code))
