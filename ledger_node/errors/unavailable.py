"""The node cannot do it now; trying again later is right."""

from ledger_node.errors.base import LedgerNodeError


class Unavailable(LedgerNodeError):
    code = "unavailable"
    status = 503
    title = "The node cannot do this now"
    remedy = "Try again after Retry-After, with the same Idempotency-Key."


class Stopping(Unavailable):
    code = "stopping"
    title = "The node is stopping"
    remedy = "The node is stopping. Try again in a moment, with the same Idempotency-Key."


class Overloaded(Unavailable):
    code = "overloaded"
    title = "Too much work is waiting"
    remedy = "Try again after Retry-After, with the same Idempotency-Key."


class DoorsClosed(Unavailable):  # book and chain disagree, or a store is damaged, until an operator has mended it
    code = "doors_closed"
    title = "Money does not move"
    remedy = (
        "Book and chain disagree, or a store is damaged; the detail says which. Money does not move until the "
        "operator has mended it. Reading works."
    )


class StorageUnavailable(Unavailable):  # locked, away, full or not writable; a lost commit may have been kept
    code = "storage_unavailable"
    title = "A store of the node cannot be used now"
    remedy = (
        "A store of the node is locked, away, full or not writable; the detail says which. It passes when the cause "
        "does. Try again after Retry-After, with the same Idempotency-Key."
    )
