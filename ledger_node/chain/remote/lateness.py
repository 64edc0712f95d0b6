"""A client that is a moment behind itself: what it has announced it shows a moment later, so it is asked again.

Asked again for a fifth of a second at most, for whoever asks may hold the writer; after that the chain is away, and who
looks after it asks once more. A header's bloom tells which logs its receipts must have.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from ledger_node.chain.blocks import Header, Log, LogFilter
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import ChainUnavailable

T = TypeVar("T")

PAUSES_S = (0.01, 0.02, 0.04, 0.08)
STATES_KEPT = 128
"""Clients that prune keep the states of so many blocks at least; below them a missing state is gone, not late."""


class NotYet(ChainUnavailable):
    """The client has announced it and does not show it at this moment."""


def patiently(ask: Callable[[], T], wait: Callable[[float], bool]) -> T:
    """`wait` pauses, and says whether there is no use in asking again."""
    for pause_s in PAUSES_S:
        try:
            return ask()
        except NotYet:
            if wait(pause_s):
                break
    return ask()


def lacks_logs(header: Header, logs: Iterable[Log]) -> bool:
    """Whether the block must have more logs than these."""
    shown = _bloom({each for log in logs for each in (log.address, *log.topics)})
    return int.from_bytes(header.logs_bloom, "big") & ~shown != 0


def may_have(header: Header, query: LogFilter) -> bool:
    """Whether a log that the query wants can be in this block."""
    bloom = int.from_bytes(header.logs_bloom, "big")
    choices = [query.addresses, *query.topics]
    return all(not each or any(_bloom([one]) & ~bloom == 0 for one in each) for each in choices)


def _bloom(items: Iterable[bytes]) -> int:
    bits = 0
    for item in items:
        digest = keccak(item)
        for place in (0, 2, 4):
            bits |= 1 << (int.from_bytes(digest[place : place + 2], "big") & 2047)
    return bits
