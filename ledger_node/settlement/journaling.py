"""What settlement writes into the journal, and in which words, so that the deep audit can read the same rows again.

operation                 an operation as it was asked for and accepted
status.<status>           operations that went into a status; final ones with their outcome
batch                     a batch as it was cut and attested (its operations are a status.processing)
posting                   money that moved in the reserve (written by reserve/ledger.py)
admin                     a line of the audit log
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import sqlalchemy as sa

from ledger_node import journal
from ledger_node.settlement.model import FINAL, Operation, Status

OPERATION = (
    "request_key", "request_hash", "kind", "member_id", "counterparty_id", "debtor_account", "creditor_account",
    "amount", "currency", "end_to_end_id", "uetr", "external_id", "created_at",
)  # fmt: skip
OUTCOME = ("settled_at", "code", "reason_code", "reason", "block_number", "transaction_hash", "log_index")
PLACE_IN_BATCH = ("batch_id", "leg")
BATCH = (
    "currency", "transaction_hash", "legs", "reserve", "claims_root", "ledger_sequence", "ledger_head", "created_at",
)  # fmt: skip
ADMIN = ("hash",)

_OPERATION, _OUTCOME = itemgetter(*OPERATION), attrgetter(*OUTCOME)


def accepted(connection: sa.Connection, rows: Sequence[Mapping[str, Any]], *, at: int) -> None:
    """New operations, as they are stored; those that did not wait go on into their status at once."""
    journal.append(connection, "operation", [(row["id"], _OPERATION(row)) for row in rows], at=at)
    for status, group in groupby((row for row in rows if row["status"] != "accepted"), key=lambda row: row["status"]):
        names = facts_of(status)
        moved_on(connection, status, [(row["id"], [row[name] for name in names]) for row in group], at=at)


def reached(connection: sa.Connection, operations: Sequence[Operation], *, at: int) -> None:
    """Operations in the states they have come to now, in this order; those taken into a batch are `cut`'s."""
    for status, group in groupby(operations, key=lambda operation: operation.status):
        names = facts_of(status)
        if names is OUTCOME:
            told: list[journal.Row] = [(each.id, _OUTCOME(each)) for each in group]
        else:
            told = [(each.id, [getattr(each, name) for name in names]) for each in group]
        moved_on(connection, status, told, at=at)


def moved_on(connection: sa.Connection, status: Status, rows: Sequence[journal.Row], *, at: int) -> None:
    """Operations went into this status, each with what `facts_of` names."""
    journal.append(connection, f"status.{status}", rows, at=at)


def facts_of(status: str) -> tuple[str, ...]:
    """The columns of an operation that an entry of this status covers."""
    if status in FINAL:
        return OUTCOME
    if status == "queued":
        return ("net_until",)
    return PLACE_IN_BATCH if status == "processing" else ()


def cut(connection: sa.Connection, batch: Mapping[str, Any], operation_ids: Sequence[str], *, at: int) -> None:
    """A batch, with its operations in the order of its legs."""
    taken = [(id_, (batch["id"], leg)) for leg, id_ in enumerate(operation_ids)]
    moved_on(connection, "processing", taken, at=at)
    journal.append(connection, "batch", [(batch["id"], [batch[name] for name in BATCH])], at=at)
