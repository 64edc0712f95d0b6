"""The settlement house: its parts put together, started and stopped. The doors above see this object and its parts.

One cycle drives everything. The writer's group does what waits (decide requests, book a new block); inside its commit
the next transactions for the chain are prepared; when it is durable they are sent and those who wait are woken. The
chain makes a block of them, and its new head puts the next booking into the writer's queue.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from ledger_node.access.model import Caller
from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.errors import BlockNotFound
from ledger_node.chain.genesis import TRANSACTION_GAS_MAX
from ledger_node.clock import Clock
from ledger_node.database import Database
from ledger_node.errors import BackingBroken, Fault, LedgerNodeError, Unavailable
from ledger_node.keys import RotatingSigner, Vault
from ledger_node.settlement.actions.expiry import Expiry
from ledger_node.settlement.actions.four_eyes import FourEyes
from ledger_node.settlement.assurance import audit, readiness
from ledger_node.settlement.assurance.attestations import Attestations
from ledger_node.settlement.assurance.reconciler import Reconciler
from ledger_node.settlement.intake.desk import Desk
from ledger_node.settlement.model import ONE_PERSON, Operation, PaymentKind, Policy
from ledger_node.settlement.netting import cycles
from ledger_node.settlement.netting.cycles import Cycles
from ledger_node.settlement.onchain.batches import Batches
from ledger_node.settlement.onchain.bookkeeper import Bookkeeper
from ledger_node.settlement.onchain.deployment import Deployments, Signers
from ledger_node.settlement.onchain.key_rotation import KeyRotation
from ledger_node.settlement.onchain.liabilities import LiabilityTrees
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Task
from ledger_node.settlement.parties.accounts import Accounts
from ledger_node.settlement.parties.enforcement import Enforcement
from ledger_node.settlement.parties.members import Members
from ledger_node.settlement.parties.register_sync import RegisterSync
from ledger_node.settlement.parties.registrations import Registrations
from ledger_node.settlement.payments.authorised_transfers import AuthorisedTransfers
from ledger_node.settlement.payments.authorizations import Examiner
from ledger_node.settlement.payments.cancellation import cancel
from ledger_node.settlement.queries import Queries
from ledger_node.settlement.watch import Watch
from ledger_node.writer import Writer

log = logging.getLogger(__name__)

PASSING = (Unavailable, BlockNotFound)
"""What says nothing against the chain: it is away, or lacks what it will have; it is asked again."""

RECONCILER_RESTS = 19
"""How many times as long as a comparison took until the next: it takes a twentieth of the time at most."""

RECONCILER_RESTS_MS = 100
"""And at least so long: payments that come one after another would each share the processor with a comparison."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`tick_ms`: how often it looks after what a lost connection may have left behind. No payment waits for it.

    `compare_all_ms`: how often book and chain are compared in full; each block's accounts are compared as it is booked.
    `netting_interval_ms`: how long a payment waits until a netting cycle is called for it; 0: only the operator calls.
    """

    currencies: tuple[str, ...] = ("USD", "EUR", "JPY")
    batch_operations_max: int = 2_000
    transaction_gas_max: int = TRANSACTION_GAS_MAX
    writer_waiting_max: int = 20_000
    tick_ms: int = 2_000
    policy: Policy = ONE_PERSON
    compare_all_ms: int = 600_000
    netting_interval_ms: int = 0


class SettlementEngine:
    """`desk` moves money, `members` and `accounts` change parties, `queries` reads; all may be used from any thread."""

    def __init__(
        self, database: Database, chain: ChainBackend, signers: Signers, vault: Vault, clock: Clock,
        settings: Settings = Settings(),
    ) -> None:  # fmt: skip
        self.database = database
        self.chain = chain
        self.clock = clock
        self.settings = settings
        self.fault: BaseException | None = None
        """What stopped the bookkeeper, the writer or the chain, or damage; a restart is needed."""
        self.chain_in_doubt: Callable[[], str | None] = lambda: None
        """Why nothing may be settled on this chain, for there is another one; the composition root knows."""
        self.more_reasons: Callable[[], list[str]] = list
        """What else keeps the node from being ready; the composition root knows."""
        self._chain_away: str | None = None
        self._not_booked: str | None = None
        """Why the newest blocks could not be read, until they are."""
        self._unwritable: str | None = None
        self._setback: str | None = None
        """Why nothing could be written the last time."""
        self._begun = False
        self._more_booked = False
        self._not_attested: str | None = None
        self._roles_missing: tuple[str, ...] = ()
        self._caught_up = False
        """Nothing is signed before every block there is has been read: a ledger older than its chain must not sign."""
        self._ended: list[Operation] = []
        self._booking_called = threading.Event()
        self._stopping = threading.Event()
        self._unsubscribe: Callable[[], None] = lambda: None

        currencies = frozenset(settings.currencies)
        seats = Signers(*map(RotatingSigner, (signers.settlement, signers.attestor, signers.admin)))
        self.writer = Writer(
            database, before_commit=self._before_commit, after_commit=self._after_commit,
            on_setback=self._set_back, on_fault=self.stop_for, waiting_max=settings.writer_waiting_max,
        )  # fmt: skip
        self.watch = Watch(database)
        self.queries = Queries(database)
        self.members = Members(self.writer, clock, on_ended=self._ended.extend)
        self.accounts = Accounts(self.writer, clock, currencies=currencies)
        self.desk = Desk(
            self.writer, self.watch, clock, currencies=currencies, closed_because=self.closed_because,
            policy=settings.policy, waiting_max=settings.writer_waiting_max,
        )  # fmt: skip
        self.four_eyes = FourEyes(
            self.writer, clock, currencies=currencies, policy=settings.policy, closed_because=self.closed_because,
            on_ended=self._ended.extend, vault=vault,
            foresee=lambda connection, order: self._enforcement.foresee(connection, chain, order),
        )  # fmt: skip
        self._expiry = Expiry(
            database, self.writer, clock, self.four_eyes, self._stopping, on_ended=self._ended.extend
        )  # fmt: skip
        self.examiner = Examiner(database, chain)
        self.outbox = Outbox(database, chain, clock)
        self.reconciler = Reconciler(database, chain, clock)
        self.attestations = Attestations(database, chain_id=lambda: self.outbox.chain_id)
        self._trees = LiabilityTrees()
        self._deployments = Deployments(chain, self.outbox, seats, settings.currencies)
        self._key_rotation = KeyRotation(
            database, chain, self.outbox, seats, vault,
            adopt=lambda signer: self.writer.run(lambda connection: self.outbox.adopt(connection, signer)),
        )  # fmt: skip
        self._enforcement = Enforcement(self.outbox, enforcer=seats.admin, minter=seats.settlement)
        self.tasks = self._in_order(seats)
        self._bookkeeper = Bookkeeper(chain, clock, self.tasks, on_ended=self._ended.extend, on_touched=self._touched)
        database.on_failure = self.stop_for
        self._ticker = threading.Thread(target=self._tick, name="settlement-tick", daemon=True)
        self._booked_more = threading.Event()
        self._reconciling = threading.Thread(target=self._reconcile, name="reconciler", daemon=True)

    def _in_order(self, seats: Signers) -> tuple[Task, ...]:
        """All that this house does on chain. A commit prepares it, and sends it, in this order."""
        batches = Batches(
            self.outbox, self.clock, settlement=seats.settlement, attestor=seats.attestor, trees=self._trees,
            legs_max=self.settings.batch_operations_max, gas_max=self.settings.transaction_gas_max,
        )  # fmt: skip
        # The admin's work first: what is ordered goes before the payments that it may stop. Then what attests nothing.
        # What attests comes last, for when the ledger cannot be attested, all that stands before has been prepared.
        return (
            self._deployments,  # without its token a currency has nothing else to do, and no admin key is changed
            self._key_rotation,  # whoever takes an office over signs all that follows
            Registrations(self.outbox, registrar=seats.admin),  # an address is registered before it has a standing
            RegisterSync(self.outbox, registrar=seats.admin, orders=self._enforcement),  # before orders concern it
            self._enforcement,
            AuthorisedTransfers(self.outbox, relayer=seats.settlement),
            Cycles(batches, self.clock),  # before the batches, which never leave their currency's place in flight free
            batches,
        )

    def cancel(self, caller: Caller, operation_id: str, kind: PaymentKind | None = None) -> Future[Operation]:
        """Take back a payment that no batch has taken yet. The future raises PaymentNotFound, WrongState."""

        def job(connection: sa.Connection) -> Operation:
            canceled = cancel(connection, caller, operation_id, kind, at=self.clock.now_ms())
            self._ended.append(canceled)
            return canceled

        return self.writer.submit(job)

    # LIFE

    def start(self) -> None:
        """Bring book and chain together and open the desk. An unreachable chain is tried again until it answers.

        Raises ChainBehindLedger and any other Fault: the stores disagree and money must not move.
        """
        self.writer.start()
        self._unsubscribe = self.chain.on_new_head(lambda _: self._call_bookkeeper())
        try:
            self._begin()
        except PASSING as trouble:
            if self.fault is not None:
                raise self.fault from None
            log.warning("The chain cannot be reached yet: %s", trouble)
        self._ticker.start()
        self._reconciling.start()

    def stop(self) -> None:
        """Finish what is queued and end the threads. What is in flight on the chain is booked at the next start."""
        self._unsubscribe()
        self._stopping.set()
        self._booked_more.set()
        for thread in (self._ticker, self._reconciling):
            if thread.is_alive():
                thread.join()
        self.writer.stop()

    def _begin(self) -> None:
        self.writer.run(self._deployments.found)
        while self.writer.run(self._bookkeeper.catch_up):
            pass
        self._caught_up = True
        self.writer.run(lambda _: None)  # whose commit prepares what waited for this
        self.outbox.resend_unmined()
        self.check_backing()
        self._look_for_roles()
        self._begun = True

    def look_after(self) -> None:
        """Do again what a lost connection may have left undone: booking and sending. Runs every `tick_ms`."""
        try:
            if not self._begun:
                self._begin()
            self._call_bookkeeper()
            self._expiry.end_all()
            self._call_netting_cycles()
            self._look_after_keys()
            self.outbox.learn_fees()
            self.outbox.resend_unmined()
            self._reconcile_again()
            self._chain_away = None
            self._unwritable = readiness.unwritable(self.database)
        except PASSING as trouble:
            if self._chain_away is None:
                log.warning("Trying again every %g s: %s", self.settings.tick_ms / 1000, trouble)
            self._chain_away = str(trouble)
        except Fault as fault:
            self.stop_for(fault)

    def _call_netting_cycles(self) -> None:
        """Those whose time has come."""
        at, interval_ms = self.clock.now_ms(), self.settings.netting_interval_ms
        with self.database.read() as connection:
            some_due = interval_ms > 0 and cycles.due(connection, waiting_since=at - interval_ms)
        if some_due:
            self.writer.run(partial(cycles.call_due, waiting_since=at - interval_ms, at=at))

    def _look_after_keys(self) -> None:
        if self.closed_because() is None and self._key_rotation.look_after():
            self.writer.run(lambda _: None)  # whose commit prepares what comes next
        if self._roles_missing:
            self._look_for_roles()

    def _look_for_roles(self) -> None:
        missing = self._key_rotation.roles_missing()
        if missing and missing != self._roles_missing:
            log.critical("Tokens will refuse what this node signs: %s", "; ".join(missing))
        self._roles_missing = missing

    def _tick(self) -> None:
        while not self._stopping.wait(self.settings.tick_ms / 1000):
            try:
                self.look_after()
            except Exception as fault:  # the outermost loop of this thread
                self.stop_for(fault)

    # THE CYCLE

    def _call_bookkeeper(self) -> None:
        if self._booking_called.is_set():
            return
        self._booking_called.set()
        try:
            self.writer.submit(self._book).add_done_callback(lambda job: self._after_booking(job.exception()))
        except Unavailable:
            self._booking_called.clear()

    def _book(self, connection: sa.Connection) -> None:
        self._booking_called.clear()
        if self.fault is None and self._bookkeeper.catch_up(connection):
            self._call_bookkeeper()

    def _after_booking(self, failure: BaseException | None) -> None:
        if failure is None:
            self._not_booked = None
        elif isinstance(failure, PASSING):
            self._booking_called.clear()  # it may not have begun
            log.warning("Blocks could not be booked: %s", failure)
            self._not_booked = str(failure)
        else:
            self.stop_for(failure)

    def _before_commit(self, connection: sa.Connection) -> None:
        if self.closed_because() is not None or not self._caught_up:
            return
        try:
            for task in self.tasks:
                task.prepare(connection)
        except BackingBroken as broken:
            self._not_attested = str(broken)
            log.critical("Money stops moving: %s", broken)

    def _touched(self, currency: str, account_ids: set[str], block_number: int) -> None:
        self._trees.touch(currency, account_ids)
        self.reconciler.touch(account_ids, block_number)
        self._more_booked = True

    def _set_back(self, trouble: Unavailable) -> None:
        """Nothing of a group was kept, or nobody knows: what was remembered of it is forgotten and read again."""
        if self._setback is None:
            log.warning("Nothing can be written now: %s", trouble)
        self._setback = trouble.detail
        self._ended.clear()
        self.outbox.forget_fresh()
        self._trees.forget()

    def _after_commit(self) -> None:
        if self._setback is not None:
            self.watch.look_again()
            self._setback = None
        self.outbox.send_fresh()
        if self._more_booked:
            self._more_booked = False
            self._booked_more.set()
        ended, self._ended[:] = list(self._ended), []
        self.watch.closed(ended)

    # HEALTH

    def check_backing(self) -> audit.AuditReport:
        """Compare book and chain; on a difference the desk closes until a check passes. Raises ChainUnavailable."""
        report = self.reconciler.compare_all()
        if report.passed:
            self._not_attested = None
        return report

    def _reconcile(self) -> None:
        while self._booked_more.wait() and not self._stopping.is_set():
            self._booked_more.clear()
            started = time.monotonic()
            try:
                self.reconciler.compare_touched()
            except PASSING as trouble:
                log.warning("Book and chain could not be compared: %s", trouble)  # the tick tries again
            except Exception as fault:  # the outermost loop of this thread
                self.stop_for(fault)
                return
            # Payments share the processor: what is booked meanwhile is compared together.
            self._stopping.wait(max(RECONCILER_RESTS_MS / 1000, RECONCILER_RESTS * (time.monotonic() - started)))

    def _reconcile_again(self) -> None:
        """Everything, when the last time was long ago; and breaks, which may have been mended."""
        state = self.reconciler.state
        old = state is None or self.clock.now_ms() - state.complete_at >= self.settings.compare_all_ms
        if old or self._not_attested is not None:
            self.check_backing()
        elif self.reconciler.breaks or self.reconciler.failed:
            self.reconciler.compare_touched()

    def closed_because(self) -> str | None:
        """Why money does not move, or None."""
        if self.fault is not None:
            return str(self.fault).partition("\n")[0]  # the rest of a database error is its statement
        if self._not_attested is not None:
            return self._not_attested
        if self.reconciler.breaks:
            return "; ".join(each.finding.detail for each in self.reconciler.breaks)
        return self.chain_in_doubt()

    def reasons_not_ready(self) -> tuple[str, ...]:
        """Every reason why payments do not settle now; none when the house is ready."""
        reasons = [
            self.closed_because(),
            self._setback or self._unwritable or self._chain_away or self._not_booked or self.outbox.trouble,
            *self._roles_missing,
            *self.more_reasons(),
            *readiness.reasons_in_the_ledger(self.database),
            "the node is stopping" if self._stopping.is_set() else None,
            None if self._begun else "book and chain have not been brought together yet",
        ]
        return tuple(dict.fromkeys(reason for reason in reasons if reason is not None))

    def stop_for(self, fault: BaseException) -> None:
        """Shut the doors for money until a restart. Only the first fault counts; what follows follows from it."""
        if self.fault is None:
            self.fault = fault
            if isinstance(fault, LedgerNodeError):
                log.critical("Money stops moving: %s", fault)
            else:
                log.critical("Money stops moving", exc_info=fault)
