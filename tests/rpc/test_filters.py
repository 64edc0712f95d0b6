"""Filters that clients poll: what changed since they last asked."""

from collections.abc import Iterator

import pytest
from eth_utils.address import to_checksum_address

from ledger_node.chain.backend import LocalChain
from ledger_node.chain.blocks import LogFilter
from ledger_node.clock import HandSetClock
from ledger_node.rpc.settings import RpcLimits, RpcSettings
from tests.rpc.network import Developer
from tests.rpc.server import Answered, Client, RpcServer

TO = "0x" + "11" * 20


@pytest.fixture
def clock() -> HandSetClock:
    return HandSetClock()


@pytest.fixture
def server(chain: LocalChain, clock: HandSetClock) -> Iterator[RpcServer]:
    with RpcServer(chain, RpcSettings(limits=RpcLimits(filters=3, filter_changes=4, log_results=6)), clock) as running:
        yield running


def test_a_block_filter_tells_of_each_block_once(rpc: Client, developer: Developer) -> None:
    developer.send(to=TO)
    block_filter = rpc("eth_newBlockFilter")
    assert rpc("eth_getFilterChanges", block_filter) == []
    hashes = [developer.send(to=TO)["blockHash"] for _ in range(3)]
    assert rpc("eth_getFilterChanges", block_filter) == hashes
    assert rpc("eth_getFilterChanges", block_filter) == []


def test_a_log_filter_tells_of_new_logs_and_of_its_whole_range(rpc: Client, developer: Developer) -> None:
    book = developer.deploy()
    old = developer.write(book, "before")["logs"]
    log_filter = rpc("eth_newFilter", {"fromBlock": "0x0", "address": [book], "topics": [[old[0]["topics"][0]]]})
    assert rpc("eth_getFilterChanges", log_filter) == []
    new = developer.write(book, "after")["logs"]
    developer.deploy()
    assert rpc("eth_getFilterChanges", log_filter) == new
    assert rpc("eth_getFilterChanges", log_filter) == []
    assert rpc("eth_getFilterLogs", log_filter) == old + new


def test_a_log_filter_with_a_last_block_ends_there(rpc: Client, developer: Developer) -> None:
    book = developer.deploy()
    log_filter = rpc("eth_newFilter", {"fromBlock": "0x1", "toBlock": "0x2"})
    within = developer.write(book, "in block 2")["logs"]
    developer.write(book, "in block 3")
    assert rpc("eth_getFilterChanges", log_filter) == within


def test_a_pending_transaction_filter_tells_hashes(rpc: Client, developer: Developer) -> None:
    pending = rpc("eth_newPendingTransactionFilter")
    hashes = [developer.send(to=TO)["transactionHash"] for _ in range(2)]
    assert rpc("eth_getFilterChanges", pending) == hashes
    assert rpc("eth_getFilterChanges", pending) == []


def test_a_pending_transaction_filter_tells_whole_transactions_when_asked(rpc: Client, developer: Developer) -> None:
    whole, hashes = rpc("eth_newPendingTransactionFilter", True), rpc("eth_newPendingTransactionFilter", False)
    sent = developer.send(to=TO)["transactionHash"]
    # The published schema knows hashes alone.
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getFilterChanges", "params": [whole]}
    (transaction,) = rpc.send(asked)["result"]
    assert (transaction["hash"], transaction["blockHash"], transaction["to"]) == (sent, None, TO)
    assert rpc("eth_getFilterChanges", hashes) == [sent]
    with pytest.raises(Answered) as refused:
        rpc("eth_newPendingTransactionFilter", "yes")
    assert refused.value.code == -32602


def test_a_removed_filter_is_not_found(rpc: Client) -> None:
    block_filter = rpc("eth_newBlockFilter")
    assert rpc("eth_uninstallFilter", block_filter) is True
    assert rpc("eth_uninstallFilter", block_filter) is False
    for method in ("eth_getFilterChanges", "eth_getFilterLogs"):
        with pytest.raises(Answered, match="filter not found") as refused:
            rpc(method, block_filter)
        assert refused.value.code == -32000


