"""A Merkle-sum tree over claims: one root that stands for every leaf and for what all of them add up to.

    leaf id  = SHA-256(salt ‖ account id)                                the salt is the account's own, 32 random bytes
    leaf     = SHA-256(0x00 ‖ leaf id ‖ balance)                           balances and sums are 16 bytes, big-endian
    node     = SHA-256(0x01 ‖ left hash ‖ left sum ‖ right hash ‖ right sum)
    a place without a leaf, and a node above two of them: 32 zero bytes, sum 0

A node's hash covers both sums below it, so nobody can show a smaller total without changing the root. Leaves keep their
places; a change hashes its leaf and the nodes above it, and no others.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SUM_MAX = 2**96 - 1
"""The most a token's supply can be (contracts/src/token/Settlement.sol)."""
SALT_BYTES = 32
DEPTH_MAX = 40

EMPTY = bytes(32)
_NOTHING = bytes(48)
_TWICE_NOTHING = 2 * _NOTHING
_AMOUNT_BYTES = 16


def leaf_id(salt: bytes, account_id: str) -> bytes:
    return hashlib.sha256(salt + account_id.encode()).digest()


def leaf_hash(leaf: bytes, balance: int) -> bytes:
    return hashlib.sha256(b"\0" + leaf + balance.to_bytes(_AMOUNT_BYTES, "big")).digest()


def node_hash(left: "Node", right: "Node") -> bytes:
    return hashlib.sha256(b"\1" + _written(left) + _written(right)).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """A leaf or an inner node: its hash, and what the leaves below it add up to."""

    hash: bytes
    sum: int


class MerkleSumTree:
    """The tree over `2**depth` places. `put` changes leaves, `grow` doubles the places, `branch` proves one."""

    def __init__(self, depth: int = 0) -> None:
        self._written = [[_NOTHING] * (1 << depth - level) for level in range(depth + 1)]
        self._sums = [[0] * (1 << depth - level) for level in range(depth + 1)]

    @property
    def depth(self) -> int:
        return len(self._sums) - 1

    @property
    def root(self) -> Node:
        return self._node(self.depth, 0)

    def balance(self, place: int) -> int:
        return self._sums[0][place]

    def taken(self, place: int) -> bool:
        """Whether there is a leaf."""
        return self._written[0][place] != _NOTHING

    def put(self, leaves: Mapping[int, tuple[bytes, int]]) -> None:
        """Set leaves, by place: leaf id and balance."""
        written, sums = self._written[0], self._sums[0]
        for place, (leaf, balance) in leaves.items():
            tail = balance.to_bytes(_AMOUNT_BYTES, "big")
            written[place] = hashlib.sha256(b"\0" + leaf + tail).digest() + tail
            sums[place] = balance
        changed = {place >> 1 for place in leaves}
        for level in range(1, self.depth + 1):
            self._sum_up(level, changed)
            changed = {place >> 1 for place in changed}

    def grow(self) -> None:
        """Twice as many places; leaves stay where they are."""
        for level, (written, sums) in enumerate(zip(self._written, self._sums, strict=True)):
            written.extend([_NOTHING] * (1 << self.depth - level))
            sums.extend([0] * (1 << self.depth - level))
        self._written.append([_NOTHING])
        self._sums.append([0])
        self._sum_up(self.depth, {0})

    def branch(self, place: int) -> tuple[Node, ...]:
        """The siblings on the way from a leaf to the root, lowest first."""
        return tuple(self._node(level, place >> level ^ 1) for level in range(self.depth))

    def _sum_up(self, level: int, places: set[int]) -> None:
        written, sums = self._written[level], self._sums[level]
        written_below, sums_below = self._written[level - 1], self._sums[level - 1]
        for place in places:
            both = written_below[2 * place] + written_below[2 * place + 1]
            total = sums_below[2 * place] + sums_below[2 * place + 1]
            if both != _TWICE_NOTHING:
                written[place] = hashlib.sha256(b"\1" + both).digest() + total.to_bytes(_AMOUNT_BYTES, "big")
            sums[place] = total

    def _node(self, level: int, place: int) -> Node:
        return Node(self._written[level][place][:32], self._sums[level][place])


def root_of(leaf: Node, place: int, branch: Sequence[Node]) -> Node:
    """The root that a leaf and its siblings lead to. Raises ValueError for what no honest tree can contain."""
    if len(branch) > DEPTH_MAX or not 0 <= place < 1 << len(branch):
        raise ValueError("the leaf's place is not in a tree of this depth")
    for each in (leaf, *branch):
        if not 0 <= each.sum <= SUM_MAX or len(each.hash) != 32:
            raise ValueError("a sum is negative or too large, or a hash is not 32 bytes long")
    node = leaf
    for level, sibling in enumerate(branch):
        left, right = (sibling, node) if place >> level & 1 else (node, sibling)
        total = left.sum + right.sum
        if total > SUM_MAX:
            raise ValueError("the sums overflow")
        node = Node(node_hash(left, right), total)
    return node


def _written(node: Node) -> bytes:
    return node.hash + node.sum.to_bytes(_AMOUNT_BYTES, "big")
