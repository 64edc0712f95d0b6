"""A transaction of ours is of the kind that its sender says: no list of kinds, and net batches have their own."""

import sqlalchemy as sa
from alembic import op

revision = "0007_kinds_of_work"
down_revision = "0006_net_queue"

_NETS = (
    "UPDATE chain_transactions SET kind = 'net' WHERE hash IN "
    "(SELECT b.transaction_hash FROM batches b JOIN netting_cycles c ON c.batch_id = b.id)"
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_chain_transactions_kind"), "chain_transactions", type_="check")
    else:
        # SQLite drops no constraint: the table is made anew, and its rows with it.
        with op.batch_alter_table("chain_transactions", copy_from=_outbox(), recreate="always"):
            pass
    op.execute(_NETS)


def _outbox() -> sa.Table:
    return sa.Table(
        "chain_transactions",
        sa.MetaData(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=20), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'signed') = (block_number IS NULL)", name=op.f("ck_chain_transactions_mined_in_a_block")
        ),
        sa.CheckConstraint("status IN ('signed', 'succeeded', 'reverted')", name=op.f("ck_chain_transactions_status")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_chain_transactions")),
        sa.UniqueConstraint("hash", name=op.f("uq_chain_transactions_hash")),
        sa.UniqueConstraint("sender", "nonce", name=op.f("uq_chain_transactions_sender_nonce")),
        sa.Index("ix_chain_transactions_unmined", "number", sqlite_where=sa.text("status = 'signed'")),
    )
