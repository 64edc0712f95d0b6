"""What explorers ask: Parity's traces and Otterscan's methods, and how much of the history one request may search."""

from dataclasses import dataclass
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from ledger_node.rpc.settings import RpcLimits, RpcSettings
from tests.chain.programs import assemble, deploying
from tests.rpc.network import Developer
from tests.rpc.server import Answered, Client

NOWHERE, NOBODY, PAID = "0x" + "99" * 32, "0x" + "99" * 20, "0x" + "11" * 20


@pytest.fixture
def settings() -> RpcSettings:
    return RpcSettings(limits=RpcLimits(trace_blocks=4, trace_results=3))


@dataclass
class Story:
    """Block 1 makes a contract that pays on, block 2 pays through it, block 3 reverts, block 4 creates in vain."""

    me: str
    payer: str
    paid: str
    reverted: str
    failed: str


@pytest.fixture
def story(developer: Developer) -> Story:
    code = assemble(
        f"CALLDATASIZE @fail JUMPI PUSH0 PUSH0 PUSH0 PUSH0 CALLVALUE PUSH20 {PAID[2:]} GAS CALL STOP "
        "fail: PUSH1 2a PUSH0 MSTORE PUSH1 20 PUSH0 REVERT"
    )
    payer = developer.send(data="0x" + deploying(code).hex())["contractAddress"]
    to = to_checksum_address(payer)
    paid = developer.send(to=to, value=7)["transactionHash"]
    reverted = developer.send(to=to, data="0x01")["transactionHash"]
    failed = developer.send(data="0xfe")["transactionHash"]
    return Story(developer.address, payer, paid, reverted, failed)


# PARITY'S TRACES


def test_a_transactions_traces_say_where_they_are(rpc: Client, story: Story) -> None:
    top, inner = rpc("trace_transaction", story.paid)
    assert (top["traceAddress"], inner["traceAddress"], top["subtraces"]) == ([], [0], 1)
    assert inner["action"]["from"] == story.payer
    assert (inner["action"]["to"], inner["action"]["value"]) == (PAID, "0x7")
    place = {"blockNumber": 2, "transactionPosition": 0, "transactionHash": story.paid, "blockHash": top["blockHash"]}
    assert inner.items() >= place.items()
    assert rpc("trace_block", "0x2") == [top, inner]
    assert rpc("trace_get", story.paid, ["0x0"]) == inner
    assert rpc("trace_get", story.paid, ["0x1"]) is None
    # What the transaction itself costs is not the machine's.
    used = int(rpc("eth_getTransactionReceipt", story.paid)["gasUsed"], 16)
    assert int(top["result"]["gasUsed"], 16) == used - 21_000


def test_what_failed_has_paritys_words(rpc: Client, story: Story) -> None:
    (reverted,) = rpc("trace_transaction", story.reverted)
    assert (reverted["error"], int(reverted["result"]["output"], 16)) == ("Reverted", 42)
    (failed,) = rpc("trace_transaction", story.failed)
    assert (failed["error"], failed["result"], failed["type"]) == ("Bad instruction", None, "create")


@pytest.mark.parametrize(
    ("method", "unknown"), [("trace_block", "0x999"), ("trace_block", "earliest"), ("trace_transaction", NOWHERE)]
)
def test_where_nothing_was_executed_there_are_no_traces(rpc: Client, story: Story, method: str, unknown: str) -> None:
    assert rpc(method, unknown) == []


