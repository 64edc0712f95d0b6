"""Which head the remote chain has, whether it is still the same chain, and the thread that tells listeners.

A chain that was reset, or that took back a block already shown as final, is ChainReplaced for good: every later
question gets the same fault. A client that only fell behind (restarted, restoring, syncing) is ChainUnavailable, until
it has caught up with the blocks we know or `behind_max_s` has passed.
"""

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NoReturn

from ledger_node.chain.blocks import BlockRef, Hash32, Header
from ledger_node.chain.errors import ChainReplaced, ChainUnavailable
from ledger_node.chain.remote.connection import Answered, Connection, Question
from ledger_node.chain.remote.conversion import header_of, integer, octets

log = logging.getLogger(__name__)

Listener = Callable[[Header], None]

_REMEMBERED = 512
_HURRY_S = 0.005
_SLOWING = 1.2
_DELIVER_AT_ONCE = 64
_ANNOUNCED_S = 2.0
"""How long to wait, at least, before looking without having been told to, where heads are announced."""


class Heads:
    """`current()` may be called from any thread; listeners are called on the thread that `start_watching` starts."""

    def __init__(
        self,
        connection: Connection,
        *,
        confirmations: int,
        chain_id: int | None,
        poll_interval_s: float,
        behind_max_s: float,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._confirmations = confirmations
        self._poll_interval_s = poll_interval_s
        self._behind_max_s = behind_max_s
        self._monotonic_s = monotonic_s
        self._lock = threading.RLock()
        self._chain_id = chain_id
        self._genesis_hash: Hash32 | None = None
        self._identified_at_break = -1
        self._known: OrderedDict[int, Hash32] = OrderedDict()
        self._newest: Header | None = None
        self._behind_since_s: float | None = None
        self._lost: tuple[str, dict[str, Any]] | None = None
        self._listeners: list[Listener] = []
        self._delivered: Header | None = None
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._stopping = False

    # IDENTITY

    def chain_id(self) -> int:
        if self._chain_id is None:
            self.identify()
        assert self._chain_id is not None
        return self._chain_id

    def identify(self) -> None:
        """Make sure, after every break of the connection, that the same chain answers as before it."""
        self._raise_fault()
        breaks = self._connection.breaks
        if self._identified_at_break == breaks:
            return
        with self._lock:
            chain_id, genesis = self._read([("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])])
            if genesis is None or chain_id is None:
                raise ChainUnavailable(f"The chain at {self._connection.name} has no genesis block yet.")
            self._same("chain id", self._chain_id, integer(chain_id))
            self._same("genesis", self._genesis_hash, octets(genesis["hash"]))
            self._chain_id, self._genesis_hash = integer(chain_id), octets(genesis["hash"])
            if self._newest is not None:
                self._recognise(self._fetch_newest())
            self._identified_at_break = breaks

    def _same(self, what: str, before: int | bytes | None, now: int | bytes) -> None:
        if before is not None and before != now:
            said = [f"0x{each.hex()}" if isinstance(each, bytes) else each for each in (before, now)]
            self._lose(f"its {what} was {said[0]} and is {said[1]}", before=said[0], now=said[1])

    # HEADS

    @property
    def newest_number(self) -> int:
        """Of the heads seen so far; -1 before the first."""
        return -1 if self._newest is None else self._newest.number

    def has_shown(self, at: BlockRef) -> bool:
        """Whether the client has announced this block, so that it can only be late, not absent."""
        if isinstance(at, bytes):
            with self._lock:
                return at in self._known.values()
        return at != "pending" if isinstance(at, str) else 0 <= at <= self.newest_number

    def current(self) -> Header:
        """The newest block with enough confirmations, asked for now."""
        self.identify()
        with self._lock:
            return self._recognise(self._fetch_newest())

    def _fetch_newest(self) -> Header:
        if self._confirmations == 0:
            (json,) = self._read([("eth_getBlockByNumber", ["latest", False])])
        else:
            (tip,) = self._read([("eth_blockNumber", [])])
            if tip is None:
                raise ChainUnavailable(f"The chain at {self._connection.name} has no block to show yet.")
            number = max(0, integer(tip) - self._confirmations)
            (json,) = self._read([("eth_getBlockByNumber", [hex(number), False])])
        if json is None:
            raise ChainUnavailable(f"The chain at {self._connection.name} has no block to show yet.")
        return header_of(json)

    def _recognise(self, header: Header) -> Header:
        """Take `header` for the head, once it is known to stand on the blocks seen before."""
        newest = self._newest
        known = self._known.get(header.number)
        if known is not None and known != header.hash:
            self._lose_block(header.number, known, header.hash)
        if newest is not None and header.number < newest.number:
            self._fell_behind(header, newest)
        if newest is not None and header.number > newest.number:
            if header.number == newest.number + 1:
                below = header.parent_hash
            else:
                (json,) = self._read([("eth_getBlockByNumber", [hex(newest.number), False])])
                if json is None:
                    raise ChainUnavailable(f"The chain at {self._connection.name} lacks blocks below its head.")
                below = header_of(json).hash
            if below != newest.hash:
                self._lose_block(newest.number, newest.hash, below)
        self._behind_since_s = None
        self._newest = header
        self._remember(header)
        return header

    def _remember(self, header: Header) -> None:
        self._known[header.number] = header.hash
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _fell_behind(self, header: Header, newest: Header) -> NoReturn:
        now_s = self._monotonic_s()
        self._behind_since_s = now_s if self._behind_since_s is None else self._behind_since_s
        said = f"it showed block {newest.number} before and is at block {header.number}"
        if now_s - self._behind_since_s >= self._behind_max_s:
            self._lose(f"{said} for {self._behind_max_s:g} seconds", before=newest.number, now=header.number)
        raise ChainUnavailable(
            f"The chain at {self._connection.name} is behind: {said}.", before=newest.number, now=header.number
        )

    def _lose_block(self, number: int, before: Hash32, now: Hash32) -> NoReturn:
        said = [f"0x{each.hex()}" for each in (before, now)]
        self._lose(f"block {number} was {said[0]} and is {said[1]}", number=number, before=said[0], now=said[1])

    def _lose(self, how: str, **facts: Any) -> NoReturn:
        self._lost = (
            f"The chain at {self._connection.name} is not the one it was: {how}. Nothing more is asked of it. If it "
            "was reset, connect the node that kept its blocks; if it reorganises blocks, set more confirmations.",
            facts,
        )
        raise ChainReplaced(self._lost[0], **facts)

    def _raise_fault(self) -> None:
        if self._lost is not None:
            raise ChainReplaced(self._lost[0], **self._lost[1])

    def _read(self, questions: list[Question]) -> list[Any]:
        try:
            if len(questions) == 1:
                return [self._connection.ask(questions[0][0], *questions[0][1])]
            return self._connection.ask_many(questions)
        except Answered as answer:
            raise ChainUnavailable(f"The chain at {self._connection.name} answered: {answer}.") from None

    # LISTENERS

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Heads after the one that is newest now; all that there is, beginning with the first seen, when it is away."""
        with self._lock:
            if self._thread is None:
                with contextlib.suppress(ChainUnavailable):  # away: its head will be news when it comes
                    self._delivered = self.current()
                self._connection.listen(self._wake.set)
                self._thread = threading.Thread(target=self._watch, name="remote-chain-heads", daemon=True)
                self._thread.start()
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def hurry(self) -> None:
        """Something was sent and its block is soon to come: look at once, then ever more slowly, or be told."""
        if not self._connection.announces:
            self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _watch(self) -> None:
        away = False
        pause_s = self._poll_interval_s
        while not self._stopping:
            try:
                self._deliver()
                away = False
            except ChainUnavailable as unavailable:
                if not away:
                    log.warning("%s Trying again every %g s.", unavailable.detail, self._poll_interval_s)
                away = True
            except ChainReplaced as fault:
                log.error("%s", fault.detail)
                return
            except Exception:  # the outermost loop of this thread: a listener's fault must not end it
                log.exception("A listener failed on a new head; it is told of the same head again.")
            announced = self._connection.announces
            woken = self._wake.wait(max(self._poll_interval_s, _ANNOUNCED_S) if announced else pause_s)
            if woken:
                self._wake.clear()
            pause_s = _HURRY_S if woken and not announced else min(pause_s * _SLOWING, self._poll_interval_s)

    def _deliver(self) -> None:
        """Tell listeners of every head since the last one told, in order."""
        head = self.current()
        last = self._delivered
        if last is not None and head.number <= last.number:
            return
        first = head.number if last is None else last.number + 1
        for start in range(first, head.number + 1, _DELIVER_AT_ONCE):
            end = min(start + _DELIVER_AT_ONCE - 1, head.number)
            for header in self._headers(start, end, head):
                if self._delivered is not None and header.parent_hash != self._delivered.hash:
                    self._lose_block(self._delivered.number, self._delivered.hash, header.parent_hash)
                self._remember_between(header)
                for listener in tuple(self._listeners):
                    listener(header)
                self._delivered = header

    def _headers(self, first: int, last: int, head: Header) -> list[Header]:
        if first == head.number:
            return [head]
        numbers = range(first, last + 1)
        jsons = self._read([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        if any(json is None for json in jsons):
            raise ChainUnavailable(f"The chain at {self._connection.name} lacks blocks below its head.")
        return [header_of(json) for json in jsons]

    def _remember_between(self, header: Header) -> None:
        with self._lock:
            if header.number not in self._known:
                self._remember(header)
