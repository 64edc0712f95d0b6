"""The dev profile: accounts that sign, senders that need no key, and a clock and state that obey."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from ledger_node.errors import ConfigurationError
from ledger_node.rpc.settings import RpcSettings
from ledger_node.rpc.signing import dev_keys
from tests.networks.anvil import FUNDED_KEYS
from tests.rpc.network import FUNDED, Developer, calldata, open_dev_network
from tests.rpc.server import Answered, Client, RpcServer

ME = "0x" + FUNDED[0].hex()
NOBODY = "0x" + "99" * 20
TO = "0x" + "11" * 20


@pytest.fixture
def rpc(tmp_path: Path) -> Iterator[Client]:
    settings = RpcSettings(profile="dev", dev_keys=dev_keys())
    with closing(open_dev_network(tmp_path / "chain")) as chain, RpcServer(chain, settings) as server:
        yield server.client


def number(answer: str) -> int:
    return int(answer, 16)


def mined(rpc: Client, transaction_hash: str) -> dict[str, str]:
    for _ in range(2000):
        receipt: dict[str, str] | None = rpc("eth_getTransactionReceipt", transaction_hash)
        if receipt is not None:
            return receipt
    raise AssertionError("not mined")


# ACCOUNTS


def test_the_accounts_are_those_every_tool_prints(rpc: Client) -> None:
    accounts = rpc("eth_accounts")
    assert len(accounts) == 10
    assert accounts[:3] == ["0x" + address.hex() for address in FUNDED]
    assert dev_keys()[:3] == FUNDED_KEYS


def test_keys_are_refused_outside_the_dev_profile() -> None:
    with pytest.raises(ConfigurationError):
        RpcSettings(dev_keys=dev_keys())


def test_a_dev_accounts_transaction_is_signed_by_the_node(rpc: Client) -> None:
    transaction_hash = rpc("eth_sendTransaction", {"from": ME, "to": TO, "value": "0x5"})
    assert mined(rpc, transaction_hash)["from"] == ME
    assert rpc("eth_getBalance", TO) == "0x5"
    signed = rpc("eth_signTransaction", {"from": ME, "to": TO, "value": "0x6"})
    mined(rpc, rpc("eth_sendRawTransaction", signed["raw"]))
    assert rpc("eth_getBalance", TO) == "0xb"


def test_a_dev_account_signs_messages_and_typed_data(rpc: Client) -> None:
    signature = rpc("eth_sign", ME, "0x68656c6c6f")
    assert rpc("personal_sign", "0x68656c6c6f", ME) == signature
    assert Account.recover_message(encode_defunct(b"hello"), signature=signature).lower() == ME
    document = {
        "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Note": [{"name": "words", "type": "string"}]},
        "primaryType": "Note",
        "domain": {"name": "Notes"},
        "message": {"words": "hello"},
    }
    typed = rpc("eth_signTypedData_v4", ME, document)
    assert Account.recover_message(encode_typed_data(full_message=document), signature=typed).lower() == ME
    with pytest.raises(Answered) as refused:
        rpc("eth_signTypedData_v4", ME, {"no": "document"})
    assert refused.value.code == -32602


def test_a_sender_without_a_key_must_be_impersonated(rpc: Client) -> None:
    transfer = {"from": NOBODY, "to": TO, "value": "0x1", "gas": "0x5208"}
    with pytest.raises(Answered, match="not impersonated"):
        rpc("eth_sendTransaction", transfer)
    rpc("hardhat_impersonateAccount", NOBODY)
    rpc("hardhat_setBalance", NOBODY, "0xde0b6b3a7640000")
    assert mined(rpc, rpc("eth_sendTransaction", transfer))["from"] == NOBODY
    rpc("anvil_stopImpersonatingAccount", NOBODY)
    with pytest.raises(Answered, match="not impersonated"):
        rpc("eth_sendTransaction", transfer)


def test_an_impersonated_senders_transaction_is_made_as_an_accounts_own(rpc: Client) -> None:
    """Of the newest type and with estimated gas; a price or gas that is named stays."""
    rpc("hardhat_impersonateAccount", NOBODY)
    deployment = {"from": NOBODY, "data": "0x60015f5360015ff3" + "00" * 20_000}
    sent = {sender: rpc("eth_sendTransaction", {**deployment, "from": sender}) for sender in (ME, NOBODY)}
    mine, theirs = (rpc("eth_getTransactionByHash", sent[sender]) for sender in (ME, NOBODY))
    same = ("type", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "accessList", "chainId")
    assert {name: theirs[name] for name in same} == {name: mine[name] for name in same}
    assert theirs["type"] == "0x2"
    assert mined(rpc, sent[NOBODY])["status"] == "0x1"
    old = rpc("eth_sendTransaction", {"from": NOBODY, "to": TO, "gasPrice": "0x0", "gas": "0x7530"})
    found = rpc("eth_getTransactionByHash", old)
    assert (found["type"], found["gas"]) == ("0x0", "0x7530")
    with pytest.raises(Answered, match="execution reverted") as reverted:
        rpc("eth_sendTransaction", {"from": NOBODY, "data": "0x5f5ffd"})
    assert reverted.value.code == 3


# STATE


def test_state_is_set_by_hand(rpc: Client) -> None:
    slot, nine = "0x" + "00" * 32, "0x" + "00" * 31 + "09"
    rpc("anvil_setBalance", NOBODY, "0x7")
    rpc("anvil_setNonce", NOBODY, "0x3")
    rpc("anvil_setCode", NOBODY, "0x5f545f5260205ff3")
    rpc("anvil_setStorageAt", NOBODY, "0x0", nine)
    assert rpc("eth_getBalance", NOBODY) == "0x7"
    assert rpc("eth_getTransactionCount", NOBODY) == "0x3"
    assert rpc("eth_getStorageAt", NOBODY, slot) == nine
    assert number(rpc("eth_call", {"to": NOBODY})) == 9


def test_a_snapshot_is_gone_back_to_once(rpc: Client) -> None:
    taken = rpc("evm_snapshot")
    book = Developer(rpc).deploy()
    assert rpc("evm_revert", taken) is True
    assert rpc("eth_getCode", book) == "0x"
    assert rpc("eth_blockNumber") == "0x0"
    assert rpc("evm_revert", taken) is False
    assert rpc("eth_call", {"to": Developer(rpc).deploy(), "data": calldata("pages()")})


# TIME AND BLOCKS


def test_blocks_are_mined_on_demand(rpc: Client) -> None:
    assert rpc("evm_mine") == "0x0"
    rpc("hardhat_mine", "0x3", "0xa")
    assert rpc("eth_blockNumber") == "0x4"
    times = [number(rpc("eth_getBlockByNumber", hex(block), False)["timestamp"]) for block in (2, 3, 4)]
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [10, 10]
    rpc("anvil_mine", 2)
    assert rpc("eth_blockNumber") == "0x6"


def test_time_is_put_forward(rpc: Client) -> None:
    now = number(rpc("eth_getBlockByNumber", "latest", False)["timestamp"])
    rpc("evm_setNextBlockTimestamp", now + 1000)
    rpc("evm_mine")
    assert number(rpc("eth_getBlockByNumber", "latest", False)["timestamp"]) == now + 1000
    rpc("evm_increaseTime", "0x64")
    rpc("evm_mine")
    assert number(rpc("eth_getBlockByNumber", "latest", False)["timestamp"]) == now + 1100
    rpc("evm_mine", {"timestamp": now + 5000, "blocks": 1})
    assert number(rpc("eth_getBlockByNumber", "latest", False)["timestamp"]) == now + 5000
    with pytest.raises(Answered) as refused:
        rpc("evm_setNextBlockTimestamp", 1)
    assert refused.value.code == -32602


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("evm_mine", ["0xffffffffffffffff"]),
        ("evm_setNextBlockTimestamp", [2**63]),
        ("evm_increaseTime", ["0xffffffffffffffff"]),
        ("anvil_mine", ["0x2", "0xffffffffffffffff"]),
    ],
)
def test_a_time_that_no_block_can_have_is_refused_and_the_chain_goes_on(
    rpc: Client, method: str, params: list[Any]
) -> None:
    with pytest.raises(Answered, match="too far ahead") as refused:
        rpc(method, *params)
    assert refused.value.code == -32602
    rpc("evm_mine")
    assert rpc("eth_blockNumber") == "0x1"


def test_without_automine_transactions_wait(rpc: Client) -> None:
    rpc("evm_setAutomine", False)
    developer = Developer(rpc)
    hashes = [rpc("eth_sendRawTransaction", developer.sign(to=TO)) for _ in range(2)]
    assert rpc("txpool_status")["pending"] == "0x2"
    rpc("evm_mine")
    assert rpc("eth_getBlockByNumber", "latest", False)["transactions"] == hashes


def test_tools_learn_what_node_it_is(rpc: Client) -> None:
    assert rpc("anvil_nodeInfo")["environment"]["chainId"] == 31337
    assert rpc("hardhat_metadata")["chainId"] == 31337
    assert {"anvil", "evm", "hardhat"} <= set(rpc("rpc_modules"))


def test_too_many_blocks_at_once_are_refused(rpc: Client) -> None:
    with pytest.raises(Answered, match="mine in parts"):
        rpc("hardhat_mine", "0xffffff")


def test_a_receipt_is_there_when_a_transaction_is_answered(rpc: Client) -> None:
    rpc("hardhat_impersonateAccount", NOBODY)
    for count in range(20):
        sender = NOBODY if count % 2 else ME
        sent = rpc("eth_sendTransaction", {"from": sender, "to": TO, "gas": "0x5208"})
        assert rpc("eth_getTransactionReceipt", sent)["status"] == "0x1"
        signed = rpc("eth_signTransaction", {"from": ME, "to": TO})
        assert rpc("eth_getTransactionReceipt", rpc("eth_sendRawTransaction", signed["raw"]))["status"] == "0x1"


def test_what_no_block_takes_at_once_is_answered_at_once(rpc: Client) -> None:
    gap = rpc("eth_sendTransaction", {"from": ME, "to": TO, "nonce": "0x5"})
    assert rpc("eth_getTransactionReceipt", gap) is None
    rpc("evm_setAutomine", False)
    waiting = rpc("eth_sendTransaction", {"from": ME, "to": TO, "value": "0x9"})
    assert rpc("eth_getTransactionReceipt", waiting) is None


def test_with_blocks_made_by_hand_pending_is_the_next_one_with_what_waits(rpc: Client) -> None:
    rpc("evm_setAutomine", False)
    head = number(rpc("eth_blockNumber"))
    sent = [rpc("eth_sendTransaction", {"from": ME, "to": TO, "value": "0x9", "gas": "0x5208"}) for _ in range(5)]
    block = rpc("eth_getBlockByNumber", "pending", False)
    assert (number(block["number"]), block["transactions"]) == (head + 1, sent)
    assert [one["hash"] for one in rpc("eth_getBlockByNumber", "pending", True)["transactions"]] == sent
    assert number(rpc("eth_getBlockTransactionCountByNumber", "pending")) == 5
    assert rpc("eth_getTransactionByBlockNumberAndIndex", "pending", "0x4")["hash"] == sent[4]
    assert rpc("eth_getTransactionByBlockNumberAndIndex", "pending", "0x5") is None
    assert [one["transactionHash"] for one in rpc("eth_getBlockReceipts", "pending")] == sent
    assert number(rpc("eth_getTransactionCount", ME, "pending")) == number(rpc("eth_getTransactionCount", ME)) + 5
    assert (rpc("eth_getBalance", TO, "pending"), rpc("eth_getBalance", TO)) == ("0x2d", "0x0")
    traced = [
        [one["txHash"] for one in rpc("debug_traceBlockByNumber", "pending", {"tracer": "callTracer"})],
        [one["transactionHash"] for one in rpc("trace_block", "pending")],
        [one["transactionHash"] for one in rpc("trace_replayBlockTransactions", "pending", ["trace"])],
    ]
    assert traced == [sent] * 3
    told = {TO: {"code": "0x4360005260206000f3"}}  # block.number
    assert number(rpc("eth_call", {"to": TO}, "pending", told)) == head + 1
    assert number(rpc("eth_call", {"to": TO}, "latest", told)) == head
    assert number(rpc("eth_call", {"to": TO}, {"blockNumber": "pending"}, told)) == head + 1
    rpc("evm_mine")
    assert rpc("eth_getBlockByNumber", "latest", False)["transactions"] == sent
    empty = rpc("eth_getBlockByNumber", "pending", False)
    assert (number(empty["number"]), empty["transactions"]) == (head + 2, [])
    assert number(rpc("eth_getBlockTransactionCountByNumber", "pending")) == 0


def test_a_balance_beyond_256_bits_is_named_in_words(rpc: Client) -> None:
    rpc("anvil_setBalance", TO, "0x" + "f" * 64)
    words = f"this engine cannot execute it: the balance of {TO.lower()} would exceed 256 bits"
    transfer = {"from": ME, "to": TO, "value": "0x1"}
    for method in ("eth_call", "eth_estimateGas", "eth_sendTransaction"):  # it is sent with an estimate
        with pytest.raises(Answered) as refused:
            rpc(method, transfer)
        assert (refused.value.code, refused.value.message) == (-32000, words)
    dropped = rpc("eth_sendTransaction", transfer | {"gas": "0x5208"})
    assert rpc("eth_getTransactionReceipt", dropped) is None
    mined(rpc, rpc("eth_sendTransaction", transfer | {"to": ME}))


def test_time_that_was_set_reaches_calls_and_estimates_on_pending(rpc: Client) -> None:
    later = number(rpc("eth_getBlockByNumber", "latest", False)["timestamp"]) + 100_000
    rpc("evm_setNextBlockTimestamp", hex(later))
    told = {TO: {"code": "0x4260005260206000f3"}}  # block.timestamp
    assert number(rpc("eth_call", {"to": TO}, "pending", told)) == later
    opens = {
        TO: {"code": "0x62" + (later & 0xFFFFFF).to_bytes(3, "big").hex() + "62ffffff4216146011" + "57" + "5f5ffd5b00"}
    }
    with pytest.raises(Answered, match="execution reverted"):
        rpc("eth_estimateGas", {"to": TO}, "latest", opens)
    assert number(rpc("eth_estimateGas", {"to": TO}, "pending", opens)) > 21_000
    assert number(rpc("eth_getBlockByNumber", "pending", False)["timestamp"]) == later
    rpc("evm_mine")
    assert number(rpc("eth_getBlockByNumber", "latest", False)["timestamp"]) == later
    rpc("evm_increaseTime", 1_000)
    assert number(rpc("eth_call", {"to": TO}, "pending", told)) >= later + 1_000
