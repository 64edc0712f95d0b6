"""Authorisations at the door: is this really the signature of the account's own key, for this transfer, on this token?

Examined before the request reaches the writer, because a contract wallet is asked by a call (ERC-1271) and nobody
else's payment should wait for that. What is found is judged in its place among the rules, and once more by the
token.
"""

from dataclasses import replace

import sqlalchemy as sa
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Call
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import CallFailed, Reverted
from ledger_node.database import Database, Row
from ledger_node.deposit_token import reads
from ledger_node.deposit_token.attestation import TokenDomain
from ledger_node.deposit_token.authorization import TransferAuthorization
from ledger_node.errors import AuthorizationInvalid, AuthorizationUsed, InvalidAmount, LedgerNodeError, UnknownCurrency
from ledger_node.money import currency, parse_amount
from ledger_node.settlement import tables
from ledger_node.settlement.model import Authorization, PaymentRequest

_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_IS_VALID_SIGNATURE = keccak(b"isValidSignature(bytes32,bytes)")[:4]
_WALLET_GAS = 200_000


class Examiner:
    def __init__(self, database: Database, chain: ChainBackend) -> None:
        self._database = database
        self._chain = chain

    def examine(self, request: PaymentRequest) -> PaymentRequest:
        """The request with what is wrong with its authorisation, if anything. Raises ChainUnavailable."""
        if request.authorization is None or request.kind != "transfer":
            return request
        facts = self._facts(request)
        if facts is None:
            return request  # another rule refuses it
        debtor, creditor, token = facts
        try:
            minor = parse_amount(request.amount, currency(request.currency)).minor
        except (InvalidAmount, UnknownCurrency):
            return request  # likewise
        given = request.authorization
        terms = TransferAuthorization(debtor, creditor, minor, given.valid_after, given.valid_before, given.nonce)
        domain = TokenDomain(name=token.name, chain_id=self._chain.chain_id, token=token.address)
        return replace(request, refusal=self._refusal(terms.digest(domain), token.address, debtor, given))

    def _refusal(self, digest: bytes, token: bytes, debtor: bytes, given: Authorization) -> LedgerNodeError | None:
        if reads.authorization_used(self._chain, token, debtor, given.nonce):
            return AuthorizationUsed("This nonce was used or canceled on chain.", pointer="/authorization/nonce")
        if self._chain.code(debtor) and self._wallet_agrees(debtor, digest, given.signature):
            return None
        why = wrong_with(digest, debtor, given.signature)
        return None if why is None else AuthorizationInvalid(why, pointer="/authorization/signature")

    def _wallet_agrees(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        data = (
            _IS_VALID_SIGNATURE + digest + (64).to_bytes(32, "big") + len(signature).to_bytes(32, "big")
            + signature + bytes(-len(signature) % 32)
        )  # fmt: skip
        try:
            answer = self._chain.call(Call(to=wallet, data=data, gas=_WALLET_GAS))
        except (Reverted, CallFailed):
            return False
        return len(answer) >= 32 and answer[:32] == _IS_VALID_SIGNATURE + bytes(28)

    def _facts(self, request: PaymentRequest) -> tuple[bytes, bytes, Row] | None:
        accounts, tokens = tables.accounts, tables.tokens
        query = sa.select(accounts.c.id, accounts.c.address).where(
            accounts.c.id.in_([request.debtor_account, request.creditor_account]), accounts.c.address.is_not(None)
        )
        with self._database.read() as connection:
            addresses = {row.id: row.address for row in connection.execute(query)}
            token = connection.execute(sa.select(tokens).where(tokens.c.currency == request.currency)).first()
        if token is None or len(addresses) != 2:
            return None
        return addresses[request.debtor_account], addresses[request.creditor_account], token


def wrong_with(digest: bytes, signer: bytes, signature: bytes) -> str | None:
    """What is wrong with a key's signature, or None. One form only: 65 bytes r, s, v with v 27 or 28 and s low."""
    if len(signature) != 65:
        return "A signature is 65 bytes: r, s and v."
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if v not in (27, 28):
        return "v is 27 or 28."
    if s > _ORDER // 2:
        return "s is in the upper half of the order (EIP-2): the same signature exists with a low s."
    try:
        recovered = Signature(vrs=(v - 27, r, s)).recover_public_key_from_msg_hash(digest).to_canonical_address()
    except (BadSignature, ValidationError):
        return "This is no signature."
    if recovered != signer:
        return "It is not the debtor account's key over this transfer, on this token and chain."
    return None
