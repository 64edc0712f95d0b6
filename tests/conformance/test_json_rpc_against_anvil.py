"""The same calls on anvil (`--hardfork prague`) and on a network of ours, compared field by field.

First one chain behind both doors: anvil's own answers beside what our door makes of anvil's chain. Then the same
transactions on both networks. What differs is listed here with its reason, and in docs/reference/json-rpc.md; a listed
difference that does not show is an error too, so that the lists stay short and true.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger_node.chain.remote.backend import RemoteChain
from tests.networks.anvil import Anvil
from tests.rpc.network import Developer, calldata, open_network
from tests.rpc.server import Client, RpcServer

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "json-rpc.md"
NOBODY = "0x" + "99" * 20
NOWHERE = "0x" + "99" * 32
ABSENT = "(absent)"

Answer = Any


def asked(client: Client, method: str, *params: Any) -> Answer:
    """The result, or the error's code: words are compared elsewhere."""
    answer = client.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
    if "error" in answer:
        return {"error": answer["error"]["code"], "data": answer["error"].get("data")}
    return calls_alone(answer["result"]) if method == "eth_simulateV1" else answer["result"]


SIMULATED = "the calls of a simulation are compared, not its headers: anvil leaves their hashes empty"


def calls_alone(blocks: Answer) -> Answer:
    parts = ("address", "topics", "data")
    return [
        {name: call[name] for name in ("returnData", "gasUsed", "status")}
        | {"logs": [{part: log[part] for part in parts} for log in call["logs"]]}
        for block in blocks
        for call in block["calls"]
    ]


def differences(ours: Answer, theirs: Answer, path: str) -> Iterator[str]:
    """The paths at which two answers differ; places in lists, and addresses as names, are not told apart."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(set(ours) | set(theirs)):
            place = "*" if name.startswith("0x") else name
            yield from differences(ours.get(name, ABSENT), theirs.get(name, ABSENT), f"{path}.{place}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from differences(one, other, f"{path}[]")
    elif ours != theirs:
        yield path


@dataclass
class Pair:
    ours: Client
    theirs: Client

    def compare(self, method: str, *params: Any) -> set[str]:
        return set(differences(asked(self.ours, method, *params), asked(self.theirs, method, *params), method))


def report(found: set[str], explained: dict[str, str]) -> tuple[list[str], list[str]]:
    """(not explained, explained but not there). Times are not compared: anvil's clock runs, ours is set by hand."""
    found = {path for path in found if not path.lower().endswith("timestamp") or path in explained}
    return sorted(found - set(explained)), sorted(set(explained) - found)


@pytest.fixture(scope="module")
def anvil() -> Iterator[Client]:
    with Anvil("--block-base-fee-per-gas", "0", "--gas-limit", "500000000") as process:
        yield Client(process.url)


@dataclass
class Story:
    """What the developer did, the same on every network."""

    book: str
    created: str
    page: str
    failed: str


def tell(rpc: Client) -> Story:
    developer = Developer(rpc)
    deployed = developer.send(data=deploy_data())
    book = deployed["contractAddress"]
    developer.send(to="0x" + "11" * 20, value=7, type=0)
    page = developer.write(book, "the same words")
    failed = developer.write(book, "x" * 40)
    return Story(book, deployed["transactionHash"], page["transactionHash"], failed["transactionHash"])


def deploy_data() -> str:
    from tests.clients.guestbook import artifact

    return str(artifact()["bytecode"]) + (32).to_bytes(32, "big").hex()


# ONE CHAIN BEHIND BOTH DOORS

OF_THE_DOOR = {
    "eth_getBlockByNumber.totalDifficulty": "deprecated with the merge, and not in the execution APIs",
    "eth_getTransactionReceipt.blobGasPrice": "only on blob transactions, as in geth",
    "eth_getTransactionReceipt.blockTimestamp": "not in the execution APIs' receipt; each log has it",
    "eth_getBlockReceipts[].blobGasPrice": "only on blob transactions, as in geth",
    "eth_getBlockReceipts[].blockTimestamp": "not in the execution APIs' receipt; each log has it",
    "eth_getBlockTransactionCountByNumber": "null for an unknown block, as in geth",
    "eth_getLogs": "a reversed range is -32602, as in the execution APIs' tests",
}


@pytest.fixture(scope="module")
def one_chain(anvil: Client) -> Iterator[tuple[Pair, Story]]:
    story = tell(anvil)
    with closing(RemoteChain(anvil.url, poll_interval_s=0.02)) as chain, RpcServer(chain) as server:  # type: ignore[arg-type]
        yield Pair(server.client, anvil), story


