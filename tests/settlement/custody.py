"""Bank A's second BDA in its own custody, and what its key signs."""

import pytest

from ledger_node.deposit_token import calls
from ledger_node.deposit_token.attestation import TokenDomain, signature_bytes
from ledger_node.deposit_token.authorization import TransferAuthorization
from ledger_node.settlement.model import Authorization
from tests.settlement.issuer import Issuer, key
from tests.settlement.scenario import play

HOLDER = key("holder of A")


@pytest.fixture
def held(issuer: Issuer) -> Issuer:
    """A's second BDA is in its own custody and holds 100.00."""
    issuer.open("A", "BDA", address=HOLDER.address)
    issuer.settle()
    play(
        issuer,
        """
        deposit     d1  A.dda           200.00    settled
        mint        m1  A.dda  A.bda2   100.00    settled
        """,
    )
    return issuer


def domain(issuer: Issuer, *, chain_id: int | None = None, token: str = "USD") -> TokenDomain:
    return TokenDomain(
        name=f"{token} Deposit Token", chain_id=chain_id or issuer.chain.chain_id, token=issuer.token(token)
    )


def signed(
    issuer: Issuer, minor: int, *, nonce: bytes = b"\x01" * 32, after: int = 0, before: int | None = None,
    signer: object = HOLDER, chain_id: int | None = None, payee: str = "B.bda", token: str = "USD",
) -> Authorization:  # fmt: skip
    before = issuer.clock.now_ms() // 1000 + 600 if before is None else before
    terms = TransferAuthorization(HOLDER.address, issuer.address(payee), minor, after, before, nonce)
    digest = terms.digest(domain(issuer, chain_id=chain_id, token=token))
    signature = signature_bytes(signer.sign(digest))  # type: ignore[attr-defined]
    return Authorization(after, before, nonce, signature)


def brought(issuer: Issuer, minor: int, given: Authorization, payee: str = "B.bda") -> bytes:
    """The calldata with which anybody can bring it to the token."""
    terms = TransferAuthorization(
        HOLDER.address, issuer.address(payee), minor, given.valid_after, given.valid_before, given.nonce
    )
    return calls.transfer_with_authorization(terms, given.signature)
