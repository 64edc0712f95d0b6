"""The claims of all members on the reserve, as one tree per currency; each batch attests its root.

A claim is what a BDA holds as booked when the batch is cut: tokens that exist. Of what is in flight, a mint's tokens do
not exist yet (its fiat is held, and counts in the reserve already), and a redemption's still do. So the claims under a
root add up to the supply as booked, and never to more than the reserve attested with it.

The trees live in memory, follow what the bookkeeper touches, and are made again from the ledger at the start.
"""

import secrets
import struct
from collections.abc import Generator, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import sqlalchemy as sa

from ledger_node.database import execute_many, fetch, one_of
from ledger_node.errors import BackingBroken
from ledger_node.proofs.tree import SALT_BYTES, MerkleSumTree, Node, leaf_id
from ledger_node.settlement import tables
from ledger_node.settlement.attestation_tables import attestations, leaves

_BALANCE = struct.Struct(">IQ")


@dataclass(frozen=True, slots=True)
class Claims:
    """A tree as it is attested now, and what of it is to be stored with the attestation."""

    root: Node
    depth: int
    whole: bool
    balances: bytes


@dataclass(slots=True)
class _Book:
    """One currency's tree, its leaves by account, and how much was written down since it was written down whole."""

    tree: MerkleSumTree = field(default_factory=MerkleSumTree)
    leaf: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    whole_due: bool = True
    written_since: int = 0

    def put(self, connection: sa.Connection, currency: str, booked: Mapping[str, int]) -> list[int]:
        """Set these accounts' balances, giving a place to those without one; the places of all of them, in order."""
        if not self.leaf:
            self.leaf = _stored_leaves(connection, currency)
            self.taken = {place for place, _ in self.leaf.values()}
            while self.taken and max(self.taken) >= 1 << self.tree.depth:
                self.tree.grow()
        self._plant(connection, currency, sorted(booked.keys() - self.leaf.keys()))
        changed = {self.leaf[account_id][0]: (self.leaf[account_id][1], each) for account_id, each in booked.items()}
        self.tree.put(changed)
        return sorted(changed)

    def _plant(self, connection: sa.Connection, currency: str, account_ids: Sequence[str]) -> None:
        planted = []
        for account_id in account_ids:
            # Never more than three quarters full, and places at random: one tells nothing of when its account opened.
            while 4 * len(self.taken) >= 3 << self.tree.depth:
                self.tree.grow()
            while (place := secrets.randbelow(1 << self.tree.depth)) in self.taken:
                pass
            salt = secrets.token_bytes(SALT_BYTES)
            self.taken.add(place)
            self.leaf[account_id] = (place, leaf_id(salt, account_id))
            planted.append({"account_id": account_id, "currency": currency, "place": place, "salt": salt})
        execute_many(connection, _LEAF, planted)

    def written(self, changed: Sequence[int]) -> Claims:
        """The tree as it is attested, with the leaves that changed or, after as much again, all of them."""
        whole = self.whole_due or self.written_since >= 2 * len(self.leaf)
        places = sorted(self.taken) if whole else changed
        self.written_since = 0 if whole else self.written_since + len(places) + 1
        self.whole_due = False
        balances = b"".join([_BALANCE.pack(place, self.tree.balance(place)) for place in places])
        return Claims(self.tree.root, self.tree.depth, whole, balances)


class LiabilityTrees:
    """For the writer's thread alone."""

    def __init__(self) -> None:
        self._books: dict[str, _Book] = {}
        self._touched: dict[str, set[str]] = {}

    def touch(self, currency: str, account_ids: Iterable[str]) -> None:
        """These may have other balances now. Naming too many does no harm, so a booking may be undone after it."""
        if currency in self._books:
            self._touched.setdefault(currency, set()).update(account_ids)

    def forget(self) -> None:
        """What was planted may not have been kept: all of it is read again."""
        self._books.clear()
        self._touched.clear()

    def attest(self, connection: sa.Connection, currency: str, *, reserve: int, supply: int) -> Claims:
        """The claims as booked now. Raises BackingBroken, before anything is signed, when they cannot be attested."""
        book = self._books.get(currency)
        if book is None:
            book = _Book()
            changed = book.put(connection, currency, _all_booked(connection, currency))
        else:
            changed = book.put(connection, currency, _booked(connection, self._touched.get(currency, set())))
        if (total := book.tree.root.sum) != supply or total > reserve:
            self._books.pop(currency, None)  # the book will be mended; then all of it is read again
            raise BackingBroken(
                f"The {currency} claims add up to {total}, the supply as booked is {supply}, the reserve {reserve}: "
                "this is not attested.", claims=total, supply=supply, reserve=reserve,
            )  # fmt: skip
        self._books[currency], self._touched[currency] = book, set()
        return book.written(changed)