def test_only_a_log_filter_has_logs(rpc: Client) -> None:
    with pytest.raises(Answered, match="filter not found"):
        rpc("eth_getFilterLogs", rpc("eth_newBlockFilter"))


def test_a_filter_nobody_asks_for_is_dropped(rpc: Client, clock: HandSetClock) -> None:
    kept, forgotten = rpc("eth_newBlockFilter"), rpc("eth_newBlockFilter")
    clock.advance(4 * 60_000)
    assert rpc("eth_getFilterChanges", kept) == []
    clock.advance(2 * 60_000)
    assert rpc("eth_getFilterChanges", kept) == []
    with pytest.raises(Answered, match="filter not found"):
        rpc("eth_getFilterChanges", forgotten)


def test_there_are_so_many_filters_and_no_more(rpc: Client) -> None:
    installed = [rpc("eth_newBlockFilter") for _ in range(3)]
    with pytest.raises(Answered, match="too many filters") as refused:
        rpc("eth_newFilter", {})
    assert refused.value.code == -32005
    rpc("eth_uninstallFilter", installed[0])
    assert rpc("eth_newFilter", {})


def test_a_filter_over_a_reversed_range_is_refused(rpc: Client) -> None:
    with pytest.raises(Answered, match="invalid block range") as refused:
        rpc("eth_newFilter", {"fromBlock": "0x5", "toBlock": "0x1"})
    assert refused.value.code == -32602


def shouting(developer: Developer, logs: int) -> str:
    """A contract that leaves so many logs whenever it is called."""
    runtime = bytes.fromhex("5f5fa0" * logs)
    creation = bytes.fromhex("61") + len(runtime).to_bytes(2, "big") + bytes.fromhex("80600a5f395ff3") + runtime
    return str(developer.send(data="0x" + creation.hex())["contractAddress"])


def test_a_filter_with_more_changes_than_an_answer_holds_goes_on_in_the_next(rpc: Client, developer: Developer) -> None:
    """Cut between blocks, and in the middle of one; nothing is lost and nothing is told twice."""
    loud = shouting(developer, 3)
    log_filter, block_filter = rpc("eth_newFilter", {"address": loud}), rpc("eth_newBlockFilter")
    sent = [developer.send(to=to_checksum_address(loud)) for _ in range(5)]
    answers = [rpc("eth_getFilterChanges", log_filter) for _ in range(5)]
    assert [len(answer) for answer in answers] == [4, 4, 4, 3, 0]
    assert [log for answer in answers for log in answer] == [log for receipt in sent for log in receipt["logs"]]
    blocks = [rpc("eth_getFilterChanges", block_filter) for _ in range(3)]
    assert blocks == [[one["blockHash"] for one in sent[:4]], [sent[4]["blockHash"]], []]


def test_a_block_with_more_logs_than_an_answer_holds_is_told_in_parts(rpc: Client, developer: Developer) -> None:
    loud = shouting(developer, 11)
    log_filter = rpc("eth_newFilter", {"address": loud})
    logs = developer.send(to=to_checksum_address(loud))["logs"]
    answers = [rpc("eth_getFilterChanges", log_filter) for _ in range(4)]
    assert answers == [logs[:4], logs[4:8], logs[8:], []]


def test_a_filters_whole_range_is_refused_above_the_limit_and_never_read(
    rpc: Client, developer: Developer, chain: LocalChain
) -> None:
    loud = shouting(developer, 3)
    log_filter = rpc("eth_newFilter", {"fromBlock": "0x0", "address": loud})
    for _ in range(2):
        developer.send(to=to_checksum_address(loud))
    assert len(rpc("eth_getFilterLogs", log_filter)) == 6
    developer.send(to=to_checksum_address(loud))
    for method, argument in (("eth_getFilterLogs", log_filter), ("eth_getLogs", {"fromBlock": "0x0"})):
        with pytest.raises(Answered, match="max results 6") as refused:
            rpc(method, argument)
        assert refused.value.code == -32602  # not -32005, which some clients send again as a limit on the rate
    first = chain.logs(LogFilter(0, 9, limit=7))
    assert [log.log_index for log in first] == [0, 1, 2, 0, 1, 2, 0]
    assert chain.logs(LogFilter(0, 9, limit=0)) == []
