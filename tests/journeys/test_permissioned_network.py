"""A network made by `ledger-node init` lets nobody in by itself: the admin key admits, and takes back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from ledger_node.chain.genesis import PERMISSIONS
from ledger_node.demo.process import NodeProcess
from ledger_node.permissions import calls
from ledger_node.permissions.genesis import DEPLOYER_ROLE, OPERATOR, TRANSACTOR_ROLE
from ledger_node.permissions.model import AccountStatus

GUESTBOOK = json.loads((Path(__file__).parents[1] / "clients" / "contracts" / "Guestbook.json").read_text())
CREATION = bytes.fromhex(GUESTBOOK["bytecode"].removeprefix("0x")) + (10).to_bytes(32, "big")


class Network:
    def __init__(self, node: NodeProcess) -> None:
        self._client = httpx.Client(base_url=node.rpc_url, timeout=30)
        password = (node.data / "keys" / "password").read_text().strip()
        self.admin: LocalAccount = Account.from_key(
            Account.decrypt(json.loads((node.data / "keys" / "admin.json").read_text()), password)
        )

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, *parameters: Any) -> dict[str, Any]:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer: dict[str, Any] = self._client.post("/", json=request).json()
        return answer

    def send(self, sender: LocalAccount, to: bytes | None, data: bytes) -> dict[str, Any]:
        """The receipt, or the error."""
        transaction = {
            "chainId": int(self.ask("eth_chainId")["result"], 16), "gas": 3_000_000, "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0, "value": 0, "data": data,
            "nonce": int(self.ask("eth_getTransactionCount", sender.address, "latest")["result"], 16),
        }  # fmt: skip
        if to is not None:
            transaction["to"] = to
        raw = "0x" + sender.sign_transaction(transaction).raw_transaction.hex()
        return self.ask("eth_sendRawTransactionSync", raw)

    def administer(self, call: bytes) -> None:
        answer = self.send(self.admin, PERMISSIONS, call)
        assert answer["result"]["status"] == "0x1", answer


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    node = NodeProcess(tmp_path_factory.mktemp("permissioned") / "node")
    node.init("--permissions", "enforced")
    node.start()
    network = Network(node)
    try:
        yield network
        network.close()
        assert node.stop() == 0
    finally:
        node.end()


def deploy(network: Network, developer: LocalAccount) -> dict[str, Any]:
    return network.send(developer, None, CREATION)


def test_a_stranger_is_refused_with_the_reason_and_how_far_it_goes(network: Network) -> None:
    stranger = Account.create()
    refusal = deploy(network, stranger)["error"]
    assert refusal["code"] == -32007
    assert "is not an account of this network" in refusal["message"]
    estimate = {"from": stranger.address, "data": f"0x{CREATION.hex()}"}
    assert network.ask("eth_estimateGas", estimate)["error"]["code"] == -32007


def test_a_right_reaches_exactly_as_far_as_it_was_given_and_until_it_is_taken(network: Network) -> None:
    developer = Account.create()
    address = bytes.fromhex(developer.address[2:])

    network.administer(calls.assign_account(address, OPERATOR, TRANSACTOR_ROLE))
    refusal = deploy(network, developer)["error"]
    assert (refusal["code"], "no right to deploy" in refusal["message"]) == (-32007, True)

    network.administer(calls.assign_account(address, OPERATOR, DEPLOYER_ROLE))
    receipt = deploy(network, developer)["result"]
    assert receipt["status"] == "0x1"
    assert receipt["contractAddress"]

    network.administer(calls.set_account_status(address, AccountStatus.SUSPENDED))
    refusal = deploy(network, developer)["error"]
    assert (refusal["code"], "is suspended" in refusal["message"]) == (-32007, True)


def test_an_open_network_asks_nobody(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "node")
    node.init("--sample")
    node.start()
    try:
        network = Network(node)
        assert deploy(network, Account.create())["result"]["status"] == "0x1"
        network.close()
        assert node.stop() == 0
    finally:
        node.end()
