"""Tells WebSocket subscribers what happened: new heads, their logs and receipts, and pending transactions.

One thread reads each new block once and renders each message once, however many subscribers there are. It starts with
the first subscriber. The chain's own threads only put into its queue.
"""

import queue
import threading
import weakref
from collections.abc import Callable
from typing import Any

import orjson

from ledger_node.chain.backend import LocalChain
from ledger_node.chain.blocks import Header, Log, Transaction
from ledger_node.rpc.receipts import receipts_json
from ledger_node.rpc.render import header_json, hexed, log_json, transaction_json
from ledger_node.rpc.session import Session

_STOP = object()


class Announcer:
    def __init__(self, chain: LocalChain) -> None:
        self._chain = chain
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop_listening: list[Callable[[], None]] = []
        self._told = 0

    def add(self, session: Session) -> None:
        with self._lock:
            self._sessions.add(session)
            if self._thread is not None:
                return
            self._told = self._chain.head().number
            self._stop_listening = [
                self._chain.on_new_head(self._queue.put),
                self._chain.on_pending_transaction(self._queue.put),
            ]
            self._thread = threading.Thread(target=self._run, name="rpc-announcer", daemon=True)
            self._thread.start()

    def remove(self, session: Session) -> None:
        with self._lock:
            self._sessions.discard(session)

    def close(self) -> None:
        for stop in self._stop_listening:
            stop()
        if self._thread is not None:
            self._queue.put(_STOP)
            self._thread.join()

    def _run(self) -> None:
        while True:
            event = self._queue.get()
            if event is _STOP:
                return
            with self._lock:
                sessions = list(self._sessions)
            if isinstance(event, Header):
                self._new_head(event, sessions)
            elif isinstance(event, Transaction):
                self._pending(event, sessions)

    def _new_head(self, head: Header, sessions: list[Session]) -> None:
        # An engine may skip heads, and a developer's chain may be turned back: tell of each block once, in order.
        first = min(self._told + 1, head.number)
        for number in range(first, head.number):
            self._tell(self._chain.header(number), sessions)
        self._tell(head, sessions)
        self._told = head.number

    def _tell(self, header: Header, sessions: list[Session]) -> None:
        message: bytes | None = None
        logs: list[tuple[Log, bytes]] | None = None
        receipts: list[dict[str, Any]] | None = None
        for session in sessions:
            for subscription in session.subscriptions("newHeads"):
                if message is None:
                    message = orjson.dumps(header_json(header))
                session.notify(subscription, message)
            for subscription in session.subscriptions("logs"):
                if logs is None:
                    logs = self._logs(header)
                for log, rendered in logs:
                    if subscription.query.matches(log):
                        session.notify(subscription, rendered)
            for subscription in session.subscriptions("transactionReceipts"):
                if receipts is None:
                    receipts = receipts_json(self._chain, self._chain.block(header.number), header.number)
                wanted = subscription.transactions
                if chosen := [one for one in receipts if not wanted or one["transactionHash"] in wanted]:
                    session.notify(subscription, orjson.dumps(chosen))

    def _logs(self, header: Header) -> list[tuple[Log, bytes]]:
        if not any(header.logs_bloom):
            return []
        receipts = self._chain.receipts(header.number)
        return [(log, orjson.dumps(log_json(log))) for receipt in receipts for log in receipt.logs]

    def _pending(self, transaction: Transaction, sessions: list[Session]) -> None:
        for session in sessions:
            for subscription in session.subscriptions("newPendingTransactions"):
                full = subscription.full_transactions
                shown = transaction_json(transaction, base_fee=None) if full else hexed(transaction.hash)
                session.notify(subscription, orjson.dumps(shown))
