"""Batches: what waits becomes one signed call on the token. Runs inside the writer's commit, so that a batch, its
operations' new state, its nonce and its signed bytes are stored together or not at all.

One batch per currency is in flight at a time. What arrives meanwhile waits and shares the next one: under load batches
grow by themselves, and an idle node makes a batch of one at once. Nobody waits for a timer.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from ledger_node import journal
from ledger_node.chain.blocks import Receipt
from ledger_node.chain.encoding import keccak
from ledger_node.clock import Clock
from ledger_node.database import Row, execute, execute_many, fetch
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.attestation import ReserveAttestation, TokenDomain, signature_bytes
from ledger_node.deposit_token.calls import Leg
from ledger_node.deposit_token.events import BatchSettled, Moved
from ledger_node.errors import Fault
from ledger_node.ids import new_id
from ledger_node.keys import Signer
from ledger_node.reserve import reports
from ledger_node.settlement import journaling, outcomes, rows, tables
from ledger_node.settlement.onchain import liabilities
from ledger_node.settlement.onchain.booking import Booking
from ledger_node.settlement.onchain.booking import Leg as Carried
from ledger_node.settlement.onchain.liabilities import LiabilityTrees
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Block, Task

BATCH_GAS = 150_000
LEG_GAS = 16_000
"""What a batch may use besides and for each leg. A transfer between two accounts that no other leg of the batch touches
is the dearest leg, 13,500 gas; what is not used costs nothing (docs/internals/settlement.md)."""


Call = Callable[[bytes, Sequence[Leg], ReserveAttestation, bytes], bytes]
"""`calls.settle` or `calls.settle_net`."""


class Batches(Task):
    kind = "batch"

    def __init__(
        self, outbox: Outbox, clock: Clock, *, settlement: Signer, attestor: Signer, legs_max: int,
        gas_max: int, trees: LiabilityTrees,
    ) -> None:  # fmt: skip
        self._claims = trees
        self._outbox = outbox
        self._clock = clock
        self._settlement = settlement
        self._attestor = attestor
        self.legs_max = max(1, min(legs_max, (gas_max - BATCH_GAS) // LEG_GAS))

    def prepare(self, connection: sa.Connection) -> None:
        """The next batch of every currency that has none in flight and something waiting."""
        for token in self.free_tokens(connection):
            legs = fetch(connection, _WAITING, of=token.currency, most=self.legs_max)
            if legs:
                self._prepare(connection, token, legs)

    def free_tokens(self, connection: sa.Connection, currency: str | None = None) -> list[Row]:
        """The tokens on chain of which no batch is in flight; of this currency only, if one is named."""
        return [token for token in fetch(connection, _FREE_TOKENS) if currency in (None, token.currency)]

    def _prepare(self, connection: sa.Connection, token: Row, legs: Sequence[Row]) -> None:
        batch_id = new_id("bat")
        moves = [_leg(waiting) for waiting in legs]
        batch = self.put(
            connection, token, batch_id, id_on_chain(batch_id), calls.settle, moves, kind=self.kind,
            operations=len(legs),
        )  # fmt: skip
        taken = [{"number_": leg.number, "batch": batch_id, "leg_": index} for index, leg in enumerate(legs)]
        execute_many(connection, _TAKE, taken)
        journaling.cut(connection, batch, [leg.id for leg in legs], at=batch["created_at"])

    def put(
        self, connection: sa.Connection, token: Row, batch_id: str, chain_batch_id: bytes, call: Call,
        legs: Sequence[Leg], *, kind: str, operations: int,
    ) -> dict[str, Any]:  # fmt: skip
        """Attest, sign and store this call; the batch's row. The caller stores what it does to its operations."""
        head = journal.head(connection)
        reserve = reports.attested_reserve(connection, token.currency)
        attested = self._claims.attest(connection, token.currency, reserve=reserve, supply=token.supply)
        attestation = ReserveAttestation(
            reserve=reserve, claims_root=attested.root.hash, ledger_sequence=head.sequence, ledger_head=head.hash
        )
        domain = TokenDomain(name=token.name, chain_id=self._outbox.chain_id, token=token.address)
        signature = signature_bytes(self._attestor.sign(attestation.digest(domain, chain_batch_id)))
        data = call(chain_batch_id, legs, attestation, signature)
        gas = BATCH_GAS + LEG_GAS * len(legs)
        signed = self._outbox.put(connection, self._settlement, kind, to=token.address, data=data, gas=gas)
        batch = {
            "id": batch_id, "currency": token.currency, "transaction_hash": signed.hash, "status": "in_flight",
            "legs": operations, "reserve": attestation.reserve, "claims_root": attestation.claims_root,
            "ledger_sequence": attestation.ledger_sequence, "ledger_head": attestation.ledger_head,
            "created_at": self._clock.now_ms(),
        }  # fmt: skip
        execute_many(connection, _CUT, [batch])
        liabilities.record(connection, batch_id, token.currency, attested, signature)
        return batch

    def book(self, connection: sa.Connection, booking: Booking, block: Block) -> None:
        """Settle or reject every operation of every batch in the block."""
        carried = [(receipt, _carried(connection, receipt)) for receipt in block.receipts(self.kind)]
        booking.load_accounts(each.operation.debtor_account for _, carries in carried for each in carries)
        for receipt, carries in carried:
            _end(booking, block, receipt, carries)

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        ended = "booked" if receipt.succeeded else "reverted"
        execute(connection, _BOOKED, of=receipt.transaction_hash, ended=ended, in_block=receipt.block_number)