def calls_of_the_door(story: Story) -> Iterator[tuple[Any, ...]]:
    yield from (("eth_chainId",), ("net_version",), ("eth_blockNumber",), ("web3_sha3", "0x1234"))
    for block in ("earliest", "0x1", "0x3", "latest", "0x999"):
        yield from (
            ("eth_getBlockByNumber", block, True),
            ("eth_getBlockByNumber", block, False),
            ("eth_getBlockReceipts", block),
            ("eth_getBlockTransactionCountByNumber", block),
            ("eth_getUncleCountByBlockNumber", block) if block != "0x999" else ("eth_chainId",),
        )
    for transaction in (story.created, story.page, story.failed, NOWHERE):
        yield from (
            ("eth_getTransactionByHash", transaction),
            ("eth_getTransactionReceipt", transaction),
            ("eth_getRawTransactionByHash", transaction),
        )
    yield from (
        ("eth_getBlockByHash", NOWHERE, False),
        ("eth_getTransactionByBlockNumberAndIndex", "0x3", "0x0"),
        ("eth_getTransactionByBlockNumberAndIndex", "0x3", "0x1"),
        ("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"}),
        ("eth_getLogs", {"fromBlock": "0x0", "address": [NOBODY]}),
        ("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"}),
        ("eth_getBalance", NOBODY, "latest"),
        ("eth_getCode", story.book, "latest"),
        ("eth_getStorageAt", story.book, "0x0", "latest"),
        ("eth_getTransactionCount", NOBODY, "latest"),
        ("eth_nothing",),
        ("eth_getBalance", "0x12", "latest"),
        ("eth_getBalance",),
        ("eth_getFilterChanges", "0x1"),
        ("eth_feeHistory", "0x2", "latest", [20.0]),
    )


def test_our_door_shows_anvils_chain_as_anvil_does(one_chain: tuple[Pair, Story]) -> None:
    pair, story = one_chain
    found = {path for call in calls_of_the_door(story) for path in pair.compare(*call)}
    assert report(found, OF_THE_DOOR) == ([], [])


# THE SAME TRANSACTIONS ON BOTH NETWORKS

SEALED = "our header carries the sealer's address and signature, and the genesis differs"
OF_THE_BLOCK = "it names another block: the hash differs with the header"
CODE_HASH = "the prestate tracer also gives the code's hash, as newer geth does"
OF_THE_NETWORK = OF_THE_DOOR | {
    "eth_getBlockByNumber.extraData": SEALED,
    "eth_getBlockByNumber.mixHash": SEALED,
    "eth_getBlockByNumber.miner": SEALED,
    "eth_getBlockByNumber.hash": SEALED,
    "eth_getBlockByNumber.parentHash": SEALED,
    "eth_getBlockByNumber.stateRoot": SEALED,
    "eth_getBlockByNumber.size": SEALED,
    "eth_getBlockByNumber.transactions[].blockHash": OF_THE_BLOCK,
    "eth_getBlockReceipts[].blockHash": OF_THE_BLOCK,
    "eth_getBlockReceipts[].logs[].blockHash": OF_THE_BLOCK,
    "eth_getTransactionByBlockNumberAndIndex.blockHash": OF_THE_BLOCK,
    "eth_getTransactionByHash.blockHash": OF_THE_BLOCK,
    "eth_getTransactionReceipt.blockHash": OF_THE_BLOCK,
    "eth_getTransactionReceipt.logs[].blockHash": OF_THE_BLOCK,
    "eth_getLogs[].blockHash": OF_THE_BLOCK,
    "eth_createAccessList.accessList": "a failing execution is a result with `error` beside it, as in geth",
    "eth_createAccessList.data": "a failing execution is a result with `error` beside it, as in geth",
    "eth_createAccessList.error": "a failing execution is a result with `error` beside it, as in geth",
    "eth_createAccessList.gasUsed": "a failing execution is a result with `error` beside it, as in geth",
    "debug_traceCall.structLogs[].gasCost": "CREATE costs its own gas, without what it hands on, as in geth",
    "debug_traceCall.structLogs[].refund": "a step names its refund only where there is one, as in geth",
    "debug_traceTransaction.structLogs[].refund": "a step names its refund only where there is one, as in geth",
    "debug_traceCall.gas": "the top frame's gas is the call's limit, as in geth",
    "debug_traceTransaction.gas": "the top frame's gas is the transaction's limit, as in geth",
    "debug_traceCall.*": "the accounts touched include the block's coinbase, which is another here",
    "debug_traceCall.*.codeHash": CODE_HASH,
    "debug_traceCall.pre.*.codeHash": CODE_HASH,
    "debug_traceCall.post.*.codeHash": CODE_HASH,
    "debug_traceTransaction.pre.*.codeHash": CODE_HASH,
    "debug_traceTransaction.post.*.codeHash": CODE_HASH,
}


