"""Blocks, transactions, receipts, state and logs, as geth would show them."""

from typing import Any

import pytest
from eth_account import Account

from tests.networks.anvil import FUNDED_KEYS
from tests.rpc.network import ETHER, FUNDED, Developer, calldata
from tests.rpc.server import Answered, Client

NOWHERE = "0x" + "99" * 32
NOBODY = "0x" + "99" * 20


@pytest.fixture
def book(developer: Developer) -> str:
    return developer.deploy()


@pytest.fixture
def page(developer: Developer, book: str) -> dict[str, Any]:
    """The receipt of a signed page."""
    return developer.write(book, "first")


# BLOCKS


def test_a_block_is_the_same_by_number_tag_and_hash(rpc: Client, page: dict[str, Any]) -> None:
    by_tag = rpc("eth_getBlockByNumber", "latest", False)
    assert by_tag["number"] == page["blockNumber"] == rpc("eth_blockNumber")
    assert rpc("eth_getBlockByNumber", page["blockNumber"], False) == by_tag
    assert rpc("eth_getBlockByHash", by_tag["hash"], False) == by_tag
    assert rpc("eth_getBlockByNumber", "finalized", False) == by_tag
    assert rpc("eth_getBlockByNumber", "safe", False) == by_tag
    assert rpc("eth_getBlockByNumber", "earliest", False)["number"] == "0x0"


def test_a_block_has_no_total_difficulty_and_all_of_prague(rpc: Client) -> None:
    block = rpc("eth_getBlockByNumber", "latest", False)
    assert "totalDifficulty" not in block
    assert {"baseFeePerGas", "withdrawalsRoot", "withdrawals", "blobGasUsed", "excessBlobGas", "requestsHash"} <= set(
        block
    )
    assert block["baseFeePerGas"] == "0x0"
    assert len(block["extraData"]) == 66  # clients without a proof-of-authority mode read it


def test_a_block_shows_hashes_or_whole_transactions(rpc: Client, page: dict[str, Any]) -> None:
    hashes = rpc("eth_getBlockByNumber", "latest", False)["transactions"]
    whole = rpc("eth_getBlockByNumber", "latest", True)["transactions"]
    assert hashes == [page["transactionHash"]]
    assert whole == [rpc("eth_getTransactionByHash", page["transactionHash"])]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBlockByNumber", ["0x99", False]),
        ("eth_getBlockByHash", [NOWHERE, False]),
        ("eth_getBlockReceipts", ["0x99"]),
        ("eth_getBlockReceipts", [NOWHERE]),
        ("eth_getBlockTransactionCountByNumber", ["0x99"]),
        ("eth_getUncleCountByBlockHash", [NOWHERE]),
        ("eth_getHeaderByNumber", ["0x99"]),
        ("eth_getTransactionByBlockNumberAndIndex", ["0x0", "0x0"]),
        ("eth_getTransactionByHash", [NOWHERE]),
        ("eth_getTransactionReceipt", [NOWHERE]),
        ("eth_getRawTransactionByHash", [NOWHERE]),
        ("eth_getTransactionBySenderAndNonce", [NOBODY, "0x0"]),
    ],
)
def test_what_is_not_there_is_null(rpc: Client, method: str, params: list[Any]) -> None:
    assert rpc(method, *params) is None


def test_a_block_counts_its_transactions_and_uncles(rpc: Client, page: dict[str, Any]) -> None:
    assert rpc("eth_getBlockTransactionCountByNumber", "latest") == "0x1"
    assert rpc("eth_getBlockTransactionCountByHash", page["blockHash"]) == "0x1"
    assert rpc("eth_getUncleCountByBlockNumber", "latest") == "0x0"
    assert rpc("eth_getUncleByBlockNumberAndIndex", "latest", "0x0") is None


# TRANSACTIONS


def test_a_transaction_is_found_by_hash_place_and_nonce(
    rpc: Client, developer: Developer, page: dict[str, Any]
) -> None:
    found = rpc("eth_getTransactionByHash", page["transactionHash"])
    assert found["blockTimestamp"] == rpc("eth_getBlockByNumber", "latest", False)["timestamp"]
    assert rpc("eth_getTransactionByBlockNumberAndIndex", "latest", "0x0") == found
    assert rpc("eth_getTransactionByBlockHashAndIndex", page["blockHash"], "0x0") == found
    assert rpc("eth_getTransactionBySenderAndNonce", developer.address, "0x1") == found
    raw = rpc("eth_getRawTransactionByHash", page["transactionHash"])
    assert raw.startswith("0x02")
    assert rpc("eth_getRawTransactionByBlockNumberAndIndex", "latest", "0x0") == raw
    assert rpc("eth_getRawTransactionByBlockHashAndIndex", page["blockHash"], "0x0") == raw


