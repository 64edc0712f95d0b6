"""What waits in the ledger and may wait no longer: it is ended in parts, and between them the writer serves others.

Payments that a suspension has left; requests that nobody decided in time; payments that no netting cycle took in
time. Knows nothing of the chain.
"""

import threading
from collections.abc import Callable

import sqlalchemy as sa

from ledger_node.access import approvals
from ledger_node.clock import Clock
from ledger_node.database import Database
from ledger_node.settlement.actions.four_eyes import FourEyes
from ledger_node.settlement.model import Operation
from ledger_node.settlement.netting import cycles
from ledger_node.settlement.payments.cancellation import reject_waiting_of_stopped, some_wait_of_stopped
from ledger_node.writer import Writer


class Expiry:
    def __init__(
        self, database: Database, writer: Writer, clock: Clock, four_eyes: FourEyes, stopping: threading.Event, *,
        on_ended: Callable[[list[Operation]], None],
    ) -> None:  # fmt: skip
        self._database = database
        self._writer = writer
        self._clock = clock
        self._four_eyes = four_eyes
        self._stopping = stopping
        self._on_ended = on_ended

    def end_all(self) -> None:
        """By this moment."""
        at = self._clock.now_ms()
        self._in_turns(
            some_wait_of_stopped, lambda connection: self._on_ended(reject_waiting_of_stopped(connection, at=at))
        )
        self._in_turns(lambda connection: approvals.due(connection, at=at, most=1), self._four_eyes.expire)
        self._in_turns(
            lambda connection: cycles.expired(connection, at=at),
            lambda connection: self._on_ended(cycles.expire(connection, at=at)),
        )

    def _in_turns(
        self, some_wait: Callable[[sa.Connection], object], end_some: Callable[[sa.Connection], None]
    ) -> None:  # fmt: skip
        while not self._stopping.is_set():
            with self._database.read() as connection:
                if not some_wait(connection):
                    return
            self._writer.run(end_some)
