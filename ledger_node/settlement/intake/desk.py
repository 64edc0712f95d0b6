"""The desk: where requests that move money come in, and where one can wait for what became of them.

Requests that arrive together sit together: one job of the writer decides all that wait, one after another, in one
transaction. A lone request is a sitting of one. Knows no transport; the gateway awaits the futures.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa

from ledger_node.clock import Clock
from ledger_node.errors import LedgerNodeError, Overloaded, Refused, Unavailable
from ledger_node.settlement.intake import rules, verbs
from ledger_node.settlement.intake.unit_of_work import Request, UnitOfWork
from ledger_node.settlement.model import ONE_PERSON, Accepted, Operation, Policy
from ledger_node.settlement.watch import Watch, Watched
from ledger_node.writer import Writer

Answer: TypeAlias = Accepted | LedgerNodeError
"""What a request was told: its operation, or the rule it breaks."""


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
        self._waiting: deque[tuple[Request, _Arrival]] = deque()
        self._called = False
        self._lock = threading.Lock()

    def submit(self, request: Request) -> Future[Accepted]:
        """Ask for a payment or fiat movement. The future has the answer once it is durable, or the rule it breaks.

        Raises IdempotencyKeyMissing, IdempotencyKeyInvalid, Overloaded, Stopping.
        """
        alone: Future[Accepted] = Future()
        self._take([request], _Arrival(1, alone, lambda answers: _tell(alone, answers[0])))
        return alone

    def submit_many(self, requests: Sequence[Request]) -> Future[list[Answer]]:
        """The same for several at once, each judged on its own, in this order; one future has the answers of all."""
        together: Future[list[Answer]] = Future()
        if requests:
            self._take(requests, _Arrival(len(requests), together, together.set_result))
        else:
            together.set_result([])
        return together

    def rehearse(self, request: Request) -> Future[Accepted]:
        """What would become of it now. Nothing is written, and a request with this key can still come.

        Raises as `submit` does; the future raises the rule it would break.
        """
        rules.key_usable(request.idempotency_key)
        return self._writer.submit(lambda connection: verbs.decide(self._unit_of_work(connection, [request]), request))

    def _take(self, requests: Sequence[Request], arrival: "_Arrival") -> None:
        for request in requests:
            rules.key_usable(request.idempotency_key)
        with self._lock:
            if len(self._waiting) + len(requests) > self._waiting_max:
                raise Overloaded("Too many requests are waiting; send it again later, with the same Idempotency-Key.")
            call, self._called = not self._called, True
            self._waiting.extend([(request, arrival) for request in requests])
        if call:
            self._call_sitting()

    def watch(self, operation_id: str) -> Future[Operation]:
        """The operation once its state is final. Raises PaymentNotFound."""
        return self._watch.final(operation_id)

    def watch_all(self, operation_ids: Iterable[str]) -> Watched:
        """The same for several, which somebody waits for together."""
        return self._watch.all_final(operation_ids)

    def _call_sitting(self) -> None:
        """Without the lock: what the writer refuses at once is answered on this thread."""
        sitting = _Sitting()
        try:
            job = self._writer.submit(lambda connection: self._sit(connection, sitting))
        except Unavailable as refusal:
            self._nobody_sits(refusal)
            raise
        job.add_done_callback(lambda job: self._answer(sitting, job.exception()))

    def _nobody_sits(self, failure: BaseException) -> None:
        """Whoever waits for a sitting that does not come about hears why."""
        with self._lock:
            waiting, self._called = list(self._waiting), False
            self._waiting.clear()
        for _, arrival in waiting:
            arrival.fail(failure)

    def _sit(self, connection: sa.Connection, sitting: "_Sitting") -> None:
        with self._lock:
            waiting = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._sitting_max))]
            sitting.begun = True
            more = self._called = bool(self._waiting)
        # A caller that went away before its turn has asked for nothing.
        sitting.present = [(request, arrival) for request, arrival in waiting if arrival.is_here()]
        if more:
            with suppress(Unavailable):  # who waits for it has heard
                self._call_sitting()
        work = self._unit_of_work(connection, [request for request, _ in sitting.present])
        for request, _ in sitting.present:
            try:
                sitting.answers.append(verbs.decide(work, request))
            except (Refused, Unavailable) as refusal:
                sitting.answers.append(refusal)
        work.write()

    def _unit_of_work(self, connection: sa.Connection, requests: list[Request]) -> UnitOfWork:
        return UnitOfWork(
            connection, requests, currencies=self._currencies, at=self._clock.now_ms(),
            closed_because=self._closed_because(), policy=self._policy,
        )  # fmt: skip

    def _answer(self, sitting: "_Sitting", failure: BaseException | None) -> None:
        if failure is not None:
            for _, arrival in sitting.present:
                arrival.fail(failure)
            if not sitting.begun:
                self._nobody_sits(failure)
            return
        new = [answer for answer in sitting.answers if isinstance(answer, Accepted) and not answer.replayed]
        self._watch.opened(answer.operation for answer in new)
        for (_, arrival), answer in zip(sitting.present, sitting.answers, strict=True):
            arrival.answer(answer)


@dataclass(slots=True)
class _Arrival:
    """Requests of one caller that arrived together: `tell` gets their answers, in order, when the last one is decided.

    They may sit in more than one sitting. Only the writer's thread changes it.
    """

    count: int
    future: Future[Any]
    tell: Callable[[list[Answer]], None]
    answers: list[Answer] = field(default_factory=list)
    begun: bool = False

    def is_here(self) -> bool:
        if not self.begun and not self.future.cancelled():
            self.begun = self.future.set_running_or_notify_cancel()
        return self.begun

    def answer(self, answer: Answer) -> None:
        self.answers.append(answer)
        if not self.future.done() and len(self.answers) == self.count:
            self.tell(self.answers)

    def fail(self, failure: BaseException) -> None:
        if self.is_here() and not self.future.done():
            self.future.set_exception(failure)


def _tell(future: Future[Accepted], answer: Answer) -> None:
    if isinstance(answer, Accepted):
        future.set_result(answer)
    else:
        future.set_exception(answer)


@dataclass(slots=True)
class _Sitting:
    """Who sat, and what each is to be told when it is durable."""

    begun: bool = False
    present: list[tuple[Request, _Arrival]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
