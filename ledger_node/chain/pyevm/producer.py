"""The thread that makes blocks: one as soon as there is work, empty ones for whoever waits for blocks after his
transaction, and empty ones at an interval if that is asked for.

What a block is and how it is kept is the chain's business; this file only says when.
"""

import logging
import threading
from collections.abc import Callable

from ledger_node.errors import StorageUnavailable

RETRY_S = 1.0

log = logging.getLogger(__name__)

CONFIRMING_PAUSE_S = 0.25
"""Between the empty blocks that somebody waits for; whatever has work comes first and starts the pause anew."""


class Producer:
    """`make_block(empty)` makes one block and says whether it did; `has_work` whether something waits.

    `is_awaited` whether somebody waits for an empty one.

    `on_fault` hears of an error that no block can be made past; nothing is produced after it.
    """

    def __init__(
        self,
        *,
        make_block: Callable[[bool], bool],
        has_work: Callable[[], bool],
        is_awaited: Callable[[], bool],
        interval_s: float | None,
        on_fault: Callable[[BaseException], None],
    ) -> None:
        self._make_block = make_block
        self._has_work = has_work
        self._is_awaited = is_awaited
        self._interval_s = interval_s
        self._on_fault = on_fault
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chain-producer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is work, or somebody waits."""
        self._wanted.set()

    def set_interval(self, interval_s: float | None) -> None:
        """From now on empty blocks are this far apart, or not made."""
        self._interval_s = interval_s
        self.wake()

    def _make_blocks(self, *, empty: bool) -> None:
        if empty:
            self._make_block(True)
        while self._has_work() and not self._stopping.is_set():
            if not self._make_block(False):
                break  # nothing of what waits can go in; the next arrival wakes us

    def stop(self) -> None:
        """Finish the block in hand, then end."""
        self._stopping.set()
        self._wanted.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                woken = self._wanted.wait(self._pause_s())
                self._wanted.clear()
                if self._stopping.is_set():
                    return
                try:
                    self._make_blocks(empty=not woken)
                except StorageUnavailable as trouble:
                    log.warning("No block can be made now; trying again: %s", trouble)
                    self._stopping.wait(RETRY_S)
                    self._wanted.set()
        except BaseException as fault:  # the outermost loop of this thread
            log.critical("block production stopped: %s", fault, exc_info=fault)
            self._on_fault(fault)

    def _pause_s(self) -> float | None:
        if not self._is_awaited():
            return self._interval_s
        return CONFIRMING_PAUSE_S if self._interval_s is None else min(CONFIRMING_PAUSE_S, self._interval_s)
