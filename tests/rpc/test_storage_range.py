"""An account's storage before a transaction of a block, in parts."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from ledger_node.chain.contract import create_address
from ledger_node.chain.encoding import keccak
from ledger_node.chain.pyevm.engine import open_chain
from ledger_node.chain.pyevm.stored import ChainSettings
from ledger_node.rpc.settings import RpcLimits, RpcSettings
from tests.chain.programs import assemble, deploying
from tests.rpc.network import FUNDED, GENESIS, SEALER, Developer
from tests.rpc.server import Answered, Client, RpcServer

NOBODY, NOWHERE = "0x" + "99" * 20, "0x" + "99" * 32
WRITER = assemble("PUSH1 20 CALLDATALOAD PUSH0 CALLDATALOAD SSTORE STOP")


def hashed(slot: int) -> str:
    return "0x" + keccak(slot.to_bytes(32, "big")).hex()


def shown(**cells: int) -> dict[str, Any]:
    """As answered, in the order of the hashes: `slot_7=9`."""
    named = {hashed(int(name[5:])): value for name, value in cells.items()}
    return {key: {"key": None, "value": f"0x{value:064x}"} for key, value in sorted(named.items())}


FIRST = shown(slot_0=1, slot_1=2, slot_2=3, slot_3=4)


def writing(slot: int, value: int) -> str:
    return f"0x{slot:064x}{value:064x}"


@pytest.fixture(params=[0, 1], ids=["here", "in a worker"])
def rpc(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Client]:
    """Block 1 makes the contract and puts 1 to 4 into its slots 0 to 3.

    Block 2 writes 9 to slot 7, nothing to slot 0, and 8 to slot 8.
    """
    settings = ChainSettings(produce=False, call_workers=request.param)
    limited = RpcSettings(limits=RpcLimits(storage_slots=4))
    with closing(open_chain(tmp_path / "chain", GENESIS, sealer=SEALER, settings=settings)) as chain:
        with RpcServer(chain, limited) as server:
            developer = Developer(server.client)

            def send(**fields: Any) -> None:
                server.client("eth_sendRawTransaction", developer.sign(**fields))

            send(data="0x" + deploying(WRITER).hex())
            contract = to_checksum_address(create_address(FUNDED[0], 0))
            for slot in range(4):
                send(to=contract, data=writing(slot, slot + 1))
            chain.make_block()
            for data in (writing(7, 9), writing(0, 0), writing(8, 8)):
                send(to=contract, data=data)
            chain.make_block()
            yield server.client


def contract_of(rpc: Client) -> str:
    receipt, *_ = rpc("eth_getBlockReceipts", "0x1")
    assert receipt["status"] == "0x1"
    return str(receipt["contractAddress"])


def test_storage_is_as_before_the_transaction(rpc: Client) -> None:
    block = rpc("eth_getBlockByNumber", "0x2", False)
    assert len(block["transactions"]) == 3
    contract = contract_of(rpc)

    def at(index: int) -> Any:
        answer = rpc("debug_storageRangeAt", block["hash"], index, contract, "0x", 100)
        assert answer == rpc("debug_storageRangeAt", "0x2", index, contract, "0x", 100)
        return answer

    assert at(0) == {"storage": FIRST, "nextKey": None}
    assert list(at(0)["storage"]) == list(FIRST)
    after = at(2)
    assert after == {"storage": shown(slot_1=2, slot_2=3, slot_3=4, slot_7=9), "nextKey": None}
    full = at(1)
    everything = shown(slot_0=1, slot_1=2, slot_2=3, slot_3=4, slot_7=9)
    assert full["nextKey"] == list(everything)[4], "the fifth is over the limit"
    assert list(full["storage"]) == list(everything)[:4]


def test_what_is_too_much_for_one_answer_comes_in_parts(rpc: Client) -> None:
    start, found = "0x", {}
    for _ in range(2):
        answer = rpc("debug_storageRangeAt", "0x2", 0, contract_of(rpc), start, 2)
        found |= answer["storage"]
        start = answer["nextKey"]
    assert (found, start) == (FIRST, None)


def test_a_start_is_a_beginning_of_a_hash_or_more_than_one(rpc: Client) -> None:
    """As geth's answers on the same storage."""

    def keys(start: str, most: int) -> tuple[list[str], str | None]:
        answer = rpc("debug_storageRangeAt", "0x2", 0, contract_of(rpc), start, most)
        return list(answer["storage"]), answer["nextKey"]

    zero, two, one, three = (hashed(slot) for slot in (0, 2, 1, 3))
    assert keys("0x60", 1) == ([one], three)
    assert keys("0x" + "bb" * 33, 1) == ([three], None)
    assert keys(three, 9) == ([three], None)
    assert keys(three + "00", 9) == ([], None)
    assert keys("0xff", 9) == ([], None)
    assert keys("0x", 0) == keys("0x", -1) == ([], zero)
    assert keys("0x", 2) == ([zero, two], one)


def test_an_account_without_storage_has_no_range(rpc: Client) -> None:
    for address in (NOBODY, "0x" + FUNDED[0].hex()):
        assert rpc("debug_storageRangeAt", "0x2", 0, address, "0x", 9) == {"storage": None, "nextKey": None}


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        (["0x2", 3], -32000, "transaction index 3 out of range for block 0x"),
        (["0x2", -1], -32000, "transaction index -1 out of range for block 0x"),
        (["0x0", 0], -32000, "no transaction in genesis"),
        ([NOWHERE, 0], -32000, "header not found"),
        (["0x999", 0], -32000, "header not found"),
        (["0x2", "0x0"], -32602, "integer"),
        (["0x2", True], -32602, "integer"),
        (["0x2", 2**64], -32602, "integer"),
        (["0x2", 0.5], -32602, "integer"),
    ],
)
def test_what_is_not_there_is_refused(rpc: Client, params: list[Any], code: int, words: str) -> None:
    with pytest.raises(Answered, match=words) as refused:
        rpc("debug_storageRangeAt", *params, contract_of(rpc), "0x", 9)
    assert refused.value.code == code


@pytest.mark.parametrize("tail", [["0x6", 1], [None, 1], ["0x", "0x1"], ["0x", 10**30], ["0x"], []])
def test_a_range_that_makes_no_sense_is_refused(rpc: Client, tail: list[Any]) -> None:
    with pytest.raises(Answered) as refused:
        rpc("debug_storageRangeAt", "0x2", 0, contract_of(rpc), *tail)
    assert refused.value.code == -32602
