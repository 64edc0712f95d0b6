"""The main job on every engine: two banks mint, pay each other and redeem, and book and chain agree at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.banks import TIMEOUT_S, Issuer
from tests.conformance.conftest import Engine


@pytest.fixture
def issuer(engine: Engine, tmp_path: Path) -> Iterator[Issuer]:
    issuer = Issuer(engine.chain, engine.sender, tmp_path)
    issuer.fund()
    yield issuer
    issuer.database.close()


def test_two_banks_mint_pay_and_redeem(issuer: Issuer) -> None:
    with issuer.open() as house:
        issuer.admit(house)
        issuer.deposit(house, "d1", "A", "1000.00")
        minted = issuer.pay(house, issuer.request("mint", "m1", ("A", "DDA"), ("A", "BDA"), "600.00"))
        paid = issuer.pay(house, issuer.request("transfer", "t1", ("A", "BDA"), ("B", "BDA"), "250.00"))
        redeemed = issuer.pay(house, issuer.request("redemption", "r1", ("B", "BDA"), ("B", "DDA"), "100.00"))
        assert [each.status for each in (minted, paid, redeemed)] == ["settled"] * 3
        assert minted.block_number is not None
        assert paid.block_number is not None
        assert minted.block_number <= paid.block_number
        assert issuer.booked(house) == {
            ("A", "DDA"): 40_000, ("A", "BDA"): 35_000, ("B", "DDA"): 10_000, ("B", "BDA"): 15_000,
        }  # fmt: skip
        assert house.check_backing().passed
        receipt = issuer.chain.receipt(paid.transaction_hash or b"")
        assert receipt is not None
        assert receipt.succeeded


def test_a_house_that_stopped_in_the_middle_goes_on_where_it_was(issuer: Issuer) -> None:
    with issuer.open() as house:
        issuer.admit(house)
        issuer.deposit(house, "d1", "A", "1000.00")
        accepted = [
            house.desk.submit(issuer.request("mint", f"m{number}", ("A", "DDA"), ("A", "BDA"), "10.00"))
            for number in range(20)
        ]
        operations = [each.result(TIMEOUT_S).operation for each in accepted]
    with issuer.open() as house:
        ended = [house.desk.watch(operation.id).result(TIMEOUT_S) for operation in operations]
        assert {operation.status for operation in ended} == {"settled"}
        assert issuer.booked(house)["A", "BDA"] == 20_000
        assert house.check_backing().passed
