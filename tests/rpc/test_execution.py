"""Calls, estimates, access lists and proofs through the door: results, reverts, overrides, and history."""

from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address
from trie import HexaryTrie

from tests.clients.guestbook import artifact
from tests.rpc.network import Developer, calldata
from tests.rpc.server import Answered, Client

NOBODY = "0x" + "99" * 20
SLOT_0 = "0x" + "00" * 32
NINE = "0x" + "00" * 31 + "09"


@pytest.fixture
def book(developer: Developer) -> str:
    return developer.deploy()


def number(answer: str) -> int:
    return int(answer, 16)


# REVERTS


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
@pytest.mark.parametrize(
    ("call", "words", "data"),
    [
        (calldata("sign(string)", "x" * 40), "execution reverted", "0xad8e4f3c"),
        (calldata("refuse(string)", "because"), "execution reverted: because", "0x08c379a0"),
        (calldata("divide(uint256)", 0), "execution reverted: division or modulo by zero", "0x4e487b71"),
        ("0x12345678", "execution reverted", "0x"),
    ],
)
def test_a_revert_is_code_3_with_the_contracts_data(
    rpc: Client, book: str, method: str, call: str, words: str, data: str
) -> None:
    with pytest.raises(Answered) as reverted:
        rpc(method, {"to": book, "data": call}, "latest")
    assert (reverted.value.code, reverted.value.message) == (3, words)
    assert reverted.value.data.startswith(data)


def test_a_call_that_runs_out_of_gas_is_no_revert(rpc: Client, book: str) -> None:
    with pytest.raises(Answered, match="out of gas") as failed:
        rpc("eth_call", {"to": book, "data": calldata("sign(string)", "hi"), "gas": "0x5800"})
    assert failed.value.code == -32000
    assert failed.value.data is None


def test_a_call_that_names_no_gas_has_as_much_as_at_geth(rpc: Client) -> None:
    left = {NOBODY: {"code": "0x5a5f5260205ff3"}}
    assert number(rpc("eth_call", {"to": NOBODY}, "latest", left)) == 50_000_000 - 21_000 - 2
    assert number(rpc("eth_call", {"to": NOBODY, "gas": "0xffffffff"}, "latest", left)) == 50_000_000 - 21_000 - 2
    assert number(rpc("eth_call", {"to": NOBODY, "gas": "0x10000"}, "latest", left)) == 0x10000 - 21_000 - 2


# ESTIMATES


def test_an_estimate_is_enough_and_not_much_more(rpc: Client, developer: Developer, book: str) -> None:
    call = {"from": developer.address, "to": book, "data": calldata("sign(string)", "hi")}
    estimate = number(rpc("eth_estimateGas", call))
    receipt = developer.send(to=to_checksum_address(book), data=call["data"], gas=estimate)
    assert receipt["status"] == "0x1"
    assert number(receipt["gasUsed"]) <= estimate <= number(receipt["gasUsed"]) * 1.1


def test_a_deployment_is_estimated_as_forge_asks(rpc: Client, developer: Developer) -> None:
    code = artifact()["bytecode"] + "00" * 31 + "20"
    asked = {"from": developer.address, "to": None, "input": code, "accessList": None, "chainId": "0x7a69"}
    assert number(rpc("eth_estimateGas", asked, "pending")) > 200_000


def test_a_plain_transfer_takes_21000(rpc: Client, developer: Developer) -> None:
    assert rpc("eth_estimateGas", {"from": developer.address, "to": NOBODY, "value": "0x1"}) == "0x5208"


def test_an_estimate_for_more_than_the_sender_has_is_refused(rpc: Client) -> None:
    with pytest.raises(Answered, match="insufficient funds"):
        rpc("eth_estimateGas", {"from": NOBODY, "to": NOBODY, "value": "0x1"})


