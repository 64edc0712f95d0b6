"""Registrations: BDAs that wait go onto the token's register together, through the outbox, in the writer's commit.

As with batches, one per currency is in flight; accounts opened meanwhile share the next.
"""

from itertools import groupby
from typing import Any

import sqlalchemy as sa

from ledger_node.chain.blocks import Receipt
from ledger_node.database import Row, fetch
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.calls import Registration
from ledger_node.keys import Signer
from ledger_node.settlement import tables
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Block, Task
from ledger_node.settlement.parties import accounts

ACCOUNTS_MAX = 200
REGISTRATION_GAS = 100_000
ACCOUNT_GAS = 40_000


class Registrations(Task):
    kind = "registration"

    def __init__(self, outbox: Outbox, *, registrar: Signer) -> None:
        self._outbox = outbox
        self._registrar = registrar

    def prepare(self, connection: sa.Connection) -> None:
        """The next registration of every currency that has none in flight and accounts without one."""
        for address, group in groupby(fetch(connection, _UNREGISTERED), key=lambda row: row.token):
            self._register(connection, address, list(group))

    def _register(self, connection: sa.Connection, token: bytes, unregistered: list[Row]) -> None:
        data = calls.register(
            [Registration(each.address, each.member, each.custody == "self") for each in unregistered]
        )
        gas = REGISTRATION_GAS + ACCOUNT_GAS * len(unregistered)
        signed = self._outbox.put(connection, self._registrar, self.kind, to=token, data=data, gas=gas)
        chosen = tables.accounts.c.id.in_([each.id for each in unregistered])
        connection.execute(tables.accounts.update().where(chosen).values(registration=signed.hash, told="active"))

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        if not receipt.succeeded:
            accounts.close_unregistered(connection, receipt.transaction_hash, at=block.at)


def _unregistered() -> sa.Select[Any]:
    accounts, members, tokens = tables.accounts, tables.members, tables.tokens
    pending = accounts.c.status == tables.literally("pending")
    busy = sa.select(accounts.c.currency).where(pending, accounts.c.registration.is_not(None))
    return (
        sa.select(
            accounts.c.id, accounts.c.address, accounts.c.custody, members.c.number.label("member"),
            tokens.c.address.label("token"),
        )
        .join_from(accounts, members)
        .join(tokens, tokens.c.currency == accounts.c.currency)
        .where(
            pending, accounts.c.registration.is_(None), members.c.status == "active", accounts.c.currency.not_in(busy),
            tokens.c.block_number.is_not(None),
        )
        .order_by(tokens.c.address, accounts.c.id)
        .limit(ACCOUNTS_MAX)
    )  # fmt: skip


_UNREGISTERED = _unregistered()
