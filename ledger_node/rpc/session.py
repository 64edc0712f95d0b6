"""One WebSocket connection: its subscriptions and the messages waiting to be sent. Knows no chain and no method.

Messages are put in from any thread and sent by the event loop, in order. A subscription is silent until the answer that
names it has been queued, so that a client never hears of an id it does not know. A client that reads slower than the
chain speaks is disconnected rather than remembered without bound.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ledger_node.rpc.errors import limit_exceeded
from ledger_node.rpc.filters import new_id
from ledger_node.rpc.jsonrpc import notification_head
from ledger_node.rpc.logquery import EVERYTHING, LogQuery
from ledger_node.rpc.settings import RpcLimits

POLICY_VIOLATION = 1008

Topic = Literal["newHeads", "logs", "newPendingTransactions", "syncing", "transactionReceipts"]


@dataclass(slots=True)
class Subscription:
    id: str
    topic: Topic
    query: LogQuery = EVERYTHING
    full_transactions: bool = False
    transactions: frozenset[str] = frozenset()
    """Hashes, whose receipts are wanted; empty for all."""
    announced: bool = False
    held_back: list[bytes] = field(default_factory=list)


class Session:
    def __init__(
        self, limits: RpcLimits, loop: asyncio.AbstractEventLoop, on_first_subscription: Callable[["Session"], None]
    ) -> None:
        self._limits = limits
        self._loop = loop
        self._on_first_subscription = on_first_subscription
        self._lock = threading.Lock()
        self._subscriptions: dict[str, Subscription] = {}
        self.outbox: asyncio.Queue[bytes | None] = asyncio.Queue(limits.unsent_messages)
        self.end_code: int | None = None
        self.end_reason = ""

    # SUBSCRIPTIONS

    def subscribe(self, topic: Topic, query: LogQuery, **options: Any) -> Subscription:
        new = Subscription(new_id(), topic, query, **options)
        with self._lock:
            most = self._limits.subscriptions_per_connection
            if len(self._subscriptions) >= most:
                raise limit_exceeded(f"too many subscriptions: {most} per connection; unsubscribe, or open another")
            self._subscriptions[new.id] = new
        self._on_first_subscription(self)
        return new

    def unsubscribe(self, subscription_id: str) -> bool:
        with self._lock:
            return self._subscriptions.pop(subscription_id, None) is not None

    def subscriptions(self, topic: Topic) -> list[Subscription]:
        with self._lock:
            return [one for one in self._subscriptions.values() if one.topic == topic]

    def announce(self, subscriptions: list[Subscription]) -> None:
        """Their answer is queued: they may speak."""
        with self._lock:
            for one in subscriptions:
                one.announced = True
                for message in one.held_back:
                    self._loop.call_soon_threadsafe(self.put, message)
                one.held_back.clear()

    # MESSAGES

    def notify(self, subscription: Subscription, result: bytes) -> None:
        """`result` is JSON already. May be called from any thread."""
        message = notification_head(subscription.id) + result + b"}}"
        with self._lock:
            if not subscription.announced:
                subscription.held_back.append(message)
                return
        self._loop.call_soon_threadsafe(self.put, message)

    def put(self, message: bytes) -> None:
        """On the event loop only."""
        if self.end_code is not None:
            return
        try:
            self.outbox.put_nowait(message)
        except asyncio.QueueFull:
            self.end(POLICY_VIOLATION, "the client reads slower than the chain speaks")

    def end(self, code: int, reason: str) -> None:
        """Send nothing more but the close. On the event loop only."""
        self.end_code, self.end_reason = code, reason
        if self.outbox.full():
            self.outbox.get_nowait()
        self.outbox.put_nowait(None)


class Turn:
    """One message of a connection, from its arrival to its answer: the subscriptions made in between wait for it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made: list[Subscription] = []

    def subscribe(self, topic: Topic, query: LogQuery | None = None, **options: Any) -> str:
        """`options`: the members of Subscription that its topic has."""
        new = self._session.subscribe(topic, query or EVERYTHING, **options)
        self._made.append(new)
        return new.id

    def unsubscribe(self, subscription_id: str) -> bool:
        return self._session.unsubscribe(subscription_id)

    def answered(self) -> None:
        if self._made:
            self._session.announce(self._made)
