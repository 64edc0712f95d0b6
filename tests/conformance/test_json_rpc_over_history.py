"""A public test chain of the Ethereum execution APIs behind our door: 45 blocks under every fork up to Prague.

Nobody here made these blocks, so every shape of transaction, receipt and header that other clients ever wrote is met.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie

from ledger_node.chain.blockfiles import import_file, read_blocks
from ledger_node.chain.geth_genesis import parse_geth_genesis
from ledger_node.chain.pyevm.engine import open_stored_chain
from tests.conformance.rpc.schema import faults
from tests.rpc.server import Answered, Client, RpcServer

DATA = Path(__file__).parent / "data"
HEAD = 45
EVERY_BLOCK = [hex(number) for number in range(HEAD + 1)]


@pytest.fixture(scope="module")
def rpc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    genesis = parse_geth_genesis(json.loads((DATA / "genesis.json").read_text(encoding="utf-8")))
    with closing(open_stored_chain(tmp_path_factory.mktemp("history") / "chain", genesis)) as chain:
        import_file(chain, DATA / "chain.rlp")
        with RpcServer(chain) as server:
            yield server.client


A, B, C = (f"0xc{number}" + "0" * 38 for number in range(3))


@pytest.mark.parametrize(
    ("step", "block_hash"),
    [
        (
            {
                "stateOverrides": {A: {"balance": "0x3e8"}},
                "calls": [{"from": A, "to": B, "value": "0x3e8"}, {"from": B, "to": C, "value": "0x3e8"}],
            },
            "0xe67b3e473ef02a1d6ddbfc033835c199873dc3d1a777707d6f6c530dfe45b4f5",
        ),
        (
            {"stateOverrides": {A: {"nonce": "0xa"}}, "calls": [{"from": B, "to": B, "nonce": "0x0"}]},
            "0x0950b3e11994eccf3c4c0c5b5909be07503752773e38b32982a6d358beaf675e",
        ),
    ],
)
def test_a_simulated_block_has_the_hash_that_geth_gives_it(rpc: Client, step: dict[str, Any], block_hash: str) -> None:
    """As published with the execution APIs' tests: header, state, transactions and receipts are in it."""
    (block,) = rpc("eth_simulateV1", {"blockStateCalls": [step]}, "latest")
    assert block["hash"] == block_hash


@pytest.mark.parametrize(
    ("parent", "size", "block_hash"),
    [
        (1, "0x1fc", "0xd1c03d8586b7b759ee51a9705bf8459d4a02f83cce627426323f5c632dbcd0bd"),
        (7, "0x1fc", "0xc74cfd44a7a1aa31a95b60bac87eb811d3631ccc718fe289e6ee09b1b62c15a6"),
        (8, "0x1fc", "0x4f2626bb2d1b8a8bac691de507f2df9d88f6ff6f835af89518085c3b0a974360"),
        (26, "0x1ff", "0x72ae5fd2fa7b551d5aab25a409dae0d81e6ece7396f0b08e0dc9a2ac0ce16a4b"),
        (38, "0x21e", "0x1459b8dfd454c7a94e8229cadffd6653e436a962019195ee7c199c749271e4da"),
        (41, "0x241", "0xc63d9cb8136577aac9f212dae4bd9f01d19743811aa4c00158aa30e8089e7a5b"),
        (44, "0x262", "0x4f064f08c3402fda462a0f8b86b19c68df63b8f1b18d99d73e568b6ca056e792"),
        (45, "0x262", "0x8b8964bfcf7d8e280ed6812a581f67beda47d2b0f6316e1709bcff7d093e02b7"),
    ],
)
def test_a_simulated_block_is_its_forks_whatever_its_parents_is(
    rpc: Client, parent: int, size: str, block_hash: str
) -> None:
    """As geth 1.16 answers over this chain: with a reward before the merge, and from a fork's first block on with the
    fork's base fee, withdrawals, blob gas and requests."""
    (block,) = rpc("eth_simulateV1", {"blockStateCalls": [{}]}, hex(parent))
    assert (block["size"], block["hash"]) == (size, block_hash)


def test_a_call_before_london_is_simulated_as_a_transaction_of_its_time(rpc: Client) -> None:
    step = {"stateOverrides": {A: {"balance": "0x10"}}, "calls": [{"from": A, "to": B, "value": "0x1"}]}
    for parent, kind in (("0xb", "0x0"), ("0x2d", "0x2")):
        asked = {"blockStateCalls": [step], "returnFullTransactions": True}
        (block,) = rpc("eth_simulateV1", asked, parent)
        assert [one["type"] for one in block["transactions"]] == [kind]


