"""What settlement remembers: parties, operations, batches, the outbox, statement lines, events and the cursor.

Money columns are integer minor units, times milliseconds since 1970 UTC, addresses and hashes raw bytes.
"""

from typing import get_args

import sqlalchemy as sa

from ledger_node.database import Serial, metadata
from ledger_node.settlement.model import Status
from ledger_node.values import allow

members = sa.Table(
    "members",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("bic", sa.String(11), nullable=False, unique=True),
    sa.Column("lei", sa.String(20), nullable=False, unique=True),
    sa.Column("legal_name", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.CheckConstraint("status IN ('pending', 'active', 'suspended', 'offboarded')", name="status"),
)
"""`number` is the member's id on chain."""

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(3), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("address", sa.LargeBinary(20)),
    sa.Column("custody", sa.Text),
    sa.Column("registration", sa.LargeBinary(32), sa.ForeignKey("chain_transactions.hash")),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("wanted", sa.Text, nullable=False, default="active"),
    sa.Column("told", sa.Text),
    sa.Column("frozen", sa.Boolean, nullable=False, default=False),
    sa.Column("closing", sa.Boolean, nullable=False, default=False),
    sa.UniqueConstraint("currency", "address"),
    sa.CheckConstraint("status IN ('pending', 'active', 'blocked', 'closed')", name="status"),
    sa.CheckConstraint("(kind = 'BDA') = (address IS NOT NULL)", name="bda_has_address"),
    sa.CheckConstraint("(kind = 'BDA') = (custody IS NOT NULL)", name="bda_has_custody"),
    sa.CheckConstraint("kind IN ('DDA', 'BDA')", name="kind"),
    sa.CheckConstraint("custody IN ('managed', 'self')", name="custody"),
)
"""DDAs and BDAs. `registration` is the transaction that puts a BDA's address on the token's register, `wanted` the
standing it should have there, `told` the one it was last told, `status` what the chain has answered; `frozen` and
`closing` are the operator's orders."""

one_dda_per_currency = sa.Index(
    "uq_accounts_one_dda_per_currency",
    accounts.c.member_id,
    accounts.c.currency,
    unique=True,
    sqlite_where=sa.text("kind = 'DDA' AND status <> 'closed'"),
    postgresql_where=sa.text("kind = 'DDA' AND status <> 'closed'"),
)

accounts_pending = sa.Index(
    "ix_accounts_pending",
    accounts.c.currency,
    accounts.c.registration,
    sqlite_where=sa.text("status = 'pending'"),
    postgresql_where=sa.text("status = 'pending'"),
)

accounts_restless = sa.Index(
    "ix_accounts_restless",
    accounts.c.currency,
    sqlite_where=sa.text("wanted <> told"),
    postgresql_where=sa.text("wanted <> told"),
)

