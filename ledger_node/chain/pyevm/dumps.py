"""The whole state of a developer's chain by address and slot, and accounts put into it. It knows no format of a dump.

The tries' keys are hashes. What was hashed lies among a developer's nodes, under the same hash: a block and what names
its places are kept together, and nobody else's chain keeps anything for this.
"""

from collections.abc import Iterable, Iterator, Mapping

from eth_typing import Address as EthAddress

from ledger_node.chain import tries
from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import EMPTY_HASH, as_int, as_list, keccak, rlp_decode
from ledger_node.chain.errors import ChainError
from ledger_node.chain.genesis import GenesisAccount
from ledger_node.chain.pyevm.store import Store
from ledger_node.chain.pyevm.world import World

# NAMES

START = bytes(32)


def preimages(places: Iterable[bytes]) -> dict[Hash32, bytes]:
    return {keccak(place): place for place in places}


def places_of(alloc: Mapping[Address, GenesisAccount]) -> Iterator[bytes]:
    for address, account in alloc.items():
        yield address
        yield from (slot.to_bytes(32, "big") for slot in account.storage)


# OUT


def accounts(store: Store, root: Hash32) -> Iterator[tuple[Address, GenesisAccount]]:
    """Raises ChainError for a place that nobody named."""
    for hashed, encoded in tries.items_from(root, START, store.node):
        nonce, balance, storage_root, code_hash = as_list(rlp_decode(encoded), 4)
        code = b"" if code_hash == EMPTY_HASH else store.code(code_hash)
        slots = dict(_slots(store, storage_root))
        yield _named(store, hashed), GenesisAccount(as_int(balance), as_int(nonce), code, slots)


def _slots(store: Store, storage_root: Hash32) -> Iterator[tuple[int, int]]:
    for hashed, encoded in tries.items_from(storage_root, START, store.node):
        yield int.from_bytes(_named(store, hashed), "big"), as_int(rlp_decode(encoded))


def _named(store: Store, hashed: Hash32) -> bytes:
    try:
        return store.value(hashed)
    except tries.MissingNode:
        raise ChainError(
            "This chain cannot be dumped: an older release wrote to it and kept no addresses. Start a new one."
        ) from None


# IN


def put_accounts(world: World, given: Mapping[Address, GenesisAccount]) -> None:
    """As anvil loads them: balance and code are replaced, no nonce goes back, slots that are not given stay."""
    for place, account in given.items():
        address = EthAddress(place)
        world.set_balance(address, account.balance)
        world.set_nonce(address, max(world.get_nonce(address), account.nonce))
        if account.code:
            world.set_code(address, account.code)
        else:
            world.delete_code(address)
        for slot, value in account.storage.items():
            world.set_storage(address, slot, value)
