"""How stored rows read as the data of model.py. No decisions here.

A query selects MEMBER, ACCOUNT or OPERATION first, and anything else after it; the functions read by position.
"""

from ledger_node.database import Row
from ledger_node.settlement import tables
from ledger_node.settlement.model import Account, Entry, Event, Member, Operation
from ledger_node.values import json_of

MEMBER = [tables.members.c[name] for name in Member.__slots__]
ACCOUNT = [tables.accounts.c[name] for name in Account.__slots__]
OPERATION = [tables.operations.c[name] for name in Operation.__slots__]

_MEMBER, _ACCOUNT, _OPERATION = (slice(len(columns)) for columns in (MEMBER, ACCOUNT, OPERATION))


def member(row: Row) -> Member:
    return Member(*row[_MEMBER])


def account(row: Row) -> Account:
    return Account(*row[_ACCOUNT])


def operation(row: Row) -> Operation:
    return Operation(*row[_OPERATION])


def event(row: Row) -> Event:
    facts = {name: getattr(row, name) for name in Event.__slots__}
    return Event(**(facts | {"data": json_of(row.data)}))


def entry_id(account_id: str, sequence: int) -> str:
    """An entry is named by its place on its account, so the same history always has the same names."""
    return f"ent_{account_id.removeprefix('acct_')}_{sequence}"


def statement_line(row: Row, currency: str) -> Entry:
    return Entry(
        id=entry_id(row.account_id, row.sequence), account_id=row.account_id, sequence=row.sequence,
        direction=row.direction, amount=row.amount, balance=row.balance, currency=currency,
        operation_id=row.operation_id, created_at=row.created_at, block_number=row.block_number,
        transaction_hash=row.transaction_hash, log_index=row.log_index, reason=row.reason,
        netting_cycle=row.netting_cycle,
    )  # fmt: skip
