"""Waiting in the event loop for what other threads do, and how long. They ring once, however much they have finished.

A ring is a system call, during which a thread lets go of the interpreter and the loop may take it: one for each of the
payments that a block has settled would be as many changes of thread.
"""

import asyncio
import math
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from ledger_node.errors import StorageUnavailable

T = TypeVar("T")


async def durable(future: Future[T]) -> T:
    """The result of a job for the writer, once it is on disk. A caller who hangs up does not undo it."""
    if not future.done():
        await _waiter(future)
    return future.result()


async def done_within(future: Future[Any], seconds: float) -> bool:
    """Whether it came to its end in time. It goes on to it either way."""
    if not future.done():
        waiter = _waiter(future)
        timer = asyncio.get_running_loop().call_later(seconds, _wake, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
    return future.done()


class Deadline:
    """Until when a request is answered, whatever other threads do: they go on, and nobody waits for them.

    A store's server may stay silent without an error for as long as it likes. This is `asyncio.timeout` whose end may
    be moved for nothing: a payment moves it three times, and making a timer anew each time costs three times as much.
    """

    def __init__(self, seconds: float, store: str) -> None:
        self.passed = False
        self._seconds = seconds
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + seconds

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._timer = self._loop.call_at(self._ends, self._look)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self.passed and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError

    def suspend(self) -> None:
        """While somebody else's clock counts: the door's, for a body that comes or an answer that goes."""
        self._ends = math.inf

    def begin_anew(self, *, beside_s: float) -> None:
        """Everything is here; so long besides, the client said, it would wait."""
        self._ends = self._loop.time() + self._seconds + beside_s

    def _look(self) -> None:
        now = self._loop.time()
        if now < self._ends:
            self._timer = self._loop.call_at(min(self._ends, now + self._seconds), self._look)
        else:
            self.passed = True
            self._task.cancel()

    def told(self) -> StorageUnavailable:
        return StorageUnavailable(
            f"{self._store}: no answer within {self._seconds:g} s. What was asked may be done yet; ask again with the "
            "same Idempotency-Key: it finds out, and nothing is done twice."
        )


class _Bell:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._finished: deque[asyncio.Future[None]] = deque()
        self._rung = False

    def ring(self, waiter: asyncio.Future[None]) -> None:
        """From any thread."""
        self._finished.append(waiter)
        if not self._rung and not self._loop.is_closed():
            self._rung = True
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._rung = False  # first: who comes from here on rings again
        while self._finished:
            _wake(self._finished.popleft())


_bells: WeakKeyDictionary[asyncio.AbstractEventLoop, _Bell] = WeakKeyDictionary()


def _waiter(future: Future[Any]) -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    bell = _bells.get(loop)
    if bell is None:
        bell = _bells[loop] = _Bell(loop)
    waiter = loop.create_future()
    future.add_done_callback(lambda _: bell.ring(waiter))
    return waiter


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
