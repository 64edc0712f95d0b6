"""Signing for the dev profile's accounts, whose keys everybody knows. No other key ever comes here."""

from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_utils.address import to_checksum_address

from ledger_node.chain.blocks import Call

MNEMONIC = "test test test test test test test test test test test junk"
"""The one every Ethereum development tool prints."""


def dev_keys(count: int = 10) -> tuple[bytes, ...]:
    """The private keys of the mnemonic's first accounts."""
    Account.enable_unaudited_hdwallet_features()
    paths = (f"m/44'/60'/0'/0/{index}" for index in range(count))
    return tuple(bytes(Account.from_mnemonic(MNEMONIC, account_path=path).key) for path in paths)


class DevAccounts:
    def __init__(self, private_keys: tuple[bytes, ...]) -> None:
        self._accounts = {bytes.fromhex(one.address[2:]): one for one in map(Account.from_key, private_keys)}

    @property
    def addresses(self) -> list[bytes]:
        return list(self._accounts)

    def __contains__(self, address: bytes) -> bool:
        return address in self._accounts

    def sign_transaction(self, call: Call, *, nonce: int, gas: int, chain_id: int) -> bytes:
        """The call as a signed type 2 transaction. Its authorization list, if it has one, is left out."""
        transaction: dict[str, Any] = {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": call.max_fee_per_gas if call.max_fee_per_gas is not None else call.gas_price or 0,
            "maxPriorityFeePerGas": call.max_priority_fee_per_gas or 0,
            "value": call.value,
            "data": call.data,
            "accessList": [
                {"address": to_checksum_address(address), "storageKeys": [f"0x{slot:064x}" for slot in slots]}
                for address, slots in call.access_list
            ],
        }
        if call.to is not None:
            transaction["to"] = to_checksum_address(call.to)
        return bytes(self._accounts[call.sender].sign_transaction(transaction).raw_transaction)

    def sign_message(self, address: bytes, message: bytes) -> bytes:
        """EIP-191, version 0x45."""
        return bytes(self._accounts[address].sign_message(encode_defunct(message)).signature)

    def sign_typed_data(self, address: bytes, document: Any) -> bytes:
        """EIP-712. Raises ValueError for a document that is none."""
        return bytes(self._accounts[address].sign_message(encode_typed_data(full_message=document)).signature)
