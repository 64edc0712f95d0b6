"""eth_config (EIP-7910): the rules the chain runs under, so that nodes and tools can compare theirs with ours."""

import zlib
from typing import Any

from ledger_node.rpc.blobs import PRAGUE_FRACTION
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import SERVER_ERROR, RpcError
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, quantity

PRECOMPILES = (
    "ECREC", "SHA256", "RIPEMD160", "ID", "MODEXP", "BN254_ADD", "BN254_MUL", "BN254_PAIRING", "BLAKE2F",
    "KZG_POINT_EVALUATION", "BLS12_G1ADD", "BLS12_G1MSM", "BLS12_G2ADD", "BLS12_G2MSM", "BLS12_PAIRING_CHECK",
    "BLS12_MAP_FP_TO_G1", "BLS12_MAP_FP2_TO_G2",
)  # fmt: skip
"""Prague's, by address from 1 on."""

SYSTEM_CONTRACTS = {
    "BEACON_ROOTS_ADDRESS": "000f3df6d732807ef1319fb7b8bb8522d0beac02",
    "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": "0000bbddc7ce488642fb579f8b00f3a590007251",
    "HISTORY_STORAGE_ADDRESS": "0000f90827f1c53a10cb7a02335b175320002935",
    "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": "00000961ef480eb55e80d19ad83579a64c007002",
}


@method("eth_config")
def config(door: Door) -> dict[str, Any]:
    """One fork from genesis on, and none planned. Of imported history the schedule is not known here."""
    genesis = door.chain.header(0)
    if genesis.requests_hash is None:
        raise RpcError(SERVER_ERROR, "the fork schedule of imported history is not kept; its genesis file has it")
    present = {
        name: hexed(bytes.fromhex(address))
        for name, address in SYSTEM_CONTRACTS.items()
        if door.chain.code(bytes.fromhex(address))
    }
    current = {
        "activationTime": 0,
        "blobSchedule": {"target": 0, "max": 0, "baseFeeUpdateFraction": PRAGUE_FRACTION},
        "chainId": quantity(door.chain.chain_id),
        "forkId": hexed(zlib.crc32(genesis.hash).to_bytes(4, "big")),
        "precompiles": {name: f"0x{number:040x}" for number, name in enumerate(PRECOMPILES, start=1)},
        "systemContracts": present,
    }
    return {"current": current, "next": None, "last": None}
