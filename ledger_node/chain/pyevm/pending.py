"""The next block, as it would be made now of what waits: executed, kept nowhere.

It is executed where calls are, within their time. What waits may take longer than that; then the next block is shown
without it, as it is while nothing waits.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

from ledger_node.chain.blocks import Hash32, Header, Transaction
from ledger_node.chain.errors import CallFailed
from ledger_node.chain.pyevm.execution import Executed
from ledger_node.chain.pyevm.questions import Questions
from ledger_node.chain.pyevm.store import Store
from ledger_node.chain.pyevm.unkept import Unkept

WAITING_MAX = 1_000
"""So many of the transactions that wait are in the next block as it is shown; it may take more when it is made."""


class NextBlocks:
    """May be used from any thread. `here` executes in this process, which is for blocks without transactions."""

    def __init__(self, store: Store, here: Questions, questions: Questions) -> None:
        self._store = store
        self._here = here
        self._questions = questions
        self._lock = threading.Lock()
        self._of: Any = None
        self._latest: Unkept | None = None
        self._too_long: Any = None

    def after(self, head: Header, root: Hash32, waiting: Sequence[Transaction], timestamp: int) -> Unkept:
        transactions = waiting[:WAITING_MAX]
        content = (head.hash, root, tuple(transaction.hash for transaction in transactions))
        with self._lock:
            if self._latest is None or self._of != (content, timestamp):
                self._latest = Unkept(self._store, self._execute(content, head, transactions, timestamp))
                self._of = (content, timestamp)
            return self._latest

    def _execute(self, content: Any, head: Header, transactions: Sequence[Transaction], timestamp: int) -> Executed:
        if transactions and content != self._too_long:
            try:
                return self._questions.next_block(head, transactions, timestamp)
            except CallFailed:
                self._too_long = content
        return self._here.next_block(head, (), timestamp)


class OnNext:
    """Questions about the next block: wherever one names a block, this is the one."""

    def __init__(self, questions: Questions, executed: Executed) -> None:
        self._questions = questions
        self._executed = executed

    def __getattr__(self, question: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **options: Any) -> Any:
            header = self._executed.header
            meant = tuple(header if isinstance(one, Header) else one for one in arguments)
            return self._questions.on_unkept(self._executed, question, *meant, **options)

        return ask


def on_next(questions: Questions, unkept: Unkept) -> Questions:
    return cast(Questions, OnNext(questions, unkept.executed))
