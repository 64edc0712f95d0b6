"""The desk: where requests that move money come in, and where one can wait for what became of them.

Requests that arrive together sit together: one job of the writer decides all that wait, one after another, in one
transaction. A lone request is a sitting of one. Knows no transport; the gateway awaits the futures.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import zip_longest

import sqlalchemy as sa

from ledger_node.clock import Clock
from ledger_node.errors import LedgerNodeError, Overloaded, Refused, Unavailable
from ledger_node.settlement import rules, verbs
from ledger_node.settlement.blotter import Blotter, Request
from ledger_node.settlement.model import ONE_PERSON, Accepted, Operation, Policy
from ledger_node.settlement.watch import Watch
from ledger_node.writer import Writer


class Desk:
    def __init__(
        self, writer: Writer, watch: Watch, clock: Clock, *, currencies: frozenset[str],
        closed_because: Callable[[], str | None], policy: Policy = ONE_PERSON, waiting_max: int = 50_000,
        sitting_max: int = 2_000,
    ) -> None:  # fmt: skip
        self._writer = writer
        self._watch = watch
        self._clock = clock
        self._currencies = currencies
        self._closed_because = closed_because
        self._policy = policy
        self._waiting_max = waiting_max
        self._sitting_max = sitting_max
        self._waiting: deque[tuple[Request, Future[Accepted]]] = deque()
        self._called = False
        self._lock = threading.Lock()

    def submit(self, request: Request) -> Future[Accepted]:
        """Ask for a payment or fiat movement. The future has the answer once it is durable, or the rule it breaks.

        Raises IdempotencyKeyMissing, IdempotencyKeyInvalid, Overloaded, Stopping.
        """
        return self.submit_many([request])[0]

    def submit_many(self, requests: Sequence[Request]) -> list[Future[Accepted]]:
        """The same for several at once, each judged on its own, in this order."""
        for request in requests:
            rules.key_usable(request.idempotency_key)
        arrivals = [(request, Future[Accepted]()) for request in requests]
        with self._lock:
            if len(self._waiting) + len(arrivals) > self._waiting_max:
                raise Overloaded("Too many requests are waiting; send it again later, with the same Idempotency-Key.")
            self._call_sitting()
            self._waiting.extend(arrivals)
        return [future for _, future in arrivals]

    def watch(self, operation_id: str) -> Future[Operation]:
        """The operation once its state is final. Raises PaymentNotFound."""
        return self._watch.final(operation_id)

    def _call_sitting(self) -> None:
        if not self._called:
            sitting = _Sitting()
            self._writer.submit(lambda connection: self._sit(connection, sitting)).add_done_callback(
                lambda job: self._answer(sitting, job.exception())
            )
            self._called = True

    def _sit(self, connection: sa.Connection, sitting: "_Sitting") -> None:
        with self._lock:
            arrivals = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._sitting_max))]
            self._called = False
            if self._waiting:
                self._call_sitting()
        # A caller that went away before its turn has asked for nothing.
        sitting.present = [arrival for arrival in arrivals if arrival[1].set_running_or_notify_cancel()]
        blotter = Blotter(
            connection, [request for request, _ in sitting.present], currencies=self._currencies,
            at=self._clock.now_ms(), closed_because=self._closed_because(), policy=self._policy,
        )  # fmt: skip
        for request, _ in sitting.present:
            try:
                sitting.answers.append(verbs.decide(blotter, request))
            except (Refused, Unavailable) as refusal:
                sitting.answers.append(refusal)
        blotter.write()

    def _answer(self, sitting: "_Sitting", failure: BaseException | None) -> None:
        if failure is None:
            new = [answer for answer in sitting.answers if isinstance(answer, Accepted) and not answer.replayed]
            self._watch.opened(answer.operation for answer in new)
        for (_, future), answer in zip_longest(sitting.present, sitting.answers):
            if failure is not None:
                future.set_exception(failure)
            elif isinstance(answer, Accepted):
                future.set_result(answer)
            else:
                future.set_exception(answer)


@dataclass(slots=True)
class _Sitting:
    """Who sat, and what each is to be told when it is durable."""

    present: list[tuple[Request, Future[Accepted]]] = field(default_factory=list)
    answers: list[Accepted | LedgerNodeError] = field(default_factory=list)
