"""Netting: which of the queued payments can settle together, and what each account then pays or gets on the whole.

Pure arithmetic. Each account's payments keep their order: one waits while an earlier one of the same account waits.
Under that rule there is one largest set whose nets are all covered, and `choose` finds it: whoever is short gives up
its last payment, which no covered set could have kept (Bech and Soramäki, "Gridlock Resolution in Interbank Payment
Systems", 2001). So the outcome does not depend on the order in which accounts are looked at.

Where an owner may hold only so much more, the nets are covered first, then the newest payments to it give way, and what
becomes short by that gives up its own, until all holds. What nobody can cover thus takes nobody's room.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger_node.money import AMOUNT_MAX

ROUNDS = 4
"""So often the choice is made anew without what has no room, for then what waited behind it may go."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A payment that waits, in the queue's order by `number`; accounts by their ids, the amount in minor units."""

    number: int
    operation_id: str
    uetr: str
    debtor: str
    creditor: str
    amount: int


def choose(
    queue: Sequence[Queued], available: Mapping[str, int], room: Mapping[str, int] | None = None,
    owner: Mapping[str, str] | None = None,
) -> list[Queued]:  # fmt: skip
    """The most payments whose net debits are all covered, in the queue's order. `available` knows every debtor.

    `room` says how much more an owner may get on all its accounts on the whole, `owner` whose each account is. A
    payment for which its payee has no room is stepped over, and holds back none of its payer's.
    """
    most: list[Queued] = []
    stepped_over: set[int] = set()
    for _ in range(ROUNDS):
        cut = _Cut([each for each in queue if each.number not in stepped_over], available, room or {}, owner or {})
        taken = cut.settle()
        most = max(most, taken, key=len)
        if not cut.without_room:
            break
        stepped_over |= cut.without_room
    return most


class _Cut:
    """The queue while payments are given up one after another, each once: what is left at the end is covered."""

    def __init__(
        self, queue: Sequence[Queued], available: Mapping[str, int], room: Mapping[str, int], owner: Mapping[str, str]
    ) -> None:  # fmt: skip
        self._queue, self._available, self._room, self._owner = queue, available, room, owner
        self._nets = net(queue)
        self._owed: dict[str, list[Queued]] = defaultdict(list)
        self._due: dict[str, list[Queued]] = defaultdict(list)
        self._gain: dict[str, int] = defaultdict(int)
        self._given_up: set[int] = set()
        self.without_room: set[int] = set()
        for payment in queue:
            self._owed[payment.debtor].append(payment)
            if room:
                self._watch(payment)
        self._short = deque(sorted(self._owed))
        self._full = deque(self._due)

    def settle(self) -> list[Queued]:
        self._cover()
        while self._full:
            self._make_room(self._full.popleft())
            self._cover()
        return [payment for payment in self._queue if payment.number not in self._given_up]

    def _cover(self) -> None:
        """Whoever is short gives up its last payment."""
        while self._short:
            account = self._short.popleft()
            most = max(0, self._available[account])
            while -self._nets[account] > most:
                self._give_up(self._last(self._owed[account]))

    def _make_room(self, owner: str) -> None:
        """Whoever would get too much does not get the last payment to it."""
        most = max(0, self._room[owner])
        while self._gain[owner] > most:
            last = self._last(self._due[owner])
            self.without_room.add(last.number)
            self._give_up(last)

    def _give_up(self, payment: Queued) -> None:
        self._given_up.add(payment.number)
        self._nets[payment.debtor] += payment.amount
        self._nets[payment.creditor] -= payment.amount
        if payment.creditor in self._owed:
            self._short.append(payment.creditor)
        if self._room:
            self._moved(payment, -payment.amount)

    def _watch(self, payment: Queued) -> None:
        self._moved(payment, payment.amount)
        payer, payee = self._owner[payment.debtor], self._owner[payment.creditor]
        if payee in self._room and payee != payer:
            self._due[payee].append(payment)

    def _moved(self, payment: Queued, amount: int) -> None:
        payer, payee = self._owner[payment.debtor], self._owner[payment.creditor]
        self._gain[payee] += amount
        self._gain[payer] -= amount
        if amount < 0 and payer in self._due:
            self._full.append(payer)

    def _last(self, payments: list[Queued]) -> Queued:
        while payments[-1].number in self._given_up:
            payments.pop()
        return payments.pop()


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
