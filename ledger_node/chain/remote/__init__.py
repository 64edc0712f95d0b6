"""The chain door over another client's JSON-RPC; knows nothing of banks or money."""

from ledger_node.chain.remote.backend import RemoteChain

__all__ = ["RemoteChain"]
