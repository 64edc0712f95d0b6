"""Accounts of members: DDAs on the reserve's books, BDAs as addresses on the token's register.

A BDA is pending until the block with its registration is booked. A managed BDA's address has no private key: only the
settlement role moves it, on the member's instruction.
"""

from collections.abc import Set
from concurrent.futures import Future

import sqlalchemy as sa

from ledger_node.access.model import Caller
from ledger_node.chain.encoding import keccak
from ledger_node.clock import Clock
from ledger_node.errors import AccountNotFound, AlreadyExists, InvalidField, NotEmpty, UnknownCurrency, WrongState
from ledger_node.ids import new_id
from ledger_node.money import currency as currency_of
from ledger_node.money import decimal_string
from ledger_node.reserve import ledger
from ledger_node.reserve.movements import dda
from ledger_node.settlement import events, rows, tables
from ledger_node.settlement.model import Account, AccountKind, AccountStatus, Custody
from ledger_node.settlement.onchain import standings
from ledger_node.settlement.parties import members
from ledger_node.writer import Writer


def open_account(
    connection: sa.Connection, member_id: str, *, kind: AccountKind, currency: str, custody: Custody | None,
    address: bytes | None, at: int,
) -> Account:  # fmt: skip
    """A DDA (active at once, one per currency) or a BDA (pending until it is on the token's register).

    Raises InvalidField, MemberNotFound, WrongState, AlreadyExists. `check_form` comes first.
    """
    member = members.find(connection, member_id)
    if member.status == "offboarded":
        raise WrongState(f"{member.legal_name} is offboarded.")
    tokens = tables.tokens
    if connection.execute(sa.select(tokens.c.currency).where(tokens.c.address == address)).first() is not None:
        raise InvalidField("A token contract cannot hold tokens.", pointer="/address")
    account_id = new_id("acct")
    if kind == "BDA" and custody != "self":
        custody, address = "managed", managed_address(account_id)
    accounts = tables.accounts
    if kind == "DDA":
        same = sa.and_(
            accounts.c.member_id == member_id, accounts.c.kind == "DDA", accounts.c.currency == currency,
            accounts.c.status != "closed",
        )  # fmt: skip
    else:
        same = sa.and_(accounts.c.currency == currency, accounts.c.address == address)
    if (there := connection.execute(sa.select(accounts.c.id).where(same)).scalar()) is not None:
        raise AlreadyExists(f"This {currency} account is open already.", id=there)

    status: AccountStatus = "active" if kind == "DDA" else "pending"
    account = Account(account_id, member_id, kind, currency, status, address, custody, at)
    connection.execute(accounts.insert().values({name: getattr(account, name) for name in Account.__slots__}))
    if kind == "DDA":
        ledger.open_account(connection, account_id, currency)
    else:
        connection.execute(tables.holdings.insert().values(account_id=account_id, booked=0, outgoing=0, sequence=0))
        standings.judge(connection, accounts.c.id == account_id)
    events.record(connection, [events.of_account(account)], at=account.created_at)
    return account


def check_form(
    *, kind: AccountKind, currency: str, custody: Custody | None, address: bytes | None, currencies: Set[str]
) -> None:
    """Raises UnknownCurrency, InvalidField."""
    if currency not in currencies:
        raise UnknownCurrency(f"No token is issued in {currency}.", pointer="/currency")
    if kind == "DDA" and (custody is not None or address is not None):
        raise InvalidField("A DDA has neither custody nor address.", pointer="/custody")
    if (custody == "self") != (address is not None):
        raise InvalidField("An address is named for an account in self-custody, and only then.", pointer="/address")
    if address is not None and (len(address) != 20 or not any(address)):
        raise InvalidField("The address is not one that can hold tokens.", pointer="/address")