def test_each_type_of_transaction_shows_its_own_fields(rpc: Client, developer: Developer, book: str) -> None:
    slot = "0x" + "00" * 32
    to = "0x" + "11" * 20
    authorization = Account.sign_authorization(
        {"chainId": 31337, "address": "0x" + "22" * 20, "nonce": 0}, FUNDED_KEYS[1]
    )
    sent = {
        0: developer.send(type=0, to=to),
        1: developer.send(type=1, to=to, accessList=[{"address": to, "storageKeys": [slot]}]),
        2: developer.send(type=2, to=to),
        4: developer.send(type=4, to=to, authorizationList=[authorization]),
    }
    shown = {kind: rpc("eth_getTransactionByHash", receipt["transactionHash"]) for kind, receipt in sent.items()}
    assert {kind: transaction["type"] for kind, transaction in shown.items()} == {
        0: "0x0",
        1: "0x1",
        2: "0x2",
        4: "0x4",
    }
    assert {kind: receipt["type"] for kind, receipt in sent.items()} == {0: "0x0", 1: "0x1", 2: "0x2", 4: "0x4"}
    assert all(transaction["chainId"] == "0x7a69" for transaction in shown.values())
    assert "yParity" not in shown[0]
    assert "accessList" not in shown[0]
    assert int(shown[0]["v"], 16) in (31337 * 2 + 35, 31337 * 2 + 36)
    assert shown[1]["accessList"] == [{"address": to, "storageKeys": [slot]}]
    assert "maxFeePerGas" not in shown[1]
    assert shown[2]["maxFeePerGas"] == "0x0"
    assert shown[2]["yParity"] == shown[2]["v"]
    assert shown[4]["authorizationList"][0]["address"] == "0x" + "22" * 20


def test_a_transaction_pays_its_tip_and_shows_the_price_it_paid(rpc: Client, developer: Developer) -> None:
    receipt = developer.send(to="0x" + "11" * 20, maxFeePerGas=9, maxPriorityFeePerGas=3)
    assert receipt["effectiveGasPrice"] == "0x3"
    assert rpc("eth_getTransactionByHash", receipt["transactionHash"])["gasPrice"] == "0x3"


# RECEIPTS


def test_a_receipt_names_the_contract_it_made(rpc: Client, developer: Developer) -> None:
    receipt = rpc("eth_getTransactionReceipt", developer.send(data="0x00")["transactionHash"])
    assert receipt["to"] is None
    assert rpc("eth_getCode", receipt["contractAddress"]) == "0x"
    assert receipt["status"] == "0x1"


def test_a_failed_transaction_has_status_0_and_no_logs(developer: Developer, book: str) -> None:
    receipt = developer.write(book, "x" * 40)
    assert receipt["status"] == "0x0"
    assert receipt["logs"] == []
    assert receipt["contractAddress"] is None


def test_a_blocks_receipts_are_those_of_its_transactions(rpc: Client, page: dict[str, Any]) -> None:
    assert rpc("eth_getBlockReceipts", "latest") == [page]
    assert rpc("eth_getBlockReceipts", page["blockHash"]) == [page]
    assert rpc("eth_getBlockReceipts", {"blockHash": page["blockHash"], "requireCanonical": True}) == [page]
    assert rpc("eth_getBlockReceipts", "earliest") == []


# STATE, NOW AND THEN


def test_state_is_read_at_any_block(rpc: Client, developer: Developer, book: str, page: dict[str, Any]) -> None:
    before = hex(int(page["blockNumber"], 16) - 1)
    assert rpc("eth_getStorageAt", book, "0x0", before) == "0x" + "00" * 32
    assert rpc("eth_getStorageAt", book, "0x0") == "0x" + "00" * 31 + "01"
    assert rpc("eth_getStorageAt", book, "0x" + "00" * 32, {"blockHash": page["blockHash"]}) == "0x" + "00" * 31 + "01"
    assert rpc("eth_getTransactionCount", developer.address, before) == "0x1"
    assert rpc("eth_getTransactionCount", developer.address) == "0x2"
    assert rpc("eth_getTransactionCount", developer.address, "pending") == "0x2"
    assert rpc("eth_getCode", book, "0x0") == "0x"
    assert len(rpc("eth_getCode", book)) > 1000
    assert rpc("eth_getBalance", "0x" + FUNDED[1].hex(), "earliest") == hex(10_000 * ETHER)
    assert rpc("eth_getBalance", NOBODY) == "0x0"


def test_many_slots_are_read_at_once(rpc: Client, book: str, page: dict[str, Any]) -> None:
    found = rpc("eth_getStorageValues", {book: ["0x0", "0x1"], NOBODY: ["0x0"]})
    assert found == {book: ["0x" + "00" * 31 + "01", "0x" + "00" * 32], NOBODY: ["0x" + "00" * 32]}


def test_state_at_a_block_that_is_not_there_is_an_error(rpc: Client) -> None:
    for at in ("0x99", NOWHERE, {"blockHash": NOWHERE}):
        for method, arguments in (("eth_getBalance", [NOBODY]), ("eth_call", [{"to": NOBODY}])):
            with pytest.raises(Answered) as refused:
                rpc(method, *arguments, at)
            assert (refused.value.code, refused.value.message) == (-32000, "header not found")


