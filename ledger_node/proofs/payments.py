"""The Merkle tree over the payments of a net settlement; its root is the batch id by which the token knows it.

    payment  = JSON array [id, uetr, debtor's address, creditor's address, amount in minor units, currency]
               (UTF-8, no blanks; addresses as lower-case hex with 0x)
    leaf     = SHA-256(0x00 ‖ salt ‖ payment)                             the salt is the payment's own, 32 random bytes
    node     = SHA-256(0x01 ‖ left ‖ right)
    a place without a payment, and a node above two of them: 32 zero bytes

Unlike the tree over claims this one carries no sums: a sibling must not tell what somebody else paid. The salt keeps
anybody from guessing a sibling's payment.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ledger_node.proofs.tree import DEPTH_MAX, EMPTY, SALT_BYTES

ID_PREFIX = "bat_"


@dataclass(frozen=True, slots=True)
class Payment:
    """What a leaf says; `amount` in minor units."""

    id: str
    uetr: str
    debtor: bytes
    creditor: bytes
    amount: int
    currency: str

    def leaf(self, salt: bytes) -> bytes:
        assert len(salt) == SALT_BYTES, "a salt of another length would move the payment's first byte"
        said = [self.id, self.uetr, f"0x{self.debtor.hex()}", f"0x{self.creditor.hex()}", self.amount, self.currency]
        return hashlib.sha256(b"\0" + salt + orjson.dumps(said)).digest()


def batch_named(root: bytes) -> str:
    """The id of the net batch over these payments."""
    return ID_PREFIX + root.hex()


def root_named(batch_id: str) -> bytes | None:
    """The root in a net batch's id; None for the id of any other batch, which is shorter."""
    digits = batch_id.removeprefix(ID_PREFIX)
    try:
        root = bytes.fromhex(digits)
    except ValueError:
        return None
    return root if len(root) == 32 and digits == root.hex() and batch_id.startswith(ID_PREFIX) else None


class PaymentTree:
    """The tree over leaves in their places."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        depth = max(len(leaves) - 1, 0).bit_length()
        self._levels = [[*leaves, *[EMPTY] * ((1 << depth) - len(leaves))]]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([node(below[at], below[at + 1]) for at in range(0, len(below), 2)])

    @property
    def root(self) -> bytes:
        return self._levels[-1][0]

    def branch(self, place: int) -> tuple[bytes, ...]:
        """The siblings on the way from a leaf to the root, lowest first."""
        return tuple(level[(place >> depth) ^ 1] for depth, level in enumerate(self._levels[:-1]))


def node(left: bytes, right: bytes) -> bytes:
    both = left + right
    return EMPTY if both == EMPTY + EMPTY else hashlib.sha256(b"\1" + both).digest()


def root_of(leaf: bytes, place: int, branch: Sequence[bytes]) -> bytes:
    """The root that a leaf and its siblings lead to. Raises ValueError for a place that is in no such tree."""
    if len(branch) > DEPTH_MAX or not 0 <= place < 1 << len(branch):
        raise ValueError("the payment's place is not in a tree of this depth")
    at = leaf
    for depth, sibling in enumerate(branch):
        at = node(sibling, at) if place >> depth & 1 else node(at, sibling)
    return at
