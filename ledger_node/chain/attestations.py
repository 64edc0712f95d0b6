"""Attestations of blocks: signed words "block N has hash H" from those who executed the chain for themselves.

The genesis names who may attest and how many of them make a block final (the quorum). A block's hash commits to every
block before it, so an attestation speaks for all of them too. Knows no store and no transport.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import keccak
from ledger_node.chain.wire import SECP256K1_N, BadSignature, recover
from ledger_node.keys import Signer

DOMAIN_NAME = "ledger-node block attestation"
_DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,bytes32 salt)")
_TYPE = keccak(b"BlockAttestation(uint256 number,bytes32 blockHash)")


@dataclass(frozen=True, slots=True)
class BlockAttestation:
    """`signature` is r, s and v (27 or 28), as contracts and libraries have it."""

    number: int
    block_hash: Hash32
    signature: bytes


@dataclass(frozen=True, slots=True)
class Network:
    """Which network an attestation is for: the genesis hash is the salt of its EIP-712 domain."""

    chain_id: int
    genesis_hash: Hash32

    def digest(self, number: int, block_hash: Hash32) -> Hash32:
        domain = keccak(
            _DOMAIN_TYPE
            + keccak(DOMAIN_NAME.encode())
            + keccak(b"1")
            + self.chain_id.to_bytes(32, "big")
            + self.genesis_hash
        )
        return keccak(b"\x19\x01" + domain + keccak(_TYPE + number.to_bytes(32, "big") + block_hash))

    def attest(self, signer: Signer, number: int, block_hash: Hash32) -> BlockAttestation:
        y_parity, r, s = signer.sign(self.digest(number, block_hash))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + y_parity])
        return BlockAttestation(number, block_hash, signature)

    def attestor(self, attestation: BlockAttestation) -> Address:
        """Who signed it. Raises BadSignature, also for a high s."""
        signature = attestation.signature
        if len(signature) != 65 or signature[64] not in (27, 28):
            raise BadSignature("a signature is 65 bytes: r, s, and 27 or 28")
        s = int.from_bytes(signature[32:64], "big")
        if s > SECP256K1_N // 2:
            raise BadSignature("the signature's s is high")
        digest = self.digest(attestation.number, attestation.block_hash)
        return recover(digest, signature[64] - 27, int.from_bytes(signature[:32], "big"), s)


def two_thirds(count: int) -> int:
    """The least number that is two thirds of `count` or more."""
    return -(-2 * count // 3)


def attested_by(quorum: int, heights: Iterable[int]) -> int:
    """The highest block that `quorum` attestors speak for, given the highest block of each; 0 if they do not."""
    ordered = sorted(heights, reverse=True)
    return ordered[quorum - 1] if len(ordered) >= quorum else 0