@pytest.fixture
def two_chains(tmp_path: Path) -> Iterator[tuple[Pair, Story]]:
    with (
        Anvil(
            "--block-base-fee-per-gas", "0", "--gas-limit", "500000000", "--timestamp", "1767225600", "--steps-tracing"
        ) as process,
        closing(open_network(tmp_path / "chain")) as chain,
        RpcServer(chain) as server,
    ):
        pair = Pair(server.client, Client(process.url))
        story = tell(pair.theirs)
        assert tell(pair.ours) == story
        yield pair, story


def calls_of_the_network(story: Story) -> Iterator[tuple[Any, ...]]:
    yield from calls_of_the_door(story)
    somebody = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    for data in (
        calldata("pages()"),
        calldata("most()"),
        calldata("sign(string)", "short"),
        calldata("sign(string)", "x" * 33),
        calldata("refuse(string)", "because"),
        calldata("divide(uint256)", 0),
        calldata("extend()"),
        "0x12345678",
    ):
        call = {"from": somebody, "to": story.book, "data": data, "gas": "0x1000000"}
        yield from (
            ("eth_call", call, "latest"),
            ("eth_call", call, "0x1"),
            ("eth_createAccessList", call, "latest"),
            ("debug_traceCall", call, "latest", {"tracer": "callTracer", "tracerConfig": {"withLog": True}}),
            ("debug_traceCall", call, "latest", {"tracer": "prestateTracer"}),
            ("debug_traceCall", call, "latest", {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}),
            ("debug_traceCall", call, "latest", {"enableMemory": True, "enableReturnData": True}),
        )
    nine = {"stateDiff": {"0x" + "00" * 32: "0x" + "00" * 31 + "09"}}
    yield from (
        ("eth_call", {"to": story.book, "input": calldata("pages()")}, "latest", {story.book: nine}),
        ("eth_call", {"to": NOBODY, "input": "0x"}, "latest", {NOBODY: {"code": "0x43600052602060002000"}}),
        ("eth_call", {"to": NOBODY}, "latest", {NOBODY: {"code": "0x435f5260205ff3"}}, {"number": "0x1234"}),
        ("eth_getStorageAt", story.book, "0x0", "0x1"),
        ("eth_getTransactionCount", somebody, "0x2"),
        ("eth_getBalance", somebody, "0x0"),
        ("txpool_status",),
        ("txpool_content",),
    )
    steps = [
        {"calls": [{"from": somebody, "to": story.book, "input": calldata("sign(string)", "simulated")}]},
        {"calls": [{"to": story.book, "input": calldata("pages()")}], "stateOverrides": {story.book: nine}},
        {"calls": [{"from": somebody, "to": NOBODY, "value": "0x1"}, {"to": story.book, "input": "0x12345678"}]},
    ]
    yield ("eth_simulateV1", {"blockStateCalls": steps, "traceTransfers": True}, "latest")
    for transaction in (story.created, story.page, story.failed):
        yield from (
            ("debug_traceTransaction", transaction, {"tracer": "callTracer", "tracerConfig": {"withLog": True}}),
            ("debug_traceTransaction", transaction, {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}),
            ("debug_traceTransaction", transaction, {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}),
            ("debug_traceTransaction", transaction, {}),
        )


def test_our_network_answers_as_anvil_does(two_chains: tuple[Pair, Story]) -> None:
    pair, story = two_chains
    found = {path for call in calls_of_the_network(story) for path in pair.compare(*call)}
    assert report(found, OF_THE_NETWORK) == ([], [])


# WHAT EXPLORERS ASK: Parity's traces and Otterscan's methods

