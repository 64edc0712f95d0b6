#!/usr/bin/env python3
"""Make the files of a new Besu QBFT network: validator keys, genesis and static nodes.

    python deploy/besu-qbft/generate.py --to DIR [--validators 4] [--subnet 172.28.20] [--chain-id N] [--period SECONDS]

Writes DIR/genesis.json, DIR/static-nodes.json and, per validator, DIR/validatorN/key (mode 600), key.pub, address and
an empty data directory. Leaves a directory that holds a network already as it is: the keys are the network's identity.
"""

import argparse
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from coincurve import PrivateKey

from ledger_node.chain.encoding import keccak, rlp_encode

TEMPLATE = Path(__file__).with_name("genesis.template.json")
FIRST_HOST = 11
P2P_PORT = 30303


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, required=True, help="directory to write to")
    parser.add_argument("--validators", type=int, default=4, help="4 tolerate one that fails or lies; 7 two")
    parser.add_argument("--subnet", default="172.28.20", help="first three parts of the validators' addresses")
    parser.add_argument("--chain-id", type=int, help="instead of the template's")
    parser.add_argument("--period", type=int, help="seconds between blocks, instead of the template's")
    parser.add_argument("--owner", type=int, help="user id that the files are given to (as root only)")
    arguments = parser.parse_args()
    if (arguments.to / "genesis.json").exists():
        sys.stdout.write(f"{arguments.to} holds a network already; nothing was changed.\n")
        return
    keys = [PrivateKey(secrets.token_bytes(32)) for _ in range(arguments.validators)]
    arguments.to.mkdir(parents=True, exist_ok=True)
    for number, key in enumerate(keys, 1):
        write_key(arguments.to / f"validator{number}", key)
    nodes = [enode(key, f"{arguments.subnet}.{FIRST_HOST + index}") for index, key in enumerate(keys)]
    write(arguments.to / "static-nodes.json", nodes)
    if arguments.owner is not None:
        for number in range(1, len(keys) + 1):
            give(arguments.to / f"validator{number}", arguments.owner)
    # Last: with it the network is whole.
    write(arguments.to / "genesis.json", genesis(keys, chain_id=arguments.chain_id, period=arguments.period))
    sys.stdout.write(f"A network of {len(keys)} validators is in {arguments.to}.\n")


def genesis(keys: list[PrivateKey], *, chain_id: int | None, period: int | None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    if chain_id is not None:
        document["config"]["chainId"] = chain_id
    if period is not None:
        document["config"]["qbft"]["blockperiodseconds"] = period
    document["extraData"] = "0x" + extra_data([address(key) for key in keys]).hex()
    return document


def extra_data(validators: list[bytes]) -> bytes:
    """QBFT's header extra data at genesis: vanity, validators, no vote, round 0, no seals."""
    return rlp_encode([b"\x00" * 32, sorted(validators), [], b"", []])


def public(key: PrivateKey) -> bytes:
    return key.public_key.format(compressed=False)[1:]


def address(key: PrivateKey) -> bytes:
    return keccak(public(key))[12:]


def enode(key: PrivateKey, host: str) -> str:
    return f"enode://{public(key).hex()}@{host}:{P2P_PORT}"


def write_key(directory: Path, key: PrivateKey) -> None:
    (directory / "data").mkdir(parents=True, exist_ok=True)
    path = directory / "key"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"0x{key.secret.hex()}")
    (directory / "key.pub").write_text(f"0x{public(key).hex()}", encoding="ascii")
    (directory / "address").write_text(f"0x{address(key).hex()}", encoding="ascii")


def give(directory: Path, owner: int) -> None:
    for path in (directory, *directory.iterdir()):
        os.chown(path, owner, owner)


def write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