# LOGS


def test_logs_are_found_by_address_topics_and_range(rpc: Client, developer: Developer, book: str) -> None:
    first, second = developer.write(book, "first"), developer.write(book, "second")
    found = rpc("eth_getLogs", {"fromBlock": "earliest", "address": book})
    assert found == [*first["logs"], *second["logs"]]
    signature, guest, number = second["logs"][0]["topics"]
    everywhere = {"fromBlock": "0x0", "toBlock": "latest"}
    assert rpc("eth_getLogs", everywhere | {"topics": [signature]}) == found
    assert rpc("eth_getLogs", everywhere | {"topics": [None, guest, number]}) == second["logs"]
    assert rpc("eth_getLogs", everywhere | {"topics": [[NOWHERE, signature], None, [number]]}) == second["logs"]
    assert rpc("eth_getLogs", everywhere | {"address": [NOBODY, book], "topics": [None]}) == found
    assert rpc("eth_getLogs", everywhere | {"address": NOBODY}) == []
    assert rpc("eth_getLogs", {"blockHash": first["blockHash"]}) == first["logs"]
    assert rpc("eth_getLogs", {}) == second["logs"]


def test_a_log_knows_its_block_and_its_place_in_it(page: dict[str, Any]) -> None:
    (log,) = page["logs"]
    assert log["blockHash"] == page["blockHash"]
    assert log["logIndex"] == "0x0"
    assert int(log["blockTimestamp"], 16) > 0
    assert log["removed"] is False


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"fromBlock": "0x1", "toBlock": "0x0"}, -32602),
        ({"fromBlock": "0x0", "toBlock": "0x99"}, -32602),
        ({"blockHash": NOWHERE, "fromBlock": "0x0"}, -32602),
        ({"blockHash": NOWHERE}, -32000),
        ({"address": "0x12"}, -32602),
    ],
)
def test_a_log_range_that_makes_no_sense_is_refused(rpc: Client, query: Any, code: int) -> None:
    with pytest.raises(Answered) as refused:
        rpc("eth_getLogs", query)
    assert refused.value.code == code


# FEES


def test_gas_is_free(rpc: Client, developer: Developer) -> None:
    developer.send(to="0x" + "11" * 20)
    assert rpc("eth_gasPrice") == rpc("eth_maxPriorityFeePerGas") == rpc("eth_baseFee") == "0x0"
    history = rpc("eth_feeHistory", "0x5", "latest", [0, 50.5, 100])
    assert history["oldestBlock"] == "0x0"
    assert history["baseFeePerGas"] == ["0x0"] * 3
    assert history["reward"] == [["0x0"] * 3] * 2
    assert history["gasUsedRatio"][1] == pytest.approx(21_000 / 500_000_000)
    assert rpc("eth_feeHistory", "0x5", "pending", [0, 50.5, 100]) == history, "what comes next is its last fee"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (["0x1", "0x99", []], -32000),
        (["0x1", "latest", [101]], -32602),
        (["0x1", "latest", [50, 20]], -32602),
        (["0x1", "latest", ["20"]], -32602),
        (["-1", "latest", []], -32602),
    ],
)
def test_a_fee_history_that_makes_no_sense_is_refused(rpc: Client, params: list[Any], code: int) -> None:
    with pytest.raises(Answered) as refused:
        rpc("eth_feeHistory", *params)
    assert refused.value.code == code


def test_rewards_are_the_tips_paid_at_each_share_of_gas(rpc: Client, developer: Developer) -> None:
    developer.send(to="0x" + "11" * 20, maxFeePerGas=7, maxPriorityFeePerGas=7)
    assert rpc("eth_feeHistory", 1, "latest", [10, 90])["reward"] == [["0x7", "0x7"]]


# RAW


def test_raw_blocks_and_receipts_are_what_peers_carry(rpc: Client, page: dict[str, Any]) -> None:
    header, block = rpc("debug_getRawHeader", "latest"), rpc("debug_getRawBlock", "latest")
    assert header[2:] in block
    assert rpc("debug_getRawTransaction", page["transactionHash"])[2:] in block
    (receipt,) = rpc("debug_getRawReceipts", "latest")
    assert receipt.startswith("0x02")
    assert rpc("web3_sha3", header) == page["blockHash"]
    with pytest.raises(Answered, match="header not found"):
        rpc("debug_getRawHeader", "0x99")


def test_a_call_reads_any_block(rpc: Client, book: str, page: dict[str, Any]) -> None:
    before = hex(int(page["blockNumber"], 16) - 1)
    pages = {"to": book, "input": calldata("pages()")}
    assert int(rpc("eth_call", pages), 16) == 1
    assert int(rpc("eth_call", pages, before), 16) == 0
