"""Stopped at every durable write while members are suspended, taken back and let go: ledger and chain agree after.

An operator who got no answer looks where things stand and asks again for what is missing, as people do.
"""

import shutil
from pathlib import Path

import pytest

from ledger_node.deposit_token import reads
from tests.crash.power import Power, run
from tests.settlement.issuer import OPERATOR, Issuer

pytestmark = pytest.mark.slow

WANTED = {"A.bda": 2, "A.bda2": 3, "B.bda": 1, "C.bda": 4}
"""The standing on chain at the end: suspended, frozen, active, closed."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("prepared")
    issuer = Issuer(directory).start()
    issuer.settle()
    issuer.admit("A", "B", "C")
    issuer.open("A", "BDA")
    issuer.settle()
    issuer.fiat("deposit", "d1", "A.dda", "100.00")
    issuer.paid("mint", "m1", "A.dda", "A.bda", "60.00")
    issuer.close()
    return directory


def status_of(issuer: Issuer, bank: str) -> str:
    return issuer.settlement.queries.member(OPERATOR, issuer.members[bank].member_id or "").status


def become(issuer: Issuer, bank: str, act: str, status: str) -> None:
    if status_of(issuer, bank) != status:
        getattr(issuer.settlement.members, act)(OPERATOR, issuer.members[bank].member_id).result(10)


def work(issuer: Issuer) -> None:
    """Every step asks only for what is not so already."""
    if len(issuer.settlement.queries.operations(OPERATOR).data) == 2 and status_of(issuer, "A") == "active":
        issuer.pay("transfer", "t1", "A.bda", "B.bda", "10.00")
    become(issuer, "B", "suspend", "suspended")
    if not issuer.settlement.queries.orders(OPERATOR).data:
        issuer.settlement.four_eyes.do(
            OPERATOR, "account.freeze", {"account": issuer.id("A.bda2")}, reason="Order 1"
        ).result(10)  # fmt: skip
    become(issuer, "A", "suspend", "suspended")
    become(issuer, "C", "offboard", "offboarded")
    issuer.settle()
    become(issuer, "B", "reinstate", "active")
    issuer.settle()


@pytest.mark.parametrize("fail_at", range(40))
def test_whatever_write_the_power_fails_at_ledger_and_chain_agree_on_every_member(
    prepared: Path, tmp_path: Path, fail_at: int
) -> None:
    directory = shutil.copytree(prepared, tmp_path / "data")
    if not run(directory, Power(fail_at), work):
        assert run(directory, Power(), work)
    issuer = Issuer(directory).start()
    issuer.settle()
    token = issuer.token()
    standing = {name: reads.account_state(issuer.chain, token, issuer.address(name)).status for name in WANTED}
    assert standing == WANTED
    booked = {name: issuer.settlement.queries.account(OPERATOR, issuer.id(name)).status for name in WANTED}
    assert booked == {"A.bda": "blocked", "A.bda2": "blocked", "B.bda": "active", "C.bda": "closed"}
    assert [status_of(issuer, bank) for bank in "ABC"] == ["suspended", "active", "offboarded"]
    assert [order.status for order in issuer.settlement.queries.orders(OPERATOR).data] == ["settled"]
    ended = {operation.status for operation in issuer.settlement.queries.operations(OPERATOR).data}
    assert ended <= {"settled", "rejected"}
    assert issuer.available("A.bda") == issuer.booked("A.bda")
    assert issuer.audit().passed
    issuer.close()
