"""What a chain directory holds, and the rules that go with it; the engine and its worker processes both ask."""

import json
from collections.abc import Callable
from dataclasses import replace

from ledger_node.chain.blocks import Hash32
from ledger_node.chain.genesis import Genesis, parse_genesis
from ledger_node.chain.geth_genesis import GethGenesis, parse_geth_genesis
from ledger_node.chain.pyevm.foreign import ForeignRules
from ledger_node.chain.pyevm.forks import NETWORK
from ledger_node.chain.pyevm.interpreter import fast_computation
from ledger_node.chain.pyevm.rules import ChainRules, ParentState, Permissions, Rules
from ledger_node.chain.pyevm.store import Store
from ledger_node.chain.pyevm.views import genesis_row
from ledger_node.errors import ConfigurationError


def start_store(store: Store, genesis: Genesis | GethGenesis) -> None:
    """Start the chain, or see that it is the one that was started. Raises GenesisMismatch."""
    nodes: dict[Hash32, bytes] = {}
    genesis.write_state(nodes)
    store.put_genesis(json.dumps(dict(genesis.to_json())), genesis_row(genesis.header()), nodes)


def stored_genesis(store: Store) -> Genesis | GethGenesis:
    text = store.meta("genesis")
    if text is None:
        raise ConfigurationError(f"There is no chain in {store.path.parent} and no genesis was given.")
    document = json.loads(text)
    return parse_geth_genesis(document) if "config" in document else parse_genesis(document)


def network_rules(
    genesis: Genesis, permissions_at: Callable[[ParentState], Permissions], *, fast_interpreter: bool
) -> Rules:
    fork = NETWORK
    if fast_interpreter:
        fork = replace(NETWORK, computation=fast_computation(NETWORK.computation))
    return Rules(genesis, permissions_at, fork)


def rules_of(
    store: Store, permissions_at: Callable[[ParentState], Permissions], *, fast_interpreter: bool
) -> ChainRules:
    """The rules of whatever chain lies in a store."""
    genesis = stored_genesis(store)
    if isinstance(genesis, GethGenesis):
        return ForeignRules(genesis, store)
    return network_rules(genesis, permissions_at, fast_interpreter=fast_interpreter)
