"""`python -m bench.money_rules`: what the money's own rules cost a settled payment, with and without in one run.

A node has no switch for them; here they are replaced by nothing while payments that break none are settled: whether
accounts may pay and be paid, every limit with what is counted against it, and whether a second person must agree. The
bank has every kind of limit. Both ways give the same payments, so only the rules differ. Processor time.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.attestation import fund, open_accounts, pay
from ledger_node.settlement import limits
from ledger_node.settlement.intake import rules
from ledger_node.settlement.model import Limits
from tests.settlement.issuer import Issuer

ACCOUNTS = 40
MOST = 10**15


class Uncounted:
    """Stands where limits are counted, and counts nothing."""

    def __init__(self, *_given: Any, **_named: Any) -> None: ...

    def count(self, *_given: Any) -> None: ...

    def arriving(self, *_given: Any) -> None: ...

    def write(self, *_given: Any) -> None: ...


@contextmanager
def without_rules() -> Iterator[None]:
    def nothing(*_given: Any, **_named: Any) -> bool:
        return False

    names = ("may_pay", "may_receive", "authorized", "within_limits", "second_person_needed")
    with ExitStack() as off:
        for name in names:
            off.enter_context(patch.object(rules, name, nothing))
        off.enter_context(patch.object(limits, "usage", Uncounted))
        yield


@contextmanager
def with_rules() -> Iterator[None]:
    yield


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.money_rules", description=__doc__)
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--payments", type=int, default=2_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        issuer = Issuer(Path(directory)).start()
        issuer.settle()
        issuer.admit("A")
        accounts = open_accounts(issuer, ACCOUNTS)
        issuer.settle()
        agreed = Limits(issuer.members["A"].member_id or "", "USD", MOST, MOST, MOST, MOST)
        issuer.settlement.writer.run(lambda connection: limits.agree(connection, agreed, at=issuer.clock.now_ms()))
        issuer.fiat("deposit", "d", "A.dda", "1000000.00")
        fund(issuer, accounts)
        pay(issuer, accounts, 2_000, "warm")
        rates: dict[bool, list[float]] = {False: [], True: []}
        numbers = itertools.count()
        for run in range(arguments.runs):
            for on in (False, True) if run % 2 == 0 else (True, False):
                with with_rules() if on else without_rules():
                    began = time.process_time()
                    pay(issuer, accounts, arguments.payments, f"run-{next(numbers)}")
                    rates[on].append(arguments.payments / (time.process_time() - began))
        issuer.close()
    off, on_ = (statistics.median(rates[which]) for which in (False, True))
    costs = sorted((without / with_ - 1) * 100 for without, with_ in zip(rates[False], rates[True], strict=True))
    middle, spread = statistics.median(costs), (costs[len(costs) // 4], costs[-len(costs) // 4])
    print(f"without rules {off:,.0f} a second, with {on_:,.0f}")
    print(f"cost by pairs: {middle:+.1f} % (half of the pairs between {spread[0]:+.1f} % and {spread[1]:+.1f} %)")


if __name__ == "__main__":
    main()
