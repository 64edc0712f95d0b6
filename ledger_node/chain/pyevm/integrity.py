"""Whether the rows of a stored chain are what their headers commit to: transactions, receipts and logs, block by block.

Headers must follow each other by their hashes. Executes nothing, so the state is not looked at (a follower does that).
"""

from collections.abc import Iterator

from ledger_node.chain import tries, wire
from ledger_node.chain.blocks import Header
from ledger_node.chain.pyevm import views
from ledger_node.chain.pyevm.rows import TransactionRow
from ledger_node.chain.pyevm.store import Store


def altered_fields(store: Store, head: Header) -> Iterator[str | None]:
    """Of each block, from the genesis to `head`: what is not as its header has it, or None. One block at a time.

    Raises StorageFailed where a row cannot be read at all.
    """
    parent: Header | None = None
    for number in range(head.number + 1):
        header = store.header(number)
        yield "header" if header is None else _altered(store, header, parent)
        parent = header


def _altered(store: Store, header: Header, parent: Header | None) -> str | None:
    if parent is not None and header.parent_hash != parent.hash:
        return "parent hash"
    if store.number(header.hash) != header.number:
        return "hash"
    rows = store.transactions(header.number)
    if tries.ordered_root(row.raw for row in rows) != header.transactions_root:
        return "transactions"
    return _altered_beside(store, rows) or (None if _receipts_are(store, header) else "receipts or logs")


def _altered_beside(store: Store, rows: list[TransactionRow]) -> str | None:
    """What follows from the transactions and is kept beside them."""
    used = 0
    for row in rows:
        with store.reading_into():
            transaction = wire.decode_transaction(row.raw)
        if (transaction.hash, transaction.sender) != (row.hash, row.sender):
            return "transactions' hashes or senders"
        if row.cumulative_gas_used - used != row.gas_used:
            return "receipts' gas"
        used = row.cumulative_gas_used
    return None


def _receipts_are(store: Store, header: Header) -> bool:
    return tries.ordered_root(views.raw_receipts(store, header)) == header.receipts_root