UNKNOWN_BLOCK = "null for an unknown block; anvil has an error"
NO_REPLAY = "anvil does not have it"
HEADER_ALONE = "a header alone; anvil has the block"
OF_EXPLORERS = {
    f"{place}.{name}": SEALED
    for place in ("erigon_getHeaderByNumber", "ots_getBlockDetails.block", "ots_getBlockTransactions.fullblock")
    for name in ("extraData", "hash", "miner", "mixHash", "parentHash", "size", "stateRoot")
}
OF_EXPLORERS |= {
    f"{place}.totalDifficulty": OF_THE_DOOR["eth_getBlockByNumber.totalDifficulty"]
    for place in ("erigon_getHeaderByNumber", "ots_getBlockDetails.block", "ots_getBlockTransactions.fullblock")
}
OF_EXPLORERS |= {
    f"{place}.blobGasPrice": OF_THE_DOOR["eth_getTransactionReceipt.blobGasPrice"]
    for place in (
        "ots_getBlockTransactions.receipts[]",
        "ots_searchTransactionsAfter.receipts[]",
        "ots_searchTransactionsBefore.receipts[]",
    )
}
OF_EXPLORERS |= {
    f"{place}.blockHash": OF_THE_BLOCK
    for place in (
        "ots_getBlockTransactions.fullblock.transactions[]",
        "ots_getBlockTransactions.receipts[]",
        "ots_getBlockTransactions.receipts[].logs[]",
        "ots_searchTransactionsAfter.receipts[]",
        "ots_searchTransactionsAfter.receipts[].logs[]",
        "ots_searchTransactionsAfter.txs[]",
        "ots_searchTransactionsBefore.receipts[]",
        "ots_searchTransactionsBefore.receipts[].logs[]",
        "ots_searchTransactionsBefore.txs[]",
        "trace_block[]",
        "trace_filter[]",
        "trace_transaction[]",
    )
}
OF_EXPLORERS |= {
    f"trace_replayTransaction.{name}": NO_REPLAY
    for name in ("data", "error", "output", "stateDiff", "trace", "vmTrace")
}
OF_EXPLORERS |= {f"erigon_getHeaderByNumber.{name}": HEADER_ALONE for name in ("transactions", "uncles", "withdrawals")}
OF_EXPLORERS |= {
    "ots_getBlockDetails": UNKNOWN_BLOCK,
    "ots_getBlockDetailsByHash": UNKNOWN_BLOCK,
    "ots_getBlockTransactions": UNKNOWN_BLOCK,
    "ots_getInternalOperations": "what the transaction itself makes is not internal, as with Erigon; anvil lists it",
    "ots_traceTransaction": "creations and destructions are in it, as with Erigon; anvil leaves them out",
    "trace_replayBlockTransactions": "an unknown block is an error; anvil has an empty list",
}


def calls_of_explorers(story: Story) -> Iterator[tuple[Any, ...]]:
    somebody = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    for transaction in (story.created, story.page, story.failed, NOWHERE):
        yield from (
            ("trace_transaction", transaction),
            ("trace_replayTransaction", transaction, ["trace"]),
            ("ots_getInternalOperations", transaction),
            ("ots_getTransactionError", transaction),
            ("ots_traceTransaction", transaction),
        )
    for block in (0, 1, 2, 3, 4, 99):
        yield from (
            ("trace_block", hex(block)),
            ("trace_replayBlockTransactions", hex(block), ["trace"]),
            ("ots_getBlockDetails", block),
            ("ots_getBlockTransactions", block, 0, 10),
            ("erigon_getHeaderByNumber", hex(block)),
        )
    for wanted in ({}, {"toAddress": [story.book]}, {"fromAddress": [somebody]}, {"toAddress": [NOBODY]}):
        yield ("trace_filter", {"fromBlock": "0x1", "toBlock": "0x4", **wanted})
    yield ("trace_filter", {"fromBlock": "0x1", "toBlock": "0x4", "after": 1, "count": 2})
    yield from (("ots_getApiLevel",), ("ots_getBlockDetailsByHash", NOWHERE))
    for address in (story.book, somebody, NOBODY):
        yield from (
            ("ots_hasCode", address, "latest"),
            ("ots_hasCode", address, "0x0"),
            ("ots_getContractCreator", address),
            ("ots_getTransactionBySenderAndNonce", address, 1),
            ("ots_searchTransactionsBefore", address, 0, 10),
            ("ots_searchTransactionsAfter", address, 0, 10),
            ("eth_getAccount", address, "latest"),
            ("eth_getAccountInfo", address, "latest"),
        )


def test_explorers_are_answered_as_anvil_answers_them(two_chains: tuple[Pair, Story]) -> None:
    pair, story = two_chains
    found = {path for call in calls_of_explorers(story) for path in pair.compare(*call)}
    assert report(found, OF_EXPLORERS) == ([], [])


def test_every_difference_is_explained_on_the_reference_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    reasons = (*OF_THE_NETWORK.values(), *OF_EXPLORERS.values(), SIMULATED)
    assert [reason for reason in reasons if reason not in page] == []
