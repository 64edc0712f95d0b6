"""The reconciler: does the book say what the chain says? After each booked block for what it touched, at times for all.

A difference is a break, named by account or currency; while there is one, money does not move. A break is looked at
again until it is mended, and then it is gone. Changes neither side.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from ledger_node.chain.backend import ChainBackend
from ledger_node.clock import Clock
from ledger_node.database import Database
from ledger_node.errors import Unavailable
from ledger_node.settlement.assurance import audit
from ledger_node.settlement.assurance.audit import AuditReport, Finding

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Break:
    """One difference, and the booked block at which it was first seen."""

    finding: Finding
    since_block: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How things stand: true at `block_number`; `complete_at` and `complete_at_block`: everything, the last time."""

    block_number: int
    compared_at: int
    complete_at: int
    complete_at_block: int
    accounts_compared: int
    breaks: tuple[Break, ...]


class Reconciler:
    """`touch` is the bookkeeper's, the comparisons may be called from any thread."""

    def __init__(self, database: Database, chain: ChainBackend, clock: Clock) -> None:
        self._database = database
        self._chain = chain
        self._clock = clock
        self._touched: dict[int, set[str]] = {}
        """By block, for the next one may be told of before this one is compared."""
        self._touching = threading.Lock()
        self._comparing = threading.Lock()
        self._booked: dict[str, int] = {}
        self._held: dict[str, int] = {}
        self._failed = False
        self.state: Reconciliation | None = None
        """None until everything was compared once."""

    @property
    def breaks(self) -> tuple[Break, ...]:
        return () if self.state is None else self.state.breaks

    def known(self) -> Reconciliation:
        """How things stand. Raises Unavailable before the first comparison."""
        if self.state is None:
            raise Unavailable("Book and chain have not been compared yet; the chain could not be reached.")
        return self.state

    @property
    def waiting(self) -> bool:
        """Whether something was touched and not compared yet."""
        return bool(self._touched)

    @property
    def failed(self) -> bool:
        """Whether the last comparison came to no end, so that somebody must ask for another."""
        return self._failed

    def touch(self, account_ids: Iterable[str], block_number: int) -> None:
        """This block is about to be booked and touches these BDAs. Too many do no harm; it may be undone after it."""
        with self._touching:
            self._touched.setdefault(block_number, set()).update(account_ids)

    def compare_all(self) -> AuditReport:
        """Everything, at the last booked block. Raises ChainUnavailable, BlockNotFound."""
        with self._trying():
            return self._compare_all()

    def compare_touched(self) -> None:
        """What was touched since the last time, and every currency's totals; while something is broken, everything.

        Raises ChainUnavailable, BlockNotFound; what was touched is kept for the next time then.
        """
        # Asked under the lock: whoever waited for another comparison must know of the break which that one found, for
        # what it touched is forgotten, and a look at less than everything would take the break back.
        with self._trying():
            if self.state is None or self.breaks:
                self._compare_all()
            else:
                self._keep(self._compare_touched(), complete=False)

    @contextmanager
    def _trying(self) -> Iterator[None]:
        with self._comparing:
            try:
                yield
            except BaseException:
                self._failed = True
                raise
            self._failed = False

    def _compare_all(self) -> AuditReport:
        report = audit.audit(self._database, self._chain)
        self._forget(self._touched_until(report.block_number))
        with self._database.read() as connection:
            self._learn(connection)
        self._keep(report, complete=True)
        return report

    def _compare_touched(self) -> AuditReport:
        with self._database.read() as connection:
            # One snapshot: what touched accounts up to its block is known, for it was told before that block's commit.
            block_number = audit.booked_block(connection)
            positions = audit.positions(connection)
            tokens = audit.issued(connection)
            touched = self._touched_until(block_number)
            holders = audit.holders(connection, set().union(*touched.values()))
        findings = audit.backing(positions)
        addresses = {token.currency: token.address for token in tokens}
        for holder in holders:
            findings += audit.balance_differs(self._chain, addresses, holder, at=block_number)
        for holder in holders:
            change = holder.booked - self._booked.get(holder.id, 0)
            self._booked[holder.id] = holder.booked
            self._held[holder.currency] = self._held.get(holder.currency, 0) + change
        for token in tokens:
            findings += audit.totals_differ(self._chain, token, at=block_number)
            findings += audit.holders_differ(token.currency, self._held.get(token.currency, 0), token.supply)
        self._forget(touched)
        return AuditReport(block_number, positions, len(holders), tuple(findings))

    def _touched_until(self, block_number: int) -> dict[int, set[str]]:
        with self._touching:
            return {block: set(ids) for block, ids in self._touched.items() if block <= block_number}

    def _forget(self, compared: Mapping[int, Set[str]]) -> None:
        with self._touching:
            for block, account_ids in compared.items():
                self._touched[block] -= account_ids
                if not self._touched[block]:
                    del self._touched[block]

    def _learn(self, connection: sa.Connection) -> None:
        """What every BDA holds as booked, so that their sum can follow block by block."""
        self._booked, self._held = {}, {}
        for holder in audit.holders(connection):
            self._booked[holder.id] = holder.booked
            self._held[holder.currency] = self._held.get(holder.currency, 0) + holder.booked

    def _keep(self, report: AuditReport, *, complete: bool) -> None:
        known = {(each.finding.code, each.finding.subject): each.since_block for each in self.breaks}
        breaks = tuple(
            Break(finding, known.get((finding.code, finding.subject), report.block_number))
            for finding in report.findings
        )
        for each in breaks:
            if (each.finding.code, each.finding.subject) not in known:
                log.critical("Book and chain disagree: %s %s: %s", each.finding.code, each.finding.subject,
                             each.finding.detail)  # fmt: skip
        if self.breaks and not breaks:
            log.warning("Book and chain agree again.")
        now, last = self._clock.now_ms(), self.state
        complete_at, complete_at_block = (now, report.block_number) if complete or last is None else (
            last.complete_at, last.complete_at_block
        )  # fmt: skip
        self.state = Reconciliation(
            report.block_number, now, complete_at, complete_at_block, report.accounts_compared, breaks
        )
