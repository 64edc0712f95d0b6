"""What settlement remembers of what its parties may do: limits, authorisations and enforcement orders.

Tables only; beside tables.py, which has the money. Amounts are minor units, times milliseconds since 1970 UTC.
"""

import sqlalchemy as sa

from ledger_node.database import Serial, metadata

limits = sa.Table(
    "limits",
    metadata,
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("per_payment", sa.BigInteger),
    sa.Column("per_day", sa.BigInteger),
    sa.Column("holding", sa.BigInteger),
    sa.Column("approval_above", sa.BigInteger),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)
"""What the operator agreed with a member. NULL: the default for a payment, nothing for the others."""

outgoing_days = sa.Table(
    "outgoing_days",
    metadata,
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.id"), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.CheckConstraint("amount >= 0", name="not_negative"),
)
"""What left a member's BDAs on a UTC day (days since 1970), or is on its way; what was rejected is taken off again."""

authorizations = sa.Table(
    "authorizations",
    metadata,
    sa.Column("operation_id", sa.Text, sa.ForeignKey("operations.id"), primary_key=True),
    sa.Column("account_id", sa.Text, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("nonce", sa.LargeBinary(32), nullable=False),
    sa.Column("valid_after", sa.BigInteger, nullable=False),
    sa.Column("valid_before", sa.BigInteger, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("transaction_hash", sa.LargeBinary(32), sa.ForeignKey("chain_transactions.hash"), unique=True),
    sa.UniqueConstraint("account_id", "nonce"),
)
"""Transfers of BDAs in self custody that a member signed (ERC-3009) and the node brings to the chain."""

unrelayed = sa.Index(
    "ix_authorizations_unrelayed",
    authorizations.c.operation_id,
    sqlite_where=sa.text("transaction_hash IS NULL"),
    postgresql_where=sa.text("transaction_hash IS NULL"),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("number", Serial, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("account_id", sa.Text, sa.ForeignKey("accounts.id")),
    sa.Column("creditor_account", sa.Text, sa.ForeignKey("accounts.id")),
    sa.Column("amount", sa.BigInteger),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("settled_at", sa.BigInteger),
    sa.Column("code", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Column("transaction_hash", sa.LargeBinary(32), sa.ForeignKey("chain_transactions.hash")),
    sa.Column("block_number", sa.BigInteger),
    sa.CheckConstraint(
        "kind IN ('freeze', 'unfreeze', 'partial_freeze', 'forced_transfer', 'pause', 'unpause', 'mint_limit')",
        name="kind",
    ),
    sa.CheckConstraint("status IN ('accepted', 'processing', 'settled', 'rejected')", name="status"),
    sa.Index("ix_orders_transaction_hash", "transaction_hash"),
)
"""Orders of the operator against an account or a whole token, each with its reason, carried out on chain."""

orders_waiting = sa.Index(
    "ix_orders_waiting",
    orders.c.number,
    sqlite_where=sa.text("status = 'accepted'"),
    postgresql_where=sa.text("status = 'accepted'"),
)
