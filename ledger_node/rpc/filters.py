"""Filters that are polled: `eth_newFilter`, `eth_newBlockFilter`, `eth_newPendingTransactionFilter` and their changes.

A block or log filter is only a place in the chain: changes are read from the store when asked for, so an idle filter
costs nothing. When more has changed than one answer may hold, the next answer goes on where it ended. A filter that
nobody asks for five minutes is dropped, as in geth.
"""

import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ledger_node.chain.backend import LocalChain
from ledger_node.chain.blocks import Hash32, Log, LogFilter, Transaction
from ledger_node.clock import Clock
from ledger_node.rpc.errors import SERVER_ERROR, RpcError, limit_exceeded
from ledger_node.rpc.logquery import EVERYTHING, LogQuery, check_size, resolve, too_many
from ledger_node.rpc.settings import RpcLimits


@dataclass(slots=True)
class Filter:
    kind: Literal["block", "log", "transaction"]
    asked_at_ms: int
    next_block: int
    query: LogQuery = EVERYTHING
    told: int = 0
    """Logs of `next_block` that were in an answer already."""
    full_transactions: bool = False
    transactions: deque[Transaction] = field(default_factory=deque)
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held while changes are read, so that two who ask at once are not told the same."""


class Filters:
    """All filters of this door, whichever connection made them: HTTP clients have none."""

    def __init__(self, chain: LocalChain, limits: RpcLimits, clock: Clock) -> None:
        self._chain = chain
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._filters: dict[str, Filter] = {}
        self._stop_listening: Callable[[], None] | None = None

    def add_block_filter(self) -> str:
        return self._add(Filter("block", self._clock.now_ms(), self._chain.head().number + 1))

    def add_log_filter(self, query: LogQuery) -> str:
        check_size(query, self._limits)
        return self._add(Filter("log", self._clock.now_ms(), self._chain.head().number + 1, query))

    def add_transaction_filter(self, *, full_transactions: bool = False) -> str:
        """Its changes are transactions, or their hashes."""
        found = Filter("transaction", self._clock.now_ms(), 0, full_transactions=full_transactions)
        found.transactions = deque(maxlen=self._limits.filter_changes)
        filter_id = self._add(found)
        with self._lock:
            if self._stop_listening is None:
                self._stop_listening = self._chain.on_pending_transaction(self._remember)
        return filter_id

    def remove(self, filter_id: str) -> bool:
        with self._lock:
            return self._filters.pop(filter_id, None) is not None

    def changes(self, filter_id: str) -> list[Hash32] | list[Transaction] | list[Log]:
        """What is new since the last call, or since the filter was made."""
        found = self._asked(filter_id)
        if found.kind == "transaction":
            with self._lock:
                taken = list(found.transactions)
                found.transactions.clear()
            return taken if found.full_transactions else [one.hash for one in taken]
        with found.turn:
            head = self._chain.head().number
            if found.next_block > head + 1:  # a developer's chain was turned back
                found.next_block, found.told = head + 1, 0
            return self._new_blocks(found, head) if found.kind == "block" else self._new_logs(found, head)

    def logs(self, filter_id: str) -> list[Log]:
        """Everything a log filter's own range holds."""
        found = self._asked(filter_id)
        if found.kind != "log":
            raise _not_found(filter_id)
        return find_logs(self._chain, found.query, self._limits)

    def close(self) -> None:
        if self._stop_listening is not None:
            self._stop_listening()

    def _new_blocks(self, found: Filter, head: int) -> list[Hash32]:
        first = found.next_block
        found.next_block = min(head + 1, first + self._limits.filter_changes)
        return [self._chain.header(number).hash for number in range(first, found.next_block)]

    def _new_logs(self, found: Filter, head: int) -> list[Log]:
        query, first, told = found.query, found.next_block, found.told
        found.next_block, found.told = head + 1, 0
        if query.block_hash is not None:
            return []
        if isinstance(query.first, int) and query.first > first:
            first, told = query.first, 0
        last = min(head, query.last) if isinstance(query.last, int) else head
        if first > last:
            return []
        most = told + self._limits.filter_changes
        wanted = LogFilter(first, last, None, query.addresses, query.topics, limit=most + 1)
        logs = list(self._chain.logs(wanted))
        if len(logs) > most:
            found.next_block = logs[most].block_number
            found.told = sum(log.block_number == found.next_block for log in logs[:most])
        return logs[told:most]

    def _add(self, new: Filter) -> str:
        filter_id = new_id()
        with self._lock:
            self._drop_idle()
            if len(self._filters) >= self._limits.filters:
                raise limit_exceeded(
                    f"too many filters: {self._limits.filters} are installed; remove some with eth_uninstallFilter"
                )
            self._filters[filter_id] = new
        return filter_id

    def _asked(self, filter_id: str) -> Filter:
        with self._lock:
            self._drop_idle()
            found = self._filters.get(filter_id)
            if found is None:
                raise _not_found(filter_id)
            found.asked_at_ms = self._clock.now_ms()
            return found

    def _drop_idle(self) -> None:
        oldest = self._clock.now_ms() - self._limits.filter_idle_ms
        for filter_id in [key for key, one in self._filters.items() if one.asked_at_ms < oldest]:
            del self._filters[filter_id]

    def _remember(self, transaction: Transaction) -> None:
        with self._lock:
            for one in self._filters.values():
                if one.kind == "transaction":
                    one.transactions.append(transaction)


def new_id() -> str:
    """Nobody can guess it; a quantity, as the specification has it: no leading zero."""
    return hex(secrets.randbits(127) | 1 << 127)


def find_logs(chain: LocalChain, query: LogQuery, limits: RpcLimits) -> list[Log]:
    check_size(query, limits)
    if query.block_hash is not None:
        chain.header(query.block_hash)  # an unknown block is an error, not an empty answer
    head = chain.head().number
    finalized = chain.header("finalized").number if "finalized" in (query.first, query.last) else head
    if "safe" in (query.first, query.last):
        finalized = chain.header("safe").number
    found = list(chain.logs(resolve(query, head=head, finalized=finalized, limits=limits)))
    if len(found) > limits.log_results:
        raise too_many(limits)
    return found


def _not_found(filter_id: str) -> RpcError:
    return RpcError(SERVER_ERROR, f"filter not found: {filter_id} was removed or not asked for in time; make a new one")
