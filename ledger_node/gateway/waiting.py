"""Waiting in the event loop for what other threads do. They ring once, however much they have finished by then.

A ring is a system call, during which a thread lets go of the interpreter and the loop may take it: one for each of the
payments that a block has settled would be as many changes of thread.
"""

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

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
