"""Accounts and storage, at any block that is kept."""

from typing import Annotated, Any

from ledger_node.rpc import parse
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import asks_too_much
from ledger_node.rpc.parse import AddressParam, BlockParam, Parser, SlotParam, array, fields, within
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, quantity, word


@method("eth_getBalance", lane="quick")
def get_balance(door: Door, address: AddressParam, at: BlockParam = "latest") -> str:
    return quantity(door.chain.balance(address, at))


@method("eth_getTransactionCount", lane="quick")
def get_transaction_count(door: Door, address: AddressParam, at: BlockParam = "latest") -> str:
    return quantity(door.chain.nonce(address, at))


@method("eth_getCode", lane="quick")
def get_code(door: Door, address: AddressParam, at: BlockParam = "latest") -> str:
    return hexed(door.chain.code(address, at))


@method("eth_getStorageAt", lane="quick")
def get_storage_at(door: Door, address: AddressParam, slot: SlotParam, at: BlockParam = "latest") -> str:
    return word(door.chain.storage(address, slot, at))


@method("eth_getAccount")
def get_account(door: Door, address: AddressParam, at: BlockParam = "latest") -> dict[str, str]:
    account = door.chain.proof(address, (), at)
    return {
        "nonce": quantity(account.nonce),
        "balance": quantity(account.balance),
        "storageRoot": hexed(account.storage_hash),
        "codeHash": hexed(account.code_hash),
    }


@method("eth_getAccountInfo")
def get_account_info(door: Door, address: AddressParam, at: BlockParam = "latest") -> dict[str, str]:
    at = at if at == "pending" else door.chain.header(at).hash  # the three are of one block
    return {
        "balance": quantity(door.chain.balance(address, at)),
        "nonce": quantity(door.chain.nonce(address, at)),
        "code": hexed(door.chain.code(address, at)),
    }


def _requests(value: Any) -> dict[bytes, tuple[int, ...]]:
    if not fields(value):
        raise ValueError("empty request: name at least one account and its slots")
    return {
        within("address", parse.address, key): within(key, lambda item: array(item, parse.slot, "storage slots"), slots)
        for key, slots in fields(value).items()
    }


StorageRequestsParam = Annotated[dict[bytes, tuple[int, ...]], Parser(_requests)]


@method("eth_getStorageValues")
def get_storage_values(door: Door, requests: StorageRequestsParam, at: BlockParam = "latest") -> dict[str, list[str]]:
    asked = sum(len(slots) for slots in requests.values())
    if asked > door.limits.storage_slots:
        raise asks_too_much(f"too many slots: {asked} are asked for, {door.limits.storage_slots} allowed; ask in parts")
    return {
        hexed(address): [word(door.chain.storage(address, slot, at)) for slot in slots]
        for address, slots in requests.items()
    }


def _keys(value: Any) -> tuple[tuple[int, str], ...]:
    """Each slot with the form it is answered in: as a word if it came as one, else as a quantity (geth does so)."""
    return array(value, _key, "storage slots")


def _key(value: Any) -> tuple[int, str]:
    slot = parse.slot(value)
    return slot, word(slot) if len(value) == 66 else quantity(slot)


KeysParam = Annotated[tuple[tuple[int, str], ...], Parser(_keys)]


@method("eth_getProof")
def get_proof(door: Door, address: AddressParam, keys: KeysParam, at: BlockParam = "latest") -> dict[str, Any]:
    """EIP-1186."""
    if len(keys) > door.limits.proof_slots:
        raise asks_too_much(f"too many keys: at most {door.limits.proof_slots} in one proof; ask for several")
    proof = door.chain.proof(address, [slot for slot, _ in keys], at)
    return {
        "address": hexed(proof.address),
        "accountProof": [hexed(node) for node in proof.account_proof],
        "balance": quantity(proof.balance),
        "codeHash": hexed(proof.code_hash),
        "nonce": quantity(proof.nonce),
        "storageHash": hexed(proof.storage_hash),
        "storageProof": [
            {"key": key, "value": quantity(slot.value), "proof": [hexed(node) for node in slot.proof]}
            for slot, (_, key) in zip(proof.storage, keys, strict=True)
        ],
    }
