"""The house's keys on chain: which key holds each office, which one is to follow it, and which ones have.

incoming   made and stored; the chain is being asked to give it what its office needs
accepting  (admin only) every token's admin may take over, and is doing so
current    signs for its office
outgoing   signs nothing any more; what it signed is still on its way, or a token still gives it a role
retired    no token gives it anything

How a key comes from one to the next is told by key_rotation.py.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlalchemy as sa

from ledger_node.database import Row, Serial, metadata
from ledger_node.errors import ConfigurationError, HouseKeyNotFound, Unavailable, WrongState
from ledger_node.ids import new_id
from ledger_node.keys import Vault
from ledger_node.settlement import tables

Office: TypeAlias = Literal["admin", "settlement", "attestor"]
HouseKeyStatus: TypeAlias = Literal["incoming", "accepting", "current", "outgoing", "retired"]


@dataclass(frozen=True, slots=True)
class HouseKey:
    """`address` is None where a key is only rehearsed, `waits_for` what it cannot go on without, in words."""

    id: str
    office: Office
    address: bytes | None
    status: HouseKeyStatus
    waits_for: str | None
    created_at: int
    seated_at: int | None
    retired_at: int | None


OFFICES: tuple[Office, ...] = ("admin", "settlement", "attestor")

house_keys = sa.Table(
    "house_keys",
    metadata,
    sa.Column("number", Serial, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("office", sa.Text, nullable=False),
    sa.Column("address", sa.LargeBinary(20), nullable=False, unique=True),
    sa.Column("keystore", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("waits_for", sa.Text),
    sa.Column("first_transaction", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("seated_at", sa.BigInteger),
    sa.Column("retired_at", sa.BigInteger),
    sa.CheckConstraint("office IN ('settlement', 'attestor', 'admin')", name="office"),
    sa.CheckConstraint("status IN ('incoming', 'accepting', 'current', 'outgoing', 'retired')", name="status"),
    sa.CheckConstraint("(seated_at IS NULL) = (first_transaction IS NULL)", name="seated_from_a_transaction"),
)
"""`keystore` is its file's name in keys/ without the ending, `first_transaction` the first number of the outbox that
was signed with it (for the attestor: whose attestation was). No key is here."""

one_current = sa.Index(
    "uq_house_keys_one_current",
    house_keys.c.office,
    unique=True,
    sqlite_where=sa.text("status = 'current'"),
    postgresql_where=sa.text("status = 'current'"),
)
one_to_come = sa.Index(
    "uq_house_keys_one_to_come",
    house_keys.c.office,
    unique=True,
    sqlite_where=sa.text("status IN ('incoming', 'accepting')"),
    postgresql_where=sa.text("status IN ('incoming', 'accepting')"),
)


def found(connection: sa.Connection, addresses: dict[Office, bytes], *, at: int) -> None:
    """Write down who holds each office, the first time a node starts on this ledger.

    Raises ConfigurationError when the key that was opened is not the one that holds the office.
    """
    for office, address in addresses.items():
        holder = current(connection, office)
        if holder is None:
            facts = {"office": office, "address": address, "keystore": office, "status": "current", "created_at": at}
            connection.execute(house_keys.insert().values(id=new_id("hky"), first_transaction=0, seated_at=at, **facts))
        elif holder.address != address:
            raise ConfigurationError(
                f"The ledger knows 0x{holder.address.hex()} as the {office} key; keys/{holder.keystore}.json holds "
                f"0x{address.hex()}. Restore the keystore from a backup, and change keys with `ledger-node key rotate`."
            )


def keystores(connection: sa.Connection) -> dict[Office, str]:
    """The name of the keystore of each office's current key; before the first start that `init` gave it."""
    chosen = sa.select(house_keys.c.office, house_keys.c.keystore).where(house_keys.c.status == "current")
    names: dict[Office, str] = {office: office for office in OFFICES}
    return names | {row.office: row.keystore for row in connection.execute(chosen)}


def keystores_to_come(connection: sa.Connection) -> list[str]:
    coming = sa.select(house_keys.c.keystore).where(house_keys.c.status.in_(["incoming", "accepting"]))
    return list(connection.execute(coming.order_by(house_keys.c.number)).scalars())


