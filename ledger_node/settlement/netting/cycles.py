"""Netting cycles: queued payments become one call on the token, which moves only what is left of them.

A cycle is called (by the operator or by time), and cut as soon as its currency has no batch in flight. It takes
payments as a batch does: their state, the accounts' promises, the proofs' leaves and the signed bytes are stored
together. When the token refuses a net, nothing moved: the payments go back to the queue, but for those of the account
refused.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from ledger_node.chain.blocks import Receipt
from ledger_node.clock import Clock
from ledger_node.database import Row, execute_many, fetch
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.calls import Leg
from ledger_node.errors import NettingCycleNotFound, NettingExpired, UnknownCurrency, WrongState
from ledger_node.ids import new_id
from ledger_node.pages import Page, Slice, page
from ledger_node.proofs.payments import Payment, PaymentTree, batch_named
from ledger_node.proofs.tree import SALT_BYTES
from ledger_node.settlement import journaling, limits, netting_tables, rows, tables
from ledger_node.settlement.model import NettingCycle, Operation
from ledger_node.settlement.netting import answers, selection
from ledger_node.settlement.netting.selection import Queued
from ledger_node.settlement.onchain.batches import Batches
from ledger_node.settlement.onchain.booking import Booking
from ledger_node.settlement.onchain.tasks import Block, Task
from ledger_node.settlement.outcomes import Outcome
from ledger_node.settlement.payments import cancellation

ACCOUNTS_MAX = 1_000
"""As many accounts as one call can have net legs for within a transaction's gas."""
PAYMENTS_MAX = 50_000
"""One cycle takes so many at most, the first in the queue; the tree over them is held in memory."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a cycle would take now, and the accounts it concerns: their addresses."""

    taken: Sequence[Queued]
    nets: Mapping[str, int]
    address_of: Mapping[str, bytes]
    left: int

    def figures(self) -> dict[str, Any]:
        return {
            "payments": len(self.taken), "gross": selection.gross(self.taken), "net": selection.debits(self.nets),
            "left": self.left,
        }  # fmt: skip


def call(connection: sa.Connection, code: str, *, at: int) -> NettingCycle:
    """Ask for a cycle in this currency. Raises UnknownCurrency, and WrongState while one is under way."""
    if connection.execute(sa.select(tables.tokens.c.currency).where(tables.tokens.c.currency == code)).first() is None:
        raise UnknownCurrency(f"No token is issued in {code}.", pointer="/currency")
    if (row := connection.execute(_OPEN, {"of": code}).first()) is not None:
        raise WrongState(f"The netting cycle {row.id} is {row.status}; call the next when it has ended.", cycle=row.id)
    cycle = NettingCycle(new_id("net"), code, "called", None, 0, 0, 0, 0, None, None, at, None)
    connection.execute(
        netting_tables.cycles.insert().values({name: getattr(cycle, name) for name in NettingCycle.__slots__})
    )
    return cycle


def rehearse(connection: sa.Connection, code: str, *, at: int) -> NettingCycle:
    """The cycle as it would be cut now; nothing is stored. Raises as `call` does."""
    cycle = call(connection, code, at=at)
    return replace(cycle, **_propose(connection, code, accounts_max=ACCOUNTS_MAX, at=at).figures())


def due(connection: sa.Connection, *, waiting_since: int) -> list[str]:
    """Currencies in which a payment waits since then or longer, and no cycle was called since or is under way."""
    operations, cycles = tables.operations, netting_tables.cycles
    lately = sa.or_(sa.text("netting_cycles.status IN ('called', 'settling')"), cycles.c.created_at > waiting_since)
    query = (
        sa.select(operations.c.currency)
        .where(
            operations.c.status == tables.literally("queued"), operations.c.created_at <= waiting_since,
            operations.c.currency.not_in(sa.select(cycles.c.currency).where(lately)),
        )
        .distinct()
        .order_by(operations.c.currency)
    )  # fmt: skip
    return list(connection.execute(query).scalars())


def call_due(connection: sa.Connection, *, waiting_since: int, at: int) -> None:
    for code in due(connection, waiting_since=waiting_since):
        call(connection, code, at=at)


def expired(connection: sa.Connection, *, at: int) -> bool:
    """Whether a payment has waited for as long as it may."""
    return bool(fetch(connection, _EXPIRED, at=at, most=1))


