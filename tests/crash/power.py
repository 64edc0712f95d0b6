"""Power that fails at a chosen durable write: before it, so it never happens, or after it, so nobody hears of it.

Once it has failed nothing of that run becomes durable any more, in either store, on any thread.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ledger_node.errors import LedgerNodeError
from tests.settlement.issuer import Issuer

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


def run(
    directory: Path, power: Power, work: Callable[[Issuer], None], before: Callable[[Issuer], None] = lambda _: None
) -> bool:
    """One run of a node on this directory; whether it got to the end of its work. During `before` the power holds."""
    issuer = Issuer(directory, hook=power)
    with contextlib.ExitStack() as stack:
        stack.callback(_let_go, issuer)
        before(issuer)
        power.arm()
        try:
            issuer.start()
            work(issuer)
        except (PowerFailed, LedgerNodeError, TimeoutError):
            if not power.failed:
                raise
            return False
    return True


def _let_go(issuer: Issuer) -> None:
    with contextlib.suppress(PowerFailed):
        issuer.close()
