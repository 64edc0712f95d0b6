"""The files of the Besu QBFT network fit together: keys, genesis, static nodes, configuration and compose profile."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from coincurve import PrivateKey

from ledger_node.chain.encoding import keccak, rlp_decode

ROOT = Path(__file__).parent.parent.parent
BESU = ROOT / "deploy/besu-qbft"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
VALIDATORS = ("validator1", "validator2", "validator3", "validator4")


def generate(directory: Path, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, str(BESU / "generate.py"), "--to", str(directory), *arguments],
        check=True,
        capture_output=True,
        env={"PYTHONPATH": str(ROOT)},
    )


@pytest.fixture
def network(tmp_path: Path) -> Path:
    generate(tmp_path / "network")
    return tmp_path / "network"


def key_of(network: Path, validator: str) -> PrivateKey:
    return PrivateKey(bytes.fromhex((network / validator / "key").read_text()[2:]))


def public(key: PrivateKey) -> bytes:
    return key.public_key.format(compressed=False)[1:]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_genesis_names_the_validators_whose_keys_were_made(network: Path) -> None:
    addresses = sorted(keccak(public(key_of(network, validator)))[12:] for validator in VALIDATORS)
    extra_data = bytes.fromhex(read(network / "genesis.json")["extraData"][2:])
    assert rlp_decode(extra_data) == [b"\x00" * 32, addresses, [], b"", []]
    # The shape Besu's documentation shows: 32 bytes of vanity, four addresses, and c0 80 c0 at the end.
    assert extra_data[:3] == bytes.fromhex("f87aa0")
    assert extra_data[-3:] == bytes.fromhex("c080c0")


def test_a_key_is_readable_by_its_owner_alone(network: Path) -> None:
    for validator in VALIDATORS:
        assert (network / validator / "key").stat().st_mode & 0o777 == 0o600
        assert (network / validator / "key.pub").read_text() == "0x" + public(key_of(network, validator)).hex()


def test_a_network_that_is_there_is_left_alone(network: Path) -> None:
    before = {path: path.read_bytes() for path in network.rglob("*") if path.is_file()}
    generate(network)
    assert {path: path.read_bytes() for path in network.rglob("*") if path.is_file()} == before


def test_another_chain_id_period_and_number_of_validators_can_be_asked_for(tmp_path: Path) -> None:
    generate(tmp_path, "--chain-id", "77", "--period", "2", "--validators", "7")
    config = read(tmp_path / "genesis.json")["config"]
    assert (config["chainId"], config["qbft"]["blockperiodseconds"]) == (77, 2)
    assert len(read(tmp_path / "static-nodes.json")) == 7


def test_gas_is_free_and_our_contracts_instructions_are_known() -> None:
    genesis = read(BESU / "genesis.template.json")
    assert genesis["config"]["zeroBaseFee"] is True
    assert int(genesis["baseFeePerGas"], 16) == 0
    # PUSH0 came with Shanghai, MCOPY and transient storage with Cancun.
    assert (genesis["config"]["shanghaiTime"], genesis["config"]["cancunTime"]) == (0, 0)
    assert int(genesis["gasLimit"], 16) == 30_000_000
    assert tomllib.loads((BESU / "config.toml").read_text())["min-gas-price"] == 0


def test_each_validator_is_where_the_others_look_for_it(network: Path) -> None:
    nodes = read(network / "static-nodes.json")
    for validator, node in zip(VALIDATORS, nodes, strict=True):
        service = COMPOSE["services"][validator]
        host = service["networks"]["besu"]["ipv4_address"]
        assert node == f"enode://{public(key_of(network, validator)).hex()}@{host}:30303"
        assert f"--p2p-host={host}" in service["command"]
    config = tomllib.loads((BESU / "config.toml").read_text())
    assert (config["p2p-port"], config["discovery-enabled"]) == (30303, False)


def test_each_validator_finds_what_its_configuration_names(network: Path) -> None:
    config = tomllib.loads((BESU / "config.toml").read_text())
    for validator in VALIDATORS:
        mounts = dict(volume.split(":")[:2][::-1] for volume in COMPOSE["services"][validator]["volumes"])
        assert mounts["/network"] == "besu-network"
        assert mounts["/node"] == f"besu-{validator}"
        assert (ROOT / mounts["/config.toml"]).is_file()
        inside = {"/network": network, "/node": network / validator}
        for setting in ("genesis-file", "static-nodes-file", "node-private-key-file", "data-path"):
            root, _, rest = config[setting][1:].partition("/")
            assert (inside[f"/{root}"] / rest).exists(), setting
