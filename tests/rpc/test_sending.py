"""Handing in transactions: what is taken, what is refused and in which words, and who signs."""

import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_account import Account

from ledger_node.chain.backend import LocalChain
from tests.networks.anvil import FUNDED_KEYS
from tests.rpc.network import Developer, open_network
from tests.rpc.server import Answered, Client, RpcServer

TO = "0x" + "11" * 20


def test_a_transaction_is_answered_with_its_hash_each_time_it_is_sent(rpc: Client, developer: Developer) -> None:
    raw = developer.sign(to=TO)
    transaction_hash = rpc("eth_sendRawTransaction", raw)
    assert rpc("web3_sha3", raw) == transaction_hash
    assert rpc("eth_sendRawTransaction", raw) == transaction_hash


def test_the_receipt_comes_back_when_it_is_asked_for_at_once(rpc: Client, developer: Developer) -> None:
    raw = developer.sign(to=TO)
    receipt = rpc("eth_sendRawTransactionSync", raw)
    assert rpc("eth_getTransactionReceipt", receipt["transactionHash"]) == receipt
    assert rpc("eth_sendRawTransactionSync", raw) == receipt  # mined already


def test_a_transaction_that_waits_for_an_earlier_nonce_says_so(rpc: Client, developer: Developer) -> None:
    raw = developer.sign(to=TO, nonce=1)
    with pytest.raises(Answered, match="earlier nonce") as unready:
        rpc("eth_sendRawTransactionSync", raw)
    assert unready.value.code == 5
    assert unready.value.data == rpc("web3_sha3", raw)
    assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x1"}
    rpc("eth_sendRawTransactionSync", developer.sign(to=TO, nonce=0))
    assert rpc("eth_sendRawTransactionSync", raw)["status"] == "0x1"


@pytest.fixture
def quiet(tmp_path: Path) -> Any:
    """A node that makes no blocks."""
    with closing(open_network(tmp_path / "quiet", produce=False)) as chain, RpcServer(chain) as server:
        yield server.client


def test_a_receipt_that_does_not_come_in_time_is_code_4(quiet: Client) -> None:
    raw = Developer(quiet).sign(to=TO)
    with pytest.raises(Answered, match="not mined in 50 ms") as late:
        quiet("eth_sendRawTransactionSync", raw, "0x32")
    assert (late.value.code, late.value.data) == (4, quiet("web3_sha3", raw))
    assert quiet("txpool_status")["pending"] == "0x1"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"nonce": 0, "value": 1}, "nonce too low"),
        ({"value": 10**24}, "insufficient funds for gas * price + value"),
        ({"gas": 20_000}, "intrinsic gas too low"),
        ({"gas": 10**12}, "exceeds block gas limit"),
        ({"chainId": 1}, "invalid chain id"),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 2}, "max priority fee per gas higher than max fee per gas"),
        ({"to": None, "data": b"\x00" * 50_000}, "max initcode size exceeded"),
    ],
)
def test_a_transaction_that_cannot_take_effect_is_refused_in_geths_words(
    rpc: Client, developer: Developer, fields: dict[str, Any], words: str
) -> None:
    developer.send(to=TO)
    with pytest.raises(Answered) as refused:
        rpc("eth_sendRawTransaction", developer.sign(**{"to": TO, **fields}))
    assert refused.value.code == -32000
    assert refused.value.message.startswith(words)
    assert rpc("eth_blockNumber") == "0x1"


@pytest.mark.parametrize("raw", ["0x", "0x00", "0xc0", "0x02", "0x02c0", "0x05c0", "0xf8", "0x" + "ff" * 40])
def test_bytes_that_are_no_transaction_are_refused(rpc: Client, raw: str) -> None:
    with pytest.raises(Answered) as refused:
        rpc("eth_sendRawTransaction", raw)
    assert refused.value.code in (-32000, -32602)
    assert "Traceback" not in refused.value.message


def test_a_blob_transaction_is_refused(rpc: Client) -> None:
    transaction = {
        "type": 3, "chainId": 31337, "nonce": 0, "gas": 30_000, "to": TO, "value": 0, "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0, "maxFeePerBlobGas": 1, "blobVersionedHashes": ["0x01" + "00" * 31],
    }  # fmt: skip
    raw = Account.sign_transaction(transaction, FUNDED_KEYS[0]).raw_transaction
    with pytest.raises(Answered, match="transaction type not supported: blob"):
        rpc("eth_sendRawTransaction", "0x" + bytes(raw).hex())
    # In its network form: with its blobs, commitments and proofs, and since EIP-7594 a version before them.
    fields, blob = rlp.decode(bytes(raw)[1:]), [b"\x00" * 131_072]
    for wrapped in (
        [fields, blob, [b"\x01" * 48], [b"\x02" * 48]],
        [fields, b"\x01", blob, [b"\x01" * 48], []],
        [],
        b"",
    ):
        for method in ("eth_sendRawTransaction", "eth_sendRawTransactionSync"):
            with pytest.raises(Answered, match="transaction type not supported: blob"):
                rpc(method, "0x03" + bytes(rlp.encode(wrapped)).hex())


# THE POOL


def test_the_pool_shows_what_waits(quiet: Client) -> None:
    developer = Developer(quiet)
    first, third = developer.sign(to=TO), developer.sign(to=TO, nonce=2, value=5)
    hashes = [quiet("eth_sendRawTransaction", raw) for raw in (first, third)]
    sender = Account.from_key(FUNDED_KEYS[0]).address
    assert quiet("txpool_status") == {"pending": "0x1", "queued": "0x1"}
    content = quiet("txpool_content")
    assert content["pending"][sender]["0"]["hash"] == hashes[0]
    assert content["queued"][sender]["2"]["hash"] == hashes[1]
    assert quiet("txpool_contentFrom", sender) == {
        "pending": {"0": content["pending"][sender]["0"]},
        "queued": {"2": content["queued"][sender]["2"]},
    }
    assert quiet("txpool_inspect")["queued"][sender]["2"].startswith(
        "0x1111111111111111111111111111111111111111: 5 wei"
    )
    pending = quiet("eth_getTransactionByHash", hashes[0])
    assert (pending["blockHash"], pending["blockNumber"], pending["transactionIndex"]) == (None, None, None)
    assert quiet("eth_getTransactionReceipt", hashes[0]) is None
    assert quiet("eth_getTransactionCount", sender, "pending") == "0x1"
    assert quiet("eth_getTransactionCount", sender, "latest") == "0x0"
    assert quiet("eth_getTransactionBySenderAndNonce", sender, "0x2")["hash"] == hashes[1]


# WHO SIGNS


def test_the_node_signs_for_nobody(rpc: Client, developer: Developer) -> None:
    assert rpc("eth_accounts") == []
    for method, params in (
        ("eth_sendTransaction", [{"from": developer.address, "to": TO}]),
        ("eth_signTransaction", [{"from": developer.address, "to": TO}]),
        ("eth_sign", [developer.address, "0x00"]),
    ):
        with pytest.raises(Answered, match="sign with your own key") as refused:
            rpc(method, *params)
        assert refused.value.code == -32000


def test_many_developers_at_once_each_get_their_receipts(chain: LocalChain, rpc: Client) -> None:
    receipts: list[dict[str, Any]] = []

    def work(key: bytes) -> None:
        developer = Developer(rpc, key)
        receipts.extend([developer.send(to=TO) for _ in range(10)])

    threads = [threading.Thread(target=work, args=[key]) for key in FUNDED_KEYS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({receipt["transactionHash"] for receipt in receipts}) == 30
    assert {receipt["status"] for receipt in receipts} == {"0x1"}