def test_an_estimate_at_a_price_the_sender_cannot_pay_says_so(rpc: Client) -> None:
    """As `cast send` asks with its tip of 1 wei."""
    asked = {"from": NOBODY, "to": NOBODY, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x1"}
    with pytest.raises(Answered, match="offer a price of 0") as refused:
        rpc("eth_estimateGas", asked)
    assert refused.value.message.startswith("gas required exceeds allowance (0)")
    assert rpc("eth_estimateGas", {"from": NOBODY, "to": NOBODY, "gasPrice": "0x0"}) == "0x5208"


# OVERRIDES


def test_state_is_overridden_for_one_call_only(rpc: Client, book: str) -> None:
    pages = {"to": book, "data": calldata("pages()")}
    assert number(rpc("eth_call", pages, "latest", {book: {"stateDiff": {SLOT_0: NINE}}})) == 9
    assert number(rpc("eth_call", pages, "latest", {book: {"state": {SLOT_0: NINE}}})) == 9
    assert number(rpc("eth_call", pages, "latest")) == 0


def test_code_and_balance_are_overridden(rpc: Client) -> None:
    balance_of_itself = "0x47" + "5f5260205ff3"  # SELFBALANCE, then return it
    overrides = {NOBODY: {"code": balance_of_itself, "balance": "0x7"}}
    assert number(rpc("eth_call", {"to": NOBODY}, "latest", overrides)) == 7
    assert rpc("eth_call", {"to": NOBODY}, "latest") == "0x"


@pytest.mark.parametrize(
    ("opcode", "overrides", "seen"),
    [
        ("43", {"number": "0x1234"}, 0x1234),
        ("42", {"time": "0x99999999"}, 0x99999999),
        ("41", {"coinbase": NOBODY}, int(NOBODY, 16)),
        ("41", {"feeRecipient": NOBODY}, int(NOBODY, 16)),
        ("45", {"gasLimit": "0x777777"}, 0x777777),
        ("48", {"baseFee": "0x5"}, 5),
    ],
)
def test_the_block_is_overridden(rpc: Client, opcode: str, overrides: dict[str, str], seen: int) -> None:
    code = {NOBODY: {"code": f"0x{opcode}5f5260205ff3"}}
    assert number(rpc("eth_call", {"to": NOBODY, "gas": "0x10000"}, "latest", code, overrides)) == seen


@pytest.mark.parametrize(
    "params",
    [
        [{}, "latest", {NOBODY: {"balance": 7}}],
        [{}, "latest", {NOBODY: {"unknown": "0x7"}}],
        [{}, "latest", {}, {"unknown": "0x7"}],
        [{"to": "0x12"}, "latest"],
        [{"gas": "0x01"}, "latest"],
        ["0x", "latest"],
    ],
)
def test_a_malformed_call_is_refused(rpc: Client, params: list[Any]) -> None:
    for method in ("eth_call", "eth_estimateGas"):
        with pytest.raises(Answered) as refused:
            rpc(method, *params)
        assert refused.value.code == -32602


def test_a_call_on_another_chain_is_refused(rpc: Client, book: str) -> None:
    with pytest.raises(Answered, match="chainId does not match"):
        rpc("eth_call", {"to": book, "chainId": "0x1"})


# ACCESS LISTS AND PROOFS


def test_an_access_list_names_what_a_call_touches(rpc: Client, developer: Developer, book: str) -> None:
    call = {"from": developer.address, "to": book, "data": calldata("sign(string)", "hi")}
    found = rpc("eth_createAccessList", call)
    (entry,) = found["accessList"]
    assert entry["address"] == book
    assert SLOT_0 in entry["storageKeys"]
    cheaper = rpc("eth_call", {**call, "accessList": found["accessList"]})
    assert number(cheaper) == 1
    assert "error" not in found


def test_an_access_list_of_a_failing_call_says_so(rpc: Client, book: str) -> None:
    found = rpc("eth_createAccessList", {"to": book, "data": calldata("refuse(string)", "because")})
    assert "reverted" in found["error"]


def proven(root: str, key: bytes, nodes: list[str]) -> Any:
    raw = [rlp.decode(bytes.fromhex(node[2:])) for node in nodes]
    return HexaryTrie.get_from_proof(bytes.fromhex(root[2:]), keccak(key), raw)


def test_a_proof_leads_from_the_state_root_to_the_slot(rpc: Client, developer: Developer, book: str) -> None:
    developer.write(book, "first")
    root = rpc("eth_getBlockByNumber", "latest", False)["stateRoot"]
    proof = rpc("eth_getProof", book, ["0x0", SLOT_0, "0x5"], "latest")
    account = rlp.decode(proven(root, bytes.fromhex(book[2:]), proof["accountProof"]))
    assert account[2].hex() == proof["storageHash"][2:]
    assert account[3].hex() == proof["codeHash"][2:]
    short, long, absent = proof["storageProof"]
    assert (short["key"], long["key"], absent["key"]) == ("0x0", SLOT_0, "0x5")
    assert (short["value"], absent["value"]) == ("0x1", "0x0")
    slot = proven(proof["storageHash"], bytes(32), short["proof"])
    assert rlp.decode(slot) == b"\x01"
    assert proven(proof["storageHash"], (5).to_bytes(32, "big"), absent["proof"]) == b""


def test_a_proof_of_an_account_that_is_not_there_proves_that(rpc: Client) -> None:
    root = rpc("eth_getBlockByNumber", "latest", False)["stateRoot"]
    proof = rpc("eth_getProof", NOBODY, [], "latest")
    assert proof["balance"] == "0x0"
    assert proven(root, bytes.fromhex(NOBODY[2:]), proof["accountProof"]) == b""


def test_a_proof_is_made_at_any_block(rpc: Client, developer: Developer, book: str) -> None:
    developer.write(book, "first")
    assert rpc("eth_getProof", book, ["0x0"], "0x1")["storageProof"][0]["value"] == "0x0"
    assert rpc("eth_getProof", book, ["0x0"], "0x2")["storageProof"][0]["value"] == "0x1"


# FILLING


def test_a_transaction_is_filled_in_and_can_be_signed(rpc: Client, developer: Developer, book: str) -> None:
    filled = rpc("eth_fillTransaction", {"from": developer.address, "to": book, "data": calldata("pages()")})["tx"]
    assert (filled["type"], filled["nonce"], filled["chainId"]) == ("0x2", "0x1", "0x7a69")
    assert (filled["maxFeePerGas"], filled["maxPriorityFeePerGas"]) == ("0x0", "0x0")
    assert number(filled["gas"]) > 21_000


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"gasPrice": "0x1"}, "0x0"),
        ({"gasPrice": "0x1", "accessList": [{"address": NOBODY, "storageKeys": [SLOT_0]}]}, "0x1"),
        ({"gasPrice": "0x1", "type": "0x1"}, "0x1"),
        ({"type": "0x0"}, "0x0"),
        ({"maxFeePerGas": "0x5"}, "0x2"),
    ],
)
def test_the_fields_decide_the_type(rpc: Client, developer: Developer, fields: dict[str, Any], kind: str) -> None:
    filled = rpc("eth_fillTransaction", {"from": developer.address, "to": NOBODY, **fields})["tx"]
    assert filled["type"] == kind


