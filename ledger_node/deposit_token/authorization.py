"""What a holder in self custody signs so that anybody can bring its transfer (ERC-3009, as EIP-712 data)."""

from dataclasses import dataclass

from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token.attestation import TokenDomain

_TRANSFER_TYPE = keccak(
    b"TransferWithAuthorization"
    b"(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)


@dataclass(frozen=True, slots=True)
class TransferAuthorization:
    """Valid strictly between the two times (Unix seconds), once: the nonce is any 32 bytes the payer has not used."""

    payer: Address
    payee: Address
    amount: int
    valid_after_s: int
    valid_before_s: int
    nonce: Hash32

    def digest(self, domain: TokenDomain) -> Hash32:
        integers = (self.amount, self.valid_after_s, self.valid_before_s)
        return domain.digest(
            _TRANSFER_TYPE
            + self.payer.rjust(32, b"\0")
            + self.payee.rjust(32, b"\0")
            + b"".join(each.to_bytes(32, "big") for each in integers)
            + self.nonce
        )
