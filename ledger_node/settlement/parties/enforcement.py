"""Orders of the operator against an account or a whole token: freeze, freeze an amount, force a transfer, pause, limit
what may be minted.

Each has its reason and becomes one call on the token, of a key that moves no money. The token is the judge; what it
refuses is rejected with its reason. Freezing a whole account goes by way of its standing (register_sync.py).
"""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ledger_node.access.model import Caller
from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Call, Receipt
from ledger_node.chain.errors import CallFailed, Reverted
from ledger_node.database import Row, fetch
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.deployment import UNLIMITED
from ledger_node.deposit_token.refusals import Refusal, refusal
from ledger_node.errors import (
    AccountClosed,
    CurrencyMismatch,
    OrderNotFound,
    SameAccount,
    UnknownCurrency,
    WrongAccountKind,
    WrongState,
)
from ledger_node.ids import new_id
from ledger_node.keys import Signer
from ledger_node.money import Amount
from ledger_node.pages import Page, Slice, page
from ledger_node.settlement import events, outcomes, tables
from ledger_node.settlement.model import Account, Order, OrderKind
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Block, Task
from ledger_node.settlement.parties import accounts
from ledger_node.settlement.party_tables import orders
from ledger_node.settlement.texts import written

ORDER_GAS = 300_000
REASON_MAX = 140


def freeze(connection: sa.Connection, account_id: str, reason: str, *, frozen: bool, at: int) -> Order:
    """Nothing leaves or reaches this BDA any more, or does again.

    Raises AccountNotFound, WrongAccountKind, AccountClosed, WrongState.
    """
    account = _bda(connection, account_id, "/account")
    row = connection.execute(
        sa.select(tables.accounts.c.frozen, tables.accounts.c.wanted, tables.accounts.c.told).where(
            tables.accounts.c.id == account_id
        )
    ).one()
    if row.frozen == frozen:
        raise WrongState(f"{account_id} is {'frozen' if frozen else 'not frozen'} already.")
    accounts.freeze(connection, account, frozen=frozen)
    order = _store(connection, "freeze" if frozen else "unfreeze", account, reason, at=at)
    wanted = connection.execute(
        sa.select(tables.accounts.c.wanted, tables.accounts.c.told).where(tables.accounts.c.id == account_id)
    ).one()
    if wanted.told == wanted.wanted:  # its member is stopped anyway: the register has nothing to be told
        done = {"status": "settled", "settled_at": at}
        connection.execute(orders.update().where(orders.c.id == order.id).values(done))
    return find(connection, order.id)


def freeze_amount(connection: sa.Connection, account_id: str, amount: int, reason: str, *, at: int) -> Order:
    """Of what is on this BDA now or arrives later, so much cannot be spent; zero lifts it.

    Raises AccountNotFound, WrongAccountKind, AccountClosed.
    """
    account = _bda(connection, account_id, "/account")
    return _store(connection, "partial_freeze", account, reason, at=at, amount=amount)


def force_transfer(
    connection: sa.Connection, debtor_id: str, creditor_id: str, money: Amount, reason: str, *, at: int
) -> Order:
    """Take tokens from a BDA without its member's consent, also a frozen or suspended one.

    Raises AccountNotFound, WrongAccountKind, AccountClosed, SameAccount, CurrencyMismatch.
    """
    debtor = _bda(connection, debtor_id, "/debtor_account")
    creditor = _bda(connection, creditor_id, "/creditor_account")
    if debtor.id == creditor.id:
        raise SameAccount("A transfer needs two different accounts.", pointer="/creditor_account")
    for account, pointer in ((debtor, "/debtor_account"), (creditor, "/creditor_account")):
        if account.currency != money.currency.code:
            raise CurrencyMismatch(f"{account.id} is kept in {account.currency}.", pointer=pointer)
    return _store(
        connection, "forced_transfer", debtor, reason, at=at, amount=money.minor, creditor_account=creditor.id
    )  # fmt: skip