def test_a_type_its_fields_do_not_fit_is_refused(rpc: Client, developer: Developer) -> None:
    with pytest.raises(Answered, match="its fields make it type 2, not type 0"):
        rpc("eth_fillTransaction", {"from": developer.address, "to": NOBODY, "maxFeePerGas": "0x5", "type": "0x0"})


REVERTING = "0x" + "77" * 20
OUTER = "0x" + "88" * 20
CODES = {  # OUTER calls REVERTING, which reads slot 5, writes slot 6 and reverts; then it reads its own slot 1
    REVERTING: {"code": "0x600554506001600655" + "5f5ffd"},
    OUTER: {"code": "0x5f5f5f5f5f73" + REVERTING[2:] + "5af1" + "5060015450" + "00"},
}


def test_an_access_list_keeps_what_a_frame_touched_that_reverted(rpc: Client) -> None:
    found = rpc("eth_createAccessList", {"to": OUTER}, "latest", CODES)
    assert "error" not in found
    slots = {entry["address"]: [number(key) for key in entry["storageKeys"]] for entry in found["accessList"]}
    assert slots == {REVERTING: [5, 6], OUTER: [1]}
    failing = rpc("eth_createAccessList", {"to": REVERTING}, "latest", CODES)
    assert failing["error"].startswith("execution reverted")
    assert [entry["address"] for entry in failing["accessList"]] == [REVERTING]


def test_a_call_must_be_payable_at_its_cap_as_a_transaction_must(rpc: Client) -> None:
    """The price it would pay is 1 wei; the cap is what its sender must have."""
    fees = {"maxFeePerGas": "0x64", "maxPriorityFeePerGas": "0x1", "gas": "0xc350"}
    call = {"from": NOBODY, "to": OUTER, "value": "0x7", **fees}

    def owning(balance: int) -> dict[str, Any]:
        return {NOBODY: {"balance": hex(balance)}}

    needed = 100 * 50_000 + 7
    assert rpc("eth_call", call, "latest", owning(needed)) == "0x"
    with pytest.raises(Answered, match=f"insufficient funds .* have {needed - 1} want {needed}") as refused:
        rpc("eth_call", call, "latest", owning(needed - 1))
    assert refused.value.code == -32000
