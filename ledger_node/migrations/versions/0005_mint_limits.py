"""An order may say how much of a currency may be minted a day."""

import sqlalchemy as sa
from alembic import op

revision = "0005_mint_limits"
down_revision = "0004_house_keys"

_KINDS = "kind IN ('freeze', 'unfreeze', 'partial_freeze', 'forced_transfer', 'pause', 'unpause', 'mint_limit')"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_orders_kind"), "orders", type_="check")
        op.create_check_constraint(op.f("ck_orders_kind"), "orders", _KINDS)
        return
    # SQLite changes no constraint: the table is made anew, and its rows with it.
    with op.batch_alter_table("orders", copy_from=_enforcement(), recreate="always"):
        pass


def _enforcement() -> sa.Table:
    return sa.Table(
        "orders",
        sa.MetaData(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("creditor_account", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(_KINDS, name=op.f("ck_orders_kind")),
        sa.CheckConstraint(
            "status IN ('accepted', 'processing', 'settled', 'rejected')", name=op.f("ck_orders_status")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_orders_account_id")),
        sa.ForeignKeyConstraint(["creditor_account"], ["accounts.id"], name=op.f("fk_orders_creditor_account")),
        sa.ForeignKeyConstraint(
            ["transaction_hash"], ["chain_transactions.hash"], name=op.f("fk_orders_transaction_hash")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_orders")),
        sa.UniqueConstraint("id", name=op.f("uq_orders_id")),
        sa.Index("ix_orders_transaction_hash", "transaction_hash"),
        sa.Index("ix_orders_waiting", "number", sqlite_where=sa.text("status = 'accepted'")),
    )
