"""What settlement remembers of rules and people: limits, operators, approvals, orders, authorisations, the audit log.

Tables only; beside tables.py, which has the money. Amounts are minor units, times milliseconds since 1970 UTC.
"""

import sqlalchemy as sa

from ledger_node.database import metadata
from ledger_node.settlement.tables import Serial

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

operators = sa.Table(
    "operators",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("duties", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.CheckConstraint("status IN ('active', 'revoked')", name="status"),
)
"""People of the operator's house. `duties`: maker, checker, admin, separated by blanks."""

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("number", Serial, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text, sa.ForeignKey("members.id")),
    sa.Column("resource_id", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("maker", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("request_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("decided_at", sa.BigInteger),
    sa.Column("checker", sa.Text),
    sa.Column("decision_reason", sa.Text),
    sa.Column("code", sa.Text),
    sa.Column("detail", sa.Text),
    sa.CheckConstraint(
        "status IN ('pending_approval', 'approved', 'rejected', 'expired', 'failed', 'canceled')", name="status"
    ),
    sa.CheckConstraint("checker IS NULL OR checker <> maker", name="two_people"),
    sa.Index("ix_approvals_resource_id", "resource_id"),
)
"""What waits for a second person, and what became of it. `member_id` where it is a member's own payment."""

approvals_open = sa.Index(
    "ix_approvals_open",
    approvals.c.expires_at,
    sqlite_where=sa.text("status = 'pending_approval'"),
    postgresql_where=sa.text("status = 'pending_approval'"),
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

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("api_key", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("resource_id", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("request_id", sa.Text),
    sa.Column("request_hash", sa.LargeBinary(32)),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)
"""Who did or tried what, when, why, and how it ended. Rows are added and never changed: triggers refuse it, and
each row's `hash` covers the one before, so that a row changed behind their back shows."""
