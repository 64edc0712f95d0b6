"""Two banks on a settlement house on any chain: who waits for blocks here waits for real ones."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger_node.access.model import Caller
from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.encoding import keccak
from ledger_node.clock import SystemClock
from ledger_node.database import Database
from ledger_node.keys import KeystoreVault, LocalSigner
from ledger_node.settlement.engine import Settings, SettlementEngine
from ledger_node.settlement.model import Account, AccountKind, FiatRequest, Operation, PaymentKind, PaymentRequest
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.onchain.deployment import Signers
from ledger_node.settlement.onchain.signing_keys import Office
from tests.networks.sender import Sender, mined

OPERATOR = Caller("key_operator", "operator")
TIMEOUT_S = 180
BANKS = {"A": ("BANKGB2A", "5299000TESTBANK00A14"), "B": ("BANKGB2B", "5299000TESTBANK00B11")}


class Issuer:
    """Banks A and B, each with a DDA and a BDA in dollars."""

    def __init__(self, chain: ChainBackend, sender: Sender, directory: Path) -> None:
        self.chain = chain
        self.sender = sender
        keys = [LocalSigner(keccak(f"{name} of {directory}".encode())) for name in ("settlement", "attestor", "admin")]
        self.signers = Signers(settlement=keys[0], attestor=keys[1], admin=keys[2])
        (directory / "password").write_text("a test's password")
        self.vault = KeystoreVault(directory, directory / "password")
        self.database = Database(f"sqlite:///{directory / 'ledger.sqlite'}")
        self.database.migrate()
        self.members: dict[str, Caller] = {}
        self.accounts: dict[tuple[str, AccountKind], Account] = {}

    def fund(self) -> None:
        """Gas for the keys that send, on a chain that charges for it."""
        for signer in (self.signers.settlement, self.signers.admin):
            self.give_gas(signer.address)

    def give_gas(self, address: bytes) -> None:
        if self.chain.suggest_fees() != (0, 0):
            raw = self.sender.sign(to=address, value=10**18)
            mined(self.chain, self.chain.send_raw_transaction(raw))

    @contextmanager
    def open(self) -> Iterator[SettlementEngine]:
        settings = Settings(currencies=("USD",), tick_ms=500)
        settlement = SettlementEngine(self.database, self.chain, self.signers, self.vault, SystemClock(), settings)
        settlement.start()
        try:
            yield settlement
        finally:
            settlement.stop()

    def admit(self, settlement: SettlementEngine) -> None:
        for bank, (bic, lei) in BANKS.items():
            member = settlement.members.admit(OPERATOR, bic=bic, lei=lei, legal_name=bank).result(TIMEOUT_S)
            if member.status == "pending":
                settlement.members.activate(OPERATOR, member.id).result(TIMEOUT_S)
            self.members[bank] = Caller(f"key_{bank}", "member", member.id)
            for kind in ("DDA", "BDA"):
                opened = settlement.accounts.open(
                    OPERATOR, member.id, kind=kind, currency="USD", custody=None, address=None
                )
                self.accounts[bank, kind] = opened.result(TIMEOUT_S)
        wait_until(lambda: settlement.reasons_not_ready() == () and self.are_active(settlement))

    def are_active(self, settlement: SettlementEngine) -> bool:
        return {account.status for account in settlement.queries.accounts(OPERATOR).data} == {"active"}

    def deposit(self, settlement: SettlementEngine, key: str, bank: str, amount: str) -> None:
        request = FiatRequest("deposit", OPERATOR, key, self.accounts[bank, "DDA"].id, amount, "USD")
        settlement.desk.submit(request).result(TIMEOUT_S)

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

    def pay(self, settlement: SettlementEngine, request: PaymentRequest) -> Operation:
        accepted = settlement.desk.submit(request).result(TIMEOUT_S)
        return settlement.desk.watch(accepted.operation.id).result(TIMEOUT_S)

    def rotate(self, settlement: SettlementEngine, office: Office) -> bytes:
        """The address of a new key for this office, which can pay for its gas."""
        asked = settlement.four_eyes.do(OPERATOR, "house_key.rotate", {"office": office}).result(TIMEOUT_S)
        address: bytes = asked.result.address
        self.give_gas(address)
        return address

    def office_keys(self) -> set[tuple[Office, str, bytes | None]]:
        """Office, status and address of every key of the house."""
        with self.database.read() as connection:
            return {(key.office, key.status, key.address) for key in signing_keys.listed(connection)}

    def booked(self, settlement: SettlementEngine) -> dict[tuple[str, AccountKind], int]:
        return {name: settlement.queries.balances(OPERATOR, each.id).booked for name, each in self.accounts.items()}


def wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(TIMEOUT_S * 20):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("it does not come true")
