"""`python -m bench.permissions`: what the members' permissions cost, rules off and on in turn in the same run.

Settled payments: a house in this process, transfers in full batches. Single transfers: transactions of many senders,
from the pool through execution into the store, of which the sealer alone is measured. Processor time, so that a busy
machine blurs it less; a run still differs from the next by a fifth, so the cost is the median of the runs' own.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.attestation import fund, open_accounts, pay
from ledger_node.chain.genesis import Genesis, GenesisAccount, NetworkRules, build_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, open_chain
from ledger_node.chain.pyevm.rules import everyone
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.genesis import NetworkSetup, genesis_account
from ledger_node.permissions.rules import permissions_at
from tests.chain.conftest import CHAIN_ID, START, Person
from tests.settlement.issuer import SIGNERS, Issuer, key

SENDERS = 200
ACCOUNTS = 40


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.permissions", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--payments", type=int, default=4_000)
    parser.add_argument("--transfers", type=int, default=2_000)
    arguments = parser.parse_args()
    table = Table(title=f"medians of {arguments.runs} runs each, per second of processor time")
    for heading in ("", "rules off", "rules on", "cost, by pairs (quartiles)"):
        table.add_column(heading, justify="right" if heading else "left")
    with tempfile.TemporaryDirectory() as directory, ExitStack() as opened:
        for name, open_one, count in (
            ("settled payments", settling, arguments.payments), ("single transfers", transferring, arguments.transfers),
        ):  # fmt: skip
            # Whoever is opened first runs a tenth faster to the end, rules or not: each kind is opened first once.
            takers = [
                (on, opened.enter_context(open_one(Path(directory) / f"{name} {number}", on)))
                for number, on in enumerate((False, True, True, False))
            ]
            rates: dict[bool, list[float]] = {False: [], True: []}
            for run in range(arguments.runs):
                taken: dict[bool, list[float]] = {False: [], True: []}
                for on, measure in takers if run % 2 == 0 else reversed(takers):
                    taken[on].append(measure(count))
                for on, two in taken.items():
                    rates[on].append(statistics.mean(two))
            off, on_ = (statistics.median(rates[which]) for which in (False, True))
            costs = [(off / on_ - 1) * 100 for off, on_ in zip(rates[False], rates[True], strict=True)]
            low, middle, high = statistics.quantiles(costs, n=4)
            table.add_row(name, f"{off:,.0f}", f"{on_:,.0f}", f"{middle:+.1f} % ({low:+.1f} to {high:+.1f})")
    Console(width=80).print(table)


def network(setup: NetworkSetup, sealer: bytes, **alloc: Any) -> Genesis:
    """The same genesis either way, so that only the question differs."""
    accounts = {ADDRESS: genesis_account(setup)} | {bytes.fromhex(name): entry for name, entry in alloc.items()}
    return build_genesis(
        chain_id=CHAIN_ID, sealer=sealer, timestamp=START, alloc=accounts, rules=NetworkRules(permissions=True)
    )


@contextmanager
def settling(directory: Path, on: bool) -> Iterator[Callable[[int], float]]:
    """Settles so many payments and says how many a second."""
    directory.mkdir()
    setup = NetworkSetup(
        sealer=key("sealer").address, operator="operator", administrators=(key("network").address,),
        deployers=(SIGNERS.admin.address,), transactors=(SIGNERS.settlement.address,),
    )  # fmt: skip
    issuer = Issuer(
        directory, genesis=network(setup, key("sealer").address), permissions_at=permissions_at if on else everyone
    ).start()
    try:
        issuer.settle()
        issuer.settle()
        issuer.admit("A")
        accounts = open_accounts(issuer, ACCOUNTS)
        issuer.settle()
        issuer.fiat("deposit", "d", "A.dda", "1000000.00")
        fund(issuer, accounts)
        names = itertools.count()

        def measure(payments: int) -> float:
            began = time.process_time()
            pay(issuer, accounts, payments, f"run-{next(names)}")
            return payments / (time.process_time() - began)

        measure(1_000)
        yield measure
    finally:
        issuer.close()


@contextmanager
def transferring(directory: Path, on: bool) -> Iterator[Callable[[int], float]]:
    """Takes so many transfers into blocks and says how many a second."""
    people = [Person(f"sender {number}") for number in range(SENDERS)]
    administrator, sealer = Person("administrator"), key("sealer")
    setup = NetworkSetup(
        sealer=sealer.address, operator="operator", administrators=(administrator.address,),
        transactors=tuple(person.address for person in people),
    )  # fmt: skip
    rich = {person.address.hex(): GenesisAccount(10**18) for person in people}
    chain = open_chain(
        directory, network(setup, sealer.address, **rich), sealer=sealer, settings=ChainSettings(produce=False),
        permissions_at=permissions_at if on else everyone,
    )  # fmt: skip
    try:

        def measure(transfers: int) -> float:
            raws = [people[number % SENDERS].sign(value=1) for number in range(transfers)]
            began = time.process_time()
            for raw in raws:
                chain.send_raw_transaction(raw)
            while len(chain.pool):
                chain.make_block()
            return transfers / (time.process_time() - began)

        measure(1_000)
        yield measure
    finally:
        chain.close()


if __name__ == "__main__":
    main()
