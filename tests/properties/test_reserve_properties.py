"""Whatever is done to the books in whatever order, they balance, nothing is negative, and a plain model agrees."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from ledger_node.errors import InsufficientFunds, WrongState
from ledger_node.money import AMOUNT_MAX
from tests.reserve.books import Books

ACCOUNTS = st.sampled_from(["A", "B", "C"])
AMOUNTS = st.one_of(st.integers(1, 100), st.integers(1, AMOUNT_MAX))


class ReserveMachine(RuleBasedStateMachine):
    holds = Bundle("holds")

    @initialize()
    def open_the_books(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.books = Books(Path(self.directory.name))
        for account in ("A", "B", "C"):
            self.books.open(account)
        self.posted = {"A": 0, "B": 0, "C": 0}
        self.held: dict[str, tuple[str, int]] = {}
        self.reserve = 0
        self.count = 0
        self.lines = {"A": 0, "B": 0, "C": 0}

    def reference(self) -> str:
        self.count += 1
        return f"op{self.count}"

    def available(self, account: str) -> int:
        return self.posted[account] - sum(amount for owner, amount in self.held.values() if owner == account)

    @rule(account=ACCOUNTS, amount=AMOUNTS)
    def deposit(self, account: str, amount: int) -> None:
        self.books.deposit(self.reference(), account, amount)
        self.posted[account] += amount
        self.lines[account] += 1

    @rule(account=ACCOUNTS, amount=AMOUNTS)
    def withdraw(self, account: str, amount: int) -> None:
        if amount > self.available(account):
            with pytest.raises(InsufficientFunds):
                self.books.withdraw(self.reference(), account, amount)
            return
        self.books.withdraw(self.reference(), account, amount)
        self.posted[account] -= amount
        self.lines[account] += 1

    @rule(target=holds, account=ACCOUNTS, amount=AMOUNTS)
    def hold(self, account: str, amount: int) -> object:
        reference = self.reference()
        if amount > self.available(account):
            with pytest.raises(InsufficientFunds):
                self.books.hold(reference, account, amount)
            return multiple()
        self.books.hold(reference, account, amount)
        self.held[reference] = (account, amount)
        return reference

    @rule(hold=holds)
    def post(self, hold: str) -> None:
        if hold not in self.held:
            with pytest.raises(WrongState):
                self.books.post(hold)
            return
        self.books.post(hold)
        account, amount = self.held.pop(hold)
        self.posted[account] -= amount
        self.reserve += amount
        self.lines[account] += 1

    @rule(hold=holds)
    def void(self, hold: str) -> None:
        if hold not in self.held:
            with pytest.raises(WrongState):
                self.books.void(hold)
            return
        self.books.void(hold)
        del self.held[hold]

    @rule(account=ACCOUNTS, amount=AMOUNTS)
    def payout(self, account: str, amount: int) -> None:
        if amount > self.reserve:
            with pytest.raises(InsufficientFunds):
                self.books.payout(self.reference(), account, amount)
            return
        self.books.payout(self.reference(), account, amount)
        self.reserve -= amount
        self.posted[account] += amount
        self.lines[account] += 1

    @invariant()
    def the_books_balance_and_agree_with_the_model(self) -> None:
        totals = self.books.totals()
        assert totals.balanced
        assert totals.reserve == self.reserve
        assert totals.attested == self.reserve + sum(amount for _, amount in self.held.values())
        for account, posted in self.posted.items():
            stored = self.books.account(account)
            assert (stored.posted, stored.available) == (posted, self.available(account))
            assert 0 <= stored.available <= stored.posted

    @invariant()
    def the_entries_of_an_account_add_up_to_it(self) -> None:
        for account, posted in self.posted.items():
            balance = 0
            entries = self.books.entries(account)
            assert len(entries) == self.lines[account]
            for side, amount, after in entries:
                balance += amount if side == "credit" else -amount
                assert balance == after
            assert balance == posted

    def teardown(self) -> None:
        self.books.database.close()
        self.directory.cleanup()


TestReserve = ReserveMachine.TestCase
TestReserve.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
