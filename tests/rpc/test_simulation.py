"""eth_simulateV1: blocks of calls on one another, and what makes a simulation impossible."""

from typing import Any

import pytest

from tests.rpc.network import Developer, calldata
from tests.rpc.server import Answered, Client

NOBODY = "0x" + "99" * 20
ECRECOVER, SHA256 = "0x" + "00" * 19 + "01", "0x" + "00" * 19 + "02"
POOR = "0x" + "98" * 20


@pytest.fixture
def book(developer: Developer) -> str:
    return developer.deploy()


def sign(developer: Developer, book: str, words: str) -> dict[str, str]:
    return {"from": developer.address, "to": book, "input": calldata("sign(string)", words)}


def simulate(rpc: Client, *steps: dict[str, Any], **options: Any) -> Any:
    return rpc("eth_simulateV1", {"blockStateCalls": list(steps), **options}, "latest")


def test_each_block_builds_on_the_one_before_and_none_is_kept(rpc: Client, developer: Developer, book: str) -> None:
    pages = {"to": book, "input": calldata("pages()")}
    first, second = simulate(
        rpc, {"calls": [sign(developer, book, "one"), sign(developer, book, "two")]}, {"calls": [pages]}
    )
    assert [int(call["returnData"], 16) for call in first["calls"]] == [1, 2]
    assert int(second["calls"][0]["returnData"], 16) == 2
    assert second["parentHash"] == first["hash"]
    assert (first["number"], second["number"]) == ("0x2", "0x3")
    assert rpc("eth_blockNumber") == "0x1"


def test_logs_and_gas_of_a_simulated_call_are_those_of_a_real_one(rpc: Client, developer: Developer, book: str) -> None:
    (block,) = simulate(rpc, {"calls": [sign(developer, book, "hello")]})
    (call,) = block["calls"]
    receipt = developer.write(book, "hello")
    assert call["gasUsed"] == receipt["gasUsed"]
    assert int(call["maxUsedGas"], 16) >= int(call["gasUsed"], 16)
    assert call["logs"][0]["topics"] == receipt["logs"][0]["topics"]
    assert call["status"] == "0x1"


def test_a_revert_is_reported_and_its_neighbours_go_on(rpc: Client, developer: Developer, book: str) -> None:
    calls = [sign(developer, book, "x" * 40), sign(developer, book, "fits")]
    (block,) = simulate(rpc, {"calls": calls})
    refused, signed = block["calls"]
    assert (refused["status"], refused["error"]["code"]) == ("0x0", 3)
    assert refused["error"]["message"].startswith("execution reverted")
    assert signed["status"] == "0x1"


def test_state_and_block_are_overridden_per_block(rpc: Client) -> None:
    number = {"code": "0x435f5260205ff3"}
    first, second = simulate(
        rpc,
        {"stateOverrides": {NOBODY: number}, "calls": [{"to": NOBODY}], "blockOverrides": {"number": "0x10"}},
        {"calls": [{"to": NOBODY}]},
    )[-2:]
    assert int(first["calls"][0]["returnData"], 16) == 0x10
    assert int(second["calls"][0]["returnData"], 16) == 0x11


def test_skipped_numbers_are_filled_with_empty_blocks(rpc: Client) -> None:
    blocks = simulate(rpc, {"blockOverrides": {"number": "0x3"}, "calls": []})
    assert [block["number"] for block in blocks] == ["0x1", "0x2", "0x3"]
    assert [block["calls"] for block in blocks] == [[], [], []]


def test_transfers_of_ether_are_logged_on_request(rpc: Client, developer: Developer) -> None:
    transfer = {"from": developer.address, "to": NOBODY, "value": "0x5"}
    (plain,) = simulate(rpc, {"calls": [transfer]})
    (traced,) = simulate(rpc, {"calls": [transfer]}, traceTransfers=True)
    assert plain["calls"][0]["logs"] == []
    (log,) = traced["calls"][0]["logs"]
    assert int(log["data"], 16) == 5


def test_whole_transactions_are_shown_on_request(rpc: Client, developer: Developer) -> None:
    transfer = {"from": developer.address, "to": NOBODY, "value": "0x5"}
    (hashes,) = simulate(rpc, {"calls": [transfer]})
    (whole,) = simulate(rpc, {"calls": [transfer]}, returnFullTransactions=True)
    assert [one["hash"] for one in whole["transactions"]] == hashes["transactions"]
    assert whole["transactions"][0]["from"] == developer.address


@pytest.mark.parametrize(
    ("steps", "options", "code"),
    [
        ([], {}, -32602),
        ([{"blockOverrides": {"number": "0x0"}}], {}, -38020),
        ([{"blockOverrides": {"number": "0x9"}}, {"blockOverrides": {"number": "0x9"}}], {}, -38020),
        ([{"blockOverrides": {"time": "0x1"}}], {}, -38021),
        ([{"blockOverrides": {"number": "0x999"}}], {}, -38026),
        (
            [{"stateOverrides": {"0x" + "00" * 19 + "01": {"movePrecompileToAddress": "0x" + "00" * 19 + "01"}}}],
            {},
            -38022,
        ),
        (
            [
                {
                    "stateOverrides": {
                        ECRECOVER: {"movePrecompileToAddress": NOBODY},
                        SHA256: {"movePrecompileToAddress": NOBODY},
                    }
                }
            ],
            {},
            -38023,
        ),
        ([{"calls": [{"from": POOR, "to": NOBODY, "nonce": "0x5"}]}], {"validation": True}, -38011),
        ([{"calls": [{"from": POOR, "to": NOBODY, "value": "0x1"}]}], {"validation": True}, -38014),
        ([{"calls": [{"from": POOR, "to": NOBODY, "gas": "0x1"}]}], {}, -38013),
        ([{"calls": [{"to": NOBODY, "chainId": "0x1"}]}], {}, -32602),
        ([{"calls": "all"}], {}, -32602),
    ],
)
def test_an_impossible_simulation_is_refused_with_its_code(
    rpc: Client, steps: list[Any], options: dict[str, Any], code: int
) -> None:
    with pytest.raises(Answered) as refused:
        simulate(rpc, *steps, **options)
    assert refused.value.code == code
