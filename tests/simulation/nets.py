"""Transfers that wait for a netting cycle, often of more than there is, and the operator who calls one."""

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ledger_node.errors import LedgerNodeError
from ledger_node.money import currency, decimal_string
from ledger_node.settlement.model import ONE_PERSON
from tests.crash.power import PowerFailed
from tests.settlement.issuer import OPERATOR
from tests.simulation.model import Asked

if TYPE_CHECKING:
    from tests.simulation.simulator import Simulation

USD = currency("USD")
BDAS = ("A.bda", "B.bda", "C.bda")
TIMEOUT_S = 30


def ask(simulation: "Simulation") -> None:
    debtor, creditor = simulation.random.sample(BDAS, 2)
    amount = simulation.random.randint(1, max(1, simulation.model.booked[debtor]))
    request = simulation.issuer.request(
        "transfer", simulation.next_key(), debtor, creditor, decimal_string(amount, USD)
    )  # fmt: skip
    simulation.submit(Asked(replace(request, settlement="net"), debtor, creditor, amount))


def call(simulation: "Simulation") -> None:
    simulation.note("netting")
    with contextlib.suppress(LedgerNodeError, PowerFailed):
        simulation.issuer.settlement.four_eyes.do(OPERATOR, "netting.call", {"currency": "USD"}).result(TIMEOUT_S)


def finish(simulation: "Simulation", left: int) -> None:
    """Settle what can be; what no cycle can cover waits out its time."""
    if left > 4:
        call(simulation)
    elif left == 4:
        simulation.clock_ms += (
            2 * ONE_PERSON.net_expires_after_ms
        )  # it may have been asked for before the clock went back
