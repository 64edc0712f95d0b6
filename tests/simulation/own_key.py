"""The holder of its own key moves tokens past the gateway."""

import contextlib
from typing import TYPE_CHECKING

from ledger_node.chain.errors import ChainError
from ledger_node.deposit_token import calls
from ledger_node.settlement.onchain.signing import Fees, sign_transaction
from tests.simulation.template import OWN

if TYPE_CHECKING:
    from tests.simulation.simulator import Simulation


def pay(simulation: "Simulation") -> None:
    issuer, random = simulation.issuer, simulation.random
    amount = random.randint(1, max(1, simulation.model.booked["C.bda2"] // 2))
    payee = random.choice(["A.bda", "B.bda", "C.bda"])
    signed = sign_transaction(
        OWN, chain_id=issuer.chain.chain_id, nonce=simulation.own_nonce, to=issuer.token(),
        data=calls.transfer(issuer.address(payee), amount), gas=300_000, fees=Fees(),
    )  # fmt: skip
    simulation.own_nonce += 1
    simulation.note("raw", payee, amount)
    simulation.raw[signed.hash] = (signed.raw, payee, amount)
    with contextlib.suppress(ChainError):
        issuer.chain.send_raw_transaction(signed.raw)
