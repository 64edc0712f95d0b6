"""The world state while blocks are executed: accounts, code, storage and transient storage behind one undo journal.

It stands where py-evm has its AccountDB. Reads come from the parent's tries, writes stay in plain dictionaries,
a revert walks the journal backwards, and the tries are touched once, when the state root is asked for. What is to be
kept is in `created` and `codes` afterwards; this file knows no store.
"""

import itertools
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from eth.abc import AccountDatabaseAPI, MetaWitnessAPI
from eth.db.witness import MetaWitness
from eth.typing import JournalDBCheckpoint
from eth_typing import Address as EthAddress
from eth_typing import Hash32 as EthHash

from ledger_node.chain import tries
from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import (
    EMPTY_HASH,
    EMPTY_TRIE_ROOT,
    as_int,
    as_list,
    int_bytes,
    keccak,
    rlp_decode,
    rlp_encode,
)

Account: TypeAlias = tuple[int, int, Hash32, Hash32]
"""(nonce, balance, storage root, code hash); None in a table means that there is no such account."""
NEW_ACCOUNT: Account = (0, 0, EMPTY_TRIE_ROOT, EMPTY_HASH)

_ABSENT: Any = object()


class World(AccountDatabaseAPI):
    """State on top of `root`. Not for use by more than one thread."""

    def __init__(self, root: Hash32, read: tries.ReadNode, read_code: Callable[[Hash32], bytes]) -> None:
        self._root = root
        self._read = read
        self._read_code = read_code
        self._accounts: dict[Address, Account | None] = {}
        self._storage: dict[Address, dict[int, int]] = {}
        self._wiped: dict[Address, bool] = {}
        self._read_slots: dict[Address, dict[int, int]] = {}
        self._originals: dict[Address, dict[int, int]] = {}
        self._warm: dict[Any, bool] = {}
        self.transient: dict[tuple[Address, int], Any] = {}
        self._dirty_accounts: set[Address] = set()
        self._touched: set[Address] = set()
        self._dirty_slots: dict[Address, set[int]] = {}
        self._journal: list[tuple[dict[Any, Any], Any, Any]] = []
        self._checkpoints: list[tuple[int, int]] = []
        self._next_checkpoint = itertools.count()
        self.created: dict[Hash32, tuple[bytes, tries.Node]] = {}
        self.codes: dict[Hash32, bytes] = {}

    def _put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self._journal.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    # ACCOUNTS

    def account(self, address: Address) -> Account | None:
        try:
            return self._accounts[address]
        except KeyError:
            account = read_account(self._root, address, self._node)
            self._accounts[address] = account
            return account

    def _node(self, node_hash: Hash32) -> tries.Node:
        made = self.created.get(node_hash)
        return made[1] if made is not None else self._read(node_hash)

    def _set_account(self, address: Address, account: Account | None) -> None:
        self.account(address)  # so that the journal has what was there
        self._put(self._accounts, address, account)
        self._dirty_accounts.add(address)
        self._touched.add(address)

    def get_balance(self, address: EthAddress) -> int:
        return (self.account(address) or NEW_ACCOUNT)[1]

    def set_balance(self, address: EthAddress, balance: int) -> None:
        assert balance >= 0
        if balance >= 2**256:
            raise OverflowError(f"the balance of 0x{address.hex()} would exceed 256 bits")
        nonce, _, root, code_hash = self.account(address) or NEW_ACCOUNT
        self._set_account(address, (nonce, balance, root, code_hash))

    def get_nonce(self, address: EthAddress) -> int:
        return (self.account(address) or NEW_ACCOUNT)[0]

    def set_nonce(self, address: EthAddress, nonce: int) -> None:
        assert 0 <= nonce < 2**64
        _, balance, root, code_hash = self.account(address) or NEW_ACCOUNT
        self._set_account(address, (nonce, balance, root, code_hash))

    def increment_nonce(self, address: EthAddress) -> None:
        self.set_nonce(address, self.get_nonce(address) + 1)

    def get_code_hash(self, address: EthAddress) -> EthHash:
        return EthHash((self.account(address) or NEW_ACCOUNT)[3])

    def get_code(self, address: EthAddress) -> bytes:
        return self.code_of_hash((self.account(address) or NEW_ACCOUNT)[3])

    def code_of_hash(self, code_hash: Hash32) -> bytes:
        if code_hash == EMPTY_HASH:
            return b""
        code = self.codes.get(code_hash)
        return code if code is not None else self._read_code(code_hash)

    def set_code(self, address: EthAddress, code: bytes) -> None:
        code_hash = keccak(code)
        self.codes[code_hash] = code
        nonce, balance, root, _ = self.account(address) or NEW_ACCOUNT
        self._set_account(address, (nonce, balance, root, code_hash))

    def delete_code(self, address: EthAddress) -> None:
        nonce, balance, root, _ = self.account(address) or NEW_ACCOUNT
        self._set_account(address, (nonce, balance, root, EMPTY_HASH))

    def account_has_code_or_nonce(self, address: EthAddress) -> bool:
        nonce, _, _, code_hash = self.account(address) or NEW_ACCOUNT
        return nonce != 0 or code_hash != EMPTY_HASH

    def account_exists(self, address: EthAddress) -> bool:
        return self.account(address) is not None

    def account_is_empty(self, address: EthAddress) -> bool:
        nonce, balance, _, code_hash = self.account(address) or NEW_ACCOUNT
        return nonce == 0 and balance == 0 and code_hash == EMPTY_HASH

    def touch_account(self, address: EthAddress) -> None:
        self._touched.add(address)
        if self.account(address) is None:
            self._set_account(address, NEW_ACCOUNT)

    def delete_account(self, address: EthAddress) -> None:
        self._wipe(address)
        self._set_account(address, None)

    def clear_empty_accounts(self) -> None:
        """Remove those that the transaction in hand touched and left empty (EIP-161)."""
        for address in tuple(self._touched):
            if self._accounts.get(address) is not None and self.account_is_empty(address):  # type: ignore[arg-type]
                self._set_account(address, None)
        self._touched = set()

    # STORAGE

    def get_storage(self, address: EthAddress, slot: int, from_journal: bool = True) -> int:
        if not from_journal:
            original = self._originals.get(address, {}).get(slot)
            if original is not None:
                return original
        written = self._storage.get(address)
        if written is not None and slot in written:
            return written[slot]
        if address in self._wiped:
            return 0
        seen = self._read_slots.setdefault(address, {})
        value = seen.get(slot)
        if value is None:
            account = self.account(address)
            value = 0 if account is None else read_slot(account[2], slot, self._node)
            seen[slot] = value
        return value

    def set_storage(self, address: EthAddress, slot: int, value: int) -> None:
        before = self.get_storage(address, slot)
        self._originals.setdefault(address, {}).setdefault(slot, before)
        self._put(self._storage.setdefault(address, {}), slot, value)
        self._dirty_slots.setdefault(address, set()).add(slot)

    def delete_storage(self, address: EthAddress) -> None:
        nonce, balance, root, code_hash = self.account(address) or NEW_ACCOUNT
        if root != EMPTY_TRIE_ROOT or self._storage.get(address):
            self._wipe(address)
            self._set_account(address, (nonce, balance, EMPTY_TRIE_ROOT, code_hash))

    def _wipe(self, address: Address) -> None:
        self._put(self._storage, address, {})
        self._put(self._wiped, address, True)
        self._dirty_slots.setdefault(address, set())

    # WARMTH (EIP-2929) AND TRANSIENT STORAGE (EIP-1153)

    def is_address_warm(self, address: EthAddress) -> bool:
        return address in self._warm

    def mark_address_warm(self, address: EthAddress) -> None:
        if address not in self._warm:
            self._put(self._warm, address, True)

    def is_storage_warm(self, address: EthAddress, slot: int) -> bool:
        return (address, slot) in self._warm

    def mark_storage_warm(self, address: EthAddress, slot: int) -> None:
        if (address, slot) not in self._warm:
            self._put(self._warm, (address, slot), True)

    def warm_places(self) -> list[Any]:
        """What the transaction in hand touched: addresses, and (address, slot) pairs."""
        return list(self._warm)

    def set_transient(self, address: Address, slot: int, value: Any) -> None:
        self._put(self.transient, (address, slot), value)

    # UNDO

    def record(self) -> JournalDBCheckpoint:
        checkpoint = next(self._next_checkpoint)
        self._checkpoints.append((checkpoint, len(self._journal)))
        return JournalDBCheckpoint(checkpoint)

    def discard(self, checkpoint: JournalDBCheckpoint) -> None:
        length = self._forget(checkpoint)
        while len(self._journal) > length:
            table, key, before = self._journal.pop()
            if before is _ABSENT:
                del table[key]
            else:
                table[key] = before

    def commit(self, checkpoint: JournalDBCheckpoint) -> None:
        self._forget(checkpoint)

    def _forget(self, checkpoint: JournalDBCheckpoint) -> int:
        while self._checkpoints:
            known, length = self._checkpoints.pop()
            if known == checkpoint:
                return length
        return 0  # recorded before the last lock_changes: everything since can be undone, and no more

    def undo(self) -> None:
        """Take back everything since the last lock_changes."""
        self.discard(JournalDBCheckpoint(-1))

    def lock_changes(self) -> None:
        """A transaction ends: what it did stays."""
        self._journal = []
        self._checkpoints = []
        self._originals = {}
        self._warm = {}
        self.transient = {}

    # ROOTS

    @property
    def state_root(self) -> EthHash:
        return EthHash(self._root)

    @state_root.setter
    def state_root(self, value: EthHash) -> None:
        assert value == self._root, "a state root moves only forwards"

    def has_root(self, state_root: bytes) -> bool:
        return state_root == self._root

    def make_state_root(self) -> EthHash:
        """Bring the tries up to date. What came before can no longer be undone."""
        for address, slots in self._dirty_slots.items():
            account = self.account(address) or NEW_ACCOUNT
            written = self._storage.get(address, {})
            base = EMPTY_TRIE_ROOT if address in self._wiped else account[2]
            changes = {
                _place(slot): rlp_encode(int_bytes(written[slot])) if written[slot] else b""
                for slot in slots
                if slot in written
            }
            root = tries.update(base, changes, self._node, self.created)
            if root != account[2]:
                self._accounts[address] = (account[0], account[1], root, account[3])
                self._dirty_accounts.add(address)
        encoded = {keccak(address): encode_account(self._accounts[address]) for address in self._dirty_accounts}
        self._root = tries.update(self._root, encoded, self._node, self.created)
        # The account's own storage root is what counts from here on, and what was read before the wipe is stale.
        for address in self._wiped:
            self._read_slots.pop(address, None)
        self._wiped = {address: True for address in self._wiped if self._accounts.get(address) is None}
        self._dirty_slots = {}
        self._dirty_accounts = set()
        self._journal = []
        self._checkpoints = []
        return EthHash(self._root)

    def places(self) -> Iterator[bytes]:
        """What the tries have hashed: addresses that were asked for, and slots that were written, as 32 bytes."""
        yield from self._accounts
        for written in self._storage.values():
            yield from (slot.to_bytes(32, "big") for slot in written)

    def has_storage(self, address: Address) -> bool:
        """As of the last make_state_root, as the next is."""
        return (self.account(address) or NEW_ACCOUNT)[2] != EMPTY_TRIE_ROOT

    def storage_from(self, address: Address, start: bytes) -> Iterator[tuple[Hash32, int]]:
        """The hash of each slot from `start` on, in their order, and its value."""
        for place, encoded in tries.items_from((self.account(address) or NEW_ACCOUNT)[2], start, self._node):
            yield place, as_int(rlp_decode(encoded))

    def persist(self) -> MetaWitnessAPI:
        self.make_state_root()
        return MetaWitness(set(), {})


def read_account(root: Hash32, address: Address, read: tries.ReadNode) -> Account | None:
    encoded = tries.get(root, keccak(address), read)
    if not encoded:
        return None
    nonce, balance, storage_root, code_hash = as_list(rlp_decode(encoded), 4)
    return as_int(nonce), as_int(balance), storage_root, code_hash


def read_slot(storage_root: Hash32, slot: int, read: tries.ReadNode) -> int:
    encoded = tries.get(storage_root, _place(slot), read)
    return as_int(rlp_decode(encoded)) if encoded else 0


@lru_cache(maxsize=1 << 14)
def _place(slot: int) -> Hash32:
    """A slot's key in its account's trie: the busy ones are asked for in every block."""
    return keccak(slot.to_bytes(32, "big"))


def encode_account(account: Account | None) -> bytes:
    if account is None:
        return b""
    return rlp_encode([int_bytes(account[0]), int_bytes(account[1]), account[2], account[3]])
