"""What the reserve attestor signs for each batch (EIP-712), in the token's own domain."""

from dataclasses import dataclass

from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import keccak

_DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_ATTESTATION_TYPE = keccak(
    b"ReserveAttestation(bytes32 batchId,uint256 reserve,bytes32 claimsRoot,uint256 ledgerSequence,bytes32 ledgerHead)"
)
_VERSION = keccak(b"1")


@dataclass(frozen=True, slots=True)
class TokenDomain:
    """Whom a signature is for: one token contract on one chain."""

    name: str
    chain_id: int
    token: Address

    def separator(self) -> Hash32:
        return keccak(
            _DOMAIN_TYPE
            + keccak(self.name.encode())
            + _VERSION
            + self.chain_id.to_bytes(32, "big")
            + self.token.rjust(32, b"\0")
        )

    def digest(self, structure: bytes) -> Hash32:
        """The digest to sign for an encoded structure: its type hash and its words."""
        return keccak(b"\x19\x01" + self.separator() + keccak(structure))


@dataclass(frozen=True, slots=True)
class ReserveAttestation:
    """`reserve` in minor units, the root over all members' claims, and how far the ledger's log had come."""

    reserve: int
    claims_root: Hash32
    ledger_sequence: int
    ledger_head: Hash32

    def encoded(self) -> bytes:
        return (
            self.reserve.to_bytes(32, "big")
            + self.claims_root
            + self.ledger_sequence.to_bytes(32, "big")
            + self.ledger_head
        )

    def digest(self, domain: TokenDomain, batch_id: Hash32) -> Hash32:
        return domain.digest(_ATTESTATION_TYPE + batch_id + self.encoded())


def signature_bytes(signature: tuple[int, int, int]) -> bytes:
    """A signer's (y_parity, r, s) as the 65 bytes (r, s, v) that contracts expect."""
    y_parity, r, s = signature
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + y_parity])
