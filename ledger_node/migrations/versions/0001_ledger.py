"""The ledger of the first release: reserve, settlement and API keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001_ledger"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "chain_cursor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_chain_cursor_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_cursor")),
    )
    op.create_table(
        "chain_transactions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.CheckConstraint(
            "kind IN ('deployment', 'registration', 'standing', 'order', 'authorization', 'role', 'batch')",
            name=op.f("ck_chain_transactions_kind"),
        ),
        sa.CheckConstraint("status IN ('signed', 'succeeded', 'reverted')", name=op.f("ck_chain_transactions_status")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_chain_transactions")),
        sa.UniqueConstraint("hash", name=op.f("uq_chain_transactions_hash")),
        sa.UniqueConstraint("sender", "nonce", name=op.f("uq_chain_transactions_sender_nonce")),
    )
    op.create_index(
        "ix_chain_transactions_unmined",
        "chain_transactions",
        ["number"],
        unique=False,
        sqlite_where=sa.text("status = 'signed'"),
        postgresql_where=sa.text("status = 'signed'"),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("bic", sa.String(length=11), nullable=False),
        sa.Column("lei", sa.String(length=20), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'active', 'suspended', 'offboarded')", name=op.f("ck_members_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("bic", name=op.f("uq_members_bic")),
        sa.UniqueConstraint("lei", name=op.f("uq_members_lei")),
        sa.UniqueConstraint("number", name=op.f("uq_members_number")),
    )
    op.create_table(
        "nonces",
        sa.Column("sender", sa.LargeBinary(length=20), nullable=False),
        sa.Column("next_nonce", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sender", name=op.f("pk_nonces")),
    )
    op.create_table(
        "reserve_accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("normal_side", sa.String(length=6), nullable=False),
        sa.Column("posted", sa.BigInteger(), nullable=False),
        sa.Column("outgoing", sa.BigInteger(), nullable=False),
        sa.Column("incoming", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("normal_side IN ('debit', 'credit')", name=op.f("ck_reserve_accounts_normal_side")),
        sa.CheckConstraint("outgoing <= posted", name=op.f("ck_reserve_accounts_holds_covered")),
        sa.CheckConstraint(
            "posted >= 0 AND outgoing >= 0 AND incoming >= 0", name=op.f("ck_reserve_accounts_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reserve_accounts")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_reserve_accounts_id_currency")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(length=20), nullable=True),
        sa.Column("custody", sa.Text(), nullable=True),
        sa.Column("registration", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(kind = 'BDA') = (address IS NOT NULL)", name=op.f("ck_accounts_bda_has_address")),
        sa.CheckConstraint("(kind = 'BDA') = (custody IS NOT NULL)", name=op.f("ck_accounts_bda_has_custody")),
        sa.CheckConstraint("custody IN ('managed', 'self')", name=op.f("ck_accounts_custody")),
        sa.CheckConstraint("kind IN ('DDA', 'BDA')", name=op.f("ck_accounts_kind")),
        sa.CheckConstraint("status IN ('pending', 'active', 'blocked', 'closed')", name=op.f("ck_accounts_status")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_accounts_member_id")),
        sa.ForeignKeyConstraint(["registration"], ["chain_transactions.hash"], name=op.f("fk_accounts_registration")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("currency", "address", name=op.f("uq_accounts_currency_address")),
    )
    op.create_index(op.f("ix_accounts_member_id"), "accounts", ["member_id"], unique=False)
    op.create_index(
        "ix_accounts_pending",
        "accounts",
        ["currency", "registration"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_accounts_restless",
        "accounts",
        ["currency"],
        unique=False,
        sqlite_where=sa.text("wanted <> told"),
        postgresql_where=sa.text("wanted <> told"),
    )
    op.create_index(
        "uq_accounts_one_dda_per_currency",
        "accounts",
        ["member_id", "currency"],
        unique=True,
        sqlite_where=sa.text("kind = 'DDA' AND status <> 'closed'"),
        postgresql_where=sa.text("kind = 'DDA' AND status <> 'closed'"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(scope = 'member') = (member_id IS NOT NULL)", name=op.f("ck_api_keys_member_named")),
        sa.CheckConstraint("scope IN ('member', 'operator', 'supervisor')", name=op.f("ck_api_keys_scope")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_api_keys_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_index(op.f("ix_api_keys_member_id"), "api_keys", ["member_id"], unique=False)
    op.create_index(op.f("ix_api_keys_person"), "api_keys", ["person"], unique=False)
    op.create_table(
        "events",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_events_member_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
    )
    op.create_index("ix_events_member_id_sequence", "events", ["member_id", "sequence"], unique=False)
    op.create_table(
        "reserve_holds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("debit_account", sa.Text(), nullable=False),
        sa.Column("credit_account", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name=op.f("ck_reserve_holds_ends_once")),
        sa.CheckConstraint("state IN ('pending', 'posted', 'voided')", name=op.f("ck_reserve_holds_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_reserve_holds_amount_positive")),
        sa.CheckConstraint("debit_account <> credit_account", name=op.f("ck_reserve_holds_two_accounts")),
        sa.ForeignKeyConstraint(
            ["credit_account", "currency"],
            ["reserve_accounts.id", "reserve_accounts.currency"],
            name="fk_reserve_holds_credit",
        ),
        sa.ForeignKeyConstraint(
            ["debit_account", "currency"],
            ["reserve_accounts.id", "reserve_accounts.currency"],
            name="fk_reserve_holds_debit",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reserve_holds")),
    )
    op.create_table(
        "tokens",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("address", sa.LargeBinary(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("deployment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("supply", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("supply >= 0", name=op.f("ck_tokens_not_negative")),
        sa.ForeignKeyConstraint(["deployment"], ["chain_transactions.hash"], name=op.f("fk_tokens_deployment")),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_tokens")),
        sa.UniqueConstraint("address", name=op.f("uq_tokens_address")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("legs", sa.Integer(), nullable=False),
        sa.Column("reserve", sa.BigInteger(), nullable=False),
        sa.Column("claims_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.Column("ledger_head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("status IN ('in_flight', 'booked', 'reverted')", name=op.f("ck_batches_status")),
        sa.CheckConstraint("legs > 0", name=op.f("ck_batches_not_empty")),
        sa.ForeignKeyConstraint(["currency"], ["tokens.currency"], name=op.f("fk_batches_currency")),
        sa.ForeignKeyConstraint(
            ["transaction_hash"], ["chain_transactions.hash"], name=op.f("fk_batches_transaction_hash")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("transaction_hash", name=op.f("uq_batches_transaction_hash")),
    )
    op.create_index(
        "uq_batches_one_in_flight",
        "batches",
        ["currency"],
        unique=True,
        sqlite_where=sa.text("status = 'in_flight'"),
        postgresql_where=sa.text("status = 'in_flight'"),
    )
    op.create_table(
        "holdings",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("booked", sa.BigInteger(), nullable=False),
        sa.Column("outgoing", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("frozen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("booked >= 0 AND outgoing >= 0 AND frozen >= 0", name=op.f("ck_holdings_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_holdings_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_holdings")),
    )
    op.create_table(
        "reserve_postings",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("debit_account", sa.Text(), nullable=False),
        sa.Column("credit_account", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("hold_id", sa.Text(), nullable=True),
        sa.Column("debit_sequence", sa.BigInteger(), nullable=False),
        sa.Column("debit_balance", sa.BigInteger(), nullable=False),
        sa.Column("credit_sequence", sa.BigInteger(), nullable=False),
        sa.Column("credit_balance", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_reserve_postings_amount_positive")),
        sa.CheckConstraint("debit_account <> credit_account", name=op.f("ck_reserve_postings_two_accounts")),
        sa.ForeignKeyConstraint(
            ["credit_account", "currency"],
            ["reserve_accounts.id", "reserve_accounts.currency"],
            name="fk_reserve_postings_credit",
        ),
        sa.ForeignKeyConstraint(
            ["debit_account", "currency"],
            ["reserve_accounts.id", "reserve_accounts.currency"],
            name="fk_reserve_postings_debit",
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["reserve_holds.id"], name=op.f("fk_reserve_postings_hold_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_reserve_postings")),
        sa.UniqueConstraint(
            "credit_account", "credit_sequence", name=op.f("uq_reserve_postings_credit_account_credit_sequence")
        ),
        sa.UniqueConstraint(
            "debit_account", "debit_sequence", name=op.f("uq_reserve_postings_debit_account_debit_sequence")
        ),
        sa.UniqueConstraint("hold_id", name=op.f("uq_reserve_postings_hold_id")),
    )
    op.create_table(
        "attestations",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=65), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("balances", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("claims >= 0 AND depth >= 0", name=op.f("ck_attestations_not_negative")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_attestations_batch_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_attestations")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_attestations_batch_id")),
    )
    op.create_index("ix_attestations_currency_number", "attestations", ["currency", "number"], unique=False)
    op.create_table(
        "operations",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("counterparty_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("debtor_account", sa.Text(), nullable=True),
        sa.Column("creditor_account", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=True),
        sa.Column("uetr", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("leg", sa.Integer(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("log_index", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('mint', 'transfer', 'redemption', 'deposit', 'withdrawal')", name=op.f("ck_operations_kind")
        ),
        sa.CheckConstraint("status <> 'rejected' OR code IS NOT NULL", name=op.f("ck_operations_rejected_with_code")),
        sa.CheckConstraint("(batch_id IS NULL) = (leg IS NULL)", name=op.f("ck_operations_leg_of_a_batch")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_operations_amount_positive")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_operations_batch_id")),
        sa.ForeignKeyConstraint(["counterparty_id"], ["members.id"], name=op.f("fk_operations_counterparty_id")),
        sa.ForeignKeyConstraint(["creditor_account"], ["accounts.id"], name=op.f("fk_operations_creditor_account")),
        sa.ForeignKeyConstraint(["debtor_account"], ["accounts.id"], name=op.f("fk_operations_debtor_account")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_operations_member_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_operations")),
        sa.UniqueConstraint("batch_id", "leg", name=op.f("uq_operations_batch_id_leg")),
        sa.UniqueConstraint("id", name=op.f("uq_operations_id")),
        sa.UniqueConstraint("request_key", name=op.f("uq_operations_request_key")),
    )
    op.create_index(
        "ix_operations_counterparty_id_kind_number", "operations", ["counterparty_id", "kind", "number"], unique=False
    )
    op.create_index(
        "ix_operations_in_flight",
        "operations",
        ["currency", "kind", "amount"],
        unique=False,
        sqlite_where=sa.text("status IN ('accepted', 'processing')"),
        postgresql_where=sa.text("status IN ('accepted', 'processing')"),
    )
    op.create_index("ix_operations_kind_number", "operations", ["kind", "number"], unique=False)
    op.create_index("ix_operations_member_id_kind_number", "operations", ["member_id", "kind", "number"], unique=False)
    op.create_index(
        "ix_operations_waiting",
        "operations",
        ["currency", "number"],
        unique=False,
        sqlite_where=sa.text("status = 'accepted'"),
        postgresql_where=sa.text("status = 'accepted'"),
    )
    op.create_table(
        "statement_lines",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("counterparty", sa.LargeBinary(length=20), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("direction IN ('CRDT', 'DBIT')", name=op.f("ck_statement_lines_direction")),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_statement_lines_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_statement_lines_account_id")),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_statement_lines_operation_id")),
        sa.PrimaryKeyConstraint("account_id", "sequence", name=op.f("pk_statement_lines")),
        sa.UniqueConstraint(
            "block_number", "log_index", "direction", name=op.f("uq_statement_lines_block_number_log_index_direction")
        ),
    )
