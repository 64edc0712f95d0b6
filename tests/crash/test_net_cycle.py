"""Stopped before and after every durable write of a netting cycle, then started again.

Two banks queue payments to be settled net and the operator calls a cycle; each asks again whenever it got no answer.
The power fails at each durable write of either store in turn. At the end every payment has settled once, under one
root, and only the nets moved.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_node.settlement.assurance.deep_audit import deep_audit
from tests.crash.power import Power, run
from tests.settlement.issuer import OPERATOR, TIMEOUT_S, Issuer

pytestmark = pytest.mark.slow

PAYMENTS = (
    ("n1", "A.bda", "B.bda", "70.00"),
    ("n2", "B.bda", "A.bda", "45.00"),
    ("n3", "A.bda", "B.bda", "20.00"),
)
MOMENTS_MAX = 20
"""More than there are; the last ones of the table never fail and say so."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A has 50.00, B nothing."""
    directory = tmp_path_factory.mktemp("prepared")
    issuer = Issuer(directory).start()
    issuer.settle()
    issuer.admit("A", "B")
    issuer.fiat("deposit", "d1", "A.dda", "50.00")
    issuer.paid("mint", "m1", "A.dda", "A.bda", "50.00")
    issuer.close()
    return directory


def finish(issuer: Issuer) -> None:
    requests = [replace(issuer.request("transfer", *payment), settlement="net") for payment in PAYMENTS]
    asked = [issuer.settlement.desk.submit(request).result(TIMEOUT_S).operation for request in requests]
    issuer.settle()  # a cycle of an earlier run may be under way
    if any(issuer.settlement.queries.operation(OPERATOR, each.id).status == "queued" for each in asked):
        issuer.settlement.four_eyes.do(OPERATOR, "netting.call", {"currency": "USD"}).result(TIMEOUT_S)
        issuer.settle()


def check_the_end(directory: Path) -> None:
    issuer = Issuer(directory).start()
    paid = issuer.settlement.queries.operations(OPERATOR, kind="transfer").data
    assert [each.status for each in paid] == ["settled"] * len(PAYMENTS)
    assert len({each.transaction_hash for each in paid}) == 1
    assert issuer.lines("A.bda") == [("CRDT", 50_00, 50_00), ("DBIT", 45_00, 5_00)]
    assert issuer.lines("B.bda") == [("CRDT", 45_00, 45_00)]
    assert issuer.available("A.bda") == 5_00
    assert [cycle.status for cycle in issuer.settlement.queries.netting_cycles().data if cycle.payments] == ["settled"]
    assert issuer.audit().passed
    assert deep_audit(issuer.database, issuer.chain).passed
    issuer.close()


@pytest.mark.parametrize("fail_at", range(MOMENTS_MAX))
def test_whatever_write_the_power_fails_at_every_payment_settles_once(
    prepared: Path, tmp_path: Path, fail_at: int
) -> None:
    directory = shutil.copytree(prepared, tmp_path / "data")
    power = Power(fail_at)
    finished = run(directory, power, finish)
    if not power.failed:
        assert fail_at >= 8, "the table reaches beyond the last write"
    if not finished:
        assert run(directory, Power(), finish), "without another failure everybody gets through"
    check_the_end(directory)
