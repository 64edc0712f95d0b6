"""Traces through the door: steps, frames and prestate, of transactions, blocks and calls."""

from typing import Any

import pytest

from tests.rpc.network import Developer, calldata
from tests.rpc.server import Answered, Client

NOWHERE = "0x" + "99" * 32
NOBODY, SLOT_1 = "0x" + "99" * 20, "0x" + "00" * 31 + "01"


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


# WHAT FAILS, AS GETH 1.16.9 SHOWS IT

ALICE, BOB, CAROL, DAVE = ("0x" + pair * 20 for pair in ("aa", "bb", "cc", "99"))
PUSH_CAROL = "73" + CAROL[2:]


def traced(rpc: Client, code: str, options: dict[str, Any], *, gas: int = 0x100000, **others: dict[str, str]) -> Any:
    accounts = {BOB: {"code": code}, ALICE: {"balance": "0x100"}, **others}
    call = {"from": ALICE, "to": BOB, "gas": hex(gas)}
    return rpc("debug_traceCall", call, "latest", {**options, "stateOverrides": accounts})


CALLS = {"tracer": "callTracer"}
FRAME = {"from": BOB, "input": "0x", "gasUsed": "0x0"}
NO_FUNDS = {**FRAME, "value": "0x1", "error": "insufficient balance for transfer"}


@pytest.mark.parametrize(
    ("code", "frame"),
    [
        ("0x5f5f5f5f6001" + PUSH_CAROL + "5af100", NO_FUNDS | {"type": "CALL", "to": CAROL, "gas": "0xeeb71"}),
        ("0x5f5f6001f000", NO_FUNDS | {"type": "CREATE", "gas": "0xef42e"}),
        ("0x5f5f5f5ff55f5f5f5ff500", {"from": BOB, "input": "0x", "type": "CREATE2", "gas": "0xe7919",
                                      "gasUsed": "0xe7919", "value": "0x0", "error": "contract address collision"}),
    ],
)  # fmt: skip
def test_a_call_that_did_not_begin_is_a_frame(rpc: Client, code: str, frame: dict[str, str]) -> None:
    assert traced(rpc, code, CALLS)["calls"][-1] == frame


def test_a_creation_by_an_account_without_a_further_nonce_is_a_frame(rpc: Client) -> None:
    account = {"code": "0x5f5f5ff000", "nonce": "0xffffffffffffffff"}
    (frame,) = traced(rpc, "0x", CALLS, **{BOB: account})["calls"]
    assert frame == FRAME | {"type": "CREATE", "gas": "0xef42f", "value": "0x0", "error": "nonce uint64 overflow"}


DESTROYS = {"code": "0x73" + DAVE[2:] + "ff", "balance": "0x1"}


@pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode present")
def test_only_a_selfdestruct_that_took_place_is_a_frame(rpc: Client) -> None:
    (frame,) = traced(rpc, "0x", CALLS, **{BOB: DESTROYS})["calls"]
    assert (frame["type"], frame["from"], frame["to"], frame["value"]) == ("SELFDESTRUCT", BOB, DAVE, "0x1")
    for gas in (0x5300, 0x6000):
        lacking = traced(rpc, "0x", CALLS, gas=gas, **{BOB: DESTROYS})
        assert (lacking["error"], "calls" in lacking) == ("out of gas", False)
    (static,) = traced(rpc, "0x5f5f5f5f" + PUSH_CAROL + "5afa00", CALLS, **{CAROL: DESTROYS})["calls"]
    assert (static["error"], "calls" in static) == ("write protection", False)


@pytest.mark.parametrize("gas", [10**7, 3 * 10**7, 10**12])
def test_a_trace_may_be_as_deep_as_calls_are(rpc: Client, gas: int) -> None:
    frame, depth = traced(rpc, "0x5f5f5f5f5f305af100", CALLS, gas=gas), 0
    while "calls" in frame:
        (frame,), depth = frame["calls"], depth + 1
    assert depth > 127
    assert (frame["from"], frame["to"]) == (BOB, BOB)


MEGABYTE = "0x6001620fffe0525b"
HANDED_ON = MEGABYTE + "5f5f620ffff05f5f602261fffff150600756"
NOT_TAKEN = MEGABYTE + "5f5f620ffff05f6001602261fffff150600756"  # whose value is not there
FLAT, SELECTORS, TOP = {"tracer": "flatCallTracer"}, {"tracer": "4byteTracer"}, {"onlyTopCall": True}


@pytest.mark.parametrize("options", [CALLS, FLAT, SELECTORS, {"enableMemory": True}], ids=str)
@pytest.mark.parametrize("code", [HANDED_ON, NOT_TAKEN], ids=["handed on", "not taken"])
def test_a_trace_keeps_no_more_than_fits_however_cheap_it_is(rpc: Client, code: str, options: Any) -> None:
    with pytest.raises(Answered, match="-32000: the trace is larger than 67108864 bytes"):
        traced(rpc, code, options, gas=5 * 10**6)


@pytest.mark.parametrize("options", [CALLS | {"tracerConfig": TOP}, {"tracer": "noopTracer"}, {"limit": 9}], ids=str)
def test_a_trace_that_shows_little_is_not_too_large(rpc: Client, options: Any) -> None:
    shown = traced(rpc, HANDED_ON, options, gas=23 * 10**5)
    assert "calls" not in shown


def test_prestate_leaves_storage_out_where_asked(rpc: Client) -> None:
    def prestate(**options: bool) -> Any:
        return traced(rpc, "0x60055f5500", {"tracer": "prestateTracer", "tracerConfig": options})

    assert "storage" in prestate()[BOB]
    assert "storage" not in prestate(disableStorage=True)[BOB]
    assert BOB in prestate(diffMode=True)["post"]
    assert prestate(diffMode=True, disableStorage=True)["post"] == {ALICE: {"nonce": 1}}
    assert "codeHash" in prestate(disableCode=True)[BOB]