def test_what_a_failed_simulated_call_gave_back_is_with_its_error_alone(rpc: Client) -> None:
    code = {A: {"balance": "0x5"}, B: {"code": "0x60aa5f5260205ffd"}}
    calls = [{"from": A, "to": B, "value": "0x5", "gas": "0x10000"}]
    (block,) = rpc("eth_simulateV1", {"blockStateCalls": [{"stateOverrides": code, "calls": calls}]}, "latest")
    (reverted,) = block["calls"]
    assert (reverted["status"], reverted["returnData"], reverted["error"]["data"]) == ("0x0", "0x", f"0x{0xAA:064x}")


def test_traced_transfers_are_shown_and_change_neither_receipts_nor_the_blocks_hash(rpc: Client) -> None:
    step = {"stateOverrides": {A: {"balance": "0x3e8"}}, "calls": [{"from": A, "to": B, "value": "0x3e8"}]}
    (plain,) = rpc("eth_simulateV1", {"blockStateCalls": [step]}, "latest")
    (traced,) = rpc("eth_simulateV1", {"blockStateCalls": [step], "traceTransfers": True}, "latest")
    assert traced["hash"] == plain["hash"]
    assert [len(block["calls"][0]["logs"]) for block in (plain, traced)] == [0, 1]


def test_the_beacon_root_of_a_simulated_block_is_the_one_given_or_none(rpc: Client) -> None:
    root = "0x" + "12" * 32
    read = {"to": "0x000f3df6d732807ef1319fb7b8bb8522d0beac02", "input": f"0x{10_000:064x}"}
    for given, seen in (({}, "0x" + "00" * 32), ({"beaconRoot": root}, root)):
        step = {"blockOverrides": {"time": hex(10_000), **given}, "calls": [read]}
        (block,) = rpc("eth_simulateV1", {"blockStateCalls": [step]}, "latest")
        assert block["parentBeaconBlockRoot"] == seen
        assert block["calls"][0]["returnData"] == seen


def blocks(rpc: Client) -> list[dict[str, Any]]:
    return [rpc("eth_getBlockByNumber", number, True) for number in EVERY_BLOCK]


def test_every_header_hashes_to_its_blocks_hash(rpc: Client) -> None:
    for block in blocks(rpc):
        assert rpc("web3_sha3", rpc("debug_getRawHeader", block["number"])) == block["hash"]
        assert rpc("eth_getBlockByHash", block["hash"], True) == block


def test_every_transaction_is_found_each_way_and_is_its_raw_bytes(rpc: Client) -> None:
    seen = set()
    for block in blocks(rpc):
        for index, transaction in enumerate(block["transactions"]):
            seen.add((transaction["type"], "chainId" in transaction))
            assert rpc("eth_getTransactionByHash", transaction["hash"]) == transaction
            assert rpc("eth_getTransactionByBlockHashAndIndex", block["hash"], hex(index)) == transaction
            assert rpc("eth_getTransactionBySenderAndNonce", transaction["from"], transaction["nonce"]) == transaction
            assert rpc("web3_sha3", rpc("eth_getRawTransactionByHash", transaction["hash"])) == transaction["hash"]
    # All five types, and legacy ones from before EIP-155, which name no chain.
    assert {kind for kind, _ in seen} == {"0x0", "0x1", "0x2", "0x3", "0x4"}
    assert ("0x0", False) in seen


def test_every_receipt_is_the_blocks_and_adds_up(rpc: Client) -> None:
    for block in blocks(rpc):
        receipts = rpc("eth_getBlockReceipts", block["number"])
        assert [rpc("eth_getTransactionReceipt", one["hash"]) for one in block["transactions"]] == receipts
        assert sum(int(receipt["gasUsed"], 16) for receipt in receipts) == int(block["gasUsed"], 16)
        logs = [log for receipt in receipts for log in receipt["logs"]]
        assert [int(log["logIndex"], 16) for log in logs] == list(range(len(logs)))
        assert rpc("eth_getLogs", {"blockHash": block["hash"]}) == logs
        for receipt in receipts:
            assert ("root" in receipt) != ("status" in receipt)
            assert ("blobGasUsed" in receipt) == (receipt["type"] == "0x3")


def test_every_transaction_traced_uses_the_gas_its_receipt_says(rpc: Client) -> None:
    for block in blocks(rpc):
        for transaction in block["transactions"]:
            receipt = rpc("eth_getTransactionReceipt", transaction["hash"])
            steps = rpc("debug_traceTransaction", transaction["hash"])
            assert steps["gas"] == int(receipt["gasUsed"], 16)
            frame = rpc("debug_traceTransaction", transaction["hash"], {"tracer": "callTracer"})
            assert frame["gasUsed"] == receipt["gasUsed"]
            assert ("error" in frame) == (receipt.get("status") == "0x0")


