"""How a token is created: its name, currency and the address of each role, as init code for one transaction."""

from dataclasses import dataclass

from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.attestation import TokenDomain
from ledger_node.money import Currency

UNLIMITED = 2**88 - 1
"""The contract's own ceiling for supply; as a minter's allowance it limits nothing."""


@dataclass(frozen=True, slots=True)
class TokenRoles:
    admin: Address
    settlement: Address
    attestor: Address
    registrar: Address
    pauser: Address
    enforcer: Address


@dataclass(frozen=True, slots=True)
class TokenSetup:
    """`mint_per_day` is what the settlement key may mint in 24 hours; `admin_delay_s` what a change of admin waits."""

    currency: Currency
    roles: TokenRoles
    mint_per_day: int = UNLIMITED
    admin_delay_s: int = 2 * 24 * 3600

    @property
    def name(self) -> str:
        return f"{self.currency.code} Deposit Token"

    @property
    def symbol(self) -> str:
        return f"{self.currency.code}D"

    def domain(self, *, chain_id: int, token: Address) -> TokenDomain:
        return TokenDomain(name=self.name, chain_id=chain_id, token=token)

    def creation_code(self) -> bytes:
        roles = self.roles
        return deposit_token().creation(
            (
                self.name,
                self.symbol,
                self.currency.code,
                self.currency.exponent,
                self.admin_delay_s,
                roles.admin,
                roles.settlement,
                roles.attestor,
                roles.registrar,
                roles.pauser,
                roles.enforcer,
                self.mint_per_day,
            )
        )


SETTLEMENT_ROLE: Hash32 = keccak(b"SETTLEMENT_ROLE")
MOVER_ROLE: Hash32 = keccak(b"MOVER_ROLE")
"""Given to nobody at first: to an AtomicSettlement contract, so that it may move managed accounts."""
ATTESTOR_ROLE: Hash32 = keccak(b"ATTESTOR_ROLE")
REGISTRAR_ROLE: Hash32 = keccak(b"REGISTRAR_ROLE")
PAUSER_ROLE: Hash32 = keccak(b"PAUSER_ROLE")
ENFORCER_ROLE: Hash32 = keccak(b"ENFORCER_ROLE")
MINT_LIMITER_ROLE: Hash32 = keccak(b"MINT_LIMITER_ROLE")
