"""Stopped at every durable write while keys of the house change hands: at the end each office has its new key alone."""

import shutil
from pathlib import Path

import pytest

from ledger_node.deposit_token import roles
from ledger_node.settlement.assurance.deep_audit import deep_audit
from ledger_node.settlement.onchain import signing_keys
from tests.crash.power import Power, run
from tests.settlement.issuer import OPERATOR, TIMEOUT_S, Issuer
from tests.settlement.scenario import play

pytestmark = pytest.mark.slow

DELAY_MS = (2 * 24 * 3600 + 60) * 1000
MOMENTS_MAX = 110
"""More than there are; the last ones of the table never fail and say so."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("prepared")
    issuer = Issuer(directory).start()
    issuer.settle()
    issuer.admit("A", "B")
    issuer.fiat("deposit", "d1", "A.dda", "50.00")
    issuer.paid("mint", "m1", "A.dda", "A.bda", "50.00")
    issuer.close()
    return directory


def statuses(issuer: Issuer, office: str) -> set[str]:
    with issuer.database.read() as connection:
        return {key.status for key in signing_keys.listed(connection) if key.office == office}


def work(issuer: Issuer) -> None:
    """Rotate what has not been rotated; pay meanwhile; let the admin's delay pass."""
    for office in signing_keys.OFFICES:
        if statuses(issuer, office) == {"current"}:
            issuer.settlement.four_eyes.do(OPERATOR, "house_key.rotate", {"office": office}).result(TIMEOUT_S)
    for number in range(9):
        if number == 2:
            issuer.clock.advance(DELAY_MS)
        waiting = issuer.pay("transfer", f"t{number // 3}", "A.bda", "B.bda", "1.00")
        issuer.settlement.look_after()
        if issuer.settlement.fault is not None:
            raise issuer.settlement.fault
        issuer.settle()
        assert issuer.settlement.desk.watch(waiting.operation.id).result(TIMEOUT_S).status == "settled"


@pytest.mark.parametrize("fail_at", range(MOMENTS_MAX))
def test_whatever_write_the_power_fails_at_each_office_ends_with_its_new_key_alone(
    prepared: Path, tmp_path: Path, fail_at: int
) -> None:
    directory = shutil.copytree(prepared, tmp_path / "data")
    power = Power(fail_at)
    finished = run(directory, power, work)
    if not power.failed:
        assert fail_at >= 95, "the table reaches beyond the last write"
    if not finished:
        assert run(directory, Power(), work), "without another failure everybody gets through"
    issuer = Issuer(directory).start()
    token = issuer.token()
    with issuer.database.read() as connection:
        keys = signing_keys.listed(connection)
    assert sorted((key.office, key.status) for key in keys) == [
        (office, status) for office in sorted(signing_keys.OFFICES) for status in ("current", "retired")
    ]
    for key in keys:
        held = {roles.has_role(issuer.chain, token, role, key.address or b"") for role in roles.ROLES_OF[key.office]}
        assert held == {key.status == "current"}
    assert roles.default_admin(issuer.chain, token) == next(
        key.address for key in keys if (key.office, key.status) == ("admin", "current")
    )
    play(issuer, "transfer last A.bda B.bda 1.00 settled")
    assert issuer.booked("B.bda") == 4_00
    assert issuer.audit().passed
    assert deep_audit(issuer.database, issuer.chain).passed
    issuer.close()
