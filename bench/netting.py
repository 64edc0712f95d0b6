"""Net settlement beside gross: `python -m bench.netting [--payments N] [--banks N] [--cover PERCENT] [--seed N]`.

One house in this process and banks that pay one another at random. Each bank starts with `--cover` percent of what it
will pay. The same payments are asked for twice, over two fresh ledgers: to be settled net, in cycles until nothing more
can be taken, and gross, in their order. Tells what share of the payments settled, how many tokens that took, and the
payments per second from the first request to the last booked line.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from ledger_node.access.model import Caller
from ledger_node.errors import InsufficientBalance
from ledger_node.settlement.model import Accepted, PaymentRequest
from tests.settlement.issuer import OPERATOR, Issuer

SITTING = 2_000


@dataclass(frozen=True)
class Payment:
    debtor: int
    creditor: int
    minor: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.netting", description=__doc__)
    parser.add_argument("--payments", type=int, default=10_000)
    parser.add_argument("--banks", type=int, default=40)
    parser.add_argument("--cover", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    drawn = random.Random(given.seed)
    payments = [draw(drawn, given.banks) for _ in range(given.payments)]
    print(f"{given.payments} payments among {given.banks} banks that hold {given.cover} % of what they will pay")
    for settlement in ("net", "gross"):
        with tempfile.TemporaryDirectory() as directory:
            print(run(Path(directory), payments, given.banks, given.cover, settlement))


def draw(drawn: random.Random, banks: int) -> Payment:
    """Any bank to any other; sums spread over four orders of magnitude, as payments are."""
    debtor, creditor = drawn.sample(range(banks), 2)
    return Payment(debtor, creditor, int(10 ** drawn.uniform(3, 7)))


def run(directory: Path, payments: list[Payment], banks: int, cover: int, settlement: str) -> str:
    issuer = Issuer(directory).start()
    issuer.settle()
    held = [admit(issuer, number) for number in range(banks)]
    issuer.settle()
    owed = Counter[int]()
    for payment in payments:
        owed[payment.debtor] += payment.minor
    for number, (_, dda, bda) in enumerate(held):
        fund(issuer, held[number][0], dda, bda, owed[number] * cover // 100)
    started, processor = time.perf_counter(), time.process_time()
    settled = ask(issuer, held, payments, settlement)
    if settlement == "net":
        settled = call_cycles(issuer)
    seconds, spent = time.perf_counter() - started, time.process_time() - processor
    assert issuer.audit().passed
    told = f"{settlement:<6} {settled:>6} settled ({100 * settled / len(payments):.1f} %)"
    told += f", {settled / seconds:,.0f} a second"
    told += f" ({settled / spent:,.0f} per processor second)"
    if settlement == "net":
        cycles = issuer.settlement.queries.netting_cycles().data
        gross, net = sum(each.gross for each in cycles), sum(each.net for each in cycles)
        blocks = sum(each.status == "settled" for each in cycles)
        told += f"; gross {gross / 100:,.2f}, moved {net / 100:,.2f}"
        told += f": {100 - 100 * net / gross:.1f} % saved, {blocks} cycle(s)"
    issuer.close()
    return told


def admit(issuer: Issuer, number: int) -> tuple[Caller, str, str]:
    settlement = issuer.settlement
    base = f"529900BENCH{number:07d}"
    digits = "".join(str(int(character, 36)) for character in base + "00")
    lei = f"{base}{98 - int(digits) % 97:02d}"
    letters = "".join(chr(65 + int(digit)) for digit in f"{number:03d}")
    member = settlement.members.admit(
        OPERATOR, bic=f"BENCGB{letters[0]}{letters[1:]}"[:8] + letters, lei=lei, legal_name=base
    )
    id_ = member.result(60).id
    settlement.members.activate(OPERATOR, id_).result(60)
    dda, bda = (
        settlement.accounts.open(OPERATOR, id_, kind=kind, currency="USD").result(60).id for kind in ("DDA", "BDA")
    )  # fmt: skip
    return Caller(f"key_{number}", "member", id_), dda, bda


def fund(issuer: Issuer, caller: Caller, dda: str, bda: str, minor: int) -> None:
    if minor:
        amount = f"{minor // 100}.{minor % 100:02d}"
        issuer.fiat("deposit", f"d{dda}", dda, amount)
        issuer.settlement.desk.submit(PaymentRequest("mint", caller, "m", dda, bda, amount, "USD")).result(60)
        issuer.settle()


def ask(issuer: Issuer, held: list[tuple[Caller, str, str]], payments: list[Payment], settlement: str) -> int:
    """How many were accepted, and (gross) so settled."""
    accepted = 0
    for start in range(0, len(payments), SITTING):
        requests = []
        for number, each in enumerate(payments[start : start + SITTING], start):
            caller, _, debtor = held[each.debtor]
            amount = f"{each.minor // 100}.{each.minor % 100:02d}"
            request = PaymentRequest("transfer", caller, f"p{number}", debtor, held[each.creditor][2], amount, "USD")
            requests.append(replace(request, settlement="net") if settlement == "net" else request)
        for answer in issuer.settlement.desk.submit_many(requests).result(60):
            assert isinstance(answer, Accepted | InsufficientBalance), answer
            accepted += isinstance(answer, Accepted)
        if settlement == "gross":
            issuer.settle()
    return accepted


def call_cycles(issuer: Issuer) -> int:
    """Cycles until one takes nothing; how many payments they settled."""
    settled = 0
    while True:
        called = issuer.settlement.four_eyes.do(OPERATOR, "netting.call", {"currency": "USD"}).result(60).result
        issuer.settle()
        cycle = issuer.settlement.queries.netting_cycle(called.id)
        if cycle.status != "settled":
            return settled
        settled += cycle.payments


if __name__ == "__main__":
    main()
