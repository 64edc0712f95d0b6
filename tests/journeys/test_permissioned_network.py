"""A network made by `ledger-node init` lets nobody in by itself: its administrators admit, with commands."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from ledger_node.demo.process import NodeProcess
from ledger_node.keys import create_keystore

GUESTBOOK = json.loads((Path(__file__).parents[1] / "clients" / "contracts" / "Guestbook.json").read_text())
CREATION = bytes.fromhex(GUESTBOOK["bytecode"].removeprefix("0x")) + (10).to_bytes(32, "big")


class Network:
    def __init__(self, node: NodeProcess) -> None:
        self.node = node
        self._client = httpx.Client(base_url=node.rpc_url, timeout=30)

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

    def command(self, *words: str) -> Any:
        """What `ledger-node network …` prints; it must succeed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ledger_node", "network", *words, "--data", str(self.node.data)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


class Bank:
    """An administrator with a keystore of its own."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        (directory / "password").write_text("a bank's own password\n")
        self.signer = create_keystore(directory / "administrator.json", "a bank's own password")
        self.options = (
            "--key", str(directory / "administrator.json"), "--password-file", str(directory / "password"),
        )  # fmt: skip

    @property
    def address(self) -> str:
        return f"0x{self.signer.address.hex()}"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    node = NodeProcess(tmp_path_factory.mktemp("permissioned") / "node", "--confirming-blocks", "0")
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
    granted = network.command("grant", developer.address, "transact")
    assert (granted["by_vote"], granted["call"]["function"]) == (False, "assignAccount")
    refusal = deploy(network, developer)["error"]
    assert (refusal["code"], "no right to deploy" in refusal["message"]) == (-32007, True)

    network.command("grant", developer.address, "deploy")
    receipt = deploy(network, developer)["result"]
    assert receipt["status"] == "0x1"
    assert receipt["contractAddress"]

    network.command("suspend", developer.address)
    refusal = deploy(network, developer)["error"]
    assert (refusal["code"], "is suspended" in refusal["message"]) == (-32007, True)
    network.command("reinstate", developer.address)
    assert "result" in deploy(network, developer)


def test_a_bank_is_admitted_and_gives_its_developer_the_right_itself(network: Network, tmp_path: Path) -> None:
    bank, developer = Bank(tmp_path / "bank"), Account.create()
    refused = network.run("grant", developer.address, "deploy", *bank.options)
    assert (refused.returncode, "is of no organisation" in refused.stderr) == (2, True)

    admitted = network.command("admit", "Albion Bank", bank.address)
    assert [each["event"] for each in admitted["events"]][-1] == "ProposalDecided"
    organisation = network.command("account", bank.address)["organisation"]
    assert network.command("organisations")[-1]["name"] == "Albion Bank"

    granted = network.command("grant", developer.address, "deploy", *bank.options)
    assert granted["from"] == bank.address
    assert network.command("roles", "--organisation", str(organisation))[-1]["right"] == "deploy"
    assert deploy(network, developer)["result"]["status"] == "0x1"

    network.command("suspend", str(organisation))
    shown = network.command("account", developer.address)
    assert (shown["may_transact"], f"organisation {organisation}" in shown["refusal"]) == (False, True)
    refused = network.run("suspend", developer.address, *bank.options)
    assert (refused.returncode, "is suspended" in refused.stderr) == (2, True)
    network.command("reinstate", str(organisation))


def test_a_role_is_switched_off_and_on_and_given_another_right_for_all_its_accounts(network: Network) -> None:
    developer = Account.create()
    organisation = str(network.command("account", network.command("status")["administrators"][0])["organisation"])
    network.command("add-role", organisation, "contractors", "deploy", "--max-value", "7")
    role = network.command("roles")[-1]
    network.command("assign", developer.address, organisation, str(role["id"]))
    assert deploy(network, developer)["result"]["status"] == "0x1"

    shown = network.command("change-role", str(role["id"]), "--inactive", "--dry-run")
    assert (shown["sent"], network.command("roles")[-1]) == (False, role)
    network.command("change-role", str(role["id"]), "--inactive")
    assert network.command("roles")[-1] == role | {"active": False}
    assert deploy(network, developer)["error"]["code"] == -32007
    network.command("change-role", str(role["id"]), "--active", "--right", "transact")
    assert network.command("roles")[-1] == role | {"right": "transact"}
    assert "no right to deploy" in deploy(network, developer)["error"]["message"]
    unknown = network.run("change-role", "99", "--active")
    assert (unknown.returncode, "There is no role 99" in unknown.stderr) == (2, True)


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(network: Network) -> None:
    before = network.ask("eth_blockNumber")["result"]
    shown = network.command("set-sealer", "0x" + "22" * 20, "--dry-run")
    assert (shown["sent"], shown["by_vote"]) == (False, True)
    assert shown["call"]["arguments"]["call"] == {
        "function": "setSealer", "arguments": {"newSealer": "0x" + "22" * 20}
    }  # fmt: skip
    assert network.ask("eth_blockNumber")["result"] == before
    refused = network.run("vote", "99", "--yes", "--dry-run")
    assert (refused.returncode, "ProposalNotOpen" in refused.stderr) == (2, True)


def test_the_status_names_sealer_administrators_and_what_waits(network: Network) -> None:
    status = network.command("status")
    assert len(status["administrators"]) == 1
    assert status["open_proposals"] == []
    assert network.ask("perm_getNetwork")["result"] == {"enforced": True, **status}
    assert network.command("proposals") == []


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
