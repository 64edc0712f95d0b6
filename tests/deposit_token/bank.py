"""A token on a bare EVM with all its roles, and what an issuer does with it in one line each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger_node.chain.blocks import Log
from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.attestation import ReserveAttestation, TokenDomain, signature_bytes
from ledger_node.deposit_token.calls import Leg, Registration
from ledger_node.deposit_token.deployment import TokenRoles, TokenSetup
from ledger_node.deposit_token.events import BatchSettled, decode_all
from ledger_node.keys import LocalSigner
from ledger_node.money import Currency, currency
from tests.deposit_token.evm import Evm


def signer(name: str) -> LocalSigner:
    return LocalSigner(keccak(name.encode()))


def address(name: str) -> bytes:
    return keccak(b"account of " + name.encode())[12:]


ADMIN, SETTLEMENT, ATTESTOR, ENFORCER = (signer(name) for name in ("admin", "settlement", "attestor", "enforcer"))
ALICE, BOB, STRANGER = (address(name) for name in ("alice", "bob", "stranger"))
CAROL = signer("carol")
RESERVE = 2**60


@dataclass
class Bank:
    evm: Evm = field(default_factory=Evm)
    currency: Currency = field(default_factory=lambda: currency("USD"))
    batches: int = 0

    def __post_init__(self) -> None:
        roles = TokenRoles(
            admin=ADMIN.address,
            settlement=SETTLEMENT.address,
            attestor=ATTESTOR.address,
            registrar=ADMIN.address,
            pauser=ADMIN.address,
            enforcer=ENFORCER.address,
        )
        self.setup = TokenSetup(self.currency, roles)
        self.token = self.evm.create(ADMIN.address, self.setup.creation_code())
        self.as_admin(
            calls.register([Registration(ALICE, 1), Registration(BOB, 2), Registration(CAROL.address, 3, True)])
        )

    @property
    def domain(self) -> TokenDomain:
        return self.setup.domain(chain_id=self.evm.chain_id, token=self.token)

    def as_admin(self, data: bytes) -> tuple[Log, ...]:
        return self.evm.run(ADMIN.address, self.token, data)

    def batch(self, legs: Sequence[Leg], reserve: int = RESERVE) -> bytes:
        """Calldata of the next batch, attested."""
        self.batches += 1
        batch_id = self.batches.to_bytes(32, "big")
        attestation = ReserveAttestation(reserve, keccak(b"claims"), self.batches, keccak(b"head"))
        signature = signature_bytes(ATTESTOR.sign(attestation.digest(self.domain, batch_id)))
        return calls.settle(batch_id, legs, attestation, signature)

    def settle(self, *legs: Leg, reserve: int = RESERVE) -> bytes:
        """The legs' codes."""
        logs = self.evm.run(SETTLEMENT.address, self.token, self.batch(legs, reserve))
        return next(each.codes for each in decode_all(logs, token=self.token) if isinstance(each, BatchSettled))


def mint(creditor: bytes, amount: int) -> Leg:
    return Leg("mint", amount, creditor=creditor)


def transfer(debtor: bytes, creditor: bytes, amount: int) -> Leg:
    return Leg("transfer", amount, debtor=debtor, creditor=creditor)


def redeem(debtor: bytes, amount: int) -> Leg:
    return Leg("redeem", amount, debtor=debtor)
