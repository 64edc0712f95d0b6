"""Frames as geth shows them otherwise than as a tree: flat, by selector, not at all, and several ways at once."""

from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from tests.chain.programs import assemble, deploying
from tests.rpc.network import Developer
from tests.rpc.server import Answered, Client

HASHING, BURNT = "0x" + "00" * 19 + "02", "0x" + "11" * 20


def calling(kind: str, address: str) -> str:
    value = "PUSH0 " if kind in ("CALL", "CALLCODE") else ""
    return f"PUSH1 20 PUSH0 PUSH1 04 PUSH0 {value}PUSH20 {address[2:]} PUSH3 00ffff {kind} POP "


@pytest.fixture
def caller(developer: Developer) -> str:
    """Calls a contract that refuses in four ways, and a precompiled one; creates twice, the second time in vain."""
    refusing = _deployed(developer, "PUSH1 2a PUSH0 MSTORE PUSH1 20 PUSH0 REVERT")
    kinds = ("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL")
    return _deployed(
        developer,
        "PUSH4 aabbccdd PUSH1 e0 SHL PUSH0 MSTORE " + "".join(calling(kind, refusing) for kind in kinds)
        + calling("STATICCALL", HASHING)
        + "PUSH0 PUSH0 PUSH0 CREATE POP PUSH1 fe PUSH0 MSTORE8 PUSH1 07 PUSH1 01 PUSH0 PUSH0 CREATE2 POP STOP",
    )  # fmt: skip


def _deployed(developer: Developer, program: str) -> str:
    address: str = developer.send(data="0x" + deploying(assemble(program)).hex())["contractAddress"]
    return address


def called(developer: Developer, caller: str) -> Any:
    return developer.send(to=to_checksum_address(caller), data="0x11223344", gas=5_000_000)["transactionHash"]


def traced(rpc: Client, of: str, tracer: str, **options: Any) -> Any:
    return rpc("debug_traceTransaction", of, {"tracer": tracer, "tracerConfig": options})


def test_frames_lie_flat_with_their_places(rpc: Client, developer: Developer, caller: str) -> None:
    of = called(developer, caller)
    top, *below = flat = traced(rpc, of, "flatCallTracer")
    assert (top["subtraces"], top["traceAddress"], top["type"]) == (6, [], "call")
    kinds = [one["action"].get("callType") or one["action"]["creationMethod"] for one in below]
    assert kinds == ["call", "callcode", "delegatecall", "staticcall", "create", "create2"]
    assert [one["traceAddress"] for one in below] == [[0], [1], [2], [3], [4], [5]]
    assert {one["error"] for one in below[:4]} == {"execution reverted"}
    assert below[0]["result"]["output"] == "0x" + "00" * 31 + "2a"
    assert below[4]["result"]["code"] == "0x"
    assert "result" not in below[5]
    assert {one["transactionHash"] for one in flat} == {of}
    assert top["result"]["gasUsed"] == rpc("eth_getTransactionReceipt", of)["gasUsed"]


def test_flat_frames_have_paritys_words_and_precompiled_contracts_where_asked(
    rpc: Client, developer: Developer, caller: str
) -> None:
    of = called(developer, caller)
    options = {"convertParityErrors": True, "includePrecompiles": True}
    flat = traced(rpc, of, "flatCallTracer", **options)
    assert [one.get("error") for one in flat] == [None, *["Reverted"] * 4, None, None, "Bad instruction"]
    assert flat[5]["action"]["to"] == HASHING


@pytest.mark.filterwarnings("ignore:SELFDESTRUCT")
def test_a_destroyed_contract_is_a_suicide(rpc: Client, developer: Developer) -> None:
    bomb = _deployed(developer, f"PUSH20 {BURNT[2:]} SELFDESTRUCT")
    of = developer.send(to=to_checksum_address(bomb), value=5)["transactionHash"]
    end = traced(rpc, of, "flatCallTracer")[1]
    assert end["type"] == "suicide"
    assert end["action"] == {"address": bomb, "balance": "0x5", "refundAddress": BURNT}


def test_selectors_are_counted_without_creations_and_precompiled_contracts(
    rpc: Client, developer: Developer, caller: str
) -> None:
    of = called(developer, caller)
    assert traced(rpc, of, "4byteTracer") == {"0x11223344-0": 1, "0xaabbccdd-0": 1, "0x00000000-0": 3}
    assert traced(rpc, of, "noopTracer") == {}


def test_several_tracers_see_one_execution(rpc: Client, developer: Developer, caller: str) -> None:
    of = called(developer, caller)
    parts: dict[str, Any] = {"callTracer": {"onlyTopCall": True}, "prestateTracer": {"diffMode": True},
                             "4byteTracer": None, "flatCallTracer": {}}  # fmt: skip
    several = traced(rpc, of, "muxTracer", **parts)
    assert several == {name: traced(rpc, of, name, **(options or {})) for name, options in parts.items()}
    (block,) = rpc("debug_traceBlockByNumber", "latest", {"tracer": "muxTracer", "tracerConfig": parts})
    assert block["result"] == several
    call = rpc("debug_traceCall", {"to": caller}, "latest", {"tracer": "muxTracer", "tracerConfig": parts})
    assert call["flatCallTracer"][0]["transactionHash"] is None


def test_an_encoded_block_is_traced_if_it_is_of_this_chain(rpc: Client, developer: Developer, caller: str) -> None:
    called(developer, caller)
    raw = rpc("debug_getRawBlock", "latest")
    by_number = rpc("debug_traceBlockByNumber", "latest", {"tracer": "callTracer"})
    assert rpc("debug_traceBlock", raw, {"tracer": "callTracer"}) == by_number
    foreign = raw.replace(rpc("eth_getBlockByNumber", "latest", False)["stateRoot"][2:], "77" * 32)
    for bad, code in ((foreign, -32000), ("0x", -32602), ("0x00", -32602), (raw + "00", -32602), (raw[:-2], -32602)):
        with pytest.raises(Answered) as refused:
            rpc("debug_traceBlock", bad)
        assert refused.value.code == code


def test_an_account_is_shown_whole(rpc: Client, developer: Developer, caller: str) -> None:
    code = rpc("eth_getCode", caller)
    assert rpc("eth_getAccountInfo", caller, "latest") == {"balance": "0x0", "nonce": "0x1", "code": code}
    account, proof = rpc("eth_getAccount", caller), rpc("eth_getProof", caller, [], "latest")
    assert (account["storageRoot"], account["codeHash"]) == (proof["storageHash"], proof["codeHash"])
    assert rpc("eth_getAccountInfo", BURNT, "earliest") == {"balance": "0x0", "nonce": "0x0", "code": "0x"}
    assert rpc("eth_getAccount", BURNT)["nonce"] == "0x0"
