"""The node found its own stores or settings wrong; it stops rather than guesses."""

from ledger_node.errors.base import LedgerNodeError


class Fault(LedgerNodeError):
    code = "fault"
    title = "The node's stores disagree"
    remedy = "The node's stores disagree; the operator's log says how. Callers see `internal`."


class StorageFailed(Fault):  # damaged, or it holds what cannot be read as what it should be
    code = "storage_failed"
    title = "A store of the node is damaged"
    remedy = (
        "A store of the node is damaged; the operator's log and /readyz say which. "
        "Callers see `internal`, and `doors_closed` where money moves."
    )


class ConfigurationError(LedgerNodeError):
    """A setting is unknown, missing or impossible; the node does not start."""

    code = "configuration_error"
    title = "The configuration is not valid"
    remedy = "A setting is wrong; the operator's log says which. Callers see `internal`."


class ChainBehindLedger(Fault):
    """The ledger booked blocks which the chain no longer has."""

    code = "chain_behind_ledger"
    title = "The chain lost blocks that are already booked"
    remedy = "The chain lost blocks that were booked; restore the chain store. Callers see `internal`."


class LedgerBehindChain(Fault):
    """The chain has batches or registrations signed by our keys that this ledger never made: it is an older copy."""

    code = "ledger_behind_chain"
    title = "The ledger is older than its chain"
    remedy = (
        "The ledger is an older copy than its chain; restore the newest one. Nothing is signed. Callers see `internal`."
    )


class BackingBroken(Fault):
    """Supply exceeds reserve, or their difference exceeds what is in flight."""

    code = "backing_broken"
    title = "The token is not backed 1:1"
    remedy = "Supply and reserve disagree; run `ledger-node audit`. Callers see `internal`."
