"""What banks know of their money without asking the node: a plain model, told only what was answered.

Balances are integer minor units. A payment is counted once its end is known; until then its amount is promised.
"""

from dataclasses import dataclass, field

from ledger_node.settlement.model import FiatRequest, PaymentRequest


@dataclass
class Asked:
    """One request under one key. `operation` once it was answered; `done` once its end is known."""

    request: PaymentRequest | FiatRequest
    debtor: str | None
    creditor: str | None
    amount: int
    operation: str | None = None
    status: str | None = None
    done: str | None = None
    excused: bool = False
    """Its bank was suspended while it was open, so a rejection needs no other cause."""

    @property
    def net(self) -> bool:
        """Whether it waits for a netting cycle, and promises nothing until one takes it."""
        return isinstance(self.request, PaymentRequest) and self.request.settlement == "net"


@dataclass
class Model:
    booked: dict[str, int] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)

    def available(self, account: str) -> int:
        answered = [asked for asked in self.open() if asked.operation]
        promised = sum(asked.amount for asked in answered if asked.debtor == account and not asked.net)
        netted = [asked for asked in answered if asked.net and asked.status == "processing"]
        net = sum(asked.amount * ((asked.debtor == account) - (asked.creditor == account)) for asked in netted)
        return self.booked[account] - promised - max(0, net)

    def open(self) -> list[Asked]:
        return [asked for asked in self.asked.values() if asked.done is None]

    def unsure(self) -> bool:
        """Whether some request got no answer, so that its effect is not known."""
        return any(asked.operation is None for asked in self.asked.values())

    def ended(self, asked: Asked, status: str) -> None:
        asked.done = status
        if status == "settled":
            self.moved(asked.debtor, asked.creditor, asked.amount)

    def moved(self, debtor: str | None, creditor: str | None, amount: int) -> None:
        if debtor is not None:
            self.booked[debtor] -= amount
        if creditor is not None:
            self.booked[creditor] += amount

    def promises(self) -> dict[str, str]:
        return {asked.operation: asked.request.kind for asked in self.asked.values() if asked.operation is not None}
