"""Stopped at every durable write of the founding: token deployed, bank admitted, accounts opened and registered."""

import contextlib
from pathlib import Path

import pytest

from ledger_node.errors import AlreadyExists, LedgerNodeError, WrongState
from tests.crash.power import Power, PowerFailed
from tests.settlement.issuer import LEIS, OPERATOR, Issuer
from tests.settlement.scenario import play

pytestmark = pytest.mark.slow


def found(directory: Path, power: Power) -> bool:
    """An operator who asks again for what may not have happened; whether it all has."""
    issuer = Issuer(directory, hook=power)
    try:
        power.arm()
        issuer.start()
        issuer.settle()
        with contextlib.suppress(AlreadyExists):
            issuer.settlement.members.admit(OPERATOR, bic="BANKGB2A", lei=LEIS["A"], legal_name="A").result(10)
        with contextlib.suppress(WrongState):
            (member,) = issuer.settlement.queries.members(OPERATOR).data
            issuer.settlement.members.activate(OPERATOR, member.id).result(10)
        issuer.accounts.clear()
        issuer.learn()
        if "A.dda" not in issuer.accounts:
            issuer.open("A", "DDA")
        if "A.bda" not in issuer.accounts:
            issuer.open("A", "BDA")
        issuer.settle()
        return True
    except (PowerFailed, LedgerNodeError):
        if not power.failed:
            raise
        return False
    finally:
        with contextlib.suppress(PowerFailed):
            issuer.close()


@pytest.mark.parametrize("fail_at", range(30))
def test_whatever_write_the_power_fails_at_the_house_is_founded_once(tmp_path: Path, fail_at: int) -> None:
    power = Power(fail_at)
    if not found(tmp_path, power):
        assert found(tmp_path, Power())
    issuer = Issuer(tmp_path).start()
    assert issuer.settlement.reasons_not_ready() == ()
    assert set(issuer.accounts) == {"A.dda", "A.bda"}
    assert len(issuer.settlement.queries.tokens()) == 1
    assert issuer.chain.nonce(issuer.settlement.queries.tokens()[0].address) == 1
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        k1  A.dda  A.bda    60.00    settled
        redeem      k2  A.bda  A.dda    60.00    settled
        audit                                    backed
        """,
    )
    issuer.close()
