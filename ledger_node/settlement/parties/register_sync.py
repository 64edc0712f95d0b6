"""Standings: what the token's register should say of each BDA, and how the chain is brought to it.

The ledger keeps what is wanted and what the register was last told; wherever they differ, the next commit tells it. So
whatever is decided about a member or an account, and whenever the node stops, the chain follows. An account is told to
close only when the chain has confirmed that nothing can arrive on it any more and that it is empty.
"""

from itertools import groupby
from typing import Any

import sqlalchemy as sa

from ledger_node.chain.blocks import Receipt
from ledger_node.database import fetch
from ledger_node.deposit_token import calls
from ledger_node.keys import Signer
from ledger_node.settlement import party_tables, tables
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Block, Task

ACCOUNTS_MAX = 200
STANDING_GAS = 100_000
ACCOUNT_GAS = 20_000


class RegisterSync(Task):
    kind = "standing"

    def __init__(self, outbox: Outbox, *, registrar: Signer, orders: Task) -> None:
        """`orders` ends the orders that a standing carried out."""
        self._outbox = outbox
        self._orders = orders
        self._registrar = registrar

    def prepare(self, connection: sa.Connection) -> None:
        """Tell the registers what has changed: one transaction per token and standing."""
        for (token, wanted), group in groupby(fetch(connection, _RESTLESS), key=lambda row: (row.token, row.wanted)):
            accounts = list(group)
            data = calls.set_status([account.address for account in accounts], wanted)
            gas = STANDING_GAS + ACCOUNT_GAS * len(accounts)
            signed = self._outbox.put(connection, self._registrar, self.kind, to=token, data=data, gas=gas)
            ids = [account.id for account in accounts]
            chosen = tables.accounts.c.id.in_(ids)
            connection.execute(tables.accounts.update().where(chosen).values(told=wanted))
            _note_orders(connection, ids, signed.hash)

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        self._orders.booked(connection, receipt, block)
        if not receipt.succeeded:
            _refused(connection, receipt.to or b"")


def _refused(connection: sa.Connection, token: bytes) -> None:
    """The register would not close accounts of this token: something arrived first. They stay stopped."""
    accounts = tables.accounts
    currency = sa.select(tables.tokens.c.currency).where(tables.tokens.c.address == token).scalar_subquery()
    closing = sa.and_(accounts.c.currency == currency, accounts.c.told == "closed", accounts.c.status != "closed")
    connection.execute(accounts.update().where(closing).values(told="suspended", wanted="suspended"))


def _restless() -> sa.Select[Any]:
    accounts, tokens = tables.accounts, tables.tokens
    return (
        sa.select(accounts.c.id, accounts.c.address, accounts.c.wanted, tokens.c.address.label("token"))
        .join_from(accounts, tokens, tokens.c.currency == accounts.c.currency)
        .where(sa.text("accounts.wanted <> accounts.told"))
        .order_by(tokens.c.address, accounts.c.wanted, accounts.c.id)
        .limit(ACCOUNTS_MAX)
    )


_RESTLESS = _restless()


def _note_orders(connection: sa.Connection, account_ids: list[str], transaction_hash: bytes) -> None:
    """The orders that this transaction carries out: they end when it is booked."""
    orders = party_tables.orders
    carried = sa.and_(
        orders.c.status == "accepted", orders.c.kind.in_(["freeze", "unfreeze"]), orders.c.account_id.in_(account_ids)
    )
    connection.execute(orders.update().where(carried).values(status="processing", transaction_hash=transaction_hash))
