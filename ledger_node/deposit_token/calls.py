"""Calldata for the token. Batches are encoded by hand, 64 bytes a leg, for they carry thousands of legs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ledger_node.chain.blocks import Address, Hash32
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.attestation import ReserveAttestation
from ledger_node.deposit_token.authorization import TransferAuthorization
from ledger_node.money import AMOUNT_MAX

LegKind: TypeAlias = Literal["mint", "transfer", "redeem"]
AccountStatus: TypeAlias = Literal["active", "suspended", "frozen", "closed"]

STATUS_NUMBERS: dict[AccountStatus, int] = {"active": 1, "suspended": 2, "frozen": 3, "closed": 4}

_KIND_BYTES: dict[LegKind, bytes] = {"mint": b"\x01", "transfer": b"\x02", "redeem": b"\x03"}
_NOBODY = bytes(20)
_PADDING = bytes(12)


@dataclass(frozen=True, slots=True)
class Leg:
    """One instruction of a batch. A mint has no debtor, a redeem no creditor; `amount` in minor units."""

    kind: LegKind
    amount: int
    debtor: Address | None = None
    creditor: Address | None = None

    def __post_init__(self) -> None:
        assert 0 < self.amount <= AMOUNT_MAX, "a leg's amount is checked at the door"
        assert (self.debtor is None) == (self.kind == "mint"), "a mint, and only a mint, has no debtor"
        assert (self.creditor is None) == (self.kind == "redeem"), "a redeem, and only a redeem, has no creditor"

    def encoded(self) -> bytes:
        amount = self.amount.to_bytes(11, "big")
        return _KIND_BYTES[self.kind] + amount + (self.debtor or _NOBODY) + _PADDING + (self.creditor or _NOBODY)


def settle(batch_id: Hash32, legs: Sequence[Leg], attestation: ReserveAttestation, signature: bytes) -> bytes:
    """`settle(batchId, instructions, attestation, signature)`; the signature is the attestor's 65 bytes."""
    return _batch("settle", batch_id, legs, attestation, signature)


def settle_net(
    payments_root: Hash32, legs: Sequence[Leg], attestation: ReserveAttestation, signature: bytes
) -> bytes:  # fmt: skip
    """`settleNet(paymentsRoot, instructions, attestation, signature)`, which moves all legs or none."""
    return _batch("settleNet", payments_root, legs, attestation, signature)


def move_all(batch_id: Hash32, legs: Sequence[Leg]) -> bytes:
    """`moveAll(batchId, instructions)`, of transfer legs alone, which moves all or none."""
    encoded = b"".join(leg.encoded() for leg in legs)
    return deposit_token().functions["moveAll"].selector + batch_id + _word(64) + _word(len(legs)) + encoded


def _batch(
    function: str, batch_id: Hash32, legs: Sequence[Leg], attestation: ReserveAttestation, signature: bytes
) -> bytes:  # fmt: skip
    # Head: batch id, offset of the legs, the four attestation words, offset of the signature.
    legs_offset = 7 * 32
    signature_offset = legs_offset + 32 + len(legs) * 64
    padding = -len(signature) % 32
    return b"".join(
        (
            deposit_token().functions[function].selector,
            batch_id,
            _word(legs_offset),
            attestation.encoded(),
            _word(signature_offset),
            _word(len(legs)),
            *(leg.encoded() for leg in legs),
            _word(len(signature)),
            signature,
            bytes(padding),
        )
    )


@dataclass(frozen=True, slots=True)
class Registration:
    account: Address
    member_id: int
    self_custody: bool = False


def register(registrations: Sequence[Registration]) -> bytes:
    return deposit_token().call(
        "register",
        [each.account for each in registrations],
        [each.member_id for each in registrations],
        [each.self_custody for each in registrations],
    )


def set_status(accounts: Sequence[Address], status: AccountStatus) -> bytes:
    return deposit_token().call("setStatus", list(accounts), STATUS_NUMBERS[status])


def grant_role(role: Hash32, account: Address) -> bytes:
    return deposit_token().call("grantRole", role, account)


def revoke_role(role: Hash32, account: Address) -> bytes:
    return deposit_token().call("revokeRole", role, account)


def pause() -> bytes:
    return deposit_token().call("pause")


def unpause() -> bytes:
    return deposit_token().call("unpause")


def set_minter_allowance(minter: Address, per_day: int) -> bytes:
    return deposit_token().call("setMinterAllowance", minter, per_day)


def set_frozen_tokens(account: Address, amount: int) -> bytes:
    """Court order: `amount` is what is frozen from now on."""
    return deposit_token().call("setFrozenTokens", account, amount)


def forced_transfer(payer: Address, payee: Address, amount: int, reason: str) -> bytes:
    return deposit_token().call("forcedTransfer", payer, payee, amount, reason)


def retire(successor: Address) -> bytes:
    return deposit_token().call("retire", successor)


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """A hold to be placed: until `expires_at_s` (Unix seconds) the notary may execute it."""

    hold_id: Hash32
    payer: Address
    payee: Address
    notary: Address
    amount: int
    expires_at_s: int


def place_hold(terms: HoldTerms) -> bytes:
    return deposit_token().call(
        "placeHold", terms.hold_id, terms.payer, terms.payee, terms.notary, terms.amount, terms.expires_at_s
    )


def execute_hold(hold_id: Hash32) -> bytes:
    return deposit_token().call("executeHold", hold_id)


def release_hold(hold_id: Hash32) -> bytes:
    return deposit_token().call("releaseHold", hold_id)


# WHAT HOLDERS IN SELF CUSTODY SEND, OR SIGN AND HAVE SENT


def transfer(payee: Address, amount: int) -> bytes:
    """A holder's own ERC-20 transfer."""
    return deposit_token().call("transfer", payee, amount)


def transfer_with_authorization(authorization: TransferAuthorization, signature: bytes) -> bytes:
    """ERC-3009 with a signature of any form; anybody may send it."""
    terms = authorization
    return deposit_token().call(
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
        terms.payer, terms.payee, terms.amount, terms.valid_after_s, terms.valid_before_s, terms.nonce, signature,
    )  # fmt: skip


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")
