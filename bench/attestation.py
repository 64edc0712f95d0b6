"""What the journal, the claims tree and the reconciler cost a payment: `python -m bench.attestation [--accounts N]`.

One house in this process, one bank, transfers round its BDAs in full batches: every account is in every batch, which
is the dearest case for the claims tree. Prints what each part takes of the processor, in microseconds a payment, and
its share of all that the process takes to submit, settle and book; then the same for payments that come alone.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger_node import journal
from ledger_node.deposit_token.attestation import ReserveAttestation
from ledger_node.settlement.assurance.reconciler import Reconciler
from ledger_node.settlement.model import Accepted
from ledger_node.settlement.onchain import batches, liabilities
from ledger_node.settlement.onchain.liabilities import LiabilityTrees
from tests.settlement.issuer import OPERATOR, Issuer

PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "journal": ((journal, "append"),),
    "claims tree": ((LiabilityTrees, "attest"), (liabilities, "record")),
    "signature": ((ReserveAttestation, "digest"), (batches, "signature_bytes")),
    "reconciler (its own thread)": ((Reconciler, "compare_touched"),),
}


class Stopwatch:
    """Adds up the time spent in some functions."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        for part, functions in PARTS.items():
            for owner, name in functions:
                setattr(owner, name, self._timed(part, getattr(owner, name)))

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            started = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[part] += time.thread_time() - started

        return timed

    def reset(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.attestation", description=__doc__)
    parser.add_argument("--accounts", type=int, default=40)
    parser.add_argument("--payments", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        issuer = Issuer(Path(directory)).start()
        issuer.settle()
        issuer.admit("A")
        accounts = open_accounts(issuer, arguments.accounts)
        issuer.settle()
        issuer.fiat("deposit", "d", "A.dda", "1000000.00")
        fund(issuer, accounts)
        watch = Stopwatch()
        pay(issuer, accounts, 2_000, "warm")
        watch.reset()
        started = time.process_time()
        pay(issuer, accounts, arguments.payments, "round")
        spent = time.process_time() - started
        report(f"{arguments.accounts} accounts, batches of 2,000", watch, spent, arguments.payments)
        watch.reset()
        started = time.process_time()
        for number in range(100):
            pay(issuer, accounts, 1, f"lone{number}")
        report("lone payments on an idle house", watch, time.process_time() - started, 100)
        issuer.close()


def open_accounts(issuer: Issuer, count: int) -> list[str]:
    member_id = issuer.members["A"].member_id or ""
    opened = [issuer.settlement.accounts.open(OPERATOR, member_id, kind="BDA", currency="USD") for _ in range(count)]
    return [each.result(60).id for each in opened]


def fund(issuer: Issuer, accounts: list[str]) -> None:
    for start in range(0, len(accounts), 2_000):
        issuer.settlement.desk.submit_many(
            [issuer.request("mint", f"m{id_}", "A.dda", id_, "100.00") for id_ in accounts[start : start + 2_000]]
        )
        issuer.settle()


def pay(issuer: Issuer, accounts: list[str], count: int, name: str) -> None:
    caller = issuer.members["A"]
    for start in range(0, count, 2_000):
        requests = [
            issuer.request(
                "transfer", f"{name}/{number}", accounts[number % len(accounts)],
                accounts[(number + 1) % len(accounts)], "0.01", caller=caller,
            )
            for number in range(start, min(count, start + 2_000))
        ]  # fmt: skip
        answers = issuer.settlement.desk.submit_many(requests)
        issuer.settle()
        accepted = [answer for answer in answers.result(60) if isinstance(answer, Accepted)]
        assert len(accepted) == len(requests)
        watched = issuer.settlement.desk.watch_all(answer.operation.id for answer in accepted)
        watched.done.result(60)
        assert all(each.status == "settled" for each in watched.final.values())


def report(title: str, watch: Stopwatch, seconds: float, payments: int) -> None:
    print(f"{title}: {seconds / payments * 1e6:.0f} microseconds of processor time a payment")
    for part, spent in watch.seconds.items():
        print(f"  {part:28} {spent / payments * 1e6:8.1f} microseconds  {spent / seconds * 100:5.1f} %")


if __name__ == "__main__":
    main()
