"""What the node says of itself and of the network."""

from typing import Any

from ledger_node.chain.encoding import keccak
from ledger_node.rpc.door import Door
from ledger_node.rpc.parse import DataParam
from ledger_node.rpc.registry import METHODS, method
from ledger_node.rpc.render import hexed, quantity


@method("eth_chainId", lane="now")
def chain_id(door: Door) -> str:
    return quantity(door.chain.chain_id)


@method("net_version", lane="now")
def net_version(door: Door) -> str:
    return str(door.chain.chain_id)


@method("net_listening", lane="now")
def net_listening(door: Door) -> bool:
    return False  # blocks travel over JSON-RPC, not over Ethereum's peer-to-peer protocol


@method("net_peerCount", lane="now")
def net_peer_count(door: Door) -> str:
    return quantity(0)


@method("web3_clientVersion", lane="now")
def client_version(door: Door) -> str:
    return door.settings.client_version


@method("web3_sha3", lane="now")
def sha3(door: Door, data: DataParam) -> str:
    return hexed(keccak(data))


@method("rpc_modules", lane="now")
def rpc_modules(door: Door) -> dict[str, str]:
    served = {one.name for one in METHODS.values() if one.profile == "production" or door.settings.profile == "dev"}
    return dict.fromkeys(sorted({name.split("_", 1)[0] for name in served}), "1.0")


@method("eth_syncing", lane="now")
def syncing(door: Door) -> bool:
    return False  # a block is served only once it is executed and kept


@method("eth_coinbase", lane="quick")
def coinbase(door: Door) -> str:
    return hexed(door.chain.head().coinbase)


@method("eth_capabilities")
def capabilities(door: Door) -> dict[str, Any]:
    """Everything from genesis on: this node keeps all history and all state."""
    head = door.chain.head()
    everything = {"disabled": False, "oldestBlock": "0x0"}
    kinds = ("state", "tx", "logs", "receipts", "blocks", "stateproofs")
    return {"head": {"number": quantity(head.number), "hash": hexed(head.hash)}, **dict.fromkeys(kinds, everything)}
