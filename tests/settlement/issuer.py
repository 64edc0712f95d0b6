"""A whole issuer in one process: real chain, real ledger file, hand-set clock, blocks made when the test says so.

`settle()` runs the cycle to its end without a single wait: what is queued is done, a block is made of what was sent,
it is booked, and so on until nothing is left to do.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from ledger_node.access.model import Caller
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import ChainUnavailable
from ledger_node.chain.genesis import Genesis, GenesisAccount, build_genesis
from ledger_node.chain.pyevm.dev import open_dev_chain
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain
from ledger_node.chain.pyevm.rules import everyone
from ledger_node.clock import HandSetClock
from ledger_node.database import Database
from ledger_node.keys import KeystoreVault, LocalSigner
from ledger_node.settlement.assurance.audit import AuditReport
from ledger_node.settlement.engine import Settings, SettlementEngine
from ledger_node.settlement.model import (
    Accepted,
    Account,
    FiatKind,
    FiatRequest,
    Operation,
    PaymentKind,
    PaymentRequest,
)
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.onchain.deployment import Signers
from ledger_node.settlement.onchain.signing import Fees, sign_transaction
from tests.ledgers import ledger_url

OPERATOR = Caller("key_operator", "operator")
SUPERVISOR = Caller("key_supervisor", "supervisor")
LEIS = {"A": "5299000TESTBANK00A14", "B": "5299000TESTBANK00B11", "C": "5299000TESTBANK00C08"}
TIMEOUT_S = 60

Hook = Callable[[Literal["ledger", "chain"], Literal["before", "after"]], None]


def key(name: str) -> LocalSigner:
    return LocalSigner(keccak(b"test key " + name.encode()))


SIGNERS = Signers(settlement=key("settlement"), attestor=key("attestor"), admin=key("admin"))


def network(alloc: Mapping[bytes, GenesisAccount] | None = None, attestors: tuple[bytes, ...] = ()) -> Genesis:
    return build_genesis(
        chain_id=7331, sealer=key("sealer").address, timestamp=1_767_225_600, alloc=alloc, attestors=attestors
    )


def nothing(_store: str, _moment: str) -> None:
    return None


class Drawer(KeystoreVault):
    """Keys made later lie in the issuer's directory; the first ones are everybody's."""

    def __init__(self, directory: Path) -> None:
        password = directory / "password"
        password.write_text("a test's password")
        super().__init__(directory, password)

    def open(self, name: str) -> LocalSigner:
        return key(name) if name in signing_keys.OFFICES else super().open(name)


class Line:
    """The chain behind a line that can be cut: while it is, every question ends in ChainUnavailable."""

    def __init__(self, chain: PyEvmChain) -> None:
        self._chain = chain
        self.cut = False

    def __getattr__(self, name: str) -> Any:
        if self.cut and name != "on_new_head":
            raise ChainUnavailable("The line is cut.")
        return getattr(self._chain, name)


class Issuer:
    """Banks A, B and C by name; an account's name is the bank's, the kind and a number: `A.dda`, `A.bda`, `A.bda2`."""

    def __init__(
        self, directory: Path, *, currencies: tuple[str, ...] = ("USD",), hook: Hook = nothing, produce: bool = False,
        genesis: Genesis | None = None, permissions_at: Any = everyone, tick_ms: int = 3_600_000,
        developers: bool = False, **settings: Any,
    ) -> None:  # fmt: skip
        self.directory = directory
        self.clock = HandSetClock()
        self.database = Database(ledger_url(directory), on_durable_write=lambda moment: hook("ledger", moment))
        self.database.migrate()
        self.chain: PyEvmChain
        if developers:  # whose state obeys
            self.chain = open_dev_chain(
                directory / "chain", genesis or network(), sealer=key("sealer"), clock=self.clock,
                settings=ChainSettings(produce=produce),
            )  # fmt: skip
        else:
            self.chain = open_chain(
                directory / "chain", genesis or network(), sealer=key("sealer"), clock=self.clock,
                settings=ChainSettings(produce=produce), on_durable_write=lambda moment: hook("chain", moment),
                permissions_at=permissions_at,
            )  # fmt: skip
        self.settings = Settings(currencies=currencies, tick_ms=tick_ms, **settings)
        self.line = Line(self.chain)
        vault = Drawer(directory)
        with self.database.read() as connection:
            signers = Signers(**{
                office: vault.open(name) for office, name in signing_keys.keystores(connection).items()
            })  # fmt: skip
        self.settlement = SettlementEngine(self.database, self.line, signers, vault, self.clock, self.settings)
        self.members: dict[str, Caller] = {}
        self.accounts: dict[str, Account] = {}

    # LIFE

    def start(self) -> "Issuer":
        self.settlement.start()
        self.learn()
        return self

    def close(self) -> None:
        self.settlement.stop()
        self.chain.close()
        self.database.close()

    def learn(self) -> None:
        """Who and what is there from an earlier run: accounts are named in the order they were opened."""
        by_id = {}
        for member in self.settlement.queries.members(OPERATOR).data:
            by_id[member.id] = member.legal_name
            self.members[member.legal_name] = Caller(f"key_{member.legal_name}", "member", member.id)
        for account in reversed(self.settlement.queries.accounts(OPERATOR).data):
            self._name(by_id[account.member_id], account)

    def _name(self, bank: str, account: Account) -> None:
        name = f"{bank}.{account.kind.lower()}"
        if account.currency != "USD":
            name += f".{account.currency.lower()}"
        names = [name, *(f"{name}{number}" for number in range(2, 1000))]
        self.accounts[next(free for free in names if free not in self.accounts)] = account

    # PARTIES

    def admit(self, *banks: str, currency: str = "USD") -> None:
        """Each bank with a DDA and a BDA, the BDA registered."""
        for bank in banks:
            if bank not in self.members:
                member = self.settlement.members.admit(
                    OPERATOR, bic=f"BANKGB2{bank}", lei=LEIS[bank], legal_name=bank
                ).result(TIMEOUT_S)
                self.settlement.members.activate(OPERATOR, member.id).result(TIMEOUT_S)
                self.members[bank] = Caller(f"key_{bank}", "member", member.id)
            self.open(bank, "DDA", currency)
            self.open(bank, "BDA", currency)
        self.settle()

    def open(
        self, bank: str, kind: Literal["DDA", "BDA"], currency: str = "USD", address: bytes | None = None
    ) -> Account:
        member_id = self.members[bank].member_id
        assert member_id is not None
        account = self.settlement.accounts.open(
            OPERATOR, member_id, kind=kind, currency=currency, custody="self" if address else None, address=address
        ).result(TIMEOUT_S)
        self._name(bank, account)
        return account

    def id(self, account: str) -> str:
        return self.accounts[account].id if account in self.accounts else account

    # MONEY

    def fiat(self, kind: FiatKind, key_: str, account: str, amount: str, currency: str = "USD") -> Accepted:
        request = FiatRequest(kind, OPERATOR, key_, self.id(account), amount, currency)
        return self.settlement.desk.submit(request).result(TIMEOUT_S)

    def request(
        self, kind: PaymentKind, key_: str, debtor: str, creditor: str, amount: str, currency: str = "USD",
        caller: Caller | None = None,
    ) -> PaymentRequest:  # fmt: skip
        caller = caller or self.members[debtor.split(".")[0]]
        return PaymentRequest(kind, caller, key_, self.id(debtor), self.id(creditor), amount, currency)

    def pay(self, kind: PaymentKind, key_: str, debtor: str, creditor: str, amount: str) -> Accepted:
        """Accepted, and not yet on its way to the chain's next block."""
        return self.settlement.desk.submit(self.request(kind, key_, debtor, creditor, amount)).result(TIMEOUT_S)

    def paid(self, kind: PaymentKind, key_: str, debtor: str, creditor: str, amount: str) -> Operation:
        """Final."""
        accepted = self.pay(kind, key_, debtor, creditor, amount)
        self.settle()
        return self.settlement.desk.watch(accepted.operation.id).result(TIMEOUT_S)

    # THE CYCLE

    def flush(self) -> None:
        """Everything that is queued for the ledger is done."""
        self.settlement.writer.run(lambda _: None, TIMEOUT_S)

    def settle(self) -> None:
        self.flush()
        while self.chain.make_block() is not None:
            self.flush()

    def send(self, signer: LocalSigner, to: bytes, data: bytes) -> bytes:
        """A raw transaction of somebody's own, waiting for the next block."""
        nonce = self.chain.nonce(signer.address, "pending")
        signed = sign_transaction(
            signer, chain_id=self.chain.chain_id, nonce=nonce, to=to, data=data, gas=500_000, fees=Fees()
        )
        return self.chain.send_raw_transaction(signed.raw)

    def token(self, currency: str = "USD") -> bytes:
        return next(token.address for token in self.settlement.queries.tokens() if token.currency == currency)

    def address(self, account: str) -> bytes:
        address = self.accounts[account].address
        assert address is not None
        return address

    # LOOKS

    def booked(self, account: str) -> int:
        return self.settlement.queries.balances(OPERATOR, self.id(account)).booked

    def available(self, account: str) -> int:
        return self.settlement.queries.balances(OPERATOR, self.id(account)).available

    def lines(self, account: str) -> list[tuple[str, int, int]]:
        """Direction, amount and balance, oldest first."""
        entries = self.settlement.queries.entries(OPERATOR, self.id(account)).data
        return [(entry.direction, entry.amount, entry.balance) for entry in reversed(entries)]

    def audit(self) -> AuditReport:
        return self.settlement.check_backing()
