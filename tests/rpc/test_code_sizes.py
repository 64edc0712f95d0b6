"""What a contract and its init code may measure, as calls, estimates and traces tell it: in geth's words."""

from typing import Any

import pytest

from tests.rpc.network import Developer
from tests.rpc.server import Answered, Client

CREATOR = "0x" + "99" * 20
CODE_MAX, INITCODE_MAX = 24_576, 49_152
TOO_LARGE = "max code size exceeded"
OF_INITCODE = "out of gas: max initcode size exceeded: size {}"


def returning(size: int, *, first: str = "") -> str:
    """Init code of a contract of so many bytes; `first` is put at its beginning."""
    return "0x" + (f"60{first}5f53" if first else "") + f"62{size:06x}5ff3"


def creating(size: int, *, opcode: str = "f0", value: int = 0) -> dict[str, Any]:
    """An account whose code creates with so many bytes of init code (all STOP) and returns whether it could."""
    salt = "5f" if opcode == "f5" else ""
    return {CREATOR: {"code": f"0x{salt}63{size:08x}5f60{value:02x}{opcode}15155f5260205ff3"}}


def refused(rpc: Client, method: str, *params: Any) -> str:
    with pytest.raises(Answered) as answer:
        rpc(method, *params)
    assert answer.value.code == -32000
    return answer.value.message


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
@pytest.mark.parametrize(
    "call",
    [
        {"input": returning(CODE_MAX + 1)},
        {"input": returning(60_000)},
        {"input": returning(CODE_MAX + 1, first="ef")},
        {"input": returning(CODE_MAX + 1), "gas": "0x20000"},  # what keeping it would cost is not there either
    ],
)
def test_a_contract_too_large_is_called_so(
    rpc: Client, developer: Developer, method: str, call: dict[str, str]
) -> None:
    assert refused(rpc, method, {"from": developer.address, **call}, "latest") == TOO_LARGE


def test_a_contract_as_large_as_may_be_is_estimated(rpc: Client, developer: Developer) -> None:
    call = {"from": developer.address, "input": returning(CODE_MAX)}
    assert int(rpc("eth_estimateGas", call), 16) > 200 * CODE_MAX
    assert len(rpc("eth_call", call)) == 2 + 2 * CODE_MAX
    short = refused(rpc, "eth_estimateGas", {**call, "gas": "0x30000"})
    assert short == "contract creation code storage out of gas"


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
def test_init_code_too_large_is_called_so(rpc: Client, developer: Developer, method: str) -> None:
    words = f"max initcode size exceeded: code size {INITCODE_MAX + 1} limit {INITCODE_MAX}"
    call = {"from": developer.address, "input": "0x" + "00" * (INITCODE_MAX + 1)}
    assert refused(rpc, method, call, "latest") == words
    assert rpc(method, {**call, "input": "0x" + "00" * INITCODE_MAX}, "latest")


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
@pytest.mark.parametrize("size", [INITCODE_MAX + 1, 2**32 - 1])
@pytest.mark.parametrize("opcode", ["f0", "f5"])
def test_so_is_what_a_contract_creates_with(
    rpc: Client, developer: Developer, method: str, size: int, opcode: str
) -> None:
    call = {"from": developer.address, "to": CREATOR}
    assert refused(rpc, method, call, "latest", creating(size, opcode=opcode)) == OF_INITCODE.format(size)
    assert rpc(method, call, "latest", creating(INITCODE_MAX, opcode=opcode))


def test_the_size_is_judged_before_the_balance(rpc: Client, developer: Developer) -> None:
    """EIP-3860: it ends the frame, where a lack of balance only gives zero."""
    call = {"from": developer.address, "to": CREATOR}
    assert refused(rpc, "eth_call", call, "latest", creating(INITCODE_MAX + 1, value=1)) == OF_INITCODE.format(49_153)
    assert int(rpc("eth_call", call, "latest", creating(INITCODE_MAX, value=1)), 16) == 0


def test_a_trace_names_the_frame_that_was_too_large(rpc: Client, developer: Developer) -> None:
    init = returning(CODE_MAX + 1)[2:]
    inner = f"0x65{init}5f52600660" + "1a" + "5ff000"  # it goes on after the creation failed
    traced = rpc(
        "debug_traceCall",
        {"from": developer.address, "to": CREATOR},
        "latest",
        {"tracer": "callTracer", "stateOverrides": {CREATOR: {"code": inner}}},
    )
    assert "error" not in traced
    assert [frame["error"] for frame in traced["calls"]] == [TOO_LARGE]
