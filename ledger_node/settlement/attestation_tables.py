"""What settlement remembers of its attestations: each BDA's place in the claims tree, and what each attestation said.

Tables only; beside tables.py, which has the money.
"""

import sqlalchemy as sa

from ledger_node.database import Serial, metadata

leaves = sa.Table(
    "claim_leaves",
    metadata,
    sa.Column("account_id", sa.Text, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("salt", sa.LargeBinary(32), nullable=False),
    sa.UniqueConstraint("currency", "place"),
)
"""A BDA's leaf in its currency's tree, for ever. `salt` is a secret between the issuer and the account's member."""

attestations = sa.Table(
    "attestations",
    metadata,
    sa.Column("number", Serial, primary_key=True),
    sa.Column("batch_id", sa.Text, sa.ForeignKey("batches.id"), nullable=False, unique=True),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("signature", sa.LargeBinary(65), nullable=False),
    sa.Column("claims", sa.BigInteger, nullable=False),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("balances", sa.LargeBinary, nullable=False),
    sa.Index("ix_attestations_currency_number", "currency", "number"),
    sa.CheckConstraint("claims >= 0 AND depth >= 0", name="not_negative"),
)
"""One per batch, beside its row there. `balances` are the leaves that changed since the attestation before (all of them
where it is `whole`): 12 bytes each, place and balance, so that the tree can be built again as it was."""
