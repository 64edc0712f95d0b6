"""Netting: which of the queued payments can settle together, and what each account then pays or gets on the whole.

Pure arithmetic. Each account's payments keep their order: one waits while an earlier one of the same account waits.
Under that rule there is one largest set whose nets are all covered, and `choose` finds it: whoever is short gives up
its last payment, which no covered set could have kept (Bech and Soramäki, "Gridlock Resolution in Interbank Payment
Systems", 2001). So the outcome does not depend on the order in which accounts are looked at.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger_node.money import AMOUNT_MAX


@dataclass(frozen=True, slots=True)
class Queued:
    """A payment that waits, in the queue's order by `number`; accounts by their ids, the amount in minor units."""

    number: int
    operation_id: str
    uetr: str
    debtor: str
    creditor: str
    amount: int


def choose(queue: Sequence[Queued], available: Mapping[str, int]) -> list[Queued]:
    """The most payments whose net debits are all covered, in the queue's order. `available` knows every debtor."""
    nets = net(queue)
    owed: dict[str, list[Queued]] = defaultdict(list)
    for payment in queue:
        owed[payment.debtor].append(payment)
    given_up: set[int] = set()
    short = deque(sorted(owed))
    while short:
        account = short.popleft()
        most = max(0, available[account])
        while -nets[account] > most:
            last = owed[account].pop()
            given_up.add(last.number)
            nets[account] += last.amount
            nets[last.creditor] -= last.amount
            if last.creditor in owed:
                short.append(last.creditor)
    return [payment for payment in queue if payment.number not in given_up]


def net(payments: Iterable[Queued]) -> dict[str, int]:
    """What each account gets on the whole, below zero what it pays; they add up to nothing."""
    nets: dict[str, int] = defaultdict(int)
    for payment in payments:
        nets[payment.debtor] -= payment.amount
        nets[payment.creditor] += payment.amount
    return nets


def gross(payments: Iterable[Queued]) -> int:
    return sum(payment.amount for payment in payments)


def debits(nets: Mapping[str, int]) -> int:
    """The tokens that move: what all net debtors pay."""
    return -sum(each for each in nets.values() if each < 0)


def flows(nets: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Who pays whom how much to carry out the nets: debtors only pay, creditors only get; fewer flows than accounts."""
    payers = deque(sorted((account, -each) for account, each in nets.items() if each < 0))
    payees = deque(sorted((account, each) for account, each in nets.items() if each > 0))
    found = []
    while payers:
        (payer, owes), (payee, due) = payers.popleft(), payees.popleft()
        amount = min(owes, due, AMOUNT_MAX)
        found.append((payer, payee, amount))
        if owes > amount:
            payers.appendleft((payer, owes - amount))
        if due > amount:
            payees.appendleft((payee, due - amount))
    return found
