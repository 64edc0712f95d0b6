"""Chain and gateway as two processes, made and set up as the compose file's `split` profile does it in containers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ledger_node.demo.process import NodeProcess
from tests.follower.test_processes import ChainProcess
from tests.journeys.test_backup import Bank
from tests.journeys.test_commands import ledger_node
from tests.journeys.test_compose import SERVICES, environment

pytestmark = pytest.mark.slow

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}


def initialise(gateway: Path, chain: Path) -> None:
    """What the service `split-init` does to its two volumes."""
    (script,) = SERVICES["split-init"]["command"]
    for inside, outside in (("/data", gateway), ("/chain", chain)):
        outside.mkdir(exist_ok=True)
        script = script.replace(inside, str(outside))
    program = "chown() { :; }\n" + script.replace("$$", "$")  # the files are ours already, and we may not be root
    given = {"LEDGER_DATA": str(gateway), "INIT_SAMPLE": "", "INIT_CHAIN_ID": "4711"}
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    outcome = subprocess.run(
        ["/bin/sh", "-euc", program], env=CLEAN | given | path, capture_output=True, text=True, timeout=120
    )
    assert outcome.returncode == 0, outcome.stderr


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("split")
    gateway, chain = root / "gateway", root / "chain"
    # Banks to pay with on a network that asks for rights, which the service's own two ways of `init` do not combine.
    made = ledger_node("init", "--data", str(gateway), "--chain-id", "4711", "--sample", "--permissions", "enforced")
    assert made.returncode == 0, made.stderr
    initialise(gateway, chain)
    return gateway, chain


def test_an_empty_volume_becomes_a_network_with_the_chain_id_asked_for(tmp_path: Path) -> None:
    initialise(tmp_path / "gateway", tmp_path / "chain")
    assert json.loads((tmp_path / "chain/genesis.json").read_text())["chainId"] == 4711
    assert (tmp_path / "gateway/config.toml").exists()


@pytest.fixture(scope="module")
def chain(volumes: tuple[Path, Path]) -> Iterator[ChainProcess]:
    process = ChainProcess(volumes[1], "run", settings=environment("chain-split"))
    try:
        process.ready()
        yield process
    finally:
        process.stop()


def test_the_sealing_key_went_with_the_chain_and_no_other(volumes: tuple[Path, Path]) -> None:
    gateway, chain = volumes
    assert not (gateway / "keys/sealer.json").exists()
    assert not (gateway / "chain").exists()
    assert sorted(path.name for path in (chain / "keys").iterdir()) == ["password", "sealer.json"]
    assert (chain / "keys/password").read_text() != (gateway / "keys/password").read_text()
    assert json.loads((chain / "genesis.json").read_text()) == json.loads((gateway / "genesis.json").read_text())


def test_a_second_start_changes_neither_volume(volumes: tuple[Path, Path]) -> None:
    before = {path: path.read_bytes() for root in volumes for path in root.rglob("*") if path.is_file()}
    initialise(*volumes)
    assert {path: path.read_bytes() for root in volumes for path in root.rglob("*") if path.is_file()} == before


def test_the_chain_answers_to_its_name_in_the_gateways_settings_and_to_no_strangers(chain: ChainProcess) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}
    named = httpx.URL(environment("gateway-split")["LEDGER_CHAIN"]).netloc.decode()
    assert httpx.post(chain.url, json=request, headers={"Host": named}).json()["result"] == hex(4711)
    assert httpx.post(chain.url, json=request, headers={"Host": "stranger:8545"}).status_code == 403


def test_the_gateway_settles_on_the_chain_of_the_other_process_and_after_a_kill(
    chain: ChainProcess, volumes: tuple[Path, Path]
) -> None:
    named = httpx.URL(environment("gateway-split")["LEDGER_CHAIN"])
    url = str(named.copy_with(host="127.0.0.1", port=httpx.URL(chain.url).port))
    gateway = NodeProcess(volumes[0], "--chain", url)
    try:
        gateway.start()
        credentials = json.loads((volumes[0] / "credentials.json").read_text())
        with Bank(gateway.gateway_url, credentials) as bank:
            minted = bank.mint("first", "100.00")
        receipt = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "eth_getTransactionReceipt",
            "params": [minted["transaction_hash"]],
        }
        assert httpx.post(chain.url, json=receipt).json()["result"]["blockNumber"] == hex(minted["block_number"])
        gateway.kill()
        gateway.start()
        with Bank(gateway.gateway_url, credentials) as bank:
            bank.mint("second", "11.00")
            assert bank.booked() == "111.00"
        audit = ledger_node("audit", "--data", str(volumes[0]), "--chain", url, "--json")
        assert json.loads(audit.stdout)["passed"], audit.stdout
        assert gateway.stop() == 0
    finally:
        gateway.end()


def test_without_the_chains_address_the_gateway_starts_no_second_chain(volumes: tuple[Path, Path]) -> None:
    refused = ledger_node("run", "--data", str(volumes[0]))
    assert (refused.returncode, "sealer" in refused.stderr) == (2, True)
    assert not (volumes[0] / "chain").exists()


def test_a_chain_is_split_off_once_and_into_an_empty_directory(volumes: tuple[Path, Path], tmp_path: Path) -> None:
    again = ledger_node("chain", "split", "--data", str(volumes[0]), "--to", str(tmp_path / "other"))
    assert (again.returncode, "kept elsewhere already" in again.stderr) == (2, True)
    assert ledger_node("init", "--data", str(tmp_path / "node")).returncode == 0
    occupied = ledger_node("chain", "split", "--data", str(tmp_path / "node"), "--to", str(volumes[1]))
    assert (occupied.returncode, "holds chain, genesis.json, keys" in occupied.stderr) == (2, True)
    assert (tmp_path / "node/keys/sealer.json").exists()


def test_a_node_that_ran_takes_its_blocks_and_balances_along(tmp_path: Path) -> None:
    data, apart = tmp_path / "node", tmp_path / "chain"
    node = NodeProcess(data)
    credentials = node.init("--sample")
    try:
        node.start()
        with Bank(node.gateway_url, credentials) as bank:
            bank.mint("before", "100.00")
        running = ledger_node("chain", "split", "--data", str(data), "--to", str(apart))
        assert (running.returncode, "holds" in running.stderr) == (2, True)
        assert node.stop() == 0
        assert ledger_node("chain", "split", "--data", str(data), "--to", str(apart)).returncode == 0
        chain = ChainProcess(apart, "run")
        try:
            chain.ready()
            gateway = NodeProcess(data, "--chain", chain.url)
            gateway.start()
            with Bank(gateway.gateway_url, credentials) as bank:
                bank.mint("after", "11.00")
                assert bank.booked() == "111.00"
            assert gateway.stop() == 0
        finally:
            chain.stop()
    finally:
        node.end()
