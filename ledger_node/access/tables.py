"""What access remembers: named people, what waits for a second one, and the audit log.

Times are milliseconds since 1970 UTC.
"""

import sqlalchemy as sa

from ledger_node.database import Serial, metadata

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
