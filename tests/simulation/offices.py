"""The house's keys change hands while all the rest happens; at the end each office has one key, and no other a role."""

import contextlib
from typing import TYPE_CHECKING

from ledger_node.deposit_token import roles
from ledger_node.errors import LedgerNodeError
from ledger_node.settlement.onchain import signing_keys
from tests.crash.power import PowerFailed
from tests.settlement.issuer import OPERATOR
from tests.simulation.moves import Broken

if TYPE_CHECKING:
    from tests.simulation.simulator import Simulation

TIMEOUT_S = 30


def rotate(simulation: "Simulation") -> None:
    """The admin's delay outlasts every run, so its successor is canceled now and then, as a change of mind."""
    office = simulation.random.choice(["settlement", "settlement", "attestor", "admin"])
    simulation.note("rotate", office)
    with contextlib.suppress(LedgerNodeError, PowerFailed):
        _do(simulation, "house_key.rotate", {"office": office})
    if office == "admin":
        for key in _keys(simulation):
            if (key.office, key.status) == ("admin", "incoming"):
                with contextlib.suppress(LedgerNodeError, PowerFailed):
                    _do(simulation, "house_key.cancel", {"house_key": key.id})


def _keys(simulation: "Simulation") -> list[signing_keys.HouseKey]:
    with simulation.issuer.database.read() as connection:
        return signing_keys.listed(connection)


def _do(simulation: "Simulation", action: str, given: dict[str, str]) -> None:
    simulation.issuer.settlement.four_eyes.do(OPERATOR, action, given).result(TIMEOUT_S)


def finish(simulation: "Simulation") -> None:
    """Everything that was to change has changed."""
    issuer = simulation.issuer
    keys = _keys(simulation)
    for key in keys:
        needed = roles.ROLES_OF[key.office]
        held = {roles.has_role(issuer.chain, issuer.token(), role, key.address or b"") for role in needed}
        if key.status not in ("current", "retired") or held != {key.status == "current"}:
            raise Broken(f"I48: {key.id} is {key.status} as {key.office} and its roles are {held}")
    if sorted(key.office for key in keys if key.status == "current") != sorted(signing_keys.OFFICES):
        raise Broken("I48: an office has no key, or two")
