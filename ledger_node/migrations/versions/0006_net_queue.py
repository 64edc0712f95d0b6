"""The queue of payments to be settled net is found by its members, and by the time until which each waits."""

import sqlalchemy as sa
from alembic import op

revision = "0006_net_queue"
down_revision = "0005_mint_limits"


def upgrade() -> None:
    for name in ("member_id", "counterparty_id", "net_until"):
        op.create_index(
            f"ix_operations_queued_{name}",
            "operations",
            [name],
            unique=False,
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        )
