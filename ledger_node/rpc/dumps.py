"""anvil's dump of a state: JSON packed by gzip, as a hex string. Reads and writes it, and knows no chain.

The newest block's header stands for all blocks, so that a node which loads the dump goes on from there; it has no
transactions and no history.
"""

import gzip
import zlib
from collections.abc import Mapping
from typing import Any

import orjson

from ledger_node.chain.backend import StateDump
from ledger_node.chain.blocks import Address, Header
from ledger_node.chain.genesis import GenesisAccount
from ledger_node.rpc import parse
from ledger_node.rpc.render import header_json, hexed, quantity, word

UNPACKED_BYTES_MAX = 32 * 1024 * 1024
"""Of a dump that is loaded: a few packed bytes may be a great many."""

GZIP = 31

# WRITE


def write_dump(dump: StateDump) -> bytes:
    document = {
        "block": _environment(dump.header),
        "accounts": {hexed(address): _account_json(account) for address, account in sorted(dump.accounts.items())},
        "best_block_number": dump.header.number,
        "blocks": [_block(dump.header)],
        "transactions": [],
        "historical_states": None,
    }
    return gzip.compress(orjson.dumps(document), mtime=0)


def _environment(header: Header) -> dict[str, Any]:
    return {
        "number": quantity(header.number),
        "beneficiary": hexed(header.coinbase),
        "timestamp": quantity(header.timestamp),
        "gas_limit": header.gas_limit,
        "basefee": header.base_fee_per_gas or 0,
        "difficulty": quantity(header.difficulty),
        "prevrandao": hexed(bytes(32)),  # what contracts see here; the header's field has the seal
        "blob_excess_gas_and_price": {"excess_blob_gas": 0, "blob_gasprice": 1},
        "slot_num": 0,
    }


def _block(header: Header) -> dict[str, Any]:
    shown = header_json(header)
    del shown["hash"]
    return {"header": shown, "transactions": [], "ommers": [], "withdrawals": None}


def _account_json(account: GenesisAccount) -> dict[str, Any]:
    return {
        "nonce": account.nonce,
        "balance": quantity(account.balance),
        "code": hexed(account.code),
        "storage": {word(slot): word(value) for slot, value in sorted(account.storage.items())},
    }


# READ


def read_dump(packed: bytes) -> Mapping[Address, GenesisAccount]:
    """The accounts of a dump; all else in it is passed over. Raises ValueError with a sentence."""
    try:
        document = parse.fields(orjson.loads(_unpacked(packed)))
    except orjson.JSONDecodeError as error:
        raise ValueError(f"what the dump unpacks to is no JSON: {error}") from None
    accounts = parse.within("accounts", _object, _needed(document, "accounts"))
    return {
        parse.within("accounts", parse.address, address): parse.within(f"accounts.{address}", _account, account)
        for address, account in accounts.items()
    }


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj(GZIP)
    try:
        unpacked = unpacking.decompress(packed, UNPACKED_BYTES_MAX)
    except zlib.error as error:
        raise ValueError(f"a dump is JSON packed by gzip, which this is not: {error}") from None
    if not unpacking.eof and len(unpacked) == UNPACKED_BYTES_MAX:
        raise ValueError(f"the dump unpacks to more than {UNPACKED_BYTES_MAX} bytes; load it in parts")
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("the dump does not end where its gzip ends; send it whole, and nothing after it")
    return unpacked


def _account(value: Any) -> GenesisAccount:
    given = parse.fields(value)
    slots = parse.within("storage", _object, given.get("storage", {}))
    return GenesisAccount(
        balance=parse.within("balance", parse.quantity, _needed(given, "balance")),
        nonce=parse.within("nonce", _nonce, _needed(given, "nonce")),
        code=parse.within("code", parse.data, _needed(given, "code")),
        storage={_slot(slot): _slot(content) for slot, content in slots.items()},
    )


def _slot(value: Any) -> int:
    return parse.within("storage", parse.slot, value)


def _nonce(value: Any) -> int:
    nonce = parse.quantity_or_integer(value)
    if nonce > parse.UINT64:
        raise ValueError(f"a nonce is at most {parse.UINT64}, not {nonce}")
    return nonce


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got {parse.shown(value)}")
    return value


def _needed(of: Mapping[str, Any], name: str) -> Any:
    if name not in of:
        raise ValueError(f'it has no "{name}"')
    return of[name]
