"""What a member is given to prove its claim, and how it is checked without anybody's help.

A proof says: at this attestation the issuer owed this account this balance; the balance is part of the total under
the root; the root and a reserve that covers the total were signed by the reserve attestor for this token. It does not
say in which block that was (`block_number` and `transaction_hash` tell where to look), nor that the attestor told the
truth about the fiat.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger_node.chain.encoding import keccak
from ledger_node.chain.wire import SECP256K1_N, BadSignature, recover
from ledger_node.deposit_token.attestation import ReserveAttestation, TokenDomain
from ledger_node.errors import LedgerNodeError, ProofInvalid
from ledger_node.money import Currency, currency, decimal_string
from ledger_node.proofs.payments import root_named
from ledger_node.proofs.tree import SALT_BYTES, Node, leaf_hash, leaf_id, root_of

VERSION = 1

_AMOUNT = re.compile(r"[0-9]{1,40}(\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignedAttestation:
    """What the attestor signed with one batch, and where the chain has it. `id` is the batch's; minor units."""

    id: str
    currency: str
    reserve: int
    claims_root: bytes
    ledger_sequence: int
    ledger_head: bytes
    signature: bytes
    attestor: bytes
    token_name: str
    chain_id: int
    token: bytes
    block_number: int
    transaction_hash: bytes

    @property
    def batch_id(self) -> bytes:
        """The 32 bytes by which the contract knows it: of a net batch, the root that its id names."""
        return root_named(self.id) or keccak(self.id.encode())

    @property
    def digest(self) -> bytes:
        """What was signed (EIP-712)."""
        said = ReserveAttestation(self.reserve, self.claims_root, self.ledger_sequence, self.ledger_head)
        return said.digest(TokenDomain(self.token_name, self.chain_id, self.token), self.batch_id)