def expire(connection: sa.Connection, *, at: int) -> list[Operation]:
    """Reject what no cycle took in time, so many as one turn of the writer may end.

    It does not settle gross: its bank did not agree to pay all of it at once.
    """
    outcome = Outcome(NettingExpired.code, "AM04", "No netting cycle could settle it in time.")
    late = [rows.operation(row) for row in fetch(connection, _EXPIRED, at=at, most=cancellation.AT_ONCE)]
    return cancellation.end_all(
        connection, [(replace(each, status="rejected"), each, outcome) for each in late], at=at
    )  # fmt: skip


class Cycles(Task):
    kind = "net"

    def __init__(self, batches: Batches, clock: Clock) -> None:
        self._batches = batches
        self._clock = clock
        self._accounts_max = min(ACCOUNTS_MAX, batches.legs_max + 1)

    def prepare(self, connection: sa.Connection) -> None:
        """Every cycle that was called and whose currency has no batch in flight."""
        for row in fetch(connection, _CALLED):
            for token in self._batches.free_tokens(connection, row.currency):
                self._prepare(connection, row.id, token)

    def _prepare(self, connection: sa.Connection, cycle_id: str, token: Row) -> None:
        at = self._clock.now_ms()
        proposal = _propose(connection, token.currency, accounts_max=self._accounts_max, at=at)
        mine = netting_tables.cycles.update().where(netting_tables.cycles.c.id == cycle_id)
        if not proposal.taken:
            connection.execute(mine.values(proposal.figures() | {"status": "empty", "ended_at": at}))
            return
        salts = [secrets.token_bytes(SALT_BYTES) for _ in proposal.taken]
        tree = tree_over(proposal.taken, salts, proposal.address_of, token.currency)
        legs = [
            Leg("transfer", amount, debtor=proposal.address_of[payer], creditor=proposal.address_of[payee])
            for payer, payee, amount in selection.flows(proposal.nets)
        ]
        batch_id = batch_named(tree.root)
        batch = self._batches.put(
            connection, token, batch_id, tree.root, calls.settle_net, legs, kind=self.kind,
            operations=len(proposal.taken),
        )  # fmt: skip
        journaling.cut(connection, batch, [], at=at)
        journaling.moved_on(
            connection, "processing", [(each.operation_id, (None, None)) for each in proposal.taken], at=at
        )  # fmt: skip
        execute_many(connection, _TAKE, [{"number_": each.number} for each in proposal.taken])
        execute_many(
            connection, _PAYMENT,
            [
                {"batch_id": batch_id, "place": place, "operation_id": each.operation_id, "salt": salt}
                for place, (each, salt) in enumerate(zip(proposal.taken, salts, strict=True))
            ],
        )  # fmt: skip
        nets = sorted(proposal.nets.items())
        execute_many(
            connection, _POSITION, [{"batch_id": batch_id, "account_id": id_, "net": each} for id_, each in nets]
        )  # fmt: skip
        execute_many(connection, _PROMISE, [{"id_": id_, "more": -each} for id_, each in nets if each < 0])
        connection.execute(mine.values(proposal.figures() | {"status": "settling", "batch_id": batch_id}))

    def book(self, connection: sa.Connection, booking: Booking, block: Block) -> None:
        """Settle the payments of every net batch in the block, or put back those of one that was refused."""
        carried = [(receipt, answers.carried(connection, receipt)) for receipt in block.receipts(self.kind)]
        booking.load_accounts(account_id for _, net in carried for account_id in net.nets)
        for receipt, net in carried:
            answers.end(connection, booking, block, receipt, net)

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        self._batches.booked(connection, receipt, block)


def tree_over(
    taken: Sequence[Queued], salts: Sequence[bytes], address_of: Mapping[str, bytes], code: str
) -> PaymentTree:  # fmt: skip
    leaves = [
        Payment(each.operation_id, each.uetr, address_of[each.debtor], address_of[each.creditor], each.amount, code)
        .leaf(salt)
        for each, salt in zip(taken, salts, strict=True)
    ]  # fmt: skip
    return PaymentTree(leaves)


def _propose(connection: sa.Connection, code: str, *, accounts_max: int, at: int) -> Proposal:
    """From the queue's front: payments between accounts in good standing, as many accounts as one call can carry.

    What members agreed to hold at most is judged here, by what is left of the payments.
    """
    queued: list[Queued] = []
    available: dict[str, int] = {}
    address_of: dict[str, bytes] = {}
    owner: dict[str, str] = {}
    left = 0
    for row in connection.execute(_QUEUED, {"of": code, "at": at}):
        sides = {row.debtor_account: row.debtor, row.creditor_account: row.creditor}
        if len(queued) == PAYMENTS_MAX or len(address_of.keys() | sides.keys()) > accounts_max or not row.in_standing:
            left += 1
            continue
        address_of |= sides
        owner |= {row.debtor_account: row.payer, row.creditor_account: row.payee}
        available[row.debtor_account] = row.available
        queued.append(
            Queued(row.number, row.id, row.uetr, row.debtor_account, row.creditor_account, row.amount)
        )  # fmt: skip
    taken = selection.choose(queued, available, limits.rooms(connection, owner.values(), code), owner)
    nets = {account: each for account, each in selection.net(taken).items() if each}
    return Proposal(taken, nets, address_of, left + len(queued) - len(taken))


