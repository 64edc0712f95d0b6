"""Merkle proofs of accounts and storage (EIP-1186)."""

from collections.abc import Sequence

from ledger_node.chain import tries
from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import keccak
from ledger_node.chain.inspection import AccountProof, StorageProof
from ledger_node.chain.pyevm.world import NEW_ACCOUNT, read_account, read_slot


def prove_account(root: Hash32, address: Address, slots: Sequence[int], read: tries.ReadNode) -> AccountProof:
    """Of an account that is not there, the proof shows that."""
    nonce, balance, storage_root, code_hash = read_account(root, address, read) or NEW_ACCOUNT
    return AccountProof(
        address=address,
        account_proof=tries.prove(root, keccak(address), read),
        balance=balance,
        code_hash=code_hash,
        nonce=nonce,
        storage_hash=storage_root,
        storage=tuple(
            StorageProof(
                slot=slot,
                value=read_slot(storage_root, slot, read),
                proof=tries.prove(storage_root, keccak(slot.to_bytes(32, "big")), read),
            )
            for slot in slots
        ),
    )