def pause(connection: sa.Connection, code: str, reason: str, *, paused: bool, at: int) -> Order:
    """Nothing of this currency's token moves any more, or does again. Raises UnknownCurrency."""
    return _of_token(connection, "pause" if paused else "unpause", code, reason, at=at)


def limit_minting(connection: sa.Connection, code: str, per_day: int | None, reason: str, *, at: int) -> Order:
    """The settlement key mints so much of this currency in 24 hours and no more (None: what is attested limits it).

    Raises UnknownCurrency; WrongState while another key is to hold the office, which takes its allowance over.
    """
    to_come = {key.office for key in signing_keys.listed(connection) if key.status in ("incoming", "accepting")}
    if "settlement" in to_come:
        raise WrongState("Another settlement key is on its way; order it again once that one is current.")
    return _of_token(connection, "mint_limit", code, reason, at=at, amount=per_day)


def _of_token(
    connection: sa.Connection, kind: OrderKind, code: str, reason: str, *, at: int, amount: int | None = None
) -> Order:
    if connection.execute(sa.select(tables.tokens.c.currency).where(tables.tokens.c.currency == code)).first() is None:
        raise UnknownCurrency(f"No token is issued in {code}.")
    return _insert(connection, Order(new_id("ord"), kind, code, None, None, amount, _reason(reason), "accepted", at))


def find(connection: sa.Connection, order_id: str, *, member_id: str | None = None) -> Order:
    """Raises OrderNotFound, also for one that is not against an account of this member (None: whosever).

    One question either way: how long it takes tells nobody that there is an order against another bank.
    """
    query = sa.select(orders).where(orders.c.id == order_id)
    if member_id is not None:
        held = tables.accounts
        query = query.join(held, held.c.id == orders.c.account_id).where(held.c.member_id == member_id)
    row = connection.execute(query).first()
    if row is None:
        raise OrderNotFound(f"There is no order {order_id}.")
    return _order(row)


def listed(connection: sa.Connection, caller: Caller, part: Slice, *, account_id: str | None = None) -> Page[Order]:
    """Newest first; a member sees those against its own accounts."""
    query = sa.select(orders).where(orders.c.created_at.between(part.since, part.until - 1))
    if caller.member_id is not None:
        mine = sa.select(tables.accounts.c.id).where(tables.accounts.c.member_id == caller.member_id)
        query = query.where(orders.c.account_id.in_(mine))
    if account_id is not None:
        query = query.where(orders.c.account_id == account_id)
    if (before := part.number()) is not None:
        query = query.where(orders.c.number < before)
    found = connection.execute(query.order_by(orders.c.number.desc()).limit(part.limit + 1)).all()
    return page(found, part, read=_order, position=lambda row: row.number)


class Enforcement(Task):
    kind = "order"

    def __init__(self, outbox: Outbox, *, enforcer: Signer, minter: Signer) -> None:
        self._outbox = outbox
        self._enforcer = enforcer
        self._minter = minter

    def prepare(self, connection: sa.Connection) -> None:
        """A transaction for every order that waits for one."""
        for row in fetch(connection, _UNSENT):
            data = _call(row, self._minter.address)
            signed = self._outbox.put(connection, self._enforcer, self.kind, to=row.token, data=data, gas=ORDER_GAS)
            sent = {"status": "processing", "transaction_hash": signed.hash}
            connection.execute(orders.update().where(orders.c.id == row.id).values(sent))

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        """The chain has carried these orders out, or the token refused."""
        result = {"block_number": receipt.block_number, "settled_at": block.at, "status": "settled"}
        if not receipt.succeeded:
            outcome = outcomes.of_single(block.why(receipt))
            result |= {"status": "rejected", "settled_at": None, "code": outcome.code, "detail": outcome.reason}
        mine = orders.c.transaction_hash == receipt.transaction_hash
        connection.execute(orders.update().where(mine).values(result))
        for row in connection.execute(sa.select(orders).where(mine)).all():
            _tell(connection, _order(row), at=block.at)

    def foresee(self, connection: sa.Connection, chain: ChainBackend, order: Order) -> Order:
        """The order as it would end if its transaction came into the next block, asked of the chain; nothing is sent.

        Raises ChainUnavailable.
        """
        row = connection.execute(_ONE, {"of": order.id}).first()
        if row is None or order.status != "accepted":
            return order  # the token is not there yet, or has nothing to be told
        data = _call(row, self._minter.address)
        call = Call(sender=self._enforcer.address, to=row.token, data=data, gas=ORDER_GAS)
        try:
            chain.call(call)
        except Reverted as reverted:
            return _refused(order, refusal(reverted.data))
        except CallFailed:
            return _refused(order, None)
        return order


