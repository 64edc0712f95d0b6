"""The main job on every engine: two banks mint, pay each other and redeem, and book and chain agree at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_node.deposit_token import roles
from ledger_node.settlement.model import Operation
from ledger_node.settlement.onchain.signing_keys import Office
from tests.conformance.banks import TIMEOUT_S, Issuer, wait_until
from tests.conformance.conftest import Engine


@pytest.fixture
def issuer(engine: Engine, tmp_path: Path) -> Iterator[Issuer]:
    issuer = Issuer(engine.chain, engine.sender, tmp_path)
    issuer.fund()
    yield issuer
    issuer.database.close()


def test_two_banks_mint_pay_and_redeem(issuer: Issuer) -> None:
    with issuer.open() as settlement:
        issuer.admit(settlement)
        issuer.deposit(settlement, "d1", "A", "1000.00")
        minted = issuer.pay(settlement, issuer.request("mint", "m1", ("A", "DDA"), ("A", "BDA"), "600.00"))
        paid = issuer.pay(settlement, issuer.request("transfer", "t1", ("A", "BDA"), ("B", "BDA"), "250.00"))
        redeemed = issuer.pay(settlement, issuer.request("redemption", "r1", ("B", "BDA"), ("B", "DDA"), "100.00"))
        assert [each.status for each in (minted, paid, redeemed)] == ["settled"] * 3
        assert minted.block_number is not None
        assert paid.block_number is not None
        assert minted.block_number <= paid.block_number
        assert issuer.booked(settlement) == {
            ("A", "DDA"): 40_000, ("A", "BDA"): 35_000, ("B", "DDA"): 10_000, ("B", "BDA"): 15_000,
        }  # fmt: skip
        assert settlement.check_backing().passed
        receipt = issuer.chain.receipt(paid.transaction_hash or b"")
        assert receipt is not None
        assert receipt.succeeded


def test_a_house_that_stopped_in_the_middle_goes_on_where_it_was(issuer: Issuer) -> None:
    with issuer.open() as settlement:
        issuer.admit(settlement)
        issuer.deposit(settlement, "d1", "A", "1000.00")
        accepted = [
            settlement.desk.submit(issuer.request("mint", f"m{number}", ("A", "DDA"), ("A", "BDA"), "10.00"))
            for number in range(20)
        ]
        operations = [each.result(TIMEOUT_S).operation for each in accepted]
    with issuer.open() as settlement:
        ended = [settlement.desk.watch(operation.id).result(TIMEOUT_S) for operation in operations]
        assert {operation.status for operation in ended} == {"settled"}
        assert issuer.booked(settlement)["A", "BDA"] == 20_000
        assert settlement.check_backing().passed


def test_the_houses_keys_change_hands_and_payments_go_on(issuer: Issuer) -> None:
    """The old settlement and attestor keys end without a role; the chain takes only what the new ones sign."""
    old: dict[Office, bytes] = {
        "settlement": issuer.signers.settlement.address, "attestor": issuer.signers.attestor.address
    }  # fmt: skip
    with issuer.open() as settlement:
        issuer.admit(settlement)
        issuer.deposit(settlement, "d1", "A", "1000.00")
        before = issuer.pay(settlement, issuer.request("mint", "m1", ("A", "DDA"), ("A", "BDA"), "600.00"))
        new: dict[Office, bytes] = {office: issuer.rotate(settlement, office) for office in old}
        meanwhile = issuer.pay(settlement, issuer.request("transfer", "t1", ("A", "BDA"), ("B", "BDA"), "250.00"))
        ends = {(office, "retired", address) for office, address in old.items()}
        ends |= {(office, "current", address) for office, address in new.items()}
        wait_until(lambda: ends <= issuer.office_keys())
        after = issuer.pay(settlement, issuer.request("redemption", "r1", ("B", "BDA"), ("B", "DDA"), "100.00"))
        assert [each.status for each in (before, meanwhile, after)] == ["settled"] * 3

        def sender(paid: Operation) -> bytes:
            receipt = issuer.chain.receipt(paid.transaction_hash or b"")
            assert receipt is not None
            return receipt.sender

        assert sender(before) == old["settlement"]
        assert sender(after) == new["settlement"]
        assert settlement.attestations.listed().data[0].signed.attestor == new["attestor"]
        (token,) = settlement.queries.tokens()
        for office in old:
            (role,) = roles.ROLES_OF[office]
            held = [roles.has_role(issuer.chain, token.address, role, key) for key in (old[office], new[office])]
            assert held == [False, True]
        assert issuer.booked(settlement)["B", "DDA"] == 10_000
        assert settlement.check_backing().passed
