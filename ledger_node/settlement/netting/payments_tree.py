"""The Merkle tree over a net batch's payments, made again from what is stored. Reads only."""

import sqlalchemy as sa

from ledger_node.proofs.payments import Payment, PaymentTree, root_named
from ledger_node.settlement import netting_tables, tables


def payments_tree(connection: sa.Connection, batch_id: str) -> tuple[list[Payment], PaymentTree]:
    """The payments of a net batch in their places, and the tree over them."""
    operations, taken = tables.operations, netting_tables.payments
    debtor, creditor = tables.accounts.alias("debtor"), tables.accounts.alias("creditor")
    query = (
        sa.select(
            operations.c.id, operations.c.uetr, operations.c.amount, operations.c.currency, taken.c.salt,
            debtor.c.address.label("debtor"), creditor.c.address.label("creditor"),
        )
        .join_from(taken, operations)
        .join(debtor, operations.c.debtor_account == debtor.c.id)
        .join(creditor, operations.c.creditor_account == creditor.c.id)
        .where(taken.c.batch_id == batch_id)
        .order_by(taken.c.place)
    )  # fmt: skip
    found = connection.execute(query).all()
    paid = [Payment(row.id, row.uetr, row.debtor, row.creditor, row.amount, row.currency) for row in found]
    return paid, PaymentTree([each.leaf(row.salt) for each, row in zip(paid, found, strict=True)])


def first_altered(connection: sa.Connection) -> str | None:
    """The first net batch whose payments are not those that its id, and so the journal and the chain, stand for."""
    taken = sa.select(netting_tables.cycles.c.batch_id).where(netting_tables.cycles.c.batch_id.is_not(None))
    for batch_id in connection.execute(taken.order_by(netting_tables.cycles.c.number)).scalars().all():
        if payments_tree(connection, batch_id)[1].root != root_named(batch_id):
            return str(batch_id)
    return None
