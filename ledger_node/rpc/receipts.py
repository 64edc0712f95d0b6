"""A block's receipts in JSON. What blobs paid is not in a receipt: it takes the transactions and the header as well."""

from typing import Any

from ledger_node.chain.backend import LocalChain
from ledger_node.chain.blocks import Block, BlockRef
from ledger_node.rpc.blobs import blob_base_fee
from ledger_node.rpc.render import receipt_json


def receipts_json(chain: LocalChain, block: Block, asked: BlockRef) -> list[dict[str, Any]]:
    """`asked`: what to ask the chain for, which is `block` by whatever name."""
    fee = blob_base_fee(block.header)
    return [
        receipt_json(receipt, blobs=len(transaction.blob_versioned_hashes or ()), blob_base_fee=fee)
        for receipt, transaction in zip(chain.receipts(asked), block.transactions, strict=True)
    ]
