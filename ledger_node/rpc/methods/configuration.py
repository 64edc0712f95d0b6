"""eth_config (EIP-7910): the rules the chain runs under, so that nodes and tools can compare theirs with ours."""

import json
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from ledger_node.chain.geth_genesis import fork_id, forks_by_time
from ledger_node.rpc.blobs import CANCUN_FRACTION, PRAGUE_FRACTION
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import SERVER_ERROR, RpcError
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, quantity

PRECOMPILES = (
    "ECREC", "SHA256", "RIPEMD160", "ID", "MODEXP", "BN254_ADD", "BN254_MUL", "BN254_PAIRING", "BLAKE2F",
    "KZG_POINT_EVALUATION", "BLS12_G1ADD", "BLS12_G1MSM", "BLS12_G2ADD", "BLS12_G2MSM", "BLS12_PAIRING_CHECK",
    "BLS12_MAP_FP_TO_G1", "BLS12_MAP_FP2_TO_G2",
)  # fmt: skip
"""Prague's, by address from 1 on; the forks before it have the first ones."""

SYSTEM_CONTRACTS = {
    "BEACON_ROOTS_ADDRESS": "000f3df6d732807ef1319fb7b8bb8522d0beac02",
    "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": "0000bbddc7ce488642fb579f8b00f3a590007251",
    "HISTORY_STORAGE_ADDRESS": "0000f90827f1c53a10cb7a02335b175320002935",
    "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": "00000961ef480eb55e80d19ad83579a64c007002",
}

PRECOMPILES_OF = {"shanghai": 9, "cancun": 10, "prague": len(PRECOMPILES)}
SYSTEM_CONTRACTS_OF = {"shanghai": (), "cancun": ("BEACON_ROOTS_ADDRESS",), "prague": tuple(SYSTEM_CONTRACTS)}
BLOBS_OF = {"shanghai": (0, 0, 0), "cancun": (3, 6, CANCUN_FRACTION), "prague": (6, 9, PRAGUE_FRACTION)}
"""Target, most, and update fraction, as they are carried out here."""


@method("eth_config")
def config(door: Door) -> dict[str, Any]:
    """Our own network has one fork from genesis on, and none planned; imported history, those of its genesis."""
    document = json.loads(door.chain.genesis_document())
    return _imported(door, document) if "config" in document else _own(door)


def _own(door: Door) -> dict[str, Any]:
    present = [name for name, address in SYSTEM_CONTRACTS.items() if door.chain.code(bytes.fromhex(address))]
    checksum = crc32(door.chain.header(0).hash).to_bytes(4, "big")
    current = {
        "activationTime": 0,
        "blobSchedule": _blobs(0, 0, PRAGUE_FRACTION),
        **_rules(door, checksum, "prague", present),
    }
    return {"current": current, "next": None, "last": None}


def _imported(door: Door, document: dict[str, Any]) -> dict[str, Any]:
    """Of the forks that begin at a time, which are Shanghai and later; the ones before it cannot be described."""
    genesis, now = door.chain.header(0), door.chain.head().timestamp

    def described(start: int, fork: str) -> dict[str, Any]:
        contracts = list(SYSTEM_CONTRACTS_OF[fork])
        rules = _rules(door, fork_id(document, genesis.hash, start), fork, contracts)
        deposits = document["config"].get("depositContractAddress")
        if fork == "prague" and deposits is not None:
            rules["systemContracts"]["DEPOSIT_CONTRACT_ADDRESS"] = deposits.lower()
        activation = start if start > genesis.timestamp else 0
        return {"activationTime": activation, "blobSchedule": _blobs(*BLOBS_OF[fork]), **rules}

    schedule = forks_by_time(document["config"])
    begun = [described(start, fork) for start, fork in schedule if start <= now]
    if not begun:
        raise RpcError(SERVER_ERROR, "the newest block is from before Shanghai, whose rules begin at no time to tell")
    planned = [described(start, fork) for start, fork in schedule if start > now]
    return {
        "current": begun[-1],
        "next": planned[0] if planned else None,
        "last": planned[-1] if planned else None,
    }


def _rules(door: Door, checksum: bytes, fork: str, contracts: Iterable[str]) -> dict[str, Any]:
    names = PRECOMPILES[: PRECOMPILES_OF[fork]]
    return {
        "chainId": quantity(door.chain.chain_id),
        "forkId": hexed(checksum),
        "precompiles": {name: f"0x{number:040x}" for number, name in enumerate(names, start=1)},
        "systemContracts": {name: f"0x{SYSTEM_CONTRACTS[name]}" for name in contracts},
    }


def _blobs(target: int, most: int, fraction: int) -> dict[str, int]:
    return {"target": target, "max": most, "baseFeeUpdateFraction": fraction}