def rehearse(connection: sa.Connection, office: Office, *, at: int) -> HouseKey:
    """What `ask` would make, without its key. Raises WrongState."""
    coming = house_keys.c.status.in_(["incoming", "accepting"])
    busy = connection.execute(sa.select(house_keys.c.id).where(house_keys.c.office == office, coming)).scalar()
    if busy is not None:
        raise WrongState(f"{busy} is on its way to be the {office} key; cancel it, or wait until it is.")
    return HouseKey(new_id("hky"), office, None, "incoming", None, at, None, None)


def ask(connection: sa.Connection, office: Office, vault: Vault, *, at: int) -> HouseKey:
    """Make a key that is to hold this office. Raises WrongState while another is on its way, and Unavailable."""
    key = rehearse(connection, office, at=at)
    try:
        keystore, signer = vault.create(office)
    except ConfigurationError as unstorable:
        raise Unavailable(f"No key was made. {unstorable.detail}") from None
    connection.execute(
        house_keys.insert().values(
            id=key.id, office=office, address=signer.address, keystore=keystore, status="incoming", created_at=at
        )
    )
    return find(connection, key.id)


def cancel(connection: sa.Connection, key_id: str) -> HouseKey:
    """It shall not hold its office after all; what tokens gave it is taken back.

    Raises HouseKeyNotFound, WrongState.
    """
    key = find(connection, key_id)
    if key.status != "incoming":
        raise WrongState(f"{key_id} is {key.status}; only a key that is incoming can be canceled.")
    change(connection, key_id, status="outgoing", waits_for=None)
    return find(connection, key_id)


def change(connection: sa.Connection, key_id: str, **values: object) -> None:
    connection.execute(house_keys.update().where(house_keys.c.id == key_id).values(values))


def seat(connection: sa.Connection, row: Row, *, at: int) -> None:
    """From the next transaction of the outbox on, this key holds its office and the one before it leaves."""
    transactions = tables.chain_transactions.c.number
    newest = connection.execute(sa.select(sa.func.coalesce(sa.func.max(transactions), 0))).scalar_one()
    leaving = sa.and_(house_keys.c.office == row.office, house_keys.c.status == "current")
    connection.execute(house_keys.update().where(leaving).values(status="outgoing"))
    change(connection, row.id, status="current", waits_for=None, first_transaction=newest + 1, seated_at=at)


def current(connection: sa.Connection, office: Office) -> Row | None:
    mine = sa.and_(house_keys.c.office == office, house_keys.c.status == "current")
    return connection.execute(sa.select(house_keys).where(mine)).first()


def unfinished(connection: sa.Connection) -> list[Row]:
    """Those on their way in or out, the admin's first, for the others' roles are its to give."""
    moving = house_keys.c.status.in_(["incoming", "accepting", "outgoing"])
    found = connection.execute(sa.select(house_keys).where(moving).order_by(house_keys.c.number)).all()
    return sorted(found, key=lambda row: OFFICES.index(row.office))


def attestor_of(transaction_number: sa.ColumnElement[int]) -> sa.ScalarSelect[bytes]:
    """In a query: the address that signed the attestation of the batch with this number in the outbox."""
    mine = sa.and_(house_keys.c.office == "attestor", house_keys.c.first_transaction <= transaction_number)
    newest = sa.select(house_keys.c.address).where(mine).order_by(house_keys.c.first_transaction.desc()).limit(1)
    return newest.scalar_subquery()


def find(connection: sa.Connection, key_id: str) -> HouseKey:
    """Raises HouseKeyNotFound."""
    row = connection.execute(sa.select(house_keys).where(house_keys.c.id == key_id)).first()
    if row is None:
        raise HouseKeyNotFound(f"There is no house key {key_id}.")
    return _house_key(row)


def listed(connection: sa.Connection) -> list[HouseKey]:
    """Every key there ever was, newest first."""
    return [_house_key(row) for row in connection.execute(sa.select(house_keys).order_by(house_keys.c.number.desc()))]


def _house_key(row: Row) -> HouseKey:
    return HouseKey(
        row.id, row.office, row.address, row.status, row.waits_for, row.created_at, row.seated_at, row.retired_at
    )  # fmt: skip
