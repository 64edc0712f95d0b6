"""Whatever banks ask for, in whatever order, with blocks and restarts in between: a plain model agrees to the cent.

The model is told only what the desk accepts. Between accepting and booking it keeps both balances of a payment open, as
the house does: what is promised cannot be spent, what is on its way in not yet.
"""

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger_node.deposit_token import reads
from ledger_node.errors import IdempotencyConflict, InsufficientBalance, InsufficientFunds, MemberSuspended
from ledger_node.money import currency, decimal_string
from ledger_node.settlement.model import Operation, PaymentRequest
from tests.settlement.issuer import OPERATOR, TIMEOUT_S, Issuer

BANKS = st.sampled_from(["A", "B"])
AMOUNTS = st.integers(1, 500)
USD = currency("USD")


@dataclass
class Payment:
    request: PaymentRequest
    operation: Operation
    debtor: str
    creditor: str
    amount: int
    done: bool = False


class SettlementMachine(RuleBasedStateMachine):
    @initialize()
    def found(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        shutil.copytree(_template(), self.directory, dirs_exist_ok=True)
        self.issuer = Issuer(self.directory).start()
        self.booked = {"A.dda": 0, "A.bda": 0, "B.dda": 0, "B.bda": 0}
        self.payments: list[Payment] = []
        self.queued: list[Payment] = []
        self.suspended: set[str] = set()
        self.count = 0

    # MOVES

    @rule(bank=BANKS, amount=AMOUNTS)
    def deposit(self, bank: str, amount: int) -> None:
        self.count += 1
        self.issuer.fiat("deposit", f"d{self.count}", f"{bank}.dda", decimal_string(amount, USD))
        self.booked[f"{bank}.dda"] += amount

    @rule(bank=BANKS, amount=AMOUNTS)
    def withdraw(self, bank: str, amount: int) -> None:
        self.count += 1
        account = f"{bank}.dda"
        ask = (f"w{self.count}", account, decimal_string(amount, USD))
        if amount > self.available(account):
            with pytest.raises(InsufficientFunds):
                self.issuer.fiat("withdrawal", *ask)
        else:
            self.issuer.fiat("withdrawal", *ask)
            self.booked[account] -= amount

    @rule(bank=BANKS, amount=AMOUNTS)
    def mint(self, bank: str, amount: int) -> None:
        self.ask("mint", f"{bank}.dda", f"{bank}.bda", amount)

    @rule(bank=BANKS, amount=AMOUNTS)
    def transfer(self, bank: str, amount: int) -> None:
        self.ask("transfer", f"{bank}.bda", "B.bda" if bank == "A" else "A.bda", amount)

    @rule(bank=BANKS, amount=AMOUNTS)
    def redeem(self, bank: str, amount: int) -> None:
        self.ask("redemption", f"{bank}.bda", f"{bank}.dda", amount)

    @rule(bank=BANKS, amount=AMOUNTS)
    def queue(self, bank: str, amount: int) -> None:
        """To be settled net: whatever there is on the account."""
        if self.suspended:
            return
        self.count += 1
        debtor, creditor = (f"{bank}.bda", "B.bda" if bank == "A" else "A.bda")
        request = self.issuer.request("transfer", f"p{self.count}", debtor, creditor, decimal_string(amount, USD))
        request = replace(request, settlement="net")
        operation = self.issuer.settlement.desk.submit(request).result(TIMEOUT_S).operation
        assert operation.status == "queued"
        self.queued.append(Payment(request, operation, debtor, creditor, amount))

    @rule()
    def call_netting_cycle(self) -> None:
        self.issuer.settle()
        self.learn()
        taken = self.largest_covered()
        calling = self.issuer.settlement.four_eyes.do(OPERATOR, "netting.call", {"currency": "USD"})
        cycle_id = calling.result(TIMEOUT_S).result.id
        self.issuer.settle()
        cycle = self.issuer.settlement.queries.netting_cycle(cycle_id)
        assert (cycle.status, cycle.payments) == ("settled" if taken else "empty", len(taken))
        for payment in taken:
            self.queued.remove(payment)
            self.payments.append(payment)
        self.learn()

    @rule(data=st.data(), more=st.integers(0, 1))
    def ask_again(self, data: st.DataObject, more: int) -> None:
        """The same key: the same payment; with another amount, a conflict."""
        if not self.payments:
            return
        payment = data.draw(st.sampled_from(self.payments))
        request = payment.request
        if more:
            changed = self.issuer.request(
                request.kind, request.idempotency_key, payment.debtor, payment.creditor,
                decimal_string(payment.amount + more, USD),
            )  # fmt: skip
            with pytest.raises(IdempotencyConflict):
                self.issuer.settlement.desk.submit(changed).result(TIMEOUT_S)
        else:
            again = self.issuer.settlement.desk.submit(request).result(TIMEOUT_S)
            assert again.replayed
            assert again.operation == payment.operation

    @rule(bank=BANKS)
    def suspend_or_reinstate(self, bank: str) -> None:
        self.one_block()  # nothing waits that the suspension would reject
        self.one_block()
        member_id = self.issuer.members[bank].member_id or ""
        members = self.issuer.settlement.members
        if bank in self.suspended:
            members.reinstate(OPERATOR, member_id).result(TIMEOUT_S)
            self.suspended.remove(bank)
        elif not self.suspended:
            members.suspend(OPERATOR, member_id).result(TIMEOUT_S)
            self.suspended.add(bank)
            self.queued.clear()  # every payment has both banks in it, and is rejected
        self.one_block()  # the register is told by the next block
        self.one_block()

    @rule()
    def one_block(self) -> None:
        self.issuer.flush()
        self.issuer.chain.make_block()
        self.issuer.flush()
        self.learn()

    @rule()
    def restart(self) -> None:
        self.issuer.close()
        self.issuer = Issuer(self.directory).start()
        self.learn()

    # MODEL

    def available(self, account: str) -> int:
        return self.booked[account] - sum(p.amount for p in self.payments if p.debtor == account and not p.done)

    def largest_covered(self) -> list[Payment]:
        """Of all ways to cut each bank's queue off somewhere, the longest whose net is covered."""
        owed = {bank: [p for p in self.queued if p.debtor == f"{bank}.bda"] for bank in "AB"}
        best: list[Payment] = []
        for a in range(len(owed["A"]) + 1):
            for b in range(len(owed["B"]) + 1):
                paid = [sum(p.amount for p in owed["A"][:a]), sum(p.amount for p in owed["B"][:b])]
                covered = paid[0] - paid[1] <= self.booked["A.bda"] and paid[1] - paid[0] <= self.booked["B.bda"]
                if covered and a + b > len(best):
                    best = owed["A"][:a] + owed["B"][:b]
        return best

    def ask(self, kind: str, debtor: str, creditor: str, amount: int) -> None:
        self.count += 1
        request = self.issuer.request(kind, f"p{self.count}", debtor, creditor, decimal_string(amount, USD))
        future = self.issuer.settlement.desk.submit(request)
        if debtor[0] in self.suspended:
            with pytest.raises(MemberSuspended):
                future.result(TIMEOUT_S)
        elif creditor[0] in self.suspended:
            assert getattr(future.exception(TIMEOUT_S), "code", None) == "creditor_not_active"
        elif amount > self.available(debtor):
            with pytest.raises((InsufficientFunds, InsufficientBalance)):
                future.result(TIMEOUT_S)
        else:
            operation = future.result(TIMEOUT_S).operation
            self.payments.append(Payment(request, operation, debtor, creditor, amount))

    def learn(self) -> None:
        """Which payments have been booked; nothing is ever rejected here, the desk has seen to that."""
        for payment in self.payments:
            status = self.issuer.settlement.queries.operation(OPERATOR, payment.operation.id).status
            assert status in ("accepted", "processing", "settled")
            if status == "settled" and not payment.done:
                payment.done = True
                self.booked[payment.debtor] -= payment.amount
                self.booked[payment.creditor] += payment.amount
            assert payment.done == (status == "settled"), "what is settled stays settled"

    # WHAT MUST HOLD

    @invariant()
    def the_house_agrees_with_the_model(self) -> None:
        for account, booked in self.booked.items():
            assert (self.issuer.booked(account), self.issuer.available(account)) == (booked, self.available(account))

    @invariant()
    def there_are_never_more_tokens_than_fiat_behind_them(self) -> None:
        (position,) = self.issuer.settlement.queries.reserve()
        supply = reads.totals(self.issuer.chain, self.issuer.token()).supply
        assert 0 <= position.reserve - supply <= position.in_flight

    def teardown(self) -> None:
        self.issuer.settle()
        self.learn()
        assert all(payment.done for payment in self.payments), "nothing stays open"
        self.the_house_agrees_with_the_model()
        assert self.issuer.audit().passed
        self.issuer.close()
        shutil.rmtree(self.directory)


_made: list[Path] = []


def _template() -> Path:
    if not _made:
        directory = Path(tempfile.mkdtemp())
        issuer = Issuer(directory).start()
        issuer.settle()
        issuer.admit("A", "B")
        issuer.close()
        _made.append(directory)
    return _made[0]


TestSettlement = SettlementMachine.TestCase
TestSettlement.settings = settings(max_examples=10, stateful_step_count=30, deadline=None)
pytestmark = pytest.mark.slow
