"""Traces through the door: steps, frames and prestate, of transactions, blocks and calls."""

from typing import Any

import pytest

from tests.rpc.network import Developer, calldata
from tests.rpc.server import Answered, Client

NOWHERE = "0x" + "99" * 32


@pytest.fixture
def book(developer: Developer) -> str:
    return developer.deploy()


@pytest.fixture
def page(developer: Developer, book: str) -> dict[str, Any]:
    return developer.write(book, "first")


def test_a_transactions_steps_end_as_its_receipt_says(rpc: Client, page: dict[str, Any]) -> None:
    trace = rpc("debug_traceTransaction", page["transactionHash"])
    assert trace["gas"] == int(page["gasUsed"], 16)
    assert trace["failed"] is False
    assert trace["structLogs"][0]["pc"] == 0
    assert trace["structLogs"][-1]["op"] == "RETURN"
    assert {step["op"] for step in trace["structLogs"]} > {"SLOAD", "SSTORE", "LOG3", "KECCAK256"}
    assert "memory" not in trace["structLogs"][0]


def test_steps_show_what_was_asked_for(rpc: Client, page: dict[str, Any]) -> None:
    options = {"enableMemory": True, "disableStack": True, "disableStorage": True, "enableReturnData": True}
    steps = rpc("debug_traceTransaction", page["transactionHash"], options)["structLogs"]
    assert all("stack" not in step and "storage" not in step for step in steps)
    assert all(len(word) == 66 for step in steps for word in step["memory"])
    few = rpc("debug_traceTransaction", page["transactionHash"], {"limit": 3})["structLogs"]
    assert [step["pc"] for step in few] == [step["pc"] for step in steps[:3]]


def test_hot_code_is_traced_step_by_step_too(rpc: Client, developer: Developer, book: str) -> None:
    for _ in range(12):
        developer.write(book, "again")
    call = {"to": book, "data": calldata("pages()")}
    steps = rpc("debug_traceCall", call, "latest")["structLogs"]
    assert [step["pc"] for step in steps[:3]] == [0, 2, 4]


def test_the_call_tracer_shows_frames_and_logs(
    rpc: Client, developer: Developer, book: str, page: dict[str, Any]
) -> None:
    options = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
    frame = rpc("debug_traceTransaction", page["transactionHash"], options)
    assert (frame["type"], frame["from"], frame["to"], frame["value"]) == ("CALL", developer.address, book, "0x0")
    assert frame["gasUsed"] == page["gasUsed"]
    assert frame["logs"][0]["topics"] == page["logs"][0]["topics"]
    extending = rpc("debug_traceCall", {"to": book, "data": calldata("extend()")}, "latest", {"tracer": "callTracer"})
    assert [call["type"] for call in extending["calls"]] == ["CREATE"]


def test_the_call_tracer_tells_why_a_frame_failed(rpc: Client, book: str) -> None:
    call = {"to": book, "data": calldata("refuse(string)", "because")}
    frame = rpc("debug_traceCall", call, "latest", {"tracer": "callTracer"})
    assert (frame["error"], frame["revertReason"]) == ("execution reverted", "because")


def test_the_prestate_tracer_shows_what_was_there_and_what_changed(
    rpc: Client, developer: Developer, book: str, page: dict[str, Any]
) -> None:
    before = rpc("debug_traceTransaction", page["transactionHash"], {"tracer": "prestateTracer"})
    assert before[developer.address]["nonce"] == 1
    assert before[book]["storage"]["0x" + "00" * 32] == "0x" + "00" * 32
    options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    change = rpc("debug_traceTransaction", page["transactionHash"], options)
    assert change["post"][developer.address] == {"nonce": 2}
    assert change["post"][book]["storage"]["0x" + "00" * 32] == "0x" + "00" * 31 + "01"


def test_a_block_is_traced_transaction_by_transaction(rpc: Client, page: dict[str, Any]) -> None:
    by_number = rpc("debug_traceBlockByNumber", "latest", {"tracer": "callTracer"})
    assert [one["txHash"] for one in by_number] == [page["transactionHash"]]
    assert rpc("debug_traceBlockByHash", page["blockHash"], {"tracer": "callTracer"}) == by_number


def test_a_call_is_traced_on_overridden_state(rpc: Client, book: str) -> None:
    nine = {"stateDiff": {"0x" + "00" * 32: "0x" + "00" * 31 + "09"}}
    options = {"tracer": "callTracer", "stateOverrides": {book: nine}}
    frame = rpc("debug_traceCall", {"to": book, "data": calldata("pages()")}, "latest", options)
    assert int(frame["output"], 16) == 9


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("debug_traceTransaction", [NOWHERE], -32000),
        ("debug_traceTransaction", [NOWHERE, {"tracer": "{step: function() {}}"}], -32602),
        ("debug_traceTransaction", [NOWHERE, {"limit": "3"}], -32602),
        ("debug_traceTransaction", ["0x12"], -32602),
        ("debug_traceBlockByNumber", ["0x0"], -32000),
        ("debug_traceBlockByNumber", ["0x99"], -32000),
        ("debug_traceCall", [{"to": "0x"}], -32602),
    ],
)
def test_what_cannot_be_traced_is_refused(rpc: Client, method: str, params: list[Any], code: int) -> None:
    with pytest.raises(Answered) as refused:
        rpc(method, *params)
    assert refused.value.code == code


def test_options_are_known_by_their_names_whatever_their_case(rpc: Client, page: dict[str, Any]) -> None:
    """geth's own Go client has no JSON names for some, and writes them with a capital, and null for what is not set."""
    of = page["transactionHash"]
    plain = rpc("debug_traceTransaction", of, {"tracer": "callTracer", "tracerConfig": {"withLog": True}})
    nulls = {"Timeout": None, "Reexec": None, "EnableMemory": False, "Limit": 0}
    go = {"Tracer": "callTracer", "TracerConfig": {"WITHLOG": True}, **nulls}
    assert plain["logs"]
    assert rpc("debug_traceTransaction", of, go) == plain
    assert all("stack" not in step for step in rpc("debug_traceTransaction", of, {"DisableStack": True})["structLogs"])


@pytest.mark.parametrize(
    "options",
    [
        {"tracer": "muxTracer", "tracerConfig": {"nothingTracer": {}}}, {"tracer": "muxTracer", "tracerConfig": []},
        {"tracer": "muxTracer", "tracerConfig": {"callTracer": {"nothing": 1}}},
        {"tracre": "callTracer"}, {"Tracer": "nothingTracer"}, {"tracer": "{fault: function() {}}"}, {"overrides": {}},
        {"txIndex": "0x1"}, {"tracer": "callTracer", "tracerConfig": {"onlytopcal": True}}, {"": 1},
    ],
)  # fmt: skip
def test_an_unknown_tracer_or_option_is_refused(rpc: Client, page: dict[str, Any], options: dict[str, Any]) -> None:
    call = {"to": page["to"], "data": "0x"}
    for method, arguments in (
        ("debug_traceTransaction", [page["transactionHash"]]), ("debug_traceCall", [call, "latest"]),
        ("debug_traceBlockByNumber", ["latest"]),
    ):  # fmt: skip
        with pytest.raises(Answered, match=r"not known|unknown option|expected an object") as refused:
            rpc(method, *arguments, options)
        assert refused.value.code == -32602
