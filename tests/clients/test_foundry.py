"""Foundry: forge create, script and test on a fork; cast's commands, over HTTP.

Foundry never offers a tip below 1 wei by itself. Two variables of its own say that gas is free, to every one of its
commands; the last test shows what happens without them.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger_node.demo.process import NodeProcess
from tests.clients.guestbook import SOLC, SOURCE
from tests.clients.network import DEPLOYER, MAY_NOT_DEPLOY, NOT_ADMITTED, TRANSACTOR
from tests.clients.tools import CONTRACTS, HERE, environment, need, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clients")]

BIN = CONTRACTS / "node_modules" / ".bin"
FREE = {"ETH_GAS_PRICE": "0", "ETH_PRIORITY_GAS_PRICE": "0"}
SIGNED = "0x95812dd7b1ec8af26cc5f8e3cf0cc8f56ad6b6bad9817afadc48ec4d230a68f0"


@dataclass
class Foundry:
    """A project of a developer's, and the commands given in it."""

    project: Path
    environment: dict[str, str]

    def __call__(self, program: str, *arguments: str, status: int = 0, **more: str) -> str:
        settings = {**self.environment, **more}
        return run([need(BIN / program), *arguments], settings, self.project, status=status).strip()

    def json(self, program: str, *arguments: str, **more: str) -> Any:
        return json.loads(self(program, *arguments, "--json", **more).splitlines()[-1])

    def key(self, name: str) -> tuple[str, str]:
        return "--private-key", self.environment[f"{name}_KEY"]

    def create(self, owner: str, **more: Any) -> str:
        what = ("src/Guestbook.sol:Guestbook", "--broadcast", "--json", *self.key(owner), "--constructor-args", "8")
        return self("forge", "create", *what, **more)


@pytest.fixture(scope="module")
def foundry(node: NodeProcess, tmp_path_factory: pytest.TempPathFactory) -> Foundry:
    project = tmp_path_factory.mktemp("foundry")
    shutil.copytree(HERE / "foundry", project, dirs_exist_ok=True)
    (project / "src").mkdir()
    shutil.copy(SOURCE, project / "src")
    settings = {**environment(node), **FREE, "ETH_RPC_URL": node.rpc_url, "FOUNDRY_SOLC": str(SOLC)}
    return Foundry(project, settings)


@pytest.fixture(scope="module")
def book(foundry: Foundry) -> str:
    """A guestbook that `forge create` deployed and `cast send` signed once."""
    address: str = json.loads(foundry.create("DEPLOYER"))["deployedTo"]
    receipt = foundry.json("cast", "send", address, "sign(string)", "hello", *foundry.key("TRANSACTOR"))
    assert receipt["status"] == "0x1"
    assert receipt["effectiveGasPrice"] == "0x0"
    return address


@pytest.fixture(scope="module")
def receipt(foundry: Foundry, book: str) -> Any:
    (log,) = foundry.json("cast", "logs", "--from-block", "0", "--address", book)
    return foundry.json("cast", "receipt", log["transactionHash"])


def test_cast_reads_what_was_written(foundry: Foundry, book: str) -> None:
    assert foundry("cast", "call", book, "most()(uint256)") == "8"
    assert foundry("cast", "call", book, "pages()(uint256)", "--from", "0x" + TRANSACTOR.hex()) == "1"
    assert int(foundry("cast", "storage", book, "0"), 16) == 1
    assert len(foundry("cast", "code", book)) > 100
    assert int(foundry("cast", "nonce", "0x" + DEPLOYER.hex())) >= 1
    assert foundry("cast", "client").startswith("ledger-node/")
    assert foundry("cast", "gas-price") == "0"
    assert foundry("cast", "base-fee") == "0"
    assert foundry("cast", "balance", book) == "0"
    assert foundry.json("cast", "block", "latest")["baseFeePerGas"] == "0x0"


def test_cast_reads_events_and_receipts(foundry: Foundry, book: str, receipt: Any) -> None:
    (log,) = foundry.json("cast", "logs", "--from-block", "0", "--address", book, "Signed(address,uint256,string)")
    assert log["topics"] == [SIGNED, "0x" + TRANSACTOR.hex().rjust(64, "0"), "0x" + "1".rjust(64, "0")]
    assert receipt["status"] == "0x1"
    assert receipt["logs"][0]["data"] == log["data"]
    assert foundry.json("cast", "tx", receipt["transactionHash"])["from"] == "0x" + TRANSACTOR.hex()


