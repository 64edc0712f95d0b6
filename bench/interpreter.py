"""`python -m bench.interpreter`: legs of settle batches a second inside the virtual machine, on py-evm and on traces.

One process, no socket, no disk, no signature check of transactions: only what the interpreter and the world state under
it take. Both machines execute the same batches in turn, and must come to the same state root, logs and gas.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.forks.prague.state import PragueState
from eth.vm.message import Message
from rich.console import Console

from bench.report import Report
from ledger_node.chain import tries
from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.contract import create_address
from ledger_node.chain.encoding import EMPTY_TRIE_ROOT
from ledger_node.chain.pyevm.interpreter import fast_computation
from ledger_node.chain.pyevm.machine import NetworkComputation, state_class
from ledger_node.chain.pyevm.world import World
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.attestation import ReserveAttestation, signature_bytes
from ledger_node.deposit_token.deployment import TokenRoles, TokenSetup
from ledger_node.keys import LocalSigner
from ledger_node.money import currency

CHAIN_ID = 1337
GAS = 10**12
SIGNER = LocalSigner(b"\x01" * 32)


class TokenMachine:
    """The deposit token on a bare state. One key has every role."""

    def __init__(self, computation_class: type[Any]) -> None:
        self.state = state_class(PragueState)(
            World(EMPTY_TRIE_ROOT, tries.no_nodes, _no_code),
            ExecutionContext(bytes(20), 1_700_000_000, 1, 0, bytes(32), GAS, (), CHAIN_ID, 0, 0),  # type: ignore[arg-type]
            lambda _: bytes(32),
            computation_class,
        )
        owner = SIGNER.address
        setup = TokenSetup(currency("USD"), TokenRoles(owner, owner, owner, owner, owner, owner))
        self.token = create_address(owner, 0)
        self.domain = setup.domain(chain_id=CHAIN_ID, token=self.token)
        self._batches = 0
        message = Message(GAS, b"", owner, 0, b"", setup.creation_code(), create_address=self.token)  # type: ignore[arg-type]
        self._apply(computation_class.apply_create_message, message).raise_if_error()

    def send(self, data: bytes, *, sender: Address = SIGNER.address, gas: int = GAS) -> Any:
        """py-evm's computation of a call of the token, which may have failed."""
        code = self.state.get_code(self.token)
        message = Message(gas, self.token, sender, 0, data, code)  # type: ignore[arg-type]
        return self._apply(self.state.computation_class.apply_message, message)

    def settlement(self, legs: list[calls.Leg]) -> bytes:
        """Calldata of the next batch."""
        self._batches += 1
        batch_id = self._batches.to_bytes(32, "big")
        attestation = ReserveAttestation(10**15, bytes(32), self._batches, bytes(32))
        signature = signature_bytes(SIGNER.sign(attestation.digest(self.domain, batch_id)))
        return calls.settle(batch_id, legs, attestation, signature)

    def _apply(self, apply: Callable[..., Any], message: Message) -> Any:
        self.state.world.lock_changes()
        return apply(self.state, message, CancunTransactionContext(gas_price=0, origin=message.sender))


def _no_code(code_hash: Hash32) -> bytes:
    raise LookupError(code_hash.hex())


@dataclass(frozen=True, slots=True)
class Batches:
    """`count` batches of `legs` transfers between `banks` accounts, after one that funds them."""

    banks: int
    legs: int
    count: int

    def accounts(self) -> list[Address]:
        return [(0xBA << 152 | number).to_bytes(20, "big") for number in range(1, self.banks + 1)]

    def funding(self) -> list[calls.Leg]:
        return [calls.Leg("mint", 10**9, creditor=account) for account in self.accounts()]

    def batch(self, number: int) -> list[calls.Leg]:
        accounts = self.accounts()
        apart = 1 + number % (self.banks - 1)
        return [
            calls.Leg("transfer", 5, accounts[at % self.banks], accounts[(at + apart) % self.banks])
            for at in range(self.legs)
        ]


def run(machine: TokenMachine, batches: Batches) -> tuple[list[float], list[Any]]:
    """Legs a second of each batch, and what must not differ between machines."""
    machine.send(calls.register([calls.Registration(account, 1) for account in batches.accounts()]))
    machine.send(machine.settlement(batches.funding()))
    rates, outcomes = [], []
    for number in range(batches.count):
        data = machine.settlement(batches.batch(number))
        started = time.perf_counter()
        done = machine.send(data)
        done.raise_if_error()
        rates.append(batches.legs / (time.perf_counter() - started))
        outcomes.append((done.get_gas_used(), done.get_gas_refund(), done.output, done.get_raw_log_entries()))
    return rates, [*outcomes, machine.state.make_state_root()]


def run_transfers(machine: TokenMachine, *, count: int, runs: int) -> tuple[list[float], list[Any]]:
    """The same for ERC-20 transfers that are a message each, as holders' own transactions would be."""
    holders = [(0xE0 << 152 | number).to_bytes(20, "big") for number in range(1, 21)]
    machine.send(calls.register([calls.Registration(holder, 1, self_custody=True) for holder in holders]))
    machine.send(machine.settlement([calls.Leg("mint", 10**9, creditor=holder) for holder in holders]))
    rates, outcomes = [], []
    for number in range(runs):
        messages = [(holders[at % 20], calls.transfer(holders[(at + 1 + number) % 20], 5)) for at in range(count)]
        started = time.perf_counter()
        done = [machine.send(data, sender=sender) for sender, data in messages]
        rates.append(count / (time.perf_counter() - started))
        outcomes += [(each.get_gas_used(), each.output, each.get_raw_log_entries()) for each in done]
    return rates, [*outcomes, machine.state.make_state_root()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.interpreter", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--legs", type=int, default=1000, help="legs of a batch, and transfers of a run (1000)")
    parser.add_argument("--banks", type=int, default=40, help="accounts that pay each other (40)")
    parser.add_argument("--runs", type=int, default=7, help="measurements on each machine (7)")
    arguments = parser.parse_args()
    legs, runs = arguments.legs, arguments.runs
    report = Report(Console(), runs=runs)
    batches, first = Batches(arguments.banks, legs, runs), Batches(arguments.banks, legs, 1)
    results: dict[str, Any] = {}
    machines: dict[str, Callable[[], type[Any]]] = {
        "py-evm": lambda: NetworkComputation,
        "traces": lambda: fast_computation(NetworkComputation),  # each time one that has seen no code yet
    }
    for name, new in machines.items():
        settled = run(TokenMachine(new()), batches)
        transferred = run_transfers(TokenMachine(new()), count=legs, runs=runs)
        cold = [run(TokenMachine(new()), first)[0][0] for _ in range(runs)]
        report.figure(f"settle batches of {legs}", name, "legs/s", settled[0])
        report.figure(f"the first batch of {legs} of a process", name, "legs/s", cold)
        report.figure("transfers, a message each", name, "transfers/s", transferred[0])
        results[name] = (settled[1], transferred[1])
    assert results["py-evm"] == results["traces"], "the two machines disagree"
    report.print()


if __name__ == "__main__":
    main()
