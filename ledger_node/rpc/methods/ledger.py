"""ledger_*: what nodes of one network say to each other: many blocks at once, attestations, evidence."""

import json
import threading
from typing import Annotated, Any

from ledger_node.chain.attestations import BlockAttestation
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import INVALID_PARAMS, RpcError
from ledger_node.rpc.parse import BlockParam, DataParam, HashParam, Parser, Uint64Param, shown
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, quantity

BLOCKS_MAX = 1_024
ANSWER_BYTES_MAX = 8 * 1024 * 1024
WAIT_MAX_MS = 10_000


def _milliseconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= WAIT_MAX_MS:
        raise ValueError(f"expected milliseconds from 0 to {WAIT_MAX_MS}, got {shown(value)}")
    return value


WaitParam = Annotated[int, Parser(_milliseconds)]

# BLOCKS


@method("ledger_getGenesis")
def get_genesis(door: Door) -> dict[str, Any]:
    """The document the network started from; its hash is block 0's."""
    genesis: Any = json.loads(door.chain.genesis_document())
    return {"hash": hexed(door.chain.header(0).hash), "genesis": genesis}


@method("ledger_getRawBlocks", lane="wait")
def get_raw_blocks(door: Door, first: Uint64Param, count: Uint64Param, wait_ms: WaitParam = 0) -> dict[str, Any]:
    """Blocks from `first` on, at most `count`; as many as fit into an answer. Waits for the first if it must."""
    if not 1 <= count <= BLOCKS_MAX:
        raise RpcError(INVALID_PARAMS, f"invalid argument 1 (count): ask for 1 to {BLOCKS_MAX} blocks, not {count}")
    if wait_ms:
        _wait_for(door, first, wait_ms)
    head = door.chain.head()
    blocks: list[str] = []
    size = 0
    for raw in door.chain.export_blocks(first, min(first + count - 1, head.number)):
        blocks.append(hexed(raw))
        size += len(raw)
        if size > ANSWER_BYTES_MAX:
            break
    return {"head": {"number": quantity(head.number), "hash": hexed(head.hash)}, "blocks": blocks}


def _wait_for(door: Door, number: int, wait_ms: int) -> None:
    arrived = threading.Event()
    unsubscribe = door.chain.on_new_head(lambda header: arrived.set() if header.number >= number else None)
    try:
        if door.chain.head().number < number:
            arrived.wait(wait_ms / 1000)
    finally:
        unsubscribe()


# ATTESTATIONS


@method("ledger_attestBlock")
def attest_block(door: Door, number: Uint64Param, block_hash: HashParam, signature: DataParam) -> str:
    """Keep an attestor's word "block N has hash H"; answers whose word it is."""
    return hexed(door.chain.attest(BlockAttestation(number, block_hash, signature)))


@method("ledger_getBlockAttestations")
def get_block_attestations(door: Door, block: BlockParam) -> list[dict[str, Any]]:
    """Each attestor's first attestation of this block or one built on it, which speaks for this block too."""
    return [
        {
            "attestor": hexed(attestor),
            "number": quantity(attestation.number),
            "hash": hexed(attestation.block_hash),
            "signature": hexed(attestation.signature),
        }
        for attestor, attestation in door.chain.attestations(block)
    ]


# EVIDENCE


@method("ledger_reportEquivocation")
def report_equivocation(door: Door, header: DataParam) -> bool:
    """Keep a validly sealed header for which this chain has another; answers whether it is one."""
    return door.chain.report_second(header)


@method("ledger_getEquivocations")
def get_equivocations(door: Door) -> list[str]:
    """The encoded headers kept as evidence, lowest first."""
    return [hexed(raw) for raw in door.chain.seconds()]