def test_cast_run_replays_a_transaction_of_the_past(foundry: Foundry, receipt: Any) -> None:
    printed = foundry("cast", "run", receipt["transactionHash"], "--quick")
    assert "Transaction successfully executed" in printed
    assert f"Gas used: {int(receipt['gasUsed'], 16)}" in printed


def test_cast_proves_storage_and_lists_access(foundry: Foundry, book: str) -> None:
    proof = foundry.json("cast", "proof", book, "0")
    assert int(proof["storageProof"][0]["value"], 16) == 1
    assert len(proof["accountProof"]) >= 1
    listed = foundry("cast", "access-list", book, "sign(string)", "hi", "--from", "0x" + TRANSACTOR.hex())
    assert book.lower() in listed.lower()


def test_cast_decodes_the_custom_error(foundry: Foundry, book: str) -> None:
    printed = foundry("cast", "call", book, "sign(string)", "far too long", status=1)
    assert "execution reverted" in printed
    error = next(part.strip('",.') for part in printed.replace(":", " ").split() if part.strip('",').startswith("0x"))
    assert foundry("cast", "decode-error", "--sig", "TooLong(uint256,uint256)", error).split() == ["12", "8"]


def test_cast_waits_for_confirmations_on_an_idle_network(foundry: Foundry, book: str) -> None:
    sign = ("cast", "send", book, "sign(string)", "sure", "--confirmations", "5", *foundry.key("TRANSACTOR"))
    receipt = foundry.json(*sign)
    assert int(foundry("cast", "block-number")) >= int(receipt["blockNumber"], 16) + 4


def test_forge_script_broadcasts_all_its_transactions(foundry: Foundry) -> None:
    url = foundry.environment["RPC_URL"]
    what = ("script/Open.s.sol:Open", "--broadcast", "--rpc-url", url, *foundry.key("DEPLOYER"))
    printed = foundry("forge", "script", *what)
    assert "ONCHAIN EXECUTION COMPLETE & SUCCESSFUL" in printed
    ran = json.loads(next((foundry.project / "broadcast").rglob("run-latest.json")).read_text(encoding="utf-8"))
    assert [receipt["status"] for receipt in ran["receipts"]] == ["0x1", "0x1"]
    assert foundry("cast", "call", ran["receipts"][0]["contractAddress"], "pages()(uint256)") == "1"


def test_forge_script_deploys_with_a_salt_for_who_may_deploy(foundry: Foundry) -> None:
    url = foundry.environment["RPC_URL"]
    what = ("script", "script/Salted.s.sol:Salted", "--broadcast", "--rpc-url", url)
    refused = foundry("forge", *what, *foundry.key("TRANSACTOR"), status=1)
    assert "Transaction Failure" in refused  # forge sends it unasked; the creation inside is refused
    assert "ONCHAIN EXECUTION COMPLETE & SUCCESSFUL" in foundry("forge", *what, *foundry.key("DEPLOYER"))
    path = next((foundry.project / "broadcast" / "Salted.s.sol").rglob("run-latest.json"))
    created, _ = json.loads(path.read_text(encoding="utf-8"))["transactions"]
    assert created["transactionType"] == "CREATE2"
    assert foundry("cast", "call", created["contractAddress"], "pages()(uint256)") == "1"


def test_forge_tests_on_a_fork_of_the_running_network(foundry: Foundry, book: str, receipt: Any) -> None:
    before = str(int(receipt["blockNumber"], 16) - 1)
    pages = foundry("cast", "call", book, "pages()(uint256)")
    printed = foundry(
        "forge", "test", "--fork-url", foundry.environment["RPC_URL"], "-vv", BOOK=book, BEFORE_IT_WAS_SIGNED=before
    )
    assert "3 passed; 0 failed" in printed
    assert foundry("cast", "call", book, "pages()(uint256)") == pages  # what the tests did stayed on the fork


def test_what_permissions_refuse_is_refused_with_the_reason(foundry: Foundry, book: str) -> None:
    assert MAY_NOT_DEPLOY in foundry.create("TRANSACTOR", status=1)
    printed = foundry("cast", "send", book, "sign(string)", "me", *foundry.key("STRANGER"), status=1)
    assert NOT_ADMITTED in printed
    assert "-32007" in printed


def test_an_account_without_ether_cannot_pay_the_tip_foundry_offers_unasked(foundry: Foundry, book: str) -> None:
    unset = {name: value for name, value in foundry.environment.items() if name not in FREE}
    unaware = Foundry(foundry.project, unset)
    sign = ("cast", "send", book, "sign(string)", "dear", *foundry.key("TRANSACTOR"))
    assert "offer a price of 0" in unaware(*sign, status=1)
    unaware(*sign, "--legacy")
