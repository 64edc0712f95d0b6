"""Our world state against py-evm's, through random lives of accounts: changes, reverts, deletions, and roots."""

from typing import Any

from eth.constants import BLANK_ROOT_HASH
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.chain import tries
from ledger_node.chain.encoding import EMPTY_TRIE_ROOT, keccak
from ledger_node.chain.pyevm.world import World

ADDRESSES = [bytes([n]) * 20 for n in range(1, 5)]
addresses = st.sampled_from(ADDRESSES)
slots = st.integers(0, 3)
changes = st.one_of(
    st.tuples(st.just("set_balance"), addresses, st.integers(0, 3)),
    st.tuples(st.just("set_nonce"), addresses, st.integers(0, 3)),
    st.tuples(st.just("set_code"), addresses, st.sampled_from([b"a", b"bb"])),
    st.tuples(st.just("set_storage"), addresses, slots, st.integers(0, 3)),
    st.tuples(st.just("delete_account"), addresses),
    st.tuples(st.just("touch_account"), addresses),
    st.tuples(st.just("mark_address_warm"), addresses),
    st.tuples(st.just("mark_storage_warm"), addresses, slots),
)
lives = st.lists(
    st.one_of(changes, st.sampled_from([("record",), ("discard",), ("commit",), ("end",), ("root",), ("persist",)])),
    max_size=60,
)


class Both:
    """The two, side by side; asked the same, they must answer the same."""

    def __init__(self) -> None:
        self.nodes: dict[bytes, tries.Node] = {}
        self.codes: dict[bytes, bytes] = {}
        self.theirs: Any = AccountDB(AtomicDB(), BLANK_ROOT_HASH)
        self.ours: Any = World(EMPTY_TRIE_ROOT, self.nodes.__getitem__, self.codes.__getitem__)
        self.checkpoints: list[tuple[Any, Any]] = []
        self.wiped: set[bytes] = set()
        """In this transaction. Accounts end after its last opcode, so nobody asks what their slots were before it."""

    def do(self, step: tuple[Any, ...]) -> None:
        name, *arguments = step
        if name == "record":
            self.checkpoints.append((self.ours.record(), self.theirs.record()))
        elif name in ("discard", "commit"):
            if self.checkpoints:
                ours, theirs = self.checkpoints.pop()
                getattr(self.ours, name)(ours)
                getattr(self.theirs, name)(theirs)
        elif name in ("end", "root", "persist"):
            while self.checkpoints:
                self.do(("commit",))
            self.wiped.clear()
            self.ours.lock_changes()
            self.theirs.lock_changes()
            if name != "end":
                self.compare_roots(persist=name == "persist")
        else:
            if name in ("delete_account", "delete_storage"):
                self.wiped.add(arguments[0])
            getattr(self.ours, name)(*arguments)
            getattr(self.theirs, name)(*arguments)

    def compare_roots(self, *, persist: bool) -> None:
        root = self.ours.make_state_root()
        assert root == self.theirs.make_state_root()
        if persist:
            self.theirs.persist()
            self.nodes |= {node_hash: node for node_hash, (_, node) in self.ours.created.items()}
            self.codes |= self.ours.codes
            self.ours = World(root, self.nodes.__getitem__, self.codes.__getitem__)

    def compare(self) -> None:
        for address in ADDRESSES:
            for ask in (
                "get_balance",
                "get_nonce",
                "get_code",
                "account_exists",
                "account_is_empty",
                "is_address_warm",
            ):
                assert getattr(self.ours, ask)(address) == getattr(self.theirs, ask)(address), (ask, address)
            for slot in range(4):
                for current in (True,) if address in self.wiped else (True, False):
                    assert self.ours.get_storage(address, slot, current) == self.theirs.get_storage(
                        address, slot, current
                    ), (address, slot, current)
                assert self.ours.is_storage_warm(address, slot) == self.theirs.is_storage_warm(address, slot)


@settings(max_examples=300, deadline=None)
@given(lives)
def test_a_world_lives_as_py_evms_does(life: list[tuple[Any, ...]]) -> None:
    both = Both()
    for step in life:
        both.do(step)
    both.compare()
    both.do(("persist",))
    both.compare()


def test_an_account_made_again_after_its_end_has_nothing_of_its_old_storage() -> None:
    both = Both()
    address = ADDRESSES[0]
    for step in (
        ("set_storage", address, 1, 2),
        ("set_nonce", address, 1),
        ("persist",),
        ("delete_account", address),
        ("end",),
        ("set_nonce", address, 1),
        ("set_storage", address, 2, 3),
        ("root",),
    ):
        both.do(step)
    assert (both.ours.get_storage(address, 1), both.ours.get_storage(address, 2)) == (0, 3)
    both.compare()


def test_code_is_found_by_its_hash_after_the_block() -> None:
    both = Both()
    both.do(("set_code", ADDRESSES[0], b"a"))
    both.do(("persist",))
    assert both.ours.get_code(ADDRESSES[0]) == b"a"
    assert both.codes == {keccak(b"a"): b"a"}
