"""Our tries against the `trie` package's, on random keys, changes and deletions."""

import rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from ledger_node.chain import tries
from ledger_node.chain.encoding import EMPTY_TRIE_ROOT, keccak

keys = st.integers(0, 40).map(lambda n: keccak(bytes([n]))) | st.binary(min_size=2, max_size=2)
rounds = st.lists(st.dictionaries(keys, st.binary(max_size=40), max_size=12), max_size=6)


def only_one_length(changes: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {key: value for key, value in changes.items() if len(key) == 32}


@settings(max_examples=150, deadline=None)
@given(rounds)
def test_changes_give_the_same_roots_and_values_as_one_key_at_a_time(rounds: list[dict[bytes, bytes]]) -> None:
    for narrow in (False, True):
        reference = HexaryTrie({})
        nodes: dict[bytes, tuple[bytes, list]] = {}
        read = reader(nodes)
        root = EMPTY_TRIE_ROOT
        held: dict[bytes, bytes] = {}
        for changes in rounds:
            picked = {k: v for k, v in changes.items() if (len(k) == 2) == narrow}
            for key, value in picked.items():
                if value:
                    reference[key] = value
                else:
                    del reference[key]
            held.update(picked)
            created: dict[bytes, tuple[bytes, list]] = {}
            root = tries.update(root, picked, read, created)
            nodes.update(created)
            assert root == reference.root_hash
        for key, value in held.items():
            assert tries.get(root, key, read) == value
            proof = tries.prove(root, key, read)
            decoded = [tries.decode_node(raw) for raw in proof]
            assert HexaryTrie.get_from_proof(root, key, [tuple_free(node) for node in decoded]) == value
        kept = sorted((key, value) for key, value in held.items() if value)
        for start in (b"", b"\x80", *held, *(key + b"\0" for key in held), *(key[:1] for key in held)):
            assert list(tries.items_from(root, start, read)) == [item for item in kept if item[0] >= start]


def reader(nodes: dict[bytes, tuple[bytes, list]]) -> tries.ReadNode:
    return lambda node_hash: nodes[node_hash][1]


def tuple_free(node: list) -> list:
    return [tuple_free(item) if isinstance(item, list) else item for item in node]


def test_a_list_of_values_has_the_root_of_its_index_trie() -> None:
    for size in (0, 1, 2, 127, 128, 129, 300):
        reference = HexaryTrie({})
        values = [keccak(bytes([n % 256])) * (n % 3 + 1) for n in range(size)]
        for index, value in enumerate(values):
            reference[rlp.encode(index)] = value
        assert tries.ordered_root(values) == reference.root_hash
