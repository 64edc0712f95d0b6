"""The reserve's three tables and the constraints that keep them honest even if the code above them were wrong.

A posting is one row with one debit account, one credit account, one amount and one currency, so an unbalanced posting
cannot be written down. The foreign keys include the currency, so a posting cannot mix two.
"""

import sqlalchemy as sa

from ledger_node.database import Serial, metadata

Money = sa.BigInteger

accounts = sa.Table(
    "reserve_accounts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("normal_side", sa.String(6), nullable=False),
    sa.Column("posted", Money, nullable=False),
    sa.Column("outgoing", Money, nullable=False),
    sa.Column("incoming", Money, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("id", "currency"),
    sa.CheckConstraint("normal_side IN ('debit', 'credit')", name="normal_side"),
    sa.CheckConstraint("posted >= 0 AND outgoing >= 0 AND incoming >= 0", name="not_negative"),
    sa.CheckConstraint("outgoing <= posted", name="holds_covered"),
)
"""`posted` grows on the account's normal side; `outgoing` and `incoming` are what holds may still take and bring."""


def _both_sides(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    same_currency = ["reserve_accounts.id", "reserve_accounts.currency"]
    return (
        sa.Column("debit_account", sa.Text, nullable=False),
        sa.Column("credit_account", sa.Text, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", Money, nullable=False),
        sa.ForeignKeyConstraint(["debit_account", "currency"], same_currency, name=f"fk_{table}_debit"),
        sa.ForeignKeyConstraint(["credit_account", "currency"], same_currency, name=f"fk_{table}_credit"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("debit_account <> credit_account", name="two_accounts"),
    )


holds = sa.Table(
    "reserve_holds",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    *_both_sides("reserve_holds"),
    sa.Column("state", sa.String(7), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.CheckConstraint("state IN ('pending', 'posted', 'voided')", name="state"),
    sa.CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name="ends_once"),
)

postings = sa.Table(
    "reserve_postings",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    *_both_sides("reserve_postings"),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("hold_id", sa.Text, sa.ForeignKey("reserve_holds.id"), unique=True),
    sa.Column("debit_sequence", sa.BigInteger, nullable=False),
    sa.Column("debit_balance", Money, nullable=False),
    sa.Column("credit_sequence", sa.BigInteger, nullable=False),
    sa.Column("credit_balance", Money, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("debit_account", "debit_sequence"),
    sa.UniqueConstraint("credit_account", "credit_sequence"),
)
"""Money that has moved. Each side carries the account's next entry number and its balance after the posting."""
