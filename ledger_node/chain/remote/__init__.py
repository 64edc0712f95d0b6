"""The chain door over another client's JSON-RPC; knows nothing of banks or money."""

from ledger_node.chain.backend import ChainBackend


def open_remote(url: str, *, confirmations: int = 0) -> ChainBackend:
    """The chain that the client at `url` keeps; nothing is asked of it yet."""
    # Imported when it is wanted: web3 takes half a second, and most nodes have an engine of their own.
    from ledger_node.chain.remote.backend import RemoteChain

    return RemoteChain(url, confirmations=confirmations)
