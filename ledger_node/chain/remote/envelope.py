"""The signed bytes of a transaction, rebuilt from its fields (EIP-2718 envelope, or plain RLP for type 0).

JSON-RPC answers carry a transaction's fields but not its bytes. Knows no connection.
"""

from typing import Any

from ledger_node.chain.blocks import Transaction
from ledger_node.chain.encoding import int_bytes, keccak, rlp_encode


def raw_transaction(transaction: Transaction) -> bytes:
    """The signed bytes, or b"" for a type this node does not know or fields that do not give the transaction's hash."""
    fields = _fields(transaction)
    if fields is None:
        return b""
    payload = rlp_encode(fields)
    raw = payload if transaction.type == 0 else bytes([transaction.type]) + payload
    return raw if keccak(raw) == transaction.hash else b""


def _fields(t: Transaction) -> list[Any] | None:
    to = t.to or b""
    signature = [_number(t.v), _number(t.r), _number(t.s)]
    if t.type == 0:
        head = [_number(t.nonce), _number(t.gas_price), _number(t.gas), to, _number(t.value), t.data]
        return [*head, *signature]
    access = [[address, [slot.to_bytes(32, "big") for slot in slots]] for address, slots in t.access_list or ()]
    if t.type == 1:
        fees = [_number(t.gas_price)]
    else:
        fees = [_number(t.max_priority_fee_per_gas), _number(t.max_fee_per_gas)]
    common = [_number(t.chain_id), _number(t.nonce), *fees, _number(t.gas), to, _number(t.value), t.data, access]
    if t.type in (1, 2):
        return [*common, *signature]
    if t.type == 3:
        return [*common, _number(t.max_fee_per_blob_gas), list(t.blob_versioned_hashes or ()), *signature]
    if t.type == 4:
        authorizations = [
            [_number(a.chain_id), a.address, _number(a.nonce), _number(a.y_parity), _number(a.r), _number(a.s)]
            for a in t.authorization_list or ()
        ]
        return [*common, authorizations, *signature]
    return None


def _number(value: int | None) -> bytes:
    return int_bytes(value or 0)
