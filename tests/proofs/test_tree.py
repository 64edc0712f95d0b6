"""The claims tree: one root for all leaves and their total, however it came about, and nothing else leads to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_node.proofs.tree import DEPTH_MAX, EMPTY, SUM_MAX, MerkleSumTree, Node, leaf_hash, leaf_id, root_of

PLACES = st.integers(0, 15)
BALANCES = st.integers(0, 2**53)
LEAVES = st.dictionaries(PLACES, BALANCES, min_size=1)


def leaf(place: int) -> bytes:
    return leaf_id(bytes([place]) * 32, f"acct_{place}")


def tree_of(balances: dict[int, int], depth: int = 4) -> MerkleSumTree:
    tree = MerkleSumTree(depth)
    tree.put({place: (leaf(place), balance) for place, balance in balances.items()})
    return tree


@given(LEAVES)
def test_the_root_says_what_all_leaves_add_up_to(balances: dict[int, int]) -> None:
    assert tree_of(balances).root.sum == sum(balances.values())


@given(LEAVES)
def test_every_leaf_is_led_to_the_root_by_its_branch(balances: dict[int, int]) -> None:
    tree = tree_of(balances)
    for place, balance in balances.items():
        assert root_of(Node(leaf_hash(leaf(place), balance), balance), place, tree.branch(place)) == tree.root


@given(LEAVES, LEAVES)
def test_changing_some_leaves_gives_the_tree_that_making_it_anew_gives(
    first: dict[int, int], then: dict[int, int]
) -> None:
    changed = tree_of(first)
    changed.put({place: (leaf(place), balance) for place, balance in then.items()})
    assert changed.root == tree_of(first | then).root


@given(LEAVES)
def test_a_tree_that_grew_is_the_tree_that_was_large_from_the_start(balances: dict[int, int]) -> None:
    grown = MerkleSumTree(0)
    for place, balance in balances.items():
        while place >= 1 << grown.depth:
            grown.grow()
        grown.put({place: (leaf(place), balance)})
    while grown.depth < 4:
        grown.grow()
    assert grown.root == tree_of(balances).root


@given(LEAVES, PLACES, BALANCES)
def test_another_balance_is_another_root(balances: dict[int, int], place: int, balance: int) -> None:
    same = balances.get(place) == balance
    assert (tree_of(balances | {place: balance}).root == tree_of(balances).root) == same


def test_an_empty_tree_has_the_empty_root() -> None:
    assert MerkleSumTree(3).root == Node(EMPTY, 0)
    assert not MerkleSumTree(3).taken(0)


def test_a_leaf_of_nothing_is_not_an_empty_place() -> None:
    assert tree_of({0: 0}).taken(0)
    assert tree_of({0: 0}).root != MerkleSumTree(4).root


@pytest.mark.parametrize(
    ("own", "place", "branch"),
    [
        (Node(EMPTY, 5), 0, [Node(EMPTY, -1)]),
        (Node(EMPTY, 5), 0, [Node(EMPTY, SUM_MAX - 4)]),
        (Node(EMPTY, SUM_MAX + 1), 0, []),
        (Node(EMPTY, -1), 0, []),
        (Node(EMPTY, 5), 0, [Node(b"short", 1)]),
        (Node(EMPTY, 5), 2, [Node(EMPTY, 1)]),
        (Node(EMPTY, 5), -1, [Node(EMPTY, 1)]),
        (Node(EMPTY, 5), 0, [Node(EMPTY, 0)] * (DEPTH_MAX + 1)),
    ],
    ids=["negative", "overflow", "too_large", "negative_leaf", "short_hash", "place", "negative_place", "too_deep"],
)
def test_a_branch_that_no_tree_has_is_refused(own: Node, place: int, branch: list[Node]) -> None:
    with pytest.raises(ValueError, match=r"sum|place"):
        root_of(own, place, branch)


def test_sums_up_to_the_most_are_added() -> None:
    assert root_of(Node(EMPTY, 5), 0, [Node(EMPTY, SUM_MAX - 5)]).sum == SUM_MAX