def test_a_proof_at_every_block_leads_to_its_state_root(rpc: Client) -> None:
    touched = sorted({one["to"] for block in blocks(rpc) for one in block["transactions"] if one["to"]})[:4]
    for block in blocks(rpc):
        root = bytes.fromhex(block["stateRoot"][2:])
        for address in touched:
            proof = rpc("eth_getProof", address, ["0x0"], block["number"])
            nodes = [rlp.decode(bytes.fromhex(node[2:])) for node in proof["accountProof"]]
            account = HexaryTrie.get_from_proof(root, keccak(bytes.fromhex(address[2:])), nodes)
            balance = int.from_bytes(rlp.decode(account)[1], "big") if account else 0
            assert proof["balance"] == rpc("eth_getBalance", address, block["number"]) == hex(balance)


def test_history_answers_calls_at_every_block(rpc: Client) -> None:
    block_number = {"0x" + "99" * 20: {"code": "0x4360005260206000f3"}}
    for number in EVERY_BLOCK:
        answer = rpc("eth_call", {"to": "0x" + "99" * 20}, number, block_number)
        assert int(answer, 16) == int(number, 16)


def test_fees_follow_eip_1559_on_history_that_has_them(rpc: Client) -> None:
    history = rpc("eth_feeHistory", hex(HEAD + 1), "latest", [50])
    shown = [block.get("baseFeePerGas", "0x0") for block in blocks(rpc)]
    assert history["baseFeePerGas"][:-1] == shown
    assert history["baseFeePerGas"][-1] == rpc("eth_gasPrice")
    first = next(number for number, block in enumerate(blocks(rpc)) if "baseFeePerGas" in block)
    for number in range(first, HEAD):
        again = rpc("eth_feeHistory", "0x1", hex(number), [])
        assert again["baseFeePerGas"][1] == shown[number + 1]


def test_nothing_is_made_and_nothing_invented(rpc: Client) -> None:
    assert rpc("eth_blockNumber") == hex(HEAD)
    assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_the_rules_of_the_newest_fork_are_told_as_geth_tells_them(rpc: Client) -> None:
    answer = rpc("eth_config")
    assert not list(faults("eth_config", answer))
    assert (answer["next"], answer["last"]) == (None, None)
    current = answer["current"]
    assert (current["activationTime"], current["forkId"]) == (450, "0xe29a7b81")
    assert current["chainId"] == rpc("eth_chainId")
    assert current["blobSchedule"] == {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716}
    assert [int(address, 16) for address in current["precompiles"].values()] == list(range(1, 18))
    assert current["systemContracts"] == {
        "BEACON_ROOTS_ADDRESS": "0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
        "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": "0x0000bbddc7ce488642fb579f8b00f3a590007251",
        "DEPOSIT_CONTRACT_ADDRESS": "0x" + "00" * 20,
        "HISTORY_STORAGE_ADDRESS": "0x0000f90827f1c53a10cb7a02335b175320002935",
        "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": "0x00000961ef480eb55e80d19ad83579a64c007002",
    }


def test_of_a_chain_that_ends_earlier_the_forks_to_come_are_told_too(tmp_path: Path) -> None:
    def told(part: Any) -> tuple[int, ...]:
        schedule = part["blobSchedule"]
        return part["activationTime"], len(part["precompiles"]), len(part["systemContracts"]), schedule["target"]

    shanghai, cancun, prague = (390, 9, 0, 0), (420, 10, 1, 3), (450, 17, 5, 6)
    genesis = parse_geth_genesis(json.loads((DATA / "genesis.json").read_text(encoding="utf-8")))
    with closing(open_stored_chain(tmp_path / "chain", genesis)) as chain, RpcServer(chain) as server:
        rest = iter(read_blocks(DATA / "chain.rlp"))
        for raw in islice(rest, 38):
            chain.import_block(raw)
        with pytest.raises(Answered, match="from before Shanghai"):
            server.client("eth_config")
        for count, current, following in ((2, shanghai, cancun), (3, cancun, prague)):
            for raw in islice(rest, count):
                chain.import_block(raw)
            answer = server.client("eth_config")
            assert (told(answer["current"]), told(answer["next"])) == (current, following)
            assert (told(answer["last"]), answer["last"]["forkId"]) == (prague, "0xe29a7b81")
