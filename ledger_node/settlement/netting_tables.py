"""What settlement remembers of netting: its cycles, what each account's net was, and which payments each cycle took.

Tables only; beside tables.py, which has the money. A payment that waits for a cycle is an operation that is `queued`.
"""

import sqlalchemy as sa

from ledger_node.database import Serial, metadata

cycles = sa.Table(
    "netting_cycles",
    metadata,
    sa.Column("number", Serial, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("currency", sa.String(3), sa.ForeignKey("tokens.currency"), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("batch_id", sa.Text, sa.ForeignKey("batches.id"), unique=True),
    sa.Column("payments", sa.BigInteger, nullable=False),
    sa.Column("gross", sa.BigInteger, nullable=False),
    sa.Column("net", sa.BigInteger, nullable=False),
    sa.Column("left", sa.BigInteger, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.CheckConstraint("status IN ('called', 'settling', 'settled', 'returned', 'empty')", name="status"),
    sa.CheckConstraint("(status IN ('called', 'empty')) = (batch_id IS NULL)", name="batch_of_what_was_taken"),
)
"""`payments` were taken, worth `gross`, against `net` of tokens that moved; `left` stayed in the queue. `returned`: the
chain refused a net, and what was taken went back."""

one_open = sa.Index(
    "uq_netting_cycles_one_open",
    cycles.c.currency,
    unique=True,
    sqlite_where=sa.text("status IN ('called', 'settling')"),
    postgresql_where=sa.text("status IN ('called', 'settling')"),
)

positions = sa.Table(
    "net_positions",
    metadata,
    sa.Column("batch_id", sa.Text, sa.ForeignKey("batches.id"), primary_key=True),
    sa.Column("account_id", sa.Text, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("net", sa.BigInteger, nullable=False),
)
"""What an account is to be paid on the whole, or (below zero) to pay: that much is promised until the chain answers."""

payments = sa.Table(
    "net_payments",
    metadata,
    sa.Column("batch_id", sa.Text, sa.ForeignKey("batches.id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("operation_id", sa.Text, sa.ForeignKey("operations.id"), nullable=False, index=True),
    sa.Column("salt", sa.LargeBinary(32), nullable=False),
)
"""The leaves of a net batch's Merkle tree, in their places. A payment that was put back and taken again has several."""
