"""A network whose members decide who may do what, seen through the door: every refusal says why, with Besu's code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from ledger_node.chain.backend import LocalChain
from ledger_node.permissions import calls
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.model import AccountStatus
from tests.clients.guestbook import artifact
from tests.clients.network import (
    ADMINISTRATOR_KEY,
    DEPLOYER_KEY,
    STRANGER_KEY,
    TRANSACTOR_KEY,
    open_permissioned_network,
)
from tests.rpc.network import Developer, calldata
from tests.rpc.server import Answered, Client

CREATION = artifact()["bytecode"] + encode(["uint256"], [32]).hex()


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[LocalChain]:
    network = open_permissioned_network(tmp_path / "chain")
    yield network
    network.close()


@pytest.fixture
def deployer(rpc: Client) -> Developer:
    return Developer(rpc, DEPLOYER_KEY)


@pytest.fixture
def transactor(rpc: Client) -> Developer:
    return Developer(rpc, TRANSACTOR_KEY)


@pytest.fixture
def stranger(rpc: Client) -> Developer:
    return Developer(rpc, STRANGER_KEY)


def refusal(rpc: Client, method: str, *params: Any) -> Answered:
    with pytest.raises(Answered) as refused:
        rpc(method, *params)
    return refused.value


def test_who_may_deploy_deploys_and_who_may_transact_calls(deployer: Developer, transactor: Developer) -> None:
    book = deployer.deploy()
    assert transactor.write(book, "hello")["status"] == "0x1"


def test_a_deployment_without_the_right_is_32007_and_says_which_right(rpc: Client, transactor: Developer) -> None:
    refused = refusal(rpc, "eth_sendRawTransaction", transactor.sign(data=CREATION))
    assert refused.code == -32007
    assert refused.message.startswith("Sender account not authorized to send transactions")
    assert f"account {transactor.address} has no right to deploy contracts" in refused.message


def test_a_stranger_may_send_nothing(rpc: Client, deployer: Developer, stranger: Developer) -> None:
    book = deployer.deploy()
    signed = stranger.sign(to=to_checksum_address(book), data=calldata("sign(string)", "hello"))
    refused = refusal(rpc, "eth_sendRawTransaction", signed)
    assert refused.code == -32007
    assert f"account {stranger.address} is not an account of this network" in refused.message


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas", "eth_createAccessList", "eth_fillTransaction"])
def test_questions_in_a_refused_sender_s_name_are_refused_too(rpc: Client, transactor: Developer, method: str) -> None:
    refused = refusal(rpc, method, {"from": transactor.address, "data": CREATION})
    assert refused.code == -32007
    assert "has no right to deploy contracts" in refused.message


@pytest.mark.parametrize("method", ["eth_call", "debug_traceCall", "eth_createAccessList"])
def test_reading_answers_in_whoever_s_name(rpc: Client, deployer: Developer, stranger: Developer, method: str) -> None:
    reading = {"from": stranger.address, "to": deployer.deploy(), "data": calldata("most()")}
    assert rpc(method, reading, "latest")
    (block,) = rpc("eth_simulateV1", {"blockStateCalls": [{"calls": [reading]}]}, "latest")
    assert block["calls"][0]["status"] == "0x1"
    assert refusal(rpc, "eth_estimateGas", reading).code == -32007, "an estimate is for a transaction"
    validated = {"blockStateCalls": [{"calls": [reading]}], "validation": True}
    assert refusal(rpc, "eth_simulateV1", validated, "latest").code == -32007


def test_anybody_may_read_without_naming_a_sender(rpc: Client, deployer: Developer) -> None:
    book = deployer.deploy()
    assert int(rpc("eth_call", {"to": book, "data": calldata("most()")}), 16) == 32
    assert rpc("eth_estimateGas", {"data": CREATION}) != "0x0"


def test_who_may_do_what_is_asked_before_it_is_tried(rpc: Client, transactor: Developer, deployer: Developer) -> None:
    assert rpc("perm_getNetwork")["enforced"] is True
    allowed = rpc("perm_transactionAllowed", {"from": deployer.address, "data": CREATION})
    refused = rpc("perm_transactionAllowed", {"from": transactor.address, "data": CREATION})
    assert (allowed["allowed"], refused["allowed"]) == (True, False)
    assert "has no right to deploy contracts" in refused["reason"]


def test_why_a_waiting_transaction_was_let_go_of(rpc: Client, transactor: Developer) -> None:
    """It waits for the nonce before it; meanwhile its sender is suspended."""
    itself = to_checksum_address(transactor.address)
    waiting = rpc("eth_sendRawTransaction", transactor.sign(to=itself, nonce=5))
    assert rpc("perm_getRefusal", waiting) is None
    administrator = Developer(rpc, ADMINISTRATOR_KEY)
    suspension = calls.set_account_status(bytes.fromhex(transactor.address[2:]), AccountStatus.SUSPENDED)
    signed = administrator.sign(to=to_checksum_address(ADDRESS), data=suspension)
    assert rpc("eth_sendRawTransactionSync", signed)["status"] == "0x1"
    refusal = rpc("perm_getRefusal", waiting)
    assert refusal["code"] == -32007
    assert "is suspended" in refusal["message"]
    assert rpc("eth_getTransactionByHash", waiting) is None