def _carried(connection: sa.Connection, receipt: Receipt) -> list[Carried]:
    found = fetch(connection, _CARRIED, of=receipt.transaction_hash)
    return [Carried(rows.operation(row), row.counterparty_id) for row in found]


def _end(booking: Booking, block: Block, receipt: Receipt, legs: Sequence[Carried]) -> None:
    if not receipt.succeeded:
        outcome = outcomes.of_revert(block.why(receipt))
        for leg in legs:
            booking.rejected(leg, outcome)
        return
    events = block.events_of(receipt)
    codes = next(event.codes for event in events if isinstance(event, BatchSettled))
    movements = iter([event for event in events if isinstance(event, Moved)])
    if len(codes) != len(legs):
        raise Fault(f"A batch of {len(legs)} was answered with {len(codes)} codes.")
    for leg, code in zip(legs, codes, strict=True):
        if code != 0:
            booking.rejected(leg, outcomes.of_leg(code))
            continue
        moved = next(movements, None)
        if moved is None or moved.amount != leg.operation.amount:
            raise Fault(f"The chain says {leg.operation.id} moved but shows no Transfer of it.")
        booking.settled(leg, moved.log)


def id_on_chain(batch_id: str) -> bytes:
    """The 32 bytes by which the contract knows a batch and refuses it a second time."""
    return keccak(batch_id.encode())


_CUT = tables.batches.insert().inline()
_TAKE = (
    tables.operations.update()
    .where(tables.operations.c.number == sa.bindparam("number_"))
    .values(status=tables.literally("processing"), batch_id=sa.bindparam("batch"), leg=sa.bindparam("leg_"))
)
_CARRIED = (
    sa.select(*rows.OPERATION, tables.operations.c.counterparty_id)
    .join_from(tables.operations, tables.batches)
    .where(tables.batches.c.transaction_hash == sa.bindparam("of"))
    .order_by(tables.operations.c.leg)
)
_BOOKED = (
    tables.batches.update()
    .where(tables.batches.c.transaction_hash == sa.bindparam("of"))
    .values(status=sa.bindparam("ended"), block_number=sa.bindparam("in_block"))
)


def _free_tokens() -> sa.Select[Any]:
    tokens, batches = tables.tokens, tables.batches
    busy = sa.select(batches.c.currency).where(batches.c.status == tables.literally("in_flight"))
    query = sa.select(tokens).where(tokens.c.block_number.is_not(None), tokens.c.currency.not_in(busy))
    return query.order_by(tokens.c.currency)


def _waiting() -> sa.Select[Any]:
    operations = tables.operations
    debtor, creditor = tables.accounts.alias("debtor"), tables.accounts.alias("creditor")
    return (
        sa.select(
            operations.c.number, operations.c.id, operations.c.kind, operations.c.amount,
            debtor.c.address.label("debtor"), creditor.c.address.label("creditor"),
        )
        .join_from(operations, debtor, operations.c.debtor_account == debtor.c.id)
        .join(creditor, operations.c.creditor_account == creditor.c.id)
        .where(
            operations.c.status == tables.literally("accepted"), operations.c.currency == sa.bindparam("of"),
            debtor.c.custody.is_distinct_from("self"),  # those go as authorised transfers
        )
        .order_by(operations.c.number)
        .limit(sa.bindparam("most"))
    )  # fmt: skip


_FREE_TOKENS, _WAITING = _free_tokens(), _waiting()


def _leg(waiting: Row) -> Leg:
    if waiting.kind == "mint":
        return Leg("mint", waiting.amount, creditor=waiting.creditor)
    if waiting.kind == "redemption":
        return Leg("redeem", waiting.amount, debtor=waiting.debtor)
    return Leg("transfer", waiting.amount, debtor=waiting.debtor, creditor=waiting.creditor)