def _refused(order: Order, why: Refusal | None) -> Order:
    outcome = outcomes.of_single(why)
    return replace(order, status="rejected", code=outcome.code, detail=outcome.reason)


def _with_addresses() -> sa.Select[Any]:
    debtor, creditor = tables.accounts.alias("debtor"), tables.accounts.alias("creditor")
    return (
        sa.select(
            orders, debtor.c.address.label("debtor"), creditor.c.address.label("creditor"),
            debtor.c.wanted.label("wanted"), tables.tokens.c.address.label("token"),
        )
        .join_from(orders, tables.tokens, tables.tokens.c.currency == orders.c.currency)
        .outerjoin(debtor, orders.c.account_id == debtor.c.id)
        .outerjoin(creditor, orders.c.creditor_account == creditor.c.id)
        .where(tables.tokens.c.block_number.is_not(None))
    )  # fmt: skip


_ONE = _with_addresses().where(orders.c.id == sa.bindparam("of"))
_UNSENT = (
    _with_addresses()
    .where(sa.text("orders.status = 'accepted' AND orders.kind NOT IN ('freeze', 'unfreeze')"))
    .order_by(orders.c.number)
)


def _call(row: Row, minter: bytes) -> bytes:
    if row.kind == "mint_limit":
        return calls.set_minter_allowance(minter, UNLIMITED if row.amount is None else row.amount)
    if row.kind == "partial_freeze":
        return calls.set_frozen_tokens(row.debtor, row.amount)
    if row.kind in ("freeze", "unfreeze"):
        return calls.set_status([row.debtor], row.wanted)
    if row.kind == "forced_transfer":
        return calls.forced_transfer(row.debtor, row.creditor, row.amount, row.reason)
    return calls.pause() if row.kind == "pause" else calls.unpause()


def _bda(connection: sa.Connection, account_id: str, pointer: str) -> Account:
    account = accounts.find(connection, account_id)
    if account.kind != "BDA":
        raise WrongAccountKind(f"{account_id} is a {account.kind}; here a BDA is needed.", pointer=pointer)
    if account.status == "closed":
        raise AccountClosed(f"{account_id} is closed.", pointer=pointer)
    return account


def _store(
    connection: sa.Connection, kind: OrderKind, account: Account, reason: str, *, at: int, amount: int | None = None,
    creditor_account: str | None = None,
) -> Order:  # fmt: skip
    order = Order(
        new_id("ord"), kind, account.currency, account.id, creditor_account, amount, _reason(reason), "accepted", at
    )
    return _insert(connection, order)


def _insert(connection: sa.Connection, order: Order) -> Order:
    connection.execute(orders.insert().values({name: getattr(order, name) for name in Order.__slots__}))
    _tell(connection, order, at=order.created_at)
    return order


def _tell(connection: sa.Connection, order: Order, *, at: int) -> None:
    data = {"id": order.id, "kind": order.kind, "currency": order.currency, "account": order.account_id}
    data |= {"reason": order.reason, "status": order.status, "code": order.code}
    member_id = None
    if order.account_id is not None:
        member_id = accounts.find(connection, order.account_id).member_id
    draft = events.draft(f"order.{order.status}", member_id=member_id, resource_id=order.id, data=data)
    events.record(connection, [draft], at=at)


def _reason(text: str) -> str:
    return written(text, "reason", most=REASON_MAX)


def _order(row: Row) -> Order:
    return Order(**{name: getattr(row, name) for name in Order.__slots__})
