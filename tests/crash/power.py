"""Power that fails at a chosen durable write: before it, so it never happens, or after it, so nobody hears of it.

Once it has failed nothing of that run becomes durable any more, in either store, on any thread.
"""

from typing import Literal

Store = Literal["ledger", "chain"]
Moment = Literal["before", "after"]


class PowerFailed(BaseException):
    """Not an Exception: no code of ours may handle it."""


class Power:
    """A hook for both stores. Fails at moment `fail_at` (two a write, counted from 0) after `arm`; None never."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.fail_at = fail_at
        self.moments: list[tuple[Store, Moment]] = []
        self.failed = False
        self._armed = False

    def arm(self) -> None:
        self._armed = True

    def __call__(self, store: Store, moment: Moment) -> None:
        if self.failed:
            raise PowerFailed
        if self._armed:
            self.moments.append((store, moment))
            if self.fail_at is not None and len(self.moments) > self.fail_at:
                self.failed = True
                raise PowerFailed
