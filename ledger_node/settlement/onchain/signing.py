"""Signed transactions as bytes: EIP-1559 envelopes (type 2), which can be stored before they are sent."""

from dataclasses import dataclass

from ledger_node.chain.encoding import int_bytes, keccak, rlp_encode
from ledger_node.keys import Signer


@dataclass(frozen=True, slots=True)
class Fees:
    """What our transactions offer per gas, in wei: nothing on our own network, something on one that charges."""

    max_fee_per_gas: int = 0
    max_priority_fee_per_gas: int = 0


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    hash: bytes
    raw: bytes
    sender: bytes
    nonce: int


def sign_transaction(
    signer: Signer, *, chain_id: int, nonce: int, to: bytes | None, data: bytes, gas: int, fees: Fees
) -> SignedTransaction:
    """The envelope of EIP-1559: 0x02 ‖ rlp([chain id, nonce, fees, gas, to, value, data, access list, signature])."""
    unsigned = [
        int_bytes(chain_id), int_bytes(nonce), int_bytes(fees.max_priority_fee_per_gas),
        int_bytes(fees.max_fee_per_gas), int_bytes(gas), to or b"", b"", data, [],
    ]  # fmt: skip
    y_parity, r, s = signer.sign(keccak(b"\x02" + rlp_encode(unsigned)))
    raw = b"\x02" + rlp_encode([*unsigned, int_bytes(y_parity), int_bytes(r), int_bytes(s)])
    return SignedTransaction(hash=keccak(raw), raw=raw, sender=signer.address, nonce=nonce)
