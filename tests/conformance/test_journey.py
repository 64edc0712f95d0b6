"""The main job on every engine: two banks mint, pay each other and redeem, and book and chain agree at the end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger_node.chain.encoding import keccak
from ledger_node.clock import SystemClock
from ledger_node.database import Database
from ledger_node.keys import LocalSigner
from ledger_node.settlement.deployment import Signers
from ledger_node.settlement.house import House, Settings
from ledger_node.settlement.model import (
    Account,
    AccountKind,
    Caller,
    FiatRequest,
    Operation,
    PaymentKind,
    PaymentRequest,
)
from tests.conformance.conftest import Engine
from tests.networks.sender import mined

OPERATOR = Caller("key_operator", "operator")
TIMEOUT_S = 60
BANKS = {"A": ("BANKGB2A", "5299000TESTBANK00A14"), "B": ("BANKGB2B", "5299000TESTBANK00B11")}


class Issuer:
    """Banks A and B, each with a DDA and a BDA in dollars."""

    def __init__(self, engine: Engine, directory: Path) -> None:
        self.engine = engine
        keys = [LocalSigner(keccak(f"{engine.name} {name} {directory}".encode())) for name in ("s", "t", "a")]
        self.signers = Signers(settlement=keys[0], attestor=keys[1], admin=keys[2])
        self.database = Database(f"sqlite:///{directory / 'ledger.sqlite'}")
        self.database.migrate()
        self.charged = engine.chain.suggest_fees() != (0, 0)
        self.members: dict[str, Caller] = {}
        self.accounts: dict[tuple[str, AccountKind], Account] = {}

    def fund(self) -> None:
        """Gas for the keys that send, on a chain that charges for it."""
        if self.charged:
            for signer in (self.signers.settlement, self.signers.admin):
                raw = self.engine.sender.sign(to=signer.address, value=10**18)
                mined(self.engine.chain, self.engine.chain.send_raw_transaction(raw))

    @contextmanager
    def open(self) -> Iterator[House]:
        settings = Settings(currencies=("USD",), tick_ms=500)
        house = House(self.database, self.engine.chain, self.signers, SystemClock(), settings)
        house.start()
        try:
            yield house
        finally:
            house.stop()

    def admit(self, house: House) -> None:
        for bank, (bic, lei) in BANKS.items():
            member = house.members.admit(OPERATOR, bic=bic, lei=lei, legal_name=bank).result(TIMEOUT_S)
            self.members[bank] = Caller(f"key_{bank}", "member", member.id)
            for kind in ("DDA", "BDA"):
                opened = house.accounts.open(OPERATOR, member.id, kind=kind, currency="USD", custody=None, address=None)
                self.accounts[bank, kind] = opened.result(TIMEOUT_S)
        wait_until(lambda: house.reasons_not_ready() == () and self.are_active(house))

    def are_active(self, house: House) -> bool:
        return {account.status for account in house.queries.accounts(OPERATOR).data} == {"active"}

    def deposit(self, house: House, key: str, bank: str, amount: str) -> None:
        request = FiatRequest("deposit", OPERATOR, key, self.accounts[bank, "DDA"].id, amount, "USD")
        house.desk.submit(request).result(TIMEOUT_S)

    def request(
        self,
        kind: PaymentKind,
        key: str,
        debtor: tuple[str, AccountKind],
        creditor: tuple[str, AccountKind],
        amount: str,
    ) -> PaymentRequest:
        accounts = self.accounts[debtor].id, self.accounts[creditor].id
        return PaymentRequest(kind, self.members[debtor[0]], key, *accounts, amount, "USD")

    def pay(self, house: House, request: PaymentRequest) -> Operation:
        accepted = house.desk.submit(request).result(TIMEOUT_S)
        return house.desk.watch(accepted.operation.id).result(TIMEOUT_S)

    def booked(self, house: House) -> dict[tuple[str, AccountKind], int]:
        return {name: house.queries.balances(OPERATOR, each.id).booked for name, each in self.accounts.items()}


def wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(TIMEOUT_S * 20):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("it does not come true")


@pytest.fixture
def issuer(engine: Engine, tmp_path: Path) -> Iterator[Issuer]:
    issuer = Issuer(engine, tmp_path)
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
        receipt = issuer.engine.chain.receipt(paid.transaction_hash or b"")
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