# READ


def find(connection: sa.Connection, cycle_id: str) -> NettingCycle:
    """Raises NettingCycleNotFound."""
    row = connection.execute(sa.select(netting_tables.cycles).where(netting_tables.cycles.c.id == cycle_id)).first()
    if row is None:
        raise NettingCycleNotFound(f"There is no netting cycle {cycle_id}.")
    return _cycle(row)


def listed(connection: sa.Connection, part: Slice, *, code: str | None = None) -> Page[NettingCycle]:
    """Newest first."""
    cycles = netting_tables.cycles
    query = sa.select(cycles).where(cycles.c.created_at.between(part.since, part.until - 1))
    if code is not None:
        query = query.where(cycles.c.currency == code)
    if (before := part.number()) is not None:
        query = query.where(cycles.c.number < before)
    found = connection.execute(query.order_by(cycles.c.number.desc()).limit(part.limit + 1)).all()
    return page(found, part, read=_cycle, position=lambda row: row.number)


def _cycle(row: Row) -> NettingCycle:
    return NettingCycle(**{name: getattr(row, name) for name in NettingCycle.__slots__})


_OPEN = sa.select(netting_tables.cycles).where(
    netting_tables.cycles.c.currency == sa.bindparam("of"), sa.text("netting_cycles.status IN ('called', 'settling')")
)
_CALLED = (
    sa.select(netting_tables.cycles.c.id, netting_tables.cycles.c.currency)
    .where(sa.text("netting_cycles.status IN ('called', 'settling') AND netting_cycles.status = 'called'"))
    .order_by(netting_tables.cycles.c.number)
)
_TAKE = (
    tables.operations.update()
    .where(tables.operations.c.number == sa.bindparam("number_"))
    .values(status=tables.literally("processing"))
)
_PAYMENT = netting_tables.payments.insert().inline()
_POSITION = netting_tables.positions.insert().inline()
_PROMISE = (
    tables.holdings.update()
    .where(tables.holdings.c.account_id == sa.bindparam("id_"))
    .values(outgoing=tables.holdings.c.outgoing + sa.bindparam("more"))
)
_EXPIRED = (
    sa.select(*rows.OPERATION)
    .where(
        tables.operations.c.status == tables.literally("queued"), tables.operations.c.net_until <= sa.bindparam("at")
    )
    .order_by(tables.operations.c.net_until, tables.operations.c.number)
    .limit(sa.bindparam("most"))
)  # fmt: skip


def _queued() -> sa.Select[Any]:
    operations, holdings = tables.operations, tables.holdings
    debtor, creditor = tables.accounts.alias("debtor"), tables.accounts.alias("creditor")
    payer, payee = tables.members.alias("payer"), tables.members.alias("payee")
    active = [each.c.status == "active" for each in (debtor, creditor, payer, payee)]
    active += [each.c.wanted == "active" for each in (debtor, creditor)]
    return (
        sa.select(
            operations.c.number, operations.c.id, operations.c.uetr, operations.c.amount, operations.c.debtor_account,
            operations.c.creditor_account, debtor.c.address.label("debtor"), creditor.c.address.label("creditor"),
            payer.c.id.label("payer"), payee.c.id.label("payee"),
            (holdings.c.booked - holdings.c.outgoing - holdings.c.frozen).label("available"),
            sa.and_(*active).label("in_standing"),
        )
        .join_from(operations, debtor, operations.c.debtor_account == debtor.c.id)
        .join(creditor, operations.c.creditor_account == creditor.c.id)
        .join(payer, debtor.c.member_id == payer.c.id)
        .join(payee, creditor.c.member_id == payee.c.id)
        .join(holdings, holdings.c.account_id == debtor.c.id)
        .where(
            operations.c.status == tables.literally("queued"), operations.c.currency == sa.bindparam("of"),
            operations.c.net_until > sa.bindparam("at"),
        )
        .order_by(operations.c.number)
    )  # fmt: skip


_QUEUED = _queued()
