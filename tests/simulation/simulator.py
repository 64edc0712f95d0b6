"""A whole issuer under a seeded hand that lets banks pay and breaks things, and looks after every step.

Everything that varies comes from one Random, even the node's identifiers. So a seed is a run.
"""

import contextlib
import random
import shutil
from pathlib import Path
from typing import Literal

from ledger_node.chain.errors import ChainError, InvalidTransaction
from ledger_node.deposit_token import reads
from ledger_node.errors import IdempotencyConflict, LedgerNodeError, Refused, StorageFailed, Unavailable
from ledger_node.money import currency, decimal_string
from ledger_node.settlement.model import FiatRequest, PaymentRequest
from tests.crash.power import PowerFailed
from tests.settlement.issuer import OPERATOR, Issuer
from tests.simulation import nets, offices, own_key
from tests.simulation.checker import check, standing
from tests.simulation.faults import Faults, Line
from tests.simulation.followed import NETWORK, Followed
from tests.simulation.model import Asked, Model
from tests.simulation.moves import EXPECTED, MOVES, Broken
from tests.simulation.template import ACCOUNTS, template

USD = currency("USD")
TIMEOUT_S = 30
START_MS = 1_767_225_600_000


class Simulation:
    def __init__(self, seed: int, directory: Path) -> None:
        self.random = random.Random(seed)
        self.directory = directory
        self.clock_ms = START_MS
        self.trace: list[str] = []
        self.model = Model(booked=dict.fromkeys(ACCOUNTS, 0))
        self.raw: dict[bytes, tuple[bytes, str, int]] = {}
        self.remote = self.random.random() < 0.5
        """Whether the chain is a process of its own: what waits in its pool then outlives a crash of the gateway."""
        self.pool: list[bytes] = []
        self.count = 0
        self.own_nonce = 0
        self.parties_unsure = False
        self.parties_changed = False
        shutil.copytree(template(), directory, dirs_exist_ok=True)
        self.open()
        self.follower = Followed(
            directory / "follower", lambda: self.issuer.chain, random.Random(f"lag {seed}"), self.note
        )

    # LIFE OF THE NODE

    def open(self) -> None:
        """Start it, again and again if the power fails while it starts."""
        while True:
            self.faults = Faults()
            if self.random.random() < 0.15:
                self.faults.power_in = self.random.randrange(4)
            issuer = Issuer(self.directory, hook=self.faults, genesis=NETWORK)
            issuer.clock.set(self.clock_ms)
            self.line = Line(issuer.chain)
            issuer.line = self.line  # type: ignore[assignment]
            issuer.settlement.chain = self.line  # type: ignore[assignment]
            self.issuer = issuer
            for raw in self.pool:
                with contextlib.suppress(ChainError):
                    issuer.chain.send_raw_transaction(raw)
            try:
                issuer.start()
                if not self.faults.dark:
                    self.faults.power_in = None
                    return
            except (PowerFailed, LedgerNodeError):
                if not self.faults.dark:
                    raise
            self.close()
            self.note("power fails at the start")

    def close(self) -> None:
        self.pool = [waiting.raw for waiting in self.issuer.chain.pool.ready()] if self.remote else []
        with contextlib.suppress(PowerFailed):
            self.issuer.close()

    def after_a_fault(self) -> None:
        """The node has stopped, or says that only a restart helps: start it, and ask again for what got no answer."""
        if self.faults.dark or self.issuer.settlement.fault is not None:
            fault = self.issuer.settlement.fault
            if not self.faults.dark and not isinstance(fault, StorageFailed | PowerFailed):
                raise Broken(f"the node stopped by itself: {fault!r}")
            self.close()
            self.open()
        self.learn()
        for asked in [asked for asked in self.model.asked.values() if asked.operation is None]:
            self.submit(asked)

    def end(self) -> None:
        """Whatever state it is in."""
        self.close()
        self.follower.close()

    # ONE STEP

    def step(self) -> None:
        names, weights = zip(*MOVES, strict=True)
        move = self.random.choices(names, weights)[0]
        with contextlib.suppress(PowerFailed):
            getattr(self, f"do_{move}")()
            if move not in ("power", "disk_full"):  # which wait for somebody to write something that matters
                self.flush()
        if self.faults.dark or self.issuer.settlement.fault is not None:
            self.after_a_fault()
        self.must_not(self.follower.now_and_then())
        self.learn()
        self.look()

    def must_not(self, finding: str | None) -> None:
        if finding:
            raise Broken(finding)

    def flush(self) -> None:
        with contextlib.suppress(LedgerNodeError):
            self.issuer.flush()

    def note(self, *words: object) -> None:
        self.trace.append(" ".join(map(str, words)))

    # WHAT BANKS DO

    def do_deposit(self) -> None:
        bank = self.bank()
        self.ask_fiat("deposit", f"{bank}.dda", self.random.randint(1, 5_000))

    def do_withdraw(self) -> None:
        account = f"{self.bank()}.dda"
        self.ask_fiat("withdrawal", account, self.some_of(account))

    def do_mint(self) -> None:
        bank = self.bank()
        self.ask("mint", f"{bank}.dda", f"{bank}.bda", self.some_of(f"{bank}.dda"))

    def do_transfer(self) -> None:
        debtor = f"{self.bank()}.bda"
        creditor = self.random.choice([account for account in ACCOUNTS if "bda" in account and account != debtor])
        self.ask("transfer", debtor, creditor, self.some_of(debtor))

    def do_redeem(self) -> None:
        bank = self.bank()
        self.ask("redemption", f"{bank}.bda", f"{bank}.dda", self.some_of(f"{bank}.bda"))

    def do_overdraw(self) -> None:
        debtor = f"{self.bank()}.bda"
        creditor = next(account for account in ACCOUNTS if "bda" in account and account != debtor)
        self.ask("transfer", debtor, creditor, self.model.available(debtor) + self.random.randint(1, 50))

    def do_again(self) -> None:
        """A retry: the same key and the same request. The same payment."""
        if not (answered := [asked for asked in self.model.asked.values() if asked.operation]):
            return
        asked = self.random.choice(answered)
        self.note("again", asked.request.idempotency_key)
        try:
            again = self.issuer.settlement.desk.submit(asked.request).result(TIMEOUT_S)
        except (Unavailable, StorageFailed, PowerFailed):
            return
        if not again.replayed or again.operation.id != asked.operation:
            raise Broken(f"I3: the key {asked.request.idempotency_key} was used for a second payment")

    def do_conflict(self) -> None:
        """The same key for something else: refused, whatever became of the first."""
        answered = [
            asked
            for asked in self.model.asked.values()
            if asked.operation and isinstance(asked.request, PaymentRequest)
        ]
        if not answered:
            return
        asked = self.random.choice(answered)
        assert isinstance(asked.request, PaymentRequest)
        assert asked.debtor is not None
        assert asked.creditor is not None
        other = self.issuer.request(
            asked.request.kind, asked.request.idempotency_key, asked.debtor, asked.creditor,
            decimal_string(asked.amount + 1, USD),
        )  # fmt: skip
        try:
            self.issuer.settlement.desk.submit(other).result(TIMEOUT_S)
        except (IdempotencyConflict, Unavailable, StorageFailed, PowerFailed) as refusal:
            self.note("conflict", asked.request.idempotency_key, type(refusal).__name__)
            return
        raise Broken(f"I3: the key {asked.request.idempotency_key} was taken for two different requests")

    # What needs more words has a module of its own.
    do_raw = own_key.pay
    do_net = nets.ask
    do_netting = nets.call
    do_rotate = offices.rotate

    def do_suspend(self) -> None:
        bank = self.bank()
        if bank not in self.model.suspended and len(self.model.suspended) < 1:
            self.become(bank, suspended=True)

    def do_reinstate(self) -> None:
        if self.model.suspended:
            self.become(self.random.choice(sorted(self.model.suspended)), suspended=False)

    def become(self, bank: str, *, suspended: bool) -> None:
        members = self.issuer.settlement.members
        act = members.suspend if suspended else getattr(members, "reinstate", members.activate)
        self.note("suspend" if suspended else "reinstate", bank)
        self.parties_changed = True
        for asked in self.model.open():
            asked.excused = True
        try:
            act(OPERATOR, self.issuer.members[bank].member_id or "").result(TIMEOUT_S)
        except (LedgerNodeError, PowerFailed):
            # Or it was done, and the power failed before we heard so; or payments wait that a suspension rejects.
            self.parties_unsure = True
            return
        (self.model.suspended.add if suspended else self.model.suspended.discard)(bank)

    # WHAT HAPPENS TO THEM

    def do_block(self) -> None:
        self.flush()
        try:
            made = self.issuer.chain.make_block()
        except StorageFailed:
            self.note("no block: the disk is full")
            return
        self.note("block", made.number if made else None)

    def do_look_after(self) -> None:
        self.clock_ms += 2_000
        self.issuer.clock.set(self.clock_ms)
        with contextlib.suppress(Unavailable, StorageFailed):
            self.issuer.settlement.look_after()
        for raw, _, _ in self.raw.values():
            with contextlib.suppress(ChainError):
                self.issuer.chain.send_raw_transaction(raw)

    def do_power(self) -> None:
        self.faults.power_in = self.random.randrange(6)
        self.note("power fails in", self.faults.power_in)

    def do_disk_full(self) -> None:
        self.faults.disk_full = self.random.choice(["ledger", "chain"])
        self.note("disk full for", self.faults.disk_full)

    def do_line(self) -> None:
        self.line.weather = self.random.choice(["cut", "lossy", "double", "deaf", "fair", "fair"])
        self.note("line", self.line.weather)

    def do_forget_pool(self) -> None:
        pool = self.issuer.chain.pool
        for transaction in pool.ready():
            pool.drop(transaction, InvalidTransaction("forgotten"))
        self.note("pool forgotten")

    def do_clock(self) -> None:
        self.clock_ms += self.random.choice([-3_600_000, -1_000, 1, 5_000, 3_600_000])
        self.issuer.clock.set(self.clock_ms)
        self.note("clock", self.clock_ms)

    def do_restart(self) -> None:
        self.close()
        self.note("restart")
        self.open()

    # ASKING

    def bank(self) -> str:
        return self.random.choice(["A", "B", "C"])

    def some_of(self, account: str) -> int:
        return self.random.randint(1, max(1, self.model.available(account)))

    def next_key(self) -> str:
        self.count += 1
        return f"k{self.count}"

    def ask_fiat(self, kind: Literal["deposit", "withdrawal"], account: str, amount: int) -> None:
        request = FiatRequest(
            kind, OPERATOR, self.next_key(), self.issuer.id(account), decimal_string(amount, USD), "USD"
        )
        sides = (None, account) if kind == "deposit" else (account, None)
        self.submit(Asked(request, *sides, amount))

    def ask(self, kind: Literal["mint", "transfer", "redemption"], debtor: str, creditor: str, amount: int) -> None:
        text = decimal_string(amount, USD)
        self.submit(Asked(self.issuer.request(kind, self.next_key(), debtor, creditor, text), debtor, creditor, amount))

    def submit(self, asked: Asked) -> None:
        """Ask, and judge the answer by what the model knows. No answer at all leaves the request to be asked again."""
        name = asked.request.idempotency_key
        self.model.asked[name] = asked
        enough = asked.net or asked.debtor is None or asked.amount <= self.model.available(asked.debtor)
        try:
            accepted = self.issuer.settlement.desk.submit(asked.request).result(TIMEOUT_S)
        except Refused as refusal:
            del self.model.asked[name]
            self.note(asked.request.kind, name, asked.amount, refusal.code)
            wanted = not enough if refusal.code.startswith("insufficient") else self.parties_changed
            if refusal.code not in EXPECTED or not (wanted or self.model.unsure()):
                raise Broken(f"{asked.request.kind} of {asked.amount} was refused with {refusal.code}") from None
            return
        except (Unavailable, StorageFailed, PowerFailed) as error:
            self.note(asked.request.kind, name, asked.amount, type(error).__name__)
            return
        asked.operation = accepted.operation.id
        self.note(asked.request.kind, name, asked.amount, accepted.operation.status)
        if not enough and not accepted.replayed and not self.model.unsure():
            raise Broken(f"{asked.request.kind} of {asked.amount} was accepted from {asked.debtor}, which has less")

    # LOOKING

    def learn(self) -> None:
        """Which payments have ended. What has ended stays ended, and nothing is rejected without cause."""
        now = standing(self.directory)
        if self.parties_unsure:  # nobody was told what became of it, so it is looked up
            self.model.suspended, self.parties_unsure = now.suspended, False
        for asked in self.model.asked.values():
            if asked.operation is None:
                continue
            status, code = now.statuses.get(asked.operation, (None, None))
            asked.status = status
            if asked.done is None and status in ("settled", "rejected", "canceled"):
                if status != "settled" and not asked.excused and code != "netting_expired":
                    raise Broken(f"{asked.operation} was {status} without cause")
                self.model.ended(asked, status)
            elif asked.done is not None and asked.done != status:
                raise Broken(f"I4: {asked.operation} was {asked.done} and is {status}")
        for hash_, (_, payee, amount) in list(self.raw.items()):
            receipt = self.issuer.chain.receipt(hash_)
            if receipt is not None and receipt.block_number <= now.booked_block:
                del self.raw[hash_]
                if receipt.succeeded:
                    self.model.moved("C.bda2", payee, amount)

    def look(self, *, at_rest: bool = False) -> None:
        """The node against the model, then both stores against the invariants."""
        if not self.model.unsure():
            balances = standing(self.directory).balances
            for account, booked in self.model.booked.items():
                found = balances[self.issuer.id(account)]
                wanted = (booked, self.model.available(account))
                if found != wanted:
                    raise Broken(f"{account} has (booked, available) {found}; the bank knows {wanted}")
        findings = check(self.directory, self.model.promises(), at_rest=at_rest)
        if findings:
            raise Broken("; ".join(findings))

    def finish(self) -> None:
        """The weather clears. Everything that was asked for must end, and nothing may be left over."""
        self.close()
        self.note("the weather clears")
        self.open()
        self.after_a_fault()
        for left in reversed(range(10)):
            self.line.weather = "fair"
            nets.finish(self, left)
            self.do_look_after()
            self.do_block()
            self.flush()
            if self.faults.dark or self.issuer.settlement.fault is not None:
                self.after_a_fault()
            self.learn()
        if stuck := [asked.operation for asked in self.model.open()] or list(self.raw):
            raise Broken(f"I4: still open after the weather cleared: {stuck}")
        self.look(at_rest=True)
        supply = reads.totals(self.issuer.chain, self.issuer.token()).supply
        held = sum(amount for account, amount in self.model.booked.items() if "bda" in account)
        if supply != held:
            raise Broken(f"I7: the contract says {supply}, the banks hold {held}")
        for account, booked in self.model.booked.items():
            if (self.issuer.booked(account), self.issuer.available(account)) != (booked, booked):
                raise Broken(f"{account} is shown with {self.issuer.booked(account)}; the bank knows {booked}")
        for account in (name for name in ACCOUNTS if "bda" in name):
            balance = reads.balance_of(self.issuer.chain, self.issuer.token(), self.issuer.address(account))
            if balance != self.model.booked[account]:
                raise Broken(f"I7: the contract has {balance} for {account}, and its bank knows better")
        if not self.issuer.audit().passed:
            raise Broken("the node's own audit does not pass")
        self.must_not(self.follower.at_the_end())
        offices.finish(self)
        self.note("head", self.issuer.chain.head().hash.hex())