def test_an_account_without_code_has_no_steps(rpc: Client) -> None:
    assert traced(rpc, "0x", {})["structLogs"] == []
    steps = traced(rpc, "0x5f5f5f5f5f" + PUSH_CAROL + "5af1", {})["structLogs"]
    assert [step["op"] for step in steps[-2:]] == ["CALL", "STOP"], "the STOP is that of the code's end"
    assert {step["depth"] for step in steps} == {1}


@pytest.mark.parametrize(
    ("code", "gas", "cost"),
    [("0x6001600255", 0x520B, 3), ("0x5f54", 0x5210, 2_100), ("0x5f63ffffffff52", 0x100000, 35_184_775_266_310)],
)
def test_a_step_without_the_gas_shows_what_it_lacked(rpc: Client, code: str, gas: int, cost: int) -> None:
    step = traced(rpc, code, {}, gas=gas)["structLogs"][-1]
    assert (step["gasCost"], step["error"]) == (cost, "out of gas")


def test_a_step_is_named_as_geth_names_it_and_tells_a_refund_only_where_there_is_one(rpc: Client) -> None:
    code = {NOBODY: {"code": "0x5f600155600160025560" + "01" + "54fe", "stateDiff": {SLOT_1: "0x" + "00" * 31 + "01"}}}
    call = {"to": NOBODY, "gas": "0x100000"}
    steps = rpc("debug_traceCall", call, "latest", {"stateOverrides": code})["structLogs"]
    assert steps[-1]["op"] == "INVALID"
    assert "refund" not in steps[0]
    assert steps[-1]["refund"] > 0


CHEAP, PLENTY = 0x5300, 0x100000


@pytest.mark.parametrize(
    ("code", "gas", "cost", "error"),
    [
        ("0x01", PLENTY, 3, "stack underflow (0 <=> 2)"),
        ("0x5f5ff1", PLENTY, 100, "stack underflow (2 <=> 7)"),
        ("0x5f5f5ff5", PLENTY, 32_000, "stack underflow (3 <=> 4)"),
        ("0x5f92", PLENTY, 3, "stack underflow (1 <=> 4)"),
        ("0x5f82", PLENTY, 3, "stack underflow (1 <=> 3)"),
        ("0x5fa1", PLENTY, 0, "stack underflow (1 <=> 3)"),
        ("0x600155", PLENTY, 0, "stack underflow (1 <=> 2)"),
        ("0x5ffd", PLENTY, 0, "stack underflow (1 <=> 2)"),
        ("0x31", PLENTY, 100, "stack underflow (0 <=> 1)"),
        ("0x5f5f5f5f5f" + PUSH_CAROL + "5af1", CHEAP, 100, "out of gas"),
        ("0x5f5f5f5f" + PUSH_CAROL + "5afa", CHEAP, 100, "out of gas"),
        (PUSH_CAROL.join(("0x", "31")), 0x5220, 100, "out of gas"),
        (PUSH_CAROL.join(("0x", "31")), CHEAP, 2_600, "out of gas"),
        ("0x6001600255", 0x6000, 22_100, "out of gas"),
        ("0x6001600255", 0xA200, 22_100, "out of gas"),
        ("0x5f5f5ff0", 0x6000, 32_000, "out of gas"),
        ("0x61ffff5f5ff0", 0xE000, 32_000, "out of gas: max initcode size exceeded: size 65535"),
        ("0x62ffffff5ffd", CHEAP, 538_443_776, "out of gas"),
        ("0x5f1951", PLENTY, 3, "gas uint64 overflow"),
        ("0x5f195f5f37", PLENTY, 3, "gas uint64 overflow"),
    ],
)
def test_a_step_that_did_not_begin_says_what_it_lacked_as_geth_does(
    rpc: Client, code: str, gas: int, cost: int, error: str
) -> None:
    step = traced(rpc, code, {}, gas=gas)["structLogs"][-1]
    assert (step["gasCost"], step["error"]) == (cost, error)


@pytest.mark.parametrize(
    ("code", "cost"), [("0x5f56", 8), ("0x60015f57", 10), ("0xfe", 0), ("0x0c", 0), ("0x5f5ffd", 0)]
)
def test_a_step_that_began_and_failed_has_no_error_of_its_own_and_its_frame_has(
    rpc: Client, code: str, cost: int
) -> None:
    step = traced(rpc, code, {})["structLogs"][-1]
    assert step["gasCost"] == cost
    assert "error" not in step
    assert traced(rpc, code, {"tracer": "callTracer"})["error"]


def test_a_call_that_could_not_begin_cost_what_it_handed_over(rpc: Client) -> None:
    """As in geth, which counts 10,000 handed on, 9,000 for the value and 2,600 for the account."""
    steps = traced(rpc, "0x5f5f5f5f61ffff73" + "d5" * 20 + "612710f100", {})["structLogs"]
    assert steps[-2]["gasCost"] == 10_000 + 9_000 + 2_600 + 25_000
    assert steps[-1]["gas"] == steps[-2]["gas"] - 9_000 - 2_600 - 25_000 + 2_300


@pytest.mark.parametrize(("code", "place"), [("0x5f", 1), ("0x6000", 2), ("0x61", 3), ("0x00", 0), ("0x5f00", 1)])
def test_the_stop_behind_the_codes_end_is_there_and_not_on_its_last_byte(rpc: Client, code: str, place: int) -> None:
    step = traced(rpc, code, {})["structLogs"][-1]
    assert (step["op"], step["pc"]) == ("STOP", place)