holdings = sa.Table(
    "holdings",
    metadata,
    sa.Column("account_id", sa.Text, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("booked", sa.BigInteger, nullable=False),
    sa.Column("outgoing", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("frozen", sa.BigInteger, nullable=False, default=0),
    sa.CheckConstraint("booked >= 0 AND outgoing >= 0 AND frozen >= 0", name="not_negative"),
)
"""A BDA's tokens: `booked` and `frozen` (by order) from the chain's events alone, `outgoing` promised to payments that
have not ended."""

operations = sa.Table(
    "operations",
    metadata,
    sa.Column("number", Serial, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("request_key", sa.Text, nullable=False, unique=True),
    sa.Column("request_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), nullable=False),
    sa.Column("counterparty_id", sa.Text, sa.ForeignKey("members.id")),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("debtor_account", sa.Text, sa.ForeignKey("accounts.id")),
    sa.Column("creditor_account", sa.Text, sa.ForeignKey("accounts.id")),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("end_to_end_id", sa.Text),
    sa.Column("uetr", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("settled_at", sa.BigInteger),
    sa.Column("code", sa.Text),
    sa.Column("reason_code", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("batch_id", sa.Text, sa.ForeignKey("batches.id")),
    sa.Column("leg", sa.Integer),
    sa.Column("block_number", sa.BigInteger),
    sa.Column("transaction_hash", sa.LargeBinary(32)),
    sa.Column("log_index", sa.Integer),
    sa.Column("net_until", sa.BigInteger),
    sa.UniqueConstraint("batch_id", "leg"),
    sa.CheckConstraint("amount > 0", name="amount_positive"),
    sa.CheckConstraint("kind IN ('mint', 'transfer', 'redemption', 'deposit', 'withdrawal')", name="kind"),
    sa.CheckConstraint("(batch_id IS NULL) = (leg IS NULL)", name="leg_of_a_batch"),
    sa.CheckConstraint("status <> 'rejected' OR code IS NOT NULL", name="rejected_with_code"),
    sa.Index("ix_operations_member_id_kind_number", "member_id", "kind", "number"),
    sa.Index("ix_operations_counterparty_id_kind_number", "counterparty_id", "kind", "number"),
    sa.Index("ix_operations_kind_number", "kind", "number"),
)
"""Every payment and fiat movement ever accepted. `request_key` is `<member or operator>/<Idempotency-Key>`; `net_until`
is set where a netting cycle settles it (netting_tables.py)."""

allow(operations.c.status, get_args(Status))


def literally(value: str) -> sa.ColumnElement[str]:
    """A constant in the SQL itself: a partial index serves only queries that repeat its condition word for word."""
    return sa.literal_column(f"'{value}'", sa.Text)


waiting = sa.Index(
    "ix_operations_waiting",
    operations.c.currency,
    operations.c.number,
    sqlite_where=sa.text("status = 'accepted'"),
    postgresql_where=sa.text("status = 'accepted'"),
)
queued = sa.Index(
    "ix_operations_queued",
    operations.c.currency,
    operations.c.number,
    sqlite_where=sa.text("status = 'queued'"),
    postgresql_where=sa.text("status = 'queued'"),
)
queued_by, queued_to, queued_until = (
    sa.Index(
        f"ix_operations_queued_{name}",
        operations.c[name],
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )
    for name in ("member_id", "counterparty_id", "net_until")
)
in_flight = sa.Index(
    "ix_operations_in_flight",
    operations.c.currency,
    operations.c.kind,
    operations.c.amount,
    sqlite_where=sa.text("status IN ('accepted', 'processing')"),
    postgresql_where=sa.text("status IN ('accepted', 'processing')"),
)

chain_transactions = sa.Table(
    "chain_transactions",
    metadata,
    sa.Column("number", Serial, primary_key=True),
    sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("sender", sa.LargeBinary(20), nullable=False),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("block_number", sa.BigInteger),
    sa.UniqueConstraint("sender", "nonce"),
    sa.CheckConstraint("status IN ('signed', 'succeeded', 'reverted')", name="status"),
    sa.CheckConstraint("(status = 'signed') = (block_number IS NULL)", name="mined_in_a_block"),
)
"""The outbox: every transaction the node itself sends, signed before it is sent, with its nonce. `kind` is the word of
the task that sent it and that books its receipt (onchain/tasks.py)."""

unmined = sa.Index(
    "ix_chain_transactions_unmined",
    chain_transactions.c.number,
    sqlite_where=sa.text("status = 'signed'"),
    postgresql_where=sa.text("status = 'signed'"),
)

nonces = sa.Table(
    "nonces",
    metadata,
    sa.Column("sender", sa.LargeBinary(20), primary_key=True),
    sa.Column("next_nonce", sa.BigInteger, nullable=False),
)
"""The next nonce of each key of ours."""

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("address", sa.LargeBinary(20), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("deployment", sa.LargeBinary(32), sa.ForeignKey("chain_transactions.hash"), nullable=False),
    sa.Column("supply", sa.BigInteger, nullable=False),
    sa.Column("block_number", sa.BigInteger),
    sa.CheckConstraint("supply >= 0", name="not_negative"),
)
"""One token contract per currency; `block_number` once its deployment is booked, `supply` from the chain's events."""

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("currency", sa.String(3), sa.ForeignKey("tokens.currency"), nullable=False),
    sa.Column(
        "transaction_hash", sa.LargeBinary(32), sa.ForeignKey("chain_transactions.hash"), nullable=False, unique=True
    ),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("legs", sa.Integer, nullable=False),
    sa.Column("reserve", sa.BigInteger, nullable=False),
    sa.Column("claims_root", sa.LargeBinary(32), nullable=False),
    sa.Column("ledger_sequence", sa.BigInteger, nullable=False),
    sa.Column("ledger_head", sa.LargeBinary(32), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("block_number", sa.BigInteger),
    sa.CheckConstraint("status IN ('in_flight', 'booked', 'reverted')", name="status"),
    sa.CheckConstraint("legs > 0", name="not_empty"),
)
"""Operations sent to the chain together, and what the reserve attestor signed for them."""

one_in_flight = sa.Index(
    "uq_batches_one_in_flight",
    batches.c.currency,
    unique=True,
    sqlite_where=sa.text("status = 'in_flight'"),
    postgresql_where=sa.text("status = 'in_flight'"),
)

statement_lines = sa.Table(
    "statement_lines",
    metadata,
    sa.Column("account_id", sa.Text, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("direction", sa.String(4), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("balance", sa.BigInteger, nullable=False),
    sa.Column("counterparty", sa.LargeBinary(20), nullable=False),
    sa.Column("operation_id", sa.Text, sa.ForeignKey("operations.id")),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("block_number", sa.BigInteger, nullable=False),
    sa.Column("transaction_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("log_index", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sa.UniqueConstraint("block_number", "log_index", "direction"),
    sa.CheckConstraint("direction IN ('CRDT', 'DBIT')", name="direction"),
    sa.CheckConstraint("balance >= 0", name="not_negative"),
)
"""A BDA's history, one line per side of each Transfer event; written by the bookkeeper alone. `reason` where a court
order moved the tokens."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.id")),
    sa.Column("resource_id", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("ix_events_member_id_sequence", "member_id", "sequence"),
)

cursor = sa.Table(
    "chain_cursor",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("block_number", sa.BigInteger, nullable=False),
    sa.Column("block_hash", sa.LargeBinary(32), nullable=False),
    sa.CheckConstraint("id = 1", name="single"),
)
"""The last block that is booked: one row."""
