"""Net settlement: how long a payment waits for a cycle, the cycles, each account's net, the leaves of the proofs."""

import sqlalchemy as sa
from alembic import op

revision = "0003_netting"
down_revision = "0002_governance"


def upgrade() -> None:
    op.add_column("operations", sa.Column("net_until", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_operations_queued",
        "operations",
        ["currency", "number"],
        unique=False,
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_table(
        "netting_cycles",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status IN ('called', 'settling', 'settled', 'returned', 'empty')", name=op.f("ck_netting_cycles_status")
        ),
        sa.CheckConstraint(
            "(status IN ('called', 'empty')) = (batch_id IS NULL)",
            name=op.f("ck_netting_cycles_batch_of_what_was_taken"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_netting_cycles_batch_id")),
        sa.ForeignKeyConstraint(["currency"], ["tokens.currency"], name=op.f("fk_netting_cycles_currency")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_netting_cycles")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_netting_cycles_batch_id")),
        sa.UniqueConstraint("id", name=op.f("uq_netting_cycles_id")),
    )
    op.create_index(
        "uq_netting_cycles_one_open",
        "netting_cycles",
        ["currency"],
        unique=True,
        sqlite_where=sa.text("status IN ('called', 'settling')"),
        postgresql_where=sa.text("status IN ('called', 'settling')"),
    )
    op.create_table(
        "net_positions",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_net_positions_account_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_net_positions_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "account_id", name=op.f("pk_net_positions")),
    )
    op.create_table(
        "net_payments",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_net_payments_batch_id")),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_net_payments_operation_id")),
        sa.PrimaryKeyConstraint("batch_id", "place", name=op.f("pk_net_payments")),
    )
    op.create_index("ix_net_payments_operation_id", "net_payments", ["operation_id"], unique=False)
