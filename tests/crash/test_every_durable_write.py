"""Stopped before and after every durable write of a mint, a transfer and a redemption, then started again.

A client asks for the three payments one after another, and asks again with the same key whenever it got no answer. The
power fails at each durable write of either store in turn. Whatever happens, at the end every payment has happened once,
every answer ever given is still true, and at no moment were there more tokens than fiat behind them.
"""

import shutil
from pathlib import Path

import pytest

from ledger_node.deposit_token import reads
from ledger_node.reserve import reports
from ledger_node.settlement.model import Operation, PaymentKind
from tests.crash.power import Power, run
from tests.settlement.issuer import OPERATOR, Issuer

pytestmark = pytest.mark.slow

PAYMENTS: tuple[tuple[PaymentKind, str, str, str, str], ...] = (
    ("mint", "k1", "A.dda", "A.bda", "60.00"),
    ("transfer", "k2", "A.bda", "B.bda", "25.00"),
    ("redemption", "k3", "B.bda", "B.dda", "10.00"),
)
MOMENTS_MAX = 40
"""More than there are; the last ones of the table never fail and say so."""


class Client:
    """Remembers every answer it was given."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.finals: dict[str, Operation] = {}

    def finish(self, issuer: Issuer) -> None:
        assert_backed(issuer)
        for payment in PAYMENTS:
            key = payment[1]
            accepted = issuer.pay(*payment)
            assert self.answers.setdefault(key, accepted.operation.id) == accepted.operation.id, "one key, one payment"
            issuer.settle()
            final = issuer.settlement.desk.watch(accepted.operation.id).result(0)
            assert self.finals.setdefault(key, final) == final, "an answer stays true"
            assert final.status == "settled"
        assert_backed(issuer)


def backing(issuer: Issuer) -> tuple[int, int, int]:
    """Attested reserve, supply on the chain itself, and what is in flight."""
    with issuer.database.read() as connection:
        attested = reports.attested_reserve(connection, "USD")
    (position,) = issuer.settlement.queries.reserve()
    address = issuer.settlement.queries.tokens()[0].address
    return attested, reads.totals(issuer.chain, address).supply, position.in_flight


def assert_backed(issuer: Issuer) -> None:
    reserve, supply, in_flight = backing(issuer)
    assert 0 <= reserve - supply <= in_flight, (reserve, supply, in_flight)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("prepared")
    issuer = Issuer(directory).start()
    issuer.settle()
    issuer.admit("A", "B")
    issuer.fiat("deposit", "d1", "A.dda", "100.00")
    issuer.close()
    return directory


def check_the_end(directory: Path, client: Client) -> None:
    issuer = Issuer(directory).start()
    assert issuer.lines("A.bda") == [("CRDT", 6000, 6000), ("DBIT", 2500, 3500)]
    assert issuer.lines("B.bda") == [("CRDT", 2500, 2500), ("DBIT", 1000, 1500)]
    assert issuer.lines("A.dda") == [("CRDT", 10000, 10000), ("DBIT", 6000, 4000)]
    assert issuer.lines("B.dda") == [("CRDT", 1000, 1000)]
    assert issuer.available("A.bda") == issuer.booked("A.bda")
    assert issuer.available("A.dda") == issuer.booked("A.dda")
    assert backing(issuer) == (5000, 5000, 0)
    assert issuer.audit().passed
    operations = issuer.settlement.queries.operations(OPERATOR).data
    assert [operation.kind for operation in reversed(operations)] == ["deposit", "mint", "transfer", "redemption"]
    assert {operation.id for operation in operations} >= set(client.answers.values())
    events = [
        event.type for event in reversed(issuer.settlement.queries.events(OPERATOR).data) if event.type.endswith("ed")
    ]
    assert events[-4:] == ["mint.settled", "transfer.settled", "transfer.settled", "redemption.settled"]
    issuer.close()


@pytest.mark.parametrize("fail_at", range(MOMENTS_MAX))
def test_whatever_write_the_power_fails_at_every_payment_happens_once(
    prepared: Path, tmp_path: Path, fail_at: int
) -> None:
    directory = shutil.copytree(prepared, tmp_path / "data")
    client = Client()
    power = Power(fail_at)
    finished = run(directory, power, client.finish, assert_backed)
    if not power.failed:
        assert fail_at >= 20, "the table reaches beyond the last write"
    if not finished:
        assert run(directory, Power(), client.finish, assert_backed), "without another failure the client gets through"
    check_the_end(directory, client)


@pytest.mark.parametrize("second", range(0, 12, 3))
@pytest.mark.parametrize("first", range(0, 24, 5))
def test_the_power_may_fail_again_while_it_recovers(prepared: Path, tmp_path: Path, first: int, second: int) -> None:
    directory = shutil.copytree(prepared, tmp_path / "data")
    client = Client()
    for fail_at in (first, second):
        run(directory, Power(fail_at), client.finish, assert_backed)
    assert run(directory, Power(), client.finish, assert_backed)
    check_the_end(directory, client)