class Accounts:
    """The same as jobs for the writer."""

    def __init__(self, writer: Writer, clock: Clock, *, currencies: Set[str]) -> None:
        self._writer = writer
        self._clock = clock
        self._currencies = currencies

    def open(
        self, caller: Caller, member_id: str, *, kind: AccountKind, currency: str, custody: Custody | None = None,
        address: bytes | None = None,
    ) -> Future[Account]:  # fmt: skip
        """`custody` is "managed" unless said otherwise; in self-custody the member names its own 20-byte `address`.

        Raises Forbidden, UnknownCurrency, InvalidField; the future MemberNotFound, WrongState, AlreadyExists.
        """
        members.operator_only(caller)
        check_form(kind=kind, currency=currency, custody=custody, address=address, currencies=self._currencies)
        return self._writer.submit(
            lambda connection: open_account(
                connection, member_id, kind=kind, currency=currency, custody=custody, address=address,
                at=self._clock.now_ms(),
            )
        )  # fmt: skip


def close(connection: sa.Connection, account_id: str, *, at: int) -> Account:
    """Closed for good: a DDA at once, a BDA when the chain has confirmed it. Its member may open another one.

    Raises AccountNotFound, WrongState, NotEmpty while there is money on it or on its way.
    """
    account = find(connection, account_id)
    if account.status == "closed":
        raise WrongState(f"{account.id} is closed already.", status=account.status)
    accounts, operations, holdings = tables.accounts, tables.operations, tables.holdings
    under_way = connection.execute(
        sa.select(sa.func.count()).where(
            operations.c.status.in_(["pending_approval", "scheduled", "queued", "accepted", "processing"]),
            sa.or_(operations.c.debtor_account == account_id, operations.c.creditor_account == account_id),
        )
    ).scalar_one()
    if account.kind == "DDA":
        amount = ledger.read(connection, [dda(account_id)])[dda(account_id)].posted
    else:
        amount = connection.execute(
            sa.select(holdings.c.booked).where(holdings.c.account_id == account_id)
        ).scalar_one()  # fmt: skip
    if amount or under_way:
        raise NotEmpty(
            f"{account.id} holds {decimal_string(amount, currency_of(account.currency))} {account.currency}; "
            f"{under_way} payments are under way.",
            under_way=under_way,
        )
    mine = accounts.update().where(accounts.c.id == account_id)
    connection.execute(mine.values(closing=True))
    registered = connection.execute(
        sa.select(accounts.c.registration.is_not(None)).where(accounts.c.id == account_id)
    ).scalar_one()  # fmt: skip
    if account.kind == "BDA" and registered:
        standings.judge(connection, accounts.c.id == account_id)
    else:
        connection.execute(mine.values(status="closed", wanted="closed"))
        events.record(connection, [events.of_account(find(connection, account_id))], at=at)
    return find(connection, account_id)


def freeze(connection: sa.Connection, account: Account, *, frozen: bool) -> None:
    """A frozen BDA neither pays nor is paid, whatever its member's status."""
    accounts = tables.accounts
    connection.execute(accounts.update().where(accounts.c.id == account.id).values(frozen=frozen))
    standings.judge(connection, accounts.c.id == account.id)


def find(connection: sa.Connection, account_id: str) -> Account:
    """Raises AccountNotFound."""
    row = connection.execute(sa.select(*rows.ACCOUNT).where(tables.accounts.c.id == account_id)).first()
    if row is None:
        raise AccountNotFound(f"There is no account {account_id}.")
    return rows.account(row)


def close_unregistered(connection: sa.Connection, registration: bytes, *, at: int) -> None:
    """The register refused these accounts: they never open. The operator opens others when the reason is mended."""
    refused = sa.select(tables.accounts.c.id).where(tables.accounts.c.registration == registration)
    standings.change_status(connection, dict.fromkeys(connection.execute(refused).scalars(), "closed"), at=at)


def managed_address(account_id: str) -> bytes:
    """An address that nobody has a key for, derived from the account's id."""
    return keccak(b"ledger-node/bda/" + account_id.encode())[12:]
