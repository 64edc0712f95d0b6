"""The house's keys: which one holds each office, which one is to follow it, and which ones have."""

import sqlalchemy as sa
from alembic import op

revision = "0004_house_keys"
down_revision = "0003_netting"


def upgrade() -> None:
    op.create_table(
        "house_keys",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(length=20), nullable=False),
        sa.Column("keystore", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("first_transaction", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seated_at", sa.BigInteger(), nullable=True),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("office IN ('settlement', 'attestor', 'admin')", name=op.f("ck_house_keys_office")),
        sa.CheckConstraint(
            "status IN ('incoming', 'accepting', 'current', 'outgoing', 'retired')", name=op.f("ck_house_keys_status")
        ),
        sa.CheckConstraint(
            "(seated_at IS NULL) = (first_transaction IS NULL)", name=op.f("ck_house_keys_seated_from_a_transaction")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_house_keys")),
        sa.UniqueConstraint("address", name=op.f("uq_house_keys_address")),
        sa.UniqueConstraint("id", name=op.f("uq_house_keys_id")),
    )
    op.create_index(
        "uq_house_keys_one_current",
        "house_keys",
        ["office"],
        unique=True,
        sqlite_where=sa.text("status = 'current'"),
        postgresql_where=sa.text("status = 'current'"),
    )
    op.create_index(
        "uq_house_keys_one_to_come",
        "house_keys",
        ["office"],
        unique=True,
        sqlite_where=sa.text("status IN ('incoming', 'accepting')"),
        postgresql_where=sa.text("status IN ('incoming', 'accepting')"),
    )