def record(connection: sa.Connection, batch_id: str, currency: str, claims: Claims, signature: bytes) -> None:
    """Store what the attestation of this batch said."""
    row = {
        "batch_id": batch_id, "currency": currency, "signature": signature, "claims": claims.root.sum,
        "depth": claims.depth, "whole": claims.whole, "balances": claims.balances,
    }  # fmt: skip
    execute_many(connection, _RECORD, [row])


def tree_at(connection: sa.Connection, currency: str, number: int) -> MerkleSumTree:
    """The tree as the attestation of this number had it."""
    mine = sa.and_(attestations.c.currency == currency, attestations.c.number <= number)
    whole = sa.select(sa.func.max(attestations.c.number)).where(mine, attestations.c.whole).scalar_subquery()
    query = sa.select(attestations.c.depth, attestations.c.balances).where(mine, attestations.c.number >= whole)
    stored = connection.execute(query.order_by(attestations.c.number)).all()
    balances: dict[int, int] = {}
    for row in stored:
        balances.update(_BALANCE.iter_unpack(row.balances))
    tree = MerkleSumTree(stored[-1].depth)
    ids = dict(_stored_leaves(connection, currency).values())
    tree.put({place: (ids[place], balance) for place, balance in balances.items()})
    return tree


def stored_roots(connection: sa.Connection, currency: str) -> Generator[tuple[str, Node | None], None, None]:
    """Each attestation's batch and the root that its stored leaves lead to, oldest first.

    None, and no more after it, where they lead to no tree or to another total than is stored with them.
    """
    ids = dict(_stored_leaves(connection, currency).values())
    query = sa.select(attestations).where(attestations.c.currency == currency).order_by(attestations.c.number)
    tree = MerkleSumTree()
    with connection.execute(query.execution_options(yield_per=500)) as stored:
        for row in stored:
            if row.depth > len(ids).bit_length() + 2:  # deeper than a tree over these leaves ever grows
                yield row.batch_id, None
                return
            tree = MerkleSumTree(row.depth) if row.whole else tree
            while tree.depth < row.depth:
                tree.grow()
            try:
                tree.put({place: (ids[place], balance) for place, balance in _BALANCE.iter_unpack(row.balances)})
            except (KeyError, IndexError, TypeError, struct.error):
                yield row.batch_id, None
                return
            yield row.batch_id, tree.root if tree.root.sum == row.claims else None


def _all_booked(connection: sa.Connection, currency: str) -> dict[str, int]:
    a, h = tables.accounts, tables.holdings
    query = sa.select(h.c.account_id, h.c.booked).join_from(h, a, h.c.account_id == a.c.id)
    return {row[0]: row[1] for row in connection.execute(query.where(a.c.currency == currency))}


def _booked(connection: sa.Connection, account_ids: Set[str]) -> dict[str, int]:
    return dict(fetch(connection, _BOOKED, ids=sorted(account_ids)))


def _stored_leaves(connection: sa.Connection, currency: str) -> dict[str, tuple[int, bytes]]:
    """Place and leaf id of every account that has a leaf."""
    query = sa.select(leaves.c.account_id, leaves.c.place, leaves.c.salt).where(leaves.c.currency == currency)
    return {row.account_id: (row.place, leaf_id(row.salt, row.account_id)) for row in connection.execute(query)}


_BOOKED = sa.select(tables.holdings.c.account_id, tables.holdings.c.booked).where(
    one_of(tables.holdings.c.account_id, "ids")
)
_RECORD = attestations.insert().inline()
_LEAF = leaves.insert().inline()
