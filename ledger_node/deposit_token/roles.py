"""Who holds which role of a token: read, given, taken; and the default admin's handing over, in two steps with a delay.

AccessControl and AccessControlDefaultAdminRules of OpenZeppelin; the token's README says what each role may do.
"""

from collections.abc import Mapping
from typing import Any

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, Call, Hash32
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.deployment import (
    ATTESTOR_ROLE,
    ENFORCER_ROLE,
    MINT_LIMITER_ROLE,
    PAUSER_ROLE,
    REGISTRAR_ROLE,
    SETTLEMENT_ROLE,
)

ROLES_OF: Mapping[str, tuple[Hash32, ...]] = {
    "settlement": (SETTLEMENT_ROLE,),
    "attestor": (ATTESTOR_ROLE,),
    "admin": (REGISTRAR_ROLE, PAUSER_ROLE, ENFORCER_ROLE, MINT_LIMITER_ROLE),
}
"""The roles that each of the house's keys needs of every token; the admin's is also the default admin."""


def has_role(chain: ChainBackend, token: Address, role: Hash32, account: Address) -> bool:
    held: bool = _asked(chain, token, "hasRole", role, account)[0]
    return held


def minter_allowance(chain: ChainBackend, token: Address, minter: Address) -> int:
    """What it may mint in 24 hours."""
    per_day: int = _asked(chain, token, "minterAllowance", minter)[1]
    return per_day


def default_admin(chain: ChainBackend, token: Address) -> Address:
    return bytes.fromhex(_asked(chain, token, "defaultAdmin")[0][2:])


def pending_default_admin(chain: ChainBackend, token: Address) -> tuple[Address, int]:
    """Who is to be the default admin, and the Unix second after which it may accept; twenty zeros and 0: nobody."""
    address, schedule = _asked(chain, token, "pendingDefaultAdmin")
    return bytes.fromhex(address[2:]), schedule


def begin_default_admin_transfer(to: Address) -> bytes:
    return deposit_token().call("beginDefaultAdminTransfer", to)


def accept_default_admin_transfer() -> bytes:
    return deposit_token().call("acceptDefaultAdminTransfer")


def cancel_default_admin_transfer() -> bytes:
    return deposit_token().call("cancelDefaultAdminTransfer")


def ask_decimals() -> bytes:
    """A question that any token answers to anybody whom the network lets ask."""
    return deposit_token().call("decimals")


def _asked(chain: ChainBackend, token: Address, function: str, *arguments: Any) -> tuple[Any, ...]:
    data = deposit_token().call(function, *arguments)
    return deposit_token().returned(function, chain.call(Call(to=token, data=data)))
