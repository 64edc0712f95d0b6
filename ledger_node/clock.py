"""Time: the system's, or one set by hand in tests. Nothing else in the node asks the operating system for the time."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class HandSetClock:
    """A clock that stands still until `advance` or `set` moves it, forwards or backwards."""

    def __init__(self, now_ms: int = 1_767_225_600_000) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def advance(self, milliseconds: int) -> None:
        self._now_ms += milliseconds

    def set(self, now_ms: int) -> None:
        self._now_ms = now_ms


def iso8601(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.125Z`."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_to_the_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=4096)
def _to_the_second(seconds: int) -> str:
    # A page of payments tells the same few seconds again and again, and the calendar is slow.
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