def test_traces_are_found_by_address(rpc: Client, story: Story) -> None:
    def places(**wanted: Any) -> list[tuple[int, list[int]]]:
        found = rpc("trace_filter", {"fromBlock": "0x1", "toBlock": "latest", **wanted})
        return [(trace["blockNumber"], trace["traceAddress"]) for trace in found]

    assert places(toAddress=[PAID]) == [(2, [0])]
    assert places(fromAddress=[story.payer]) == [(2, [0])]
    assert places(toAddress=[story.payer]) == [(1, []), (2, []), (3, [])]
    assert places(toAddress=[story.payer], after=1, count=1) == [(2, [])]
    assert places(fromAddress=[NOBODY]) == []
    both = {"fromAddress": [story.payer], "toAddress": [story.payer]}
    assert places(**both, mode="intersection") == []
    assert places(fromAddress=[story.payer], toAddress=[PAID], mode="intersection") == [(2, [0])]
    assert places(count=0) == []


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"fromBlock": "0x1"}, "more than 3 traces"),
        ({}, "5 blocks, 4 allowed"),
        ({"fromBlock": "0x3", "toBlock": "0x1"}, "is above"),
        ({"fromBlock": "0x1", "mode": "xor"}, "union"),
        ({"fromBlock": "0x1", "address": NOBODY}, "unknown member"),
        ({"fromBlock": "0x1", "toAddress": NOBODY}, "array"),
        ({"fromBlock": "0x1", "toAddress": ["0x12"]}, "20 bytes"),
        ({"fromBlock": "0x1", "count": -1}, "from 0"),
        ({"fromBlock": "0x1", "toAddress": ["0x" + "11" * 20] + [f"0x{n:040x}" for n in range(1_000)]}, "addresses"),
    ],
)
def test_a_search_is_bounded(rpc: Client, story: Story, wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(Answered, match=words) as refused:
        rpc("trace_filter", wanted)
    assert refused.value.code == -32602


def test_a_call_and_a_replay_are_traced_without_a_place(rpc: Client, story: Story) -> None:
    called = rpc("trace_call", {"from": story.me, "to": story.payer, "value": "0x7"}, ["trace"])
    assert [trace["action"]["to"] for trace in called["trace"]] == [story.payer, PAID]
    assert "blockHash" not in called["trace"][0]
    replayed = rpc("trace_replayTransaction", story.reverted, ["trace"])
    assert int(replayed["output"], 16) == 42
    assert rpc("trace_replayBlockTransactions", "0x3", ["trace"]) == [replayed | {"transactionHash": story.reverted}]
    assert rpc("trace_replayBlockTransactions", "0x0", []) == []
    for kinds in (["vmTrace"], ["trace", "stateDiff"], "trace", [1]):
        with pytest.raises(Answered) as refused:
            rpc("trace_call", {"to": story.payer}, kinds)
        assert refused.value.code == -32602
    with pytest.raises(Answered, match="not found"):
        rpc("trace_replayTransaction", NOWHERE, ["trace"])


# OTTERSCAN


def test_a_transaction_is_looked_into(rpc: Client, story: Story) -> None:
    moved = {"from": story.payer, "to": PAID, "value": "0x7"}
    assert rpc("ots_getInternalOperations", story.paid) == [{"type": 0, **moved}]
    top, inner = rpc("ots_traceTransaction", story.paid)
    assert (top["depth"], top["type"]) == (0, "CALL")
    assert inner == {"type": "CALL", "depth": 1, "input": "0x", "output": "0x", **moved}
    assert int(rpc("ots_getTransactionError", story.reverted), 16) == 42
    assert rpc("ots_getTransactionError", story.paid) == "0x"
    assert rpc("ots_traceTransaction", NOWHERE) == rpc("ots_getInternalOperations", NOWHERE) == []
    assert rpc("ots_getTransactionBySenderAndNonce", story.me, 1) == story.paid
    assert rpc("ots_getTransactionBySenderAndNonce", story.me, 9) is None


def test_a_block_is_shown_in_pages(rpc: Client, story: Story) -> None:
    assert rpc("ots_getApiLevel") == 8
    details = rpc("ots_getBlockDetails", 2)
    assert details["block"]["transactionCount"] == 1
    assert "transactions" not in details["block"]
    assert (details["totalFees"], details["issuance"]["blockReward"]) == ("0x0", "0x0")
    assert rpc("ots_getBlockDetailsByHash", details["block"]["hash"]) == details
    assert rpc("ots_getBlockDetails", 99) is rpc("ots_getBlockDetailsByHash", NOWHERE) is None
    shown = rpc("ots_getBlockTransactions", 1, 0, 3)
    (made,) = shown["fullblock"]["transactions"]
    assert made["input"] == rpc("eth_getTransactionByHash", made["hash"])["input"][:10]
    assert len(shown["receipts"]) == 1
    assert rpc("ots_getBlockTransactions", 1, 1, 3)["fullblock"]["transactions"] == []
    assert rpc("ots_getBlockTransactions", 99, 0, 3) is None
    with pytest.raises(Answered, match="page is too large"):
        rpc("ots_getBlockTransactions", 1, 0, 4)
    assert rpc("erigon_getHeaderByNumber", 2) == rpc("eth_getHeaderByNumber", "0x2")


def blocks(page: dict[str, Any]) -> tuple[list[str], bool, bool]:
    assert [one["hash"] for one in page["txs"]] == [one["transactionHash"] for one in page["receipts"]]
    return [one["blockNumber"] for one in page["txs"]], page["firstPage"], page["lastPage"]


def test_an_accounts_transactions_are_paged_through(rpc: Client, story: Story) -> None:
    assert blocks(rpc("ots_searchTransactionsBefore", story.me, 0, 2)) == (["0x4", "0x3"], True, False)
    assert blocks(rpc("ots_searchTransactionsBefore", story.me, 3, 2)) == (["0x2", "0x1"], False, False)
    assert blocks(rpc("ots_searchTransactionsBefore", story.me, 1, 2)) == ([], False, True)
    assert blocks(rpc("ots_searchTransactionsAfter", story.me, 0, 2)) == (["0x2", "0x1"], False, True)
    assert blocks(rpc("ots_searchTransactionsAfter", story.me, 2, 3)) == (["0x4", "0x3"], True, False)
    # Who was only paid inside is found too.
    assert blocks(rpc("ots_searchTransactionsBefore", PAID, 0, 2)) == (["0x2"], True, True)


def test_a_page_ends_where_a_search_must_end(rpc: Client, developer: Developer, story: Story) -> None:
    developer.send(to=to_checksum_address(PAID))
    with pytest.raises(Answered, match="go on from block 1") as refused:
        rpc("ots_searchTransactionsBefore", NOBODY, 0, 2)
    assert refused.value.code == -32602
    assert blocks(rpc("ots_searchTransactionsBefore", PAID, 0, 3)) == (["0x5", "0x2"], True, False)


class TestWithoutTime:
    @pytest.fixture
    def settings(self) -> RpcSettings:
        return RpcSettings(limits=RpcLimits(search_ms=0))

    def test_a_search_ends_when_its_time_is_up(self, rpc: Client) -> None:
        with pytest.raises(Answered, match="go on from block 0"):
            rpc("ots_searchTransactionsBefore", NOBODY, 0, 2)


def test_who_made_a_contract_is_told(rpc: Client, developer: Developer, story: Story) -> None:
    made = rpc("ots_getContractCreator", story.payer)
    assert made == {"hash": rpc("eth_getBlockByNumber", "0x1", False)["transactions"][0], "creator": story.me}
    assert rpc("ots_hasCode", story.payer) is True
    assert rpc("ots_hasCode", story.payer, "earliest") is rpc("ots_hasCode", PAID) is False
    assert rpc("ots_getContractCreator", NOBODY) is None
    init = deploying(assemble("STOP")).hex().ljust(64, "0")
    factory = assemble(f"PUSH32 {init} PUSH0 MSTORE PUSH1 20 PUSH0 PUSH0 CREATE PUSH0 MSTORE PUSH1 20 PUSH0 RETURN")
    maker = developer.send(data="0x" + deploying(factory).hex())["contractAddress"]
    child = "0x" + rpc("eth_call", {"to": maker})[26:]
    by = developer.send(to=to_checksum_address(maker))["transactionHash"]
    assert rpc("ots_getContractCreator", child) == {"hash": by, "creator": maker}
