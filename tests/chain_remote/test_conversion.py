"""JSON of clients and times that anvil does not show: long seals, blocks before London, bare old receipts."""

from typing import Any

import pytest
from eth_account import Account

from ledger_node.chain.encoding import keccak, rlp_encode
from ledger_node.chain.errors import ChainUnavailable
from ledger_node.chain.remote.conversion import block_of, header_of, log_of, receipt_of, transaction_of

KEY = b"\x07" * 32
ZERO = "0x" + "00" * 32


def clique_block(**fields: Any) -> dict[str, Any]:
    return {
        "number": "0x2a",
        "hash": "0x" + "aa" * 32,
        "parentHash": "0x" + "bb" * 32,
        "sha3Uncles": ZERO,
        "miner": "0x" + "00" * 20,
        "stateRoot": ZERO,
        "transactionsRoot": ZERO,
        "receiptsRoot": ZERO,
        "logsBloom": "0x" + "00" * 256,
        "difficulty": "0x2",
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x0",
        "timestamp": "0x6553f100",
        "extraData": "0x" + "d8" * 97,
        "mixHash": ZERO,
        "nonce": "0x0000000000000000",
        "size": "0x25d",
        "transactions": [],
        "uncles": ["0x" + "cc" * 32],
    } | fields


def legacy(**fields: Any) -> tuple[dict[str, Any], bytes]:
    """A signed type 0 transaction as JSON-RPC shows it, and its bytes."""
    unsigned = {"nonce": 3, "gasPrice": 7, "gas": 21_000, "to": b"\x11" * 20, "value": 1, "data": b""} | fields
    signed = Account.sign_transaction(unsigned, KEY)
    json = {
        "hash": "0x" + signed.hash.hex(),
        "nonce": "0x3",
        "from": Account.from_key(KEY).address.lower(),
        "to": "0x" + "11" * 20,
        "value": "0x1",
        "input": "0x",
        "gas": "0x5208",
        "gasPrice": "0x7",
        "v": hex(signed.v),
        "r": hex(signed.r),
        "s": hex(signed.s),
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
    }
    return json, bytes(signed.raw_transaction)


def test_a_seal_longer_than_32_bytes_is_part_of_the_header() -> None:
    header = header_of(clique_block())
    assert header.extra_data == b"\xd8" * 97
    assert (header.number, header.difficulty) == (42, 2)


def test_what_later_forks_brought_is_none_on_blocks_before_them() -> None:
    header = header_of(clique_block())
    assert (header.base_fee_per_gas, header.withdrawals_root, header.requests_hash) == (None, None, None)
    assert block_of(clique_block()).withdrawals is None
    assert block_of(clique_block()).ommers == (b"\xcc" * 32,)
    assert header_of(clique_block(baseFeePerGas="0x0")).base_fee_per_gas == 0


def test_a_withdrawal_is_read_in_gwei() -> None:
    shown = {"index": "0x1", "validatorIndex": "0x2", "address": "0x" + "11" * 20, "amount": "0x3"}
    assert block_of(clique_block(withdrawals=[shown])).withdrawals == ((1, 2, b"\x11" * 20, 3),)


@pytest.mark.parametrize("missing", ["hash", "parentHash", "timestamp", "extraData", "logsBloom"])
def test_an_object_that_is_no_header_is_not_believed(missing: str) -> None:
    json = clique_block()
    del json[missing]
    with pytest.raises(ChainUnavailable, match="no header"):
        header_of(json)


@pytest.mark.parametrize(("chain_id", "named"), [({}, None), ({"chainId": 1337}, 1337)])
def test_a_legacy_transaction_names_its_chain_only_with_replay_protection(
    chain_id: dict[str, int], named: int | None
) -> None:
    json, raw = legacy(**chain_id)
    transaction = transaction_of(json, None)
    assert (transaction.type, transaction.chain_id) == (0, named)
    assert (transaction.raw, transaction.hash) == (raw, keccak(raw))
    assert transaction.access_list is None


def test_a_transaction_whose_fields_do_not_give_its_hash_has_no_bytes() -> None:
    json, _ = legacy()
    assert transaction_of(json | {"hash": "0x" + "ee" * 32}, None).raw == b""


def test_a_transaction_of_a_type_nobody_here_knows_has_no_bytes() -> None:
    json, _ = legacy()
    json |= {"type": "0x7e", "chainId": "0x1", "maxFeePerGas": "0x0", "maxPriorityFeePerGas": "0x0"}
    transaction = transaction_of(json, None)
    assert (transaction.type, transaction.raw) == (0x7E, b"")


def test_a_blob_transaction_comes_back_with_its_canonical_bytes() -> None:
    # Type 3 cannot be signed without blobs and a trusted setup, so its bytes are put together here by hand (EIP-4844).
    to, blob, r, s = b"\x11" * 20, b"\x01" + b"\x00" * 31, 5, 6
    fields = [
        b"\x01",
        b"\x03",
        b"\x01",
        b"\x02",
        b"\x52\x08",
        to,
        b"\x01",
        b"",
        [],
        b"\x05",
        [blob],
        b"",
        b"\x05",
        b"\x06",
    ]
    raw = b"\x03" + rlp_encode(fields)
    json, _ = legacy()
    json |= {"type": "0x3", "chainId": "0x1", "maxFeePerGas": "0x2", "maxPriorityFeePerGas": "0x1", "accessList": []}
    json |= {"maxFeePerBlobGas": "0x5", "blobVersionedHashes": ["0x" + blob.hex()], "v": "0x0"}
    json |= {"r": hex(r), "s": hex(s), "hash": "0x" + keccak(raw).hex()}
    transaction = transaction_of(json, None)
    assert transaction.raw == raw
    assert (transaction.max_fee_per_blob_gas, transaction.blob_versioned_hashes) == (5, (blob,))


LOG = {
    "address": "0x" + "44" * 20,
    "topics": ["0x" + "07" * 32],
    "data": "0x2a",
    "blockNumber": "0x2a",
    "blockHash": "0x" + "aa" * 32,
    "transactionHash": "0x" + "ee" * 32,
    "transactionIndex": "0x0",
    "logIndex": "0x9",
}


def test_a_receipt_before_byzantium_has_a_state_root_in_place_of_a_status() -> None:
    json = {
        "transactionHash": "0x" + "ee" * 32,
        "transactionIndex": "0x0",
        "blockNumber": "0x2a",
        "blockHash": "0x" + "aa" * 32,
        "from": "0x" + "22" * 20,
        "to": None,
        "contractAddress": "0x" + "44" * 20,
        "gasUsed": "0x5208",
        "cumulativeGasUsed": "0x5208",
        "logsBloom": "0x" + "00" * 256,
        "logs": [LOG],
        "root": "0x" + "dd" * 32,
    }
    receipt = receipt_of(json, 1_700_000_000)
    assert (receipt.type, receipt.succeeded, receipt.state_root) == (0, True, b"\xdd" * 32)
    assert receipt.logs == (log_of(LOG, 1_700_000_000),)
    later = receipt_of(json | {"status": "0x0"}, 1_700_000_000)
    assert (later.succeeded, later.state_root) == (False, None)


def test_a_log_takes_its_time_from_its_block() -> None:
    log = log_of(LOG, 1_700_000_000)
    assert (log.block_timestamp, log.log_index, log.data) == (1_700_000_000, 9, b"\x2a")