@dataclass(frozen=True, slots=True)
class ClaimProof:
    """One account's branch under an attestation's root."""

    attestation: SignedAttestation
    account_id: str
    balance: int
    salt: bytes
    place: int
    branch: tuple[Node, ...]

    def root(self) -> Node:
        """Raises ValueError for what no honest tree can contain."""
        return root_of(Node(leaf_hash(leaf_id(self.salt, self.account_id), self.balance), self.balance), self.place,
                       self.branch)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a proof that holds has proved; `claims` is the total over all accounts."""

    proof: ClaimProof
    claims: int


def verify(document: object, *, attestor: bytes | None = None) -> Verdict:
    """Check a proof as it was handed out. Raises ProofInvalid, which names the first thing that is wrong.

    `attestor` is the address that the reader knows as the attestor's; without it the signature is only shown to be that
    of the address which the proof itself names.
    """
    proof, claims = _read(document)
    said = proof.attestation
    try:
        root = proof.root()
    except (ValueError, OverflowError) as wrong:
        raise ProofInvalid(f"The branch is not one of a tree over claims: {wrong}.") from None
    if root.hash != said.claims_root:
        raise ProofInvalid("The leaf and its siblings do not lead to the root that was attested.")
    if root.sum != claims:
        raise ProofInvalid("The total named is not what the leaf and its siblings add up to.")
    if root.sum > said.reserve:
        raise ProofInvalid("The claims under the root add up to more than the reserve that was attested.")
    check_signature(said, attestor)
    return Verdict(proof, root.sum)


def check_signature(said: SignedAttestation, attestor: bytes | None) -> None:
    """Raises ProofInvalid unless the attestor named, and the one known if one is, signed it."""
    signer = _signer(said)
    if signer != said.attestor:
        raise ProofInvalid(f"The attestation is not signed by the attestor it names but by 0x{signer.hex()}.")
    if attestor is not None and signer != attestor:
        raise ProofInvalid(f"The attestation is signed by 0x{signer.hex()}, not by 0x{attestor.hex()}.")


def _signer(said: SignedAttestation) -> bytes:
    if len(said.signature) != 65:
        raise ProofInvalid("The signature of the attestation is none: it has not 65 bytes.")
    r, s = int.from_bytes(said.signature[:32], "big"), int.from_bytes(said.signature[32:64], "big")
    try:
        if s > SECP256K1_N // 2:
            raise BadSignature("s is high")  # the contract takes one form only
        return recover(said.digest, said.signature[64] - 27, r, s)
    except BadSignature as bad:
        raise ProofInvalid(f"The signature of the attestation is none: {bad}.") from None


# AS JSON


def written(proof: ClaimProof) -> dict[str, Any]:
    """The proof as a JSON object; `verify` reads it."""
    of = currency(proof.attestation.currency)
    return {
        "version": VERSION,
        "attestation": attestation_written(proof.attestation),
        "claim": {
            "account": proof.account_id, "balance": decimal_string(proof.balance, of), "salt": _hex(proof.salt),
            "place": proof.place,
        },
        "siblings": [{"hash": _hex(node.hash), "sum": decimal_string(node.sum, of)} for node in proof.branch],
        "claims": decimal_string(proof.root().sum, of),
    }  # fmt: skip


def attestation_written(said: SignedAttestation) -> dict[str, Any]:
    of = currency(said.currency)
    return {
        "id": said.id, "currency": said.currency, "batch_id": _hex(said.batch_id),
        "reserve": decimal_string(said.reserve, of), "claims_root": _hex(said.claims_root),
        "ledger_sequence": said.ledger_sequence, "ledger_head": _hex(said.ledger_head),
        "signature": _hex(said.signature), "attestor": _hex(said.attestor),
        "domain": {
            "name": said.token_name, "version": "1", "chain_id": said.chain_id, "verifying_contract": _hex(said.token),
        },
        "block_number": said.block_number, "transaction_hash": _hex(said.transaction_hash),
    }  # fmt: skip


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def read_attestation(written: object) -> SignedAttestation:
    """Raises ProofInvalid."""
    said = Fields(
        written, "attestation.",
        ("id", "currency", "batch_id", "reserve", "claims_root", "ledger_sequence", "ledger_head", "signature",
         "attestor", "domain", "block_number", "transaction_hash"),
    )  # fmt: skip
    domain = Fields(said.of["domain"], "attestation.domain.", ("name", "version", "chain_id", "verifying_contract"))
    if domain.text("version") != "1":
        raise ProofInvalid("attestation.domain.version is not the deposit token's.")
    try:
        of = currency(said.text("currency"))
    except LedgerNodeError as unknown:
        raise ProofInvalid(f"attestation.currency: {unknown.detail}") from None
    attestation = SignedAttestation(
        id=said.text("id"), currency=of.code, reserve=said.amount("reserve", of),
        claims_root=said.data("claims_root", 32), ledger_sequence=said.integer("ledger_sequence"),
        ledger_head=said.data("ledger_head", 32), signature=said.data("signature", 65),
        attestor=said.data("attestor", 20), token_name=domain.text("name"), chain_id=domain.integer("chain_id"),
        token=domain.data("verifying_contract", 20), block_number=said.integer("block_number"),
        transaction_hash=said.data("transaction_hash", 32),
    )  # fmt: skip
    if said.data("batch_id", 32) != attestation.batch_id:
        raise ProofInvalid("attestation.batch_id is not that of attestation.id.")
    return attestation


def _read(document: object) -> tuple[ClaimProof, int]:
    top = Fields(document, "", ("version", "attestation", "claim", "siblings", "claims"))
    top.known_version()
    attestation = read_attestation(top.of["attestation"])
    of = currency(attestation.currency)
    claim = Fields(top.of["claim"], "claim.", ("account", "balance", "salt", "place"))
    branch = []
    for index, sibling in enumerate(top.listed("siblings")):
        fields = Fields(sibling, f"siblings[{index}].", ("hash", "sum"))
        branch.append(Node(fields.data("hash", 32), fields.amount("sum", of)))
    proof = ClaimProof(
        attestation, claim.text("account"), claim.amount("balance", of), claim.data("salt", SALT_BYTES),
        claim.integer("place"), tuple(branch),
    )  # fmt: skip
    return proof, top.amount("claims", of)


class Fields:
    """An object's fields, read strictly: no field more or less, one way to write each value."""

    def __init__(self, value: object, where: str, names: tuple[str, ...]) -> None:
        if not isinstance(value, Mapping) or set(value) != set(names):
            raise ProofInvalid(f"{where.rstrip('.') or 'The proof'} must have exactly the fields {', '.join(names)}.")
        self.of = value
        self._where = where

    def known_version(self) -> None:
        if self.integer("version") != VERSION:
            raise ProofInvalid(f"Only proofs of version {VERSION} are known here.")

    def listed(self, name: str) -> Sequence[object]:
        value = self.of[name]
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise ProofInvalid(f"{self._where}{name} is not a list.")
        return value

    def text(self, name: str) -> str:
        value = self.of[name]
        if not isinstance(value, str) or not value:
            raise ProofInvalid(f"{self._where}{name} is not a text.")
        return value

    def integer(self, name: str) -> int:
        value = self.of[name]
        if type(value) is not int or not 0 <= value < 2**64:
            raise ProofInvalid(f"{self._where}{name} is not a whole number from 0 to 2^64 - 1.")
        return value

    def data(self, name: str, length: int) -> bytes:
        value = self.of[name]
        if not isinstance(value, str) or not re.fullmatch(f"0x[0-9a-f]{{{2 * length}}}", value, re.ASCII):
            raise ProofInvalid(f"{self._where}{name} is not {length} bytes in lower-case hex with 0x.")
        return bytes.fromhex(value[2:])

    def amount(self, name: str, of: Currency) -> int:
        value = self.of[name]
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            minor = int(value.replace(".", ""))
            if decimal_string(minor, of) == value:
                return minor
        raise ProofInvalid(f"{self._where}{name} is not an amount of {of} written with all its digits.")
