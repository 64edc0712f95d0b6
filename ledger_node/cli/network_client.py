"""A network administrator's hand: one call of the permissions contract, tried out first, then sent and waited for.

What the caller may do itself is called; what only the majority may do is proposed, if the caller has a vote. It speaks
to a chain through the same door as the gateway, signs with a keystore of its own, and keeps nothing: the nonce is the
chain's. So the key must not be one whose nonces the ledger counts.
"""

import time
from dataclasses import dataclass
from typing import Any

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, Call, Receipt
from ledger_node.chain.errors import Reverted
from ledger_node.errors import Refused, Unavailable
from ledger_node.keys import Signer
from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import ADDRESS, permissions_contract
from ledger_node.permissions.events import PermissionEvent, decode_all
from ledger_node.settlement.onchain.signing import Fees, sign_transaction

ONLY_BY_MAJORITY = ("NotAdministratorOf", "NotTheMajority")
POLL_S = 0.05


class RefusedByContract(Refused):
    """The permissions contract refuses the call; `facts` has its error and its arguments."""

    code = "refused_by_contract"
    title = "The permissions contract refused"


class NotMined(Unavailable):
    code = "not_mined"
    title = "The transaction is not in a block yet"


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent. `by_vote`: as a proposal, because the caller's own right does not reach that far."""

    sender: Address
    data: bytes
    by_vote: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "from": f"0x{self.sender.hex()}", "to": f"0x{ADDRESS.hex()}", "by_vote": self.by_vote,
            "call": calls.described(self.data), "data": f"0x{self.data.hex()}",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    receipt: Receipt
    events: tuple[PermissionEvent, ...]


class NetworkDoor:
    def __init__(self, chain: ChainBackend, signer: Signer, *, wait_s: float = 30.0) -> None:
        self._chain = chain
        self._signer = signer
        self._wait_s = wait_s

    @property
    def chain(self) -> ChainBackend:
        return self._chain

    @property
    def caller(self) -> Address:
        return self._signer.address

    def plan(self, data: bytes) -> Plan:
        """Try the call on the newest state, and as a proposal where it needs the majority.

        Raises RefusedByContract when the contract refuses both, and NotPermitted when the caller may not transact.
        """
        refusal = self._tried(data)
        if refusal is None:
            return Plan(self.caller, data, by_vote=False)
        if refusal.facts.get("error") in ONLY_BY_MAJORITY and self._votes():
            proposal = calls.propose(data)
            refused = self._tried(proposal)
            if refused is None:
                return Plan(self.caller, proposal, by_vote=True)
            refusal = refused
        raise refusal

    def carry_out(self, plan: Plan) -> Done:
        """Send it and wait for its block. Raises NotMined when that takes too long; sending again is safe."""
        chain = self._chain
        fee, tip = chain.suggest_fees()
        gas = chain.estimate_gas(Call(sender=plan.sender, to=ADDRESS, data=plan.data))
        signed = sign_transaction(
            self._signer, chain_id=chain.chain_id, nonce=chain.nonce(plan.sender, "pending"), to=ADDRESS,
            data=plan.data, gas=gas + gas // 4, fees=Fees(fee, tip),
        )  # fmt: skip
        chain.send_raw_transaction(signed.raw)
        end = time.monotonic() + self._wait_s
        while (receipt := chain.receipt(signed.hash)) is None:
            if time.monotonic() > end:
                raise NotMined(f"0x{signed.hash.hex()} was sent and is in no block after {self._wait_s:g} s.")
            time.sleep(POLL_S)
        if not receipt.succeeded:
            raise self._tried(plan.data) or RefusedByContract(
                f"Transaction 0x{signed.hash.hex()} failed in block {receipt.block_number}: the state had changed."
            )
        return Done(receipt, tuple(decode_all(receipt.logs)))

    def _votes(self) -> bool:
        return self.caller in reads.network_administrators(self._chain)

    def _tried(self, data: bytes) -> RefusedByContract | None:
        try:  # an estimate, because a call may pretend to be from anybody
            self._chain.estimate_gas(Call(sender=self.caller, to=ADDRESS, data=data))
        except Reverted as reverted:
            said = permissions_contract().revert(reverted.data)
            if said is None:
                return RefusedByContract(f"The contract refuses {calls.described(data)['function']}.")
            arguments = {name: _text(value) for name, value in said.arguments.items()}
            words = ", ".join(f"{name} {value}" for name, value in arguments.items())
            return RefusedByContract(f"{said.name}: {words}" if words else said.name, error=said.name, **arguments)
        return None


def _text(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
