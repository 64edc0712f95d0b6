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


# AS GETH 1.16.9 ANSWERS

ALICE, BOB, CAROL = ("0x" + pair * 20 for pair in ("aa", "bb", "cc"))
FUNDED = {ALICE: {"balance": "0x10"}}


def one_call(rpc: Client, call: dict[str, Any], overrides: dict[str, Any], **options: Any) -> Any:
    step = {"calls": [{"from": ALICE, **call}], "stateOverrides": FUNDED | overrides}
    return simulate(rpc, step, **options)[0]["calls"][0]


def test_a_price_below_the_base_fee_is_named_before_a_lack_of_funds(rpc: Client) -> None:
    for fee, code in (("0x0", -38012), ("0xa", -38014)):
        call = {"from": ALICE, "to": BOB, "value": "0x999999", "maxFeePerGas": fee, "gas": "0x5208"}
        step = {"calls": [call], "stateOverrides": FUNDED, "blockOverrides": {"baseFeePerGas": "0xa"}}
        with pytest.raises(Answered) as refused:
            simulate(rpc, step, validation=True)
        assert refused.value.code == code


@pytest.mark.parametrize("override", [{"code": "0x"}, {"balance": "0x5"}, {"nonce": "0x5"}])
def test_a_precompile_that_is_overridden_is_an_account_and_stays_warm(rpc: Client, override: dict[str, str]) -> None:
    pretended = {SHA256: override}
    assert one_call(rpc, {"to": SHA256, "input": "0x12"}, pretended)["returnData"] == "0x"
    asks_balance = {BOB: {"code": "0x600231"}}
    warm, moved = (
        one_call(rpc, {"to": BOB}, asks_balance | other)
        for other in (pretended, {SHA256: {"movePrecompileToAddress": CAROL}})
    )
    assert warm["gasUsed"] == moved["gasUsed"] == hex(21_000 + 3 + 100)
    there = one_call(
        rpc, {"to": BOB}, {BOB: {"code": "0x73" + CAROL[2:] + "31"}, SHA256: {"movePrecompileToAddress": CAROL}}
    )
    assert there["gasUsed"] == hex(21_000 + 3 + 2_600), "where it was moved to is cold"


@pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode present")
@pytest.mark.parametrize(("code", "balance", "values"), [
    ("0x73" + "cc" * 20 + "ff", "0x5", [1, 6]), ("0x30ff", "0x5", [1, 6]), ("0x73" + "cc" * 20 + "fffd", "0x0", [1, 1]),
    ("0x5f5ffd", "0x5", []),
])  # fmt: skip
def test_what_a_selfdestruct_moves_is_a_transfer_too(rpc: Client, code: str, balance: str, values: list[int]) -> None:
    account = {BOB: {"code": code, "balance": balance}}
    logs = one_call(rpc, {"to": BOB, "value": "0x1"}, account, traceTransfers=True)["logs"]
    assert [int(log["data"], 16) for log in logs] == values
    assert [int(log["logIndex"], 16) for log in logs] == [*range(len(values))]
    if values:
        assert logs[1]["topics"][1].endswith(BOB[2:])


def test_a_blob_fee_of_zero_alone_is_no_blob(rpc: Client) -> None:
    assert one_call(rpc, {"to": BOB, "maxFeePerBlobGas": "0x0"}, {})["status"] == "0x1"
    with pytest.raises(Answered, match="blob transactions are not part"):
        one_call(rpc, {"to": BOB, "maxFeePerBlobGas": "0x0", "blobVersionedHashes": ["0x01" + "00" * 31]}, {})


def test_a_delegating_transaction_needs_a_recipient_to_be_filled(rpc: Client) -> None:
    one = {"chainId": "0x0", "address": BOB, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"}
    with pytest.raises(Answered, match="cannot be used to create contract") as refused:
        rpc("eth_fillTransaction", {"from": ALICE, "authorizationList": [one]})
    assert refused.value.code == -32602
    assert rpc("eth_fillTransaction", {"from": ALICE, "to": BOB, "authorizationList": [one]})["tx"]["type"] == "0x4"


def test_a_type_may_be_a_number(rpc: Client) -> None:
    asked = {"from": ALICE, "to": BOB}
    assert rpc("eth_fillTransaction", asked | {"type": 2}) == rpc("eth_fillTransaction", asked | {"type": "0x2"})
    with pytest.raises(Answered, match="its fields make it type 2, not type 4"):
        rpc("eth_fillTransaction", asked | {"type": 4})


def test_asking_for_no_account_s_storage_is_refused(rpc: Client) -> None:
    with pytest.raises(Answered, match="name at least one account") as refused:
        rpc("eth_getStorageValues", {}, "latest")
    assert refused.value.code == -32602
    assert rpc("eth_getStorageValues", {BOB: ["0x0"]}, "latest") == {BOB: ["0x" + "00" * 32]}
