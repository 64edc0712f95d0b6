"""A new kind of work on chain is a class and its place in the engine's tuple, nothing else: here it is a greeting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger_node.chain.blocks import Receipt
from ledger_node.deposit_token import calls, roles
from ledger_node.deposit_token.events import Moved
from ledger_node.errors import Fault
from ledger_node.keys import Signer
from ledger_node.settlement import events, outcomes, tables
from ledger_node.settlement.engine import SettlementEngine
from ledger_node.settlement.onchain.booking import Booking
from ledger_node.settlement.onchain.outbox import Outbox
from ledger_node.settlement.onchain.tasks import Block, Task
from tests.settlement.issuer import Issuer
from tests.settlement.scenario import play

HARMLESS = roles.ask_decimals()
REFUSED = calls.transfer(b"\x77" * 20, 1)
"""From a key that holds nothing and is on no register."""


class Greetings(Task):
    """Calls the token, and records in the ledger what it answered."""

    kind = "greeting"

    def __init__(self, outbox: Outbox, greeter: Signer) -> None:
        self._outbox = outbox
        self._greeter = greeter
        self.waiting: list[tuple[bytes, bytes]] = []
        self.heard: list[int] = []
        self.impossible = False

    def prepare(self, connection: sa.Connection) -> None:
        waiting, self.waiting = self.waiting, []
        for token, data in waiting:
            self._outbox.put(connection, self._greeter, self.kind, to=token, data=data, gas=100_000)

    def book(self, connection: sa.Connection, booking: Booking, block: Block) -> None:
        self.heard += [event.amount for _, event in block.seen if isinstance(event, Moved)]

    def booked(self, connection: sa.Connection, receipt: Receipt, block: Block) -> None:
        code = "" if receipt.succeeded else outcomes.of_single(block.why(receipt)).code
        name = f"greeting.{'answered' if receipt.succeeded else 'refused'}"
        data = {"block": block.number, "code": code}
        draft = events.draft(name, member_id=None, resource_id=receipt.transaction_hash.hex(), data=data)
        events.record(connection, [draft], at=block.at)
        if self.impossible:
            raise Fault("This greeting cannot be booked.")


def add_greetings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole change: one more entry in the tuple. Undone, the engine is that of a release without it."""
    in_order = SettlementEngine._in_order
    monkeypatch.setattr(
        SettlementEngine,
        "_in_order",
        lambda engine, seats: (*in_order(engine, seats), Greetings(engine.outbox, seats.settlement)),
    )


def opened(directory: Path) -> Issuer:
    return Issuer(directory, currencies=("USD", "JPY")).start()


@pytest.fixture
def greeter(monkeypatch: pytest.MonkeyPatch, directory: Path) -> Iterator[Issuer]:
    add_greetings(monkeypatch)
    issuer = opened(directory)
    play(issuer, "deposit d1 A.dda 100.00 settled\nmint m1 A.dda A.bda 60.00 settled")
    yield issuer
    issuer.close()


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch, directory: Path) -> Path:
    """A greeting is signed and stored, and the node stops before the chain hears of it."""
    add_greetings(monkeypatch)
    issuer = opened(directory)
    greet(issuer)
    issuer.line.cut = True
    issuer.flush()
    assert sent(issuer) == [("signed", None)]
    issuer.close()
    return directory


def greetings(issuer: Issuer) -> Greetings:
    task = issuer.settlement.tasks[-1]
    assert isinstance(task, Greetings)
    return task


def greet(issuer: Issuer, data: bytes = HARMLESS) -> None:
    greetings(issuer).waiting.append((issuer.token(), data))


def sent(issuer: Issuer) -> list[tuple[str, int | None]]:
    table = tables.chain_transactions
    query = sa.select(table.c.status, table.c.block_number).where(table.c.kind == Greetings.kind)
    with issuer.database.read() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(table.c.number))]


def told(issuer: Issuer) -> list[str]:
    query = sa.select(tables.events.c.type).where(tables.events.c.type.startswith("greeting."))
    with issuer.database.read() as connection:
        return list(connection.execute(query.order_by(tables.events.c.sequence)).scalars())


def test_it_is_sent_beside_a_payment_and_its_receipt_is_booked(greeter: Issuer) -> None:
    greet(greeter)
    play(greeter, "transfer t1 A.bda B.bda 12.50 settled")
    assert sent(greeter) == [("succeeded", greeter.settlement.queries.booked_block())]
    assert told(greeter) == ["greeting.answered"]
    assert greetings(greeter).heard == [6000, 1250], "a task hears of every block"
    play(greeter, "balance B.bda 12.50\naudit backed")


def test_what_the_token_refuses_is_booked_with_its_reason_and_disturbs_no_payment(greeter: Issuer) -> None:
    greet(greeter, REFUSED)
    play(greeter, "transfer t1 A.bda B.bda 12.50 settled")
    assert sent(greeter) == [("reverted", greeter.settlement.queries.booked_block())]
    assert told(greeter) == ["greeting.refused"]
    assert greeter.settlement.closed_because() is None
    play(greeter, "balance B.bda 12.50\naudit backed")


def test_nothing_is_sent_where_nothing_waits(greeter: Issuer) -> None:
    play(greeter, "transfer t1 A.bda B.bda 12.50 settled")
    assert (sent(greeter), told(greeter)) == ([], [])


def test_signed_before_a_stop_it_is_sent_and_booked_after_it(unsent: Path) -> None:
    again = opened(unsent)
    again.settle()
    assert sent(again) == [("succeeded", again.settlement.queries.booked_block())]
    assert told(again) == ["greeting.answered"]
    again.close()


def test_a_receipt_that_cannot_be_booked_leaves_no_trace_and_stops_the_money(greeter: Issuer) -> None:
    before = greeter.settlement.queries.booked_block()
    greet(greeter)
    greetings(greeter).impossible = True
    greeter.settle()
    assert "This greeting cannot be booked" in str(greeter.settlement.fault)
    assert (sent(greeter), told(greeter)) == ([("signed", None)], [])
    assert greeter.settlement.queries.booked_block() == before
    play(greeter, "transfer t1 A.bda B.bda 12.50 doors_closed")


def test_a_release_without_it_stops_at_its_block_and_one_with_it_goes_on(
    unsent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    without = opened(unsent)
    without.settle()
    assert "of a kind that this release does not know: greeting" in str(without.settlement.fault)
    assert sent(without) == [("signed", None)]
    without.close()
    add_greetings(monkeypatch)
    again = opened(unsent)
    assert again.settlement.fault is None
    assert (len(told(again)), sent(again)[0][0]) == (1, "succeeded")
    again.close()
