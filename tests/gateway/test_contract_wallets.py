"""A BDA that is a contract wallet: its owner signs, the wallet is asked, and the token has the last word."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ledger_node.deposit_token.attestation import TokenDomain, signature_bytes
from ledger_node.deposit_token.authorization import TransferAuthorization
from ledger_node.keys import LocalSigner
from tests.clients.guestbook import compiled
from tests.gateway.conftest import Bank, new_key
from tests.settlement import wallet
from tests.settlement.issuer import Issuer, key

BEFORE = 2**40


class Held:
    """Albion's BDA that is a wallet, with USD 100.00 on it at the start of each test."""

    def __init__(self, issuer: Issuer, bank: Bank, operator: Bank, creditor: Bank) -> None:
        self.issuer, self.bank, self.creditor = issuer, bank, creditor.bda["USD"]
        self.payee = bytes.fromhex(creditor.http.get(f"/v1/accounts/{self.creditor}").json()["address"][2:])
        self.address = wallet.deployed(issuer)
        opening = {"member": bank.id, "kind": "BDA", "currency": "USD", "custody": "self"}
        opened = operator.http.post("/v1/accounts", json={**opening, "address": "0x" + self.address.hex()})
        assert opened.status_code == 201, opened.text
        self.account = opened.json()["id"]
        pause = threading.Event()
        while bank.http.get(f"/v1/accounts/{self.account}").json()["status"] != "active":
            pause.wait(0.02)
        minted = bank.pay("/v1/mints", bank.dda["USD"], self.account, "100.00")
        assert minted.json()["status"] == "settled", minted.text

    def signed(self, nonce: bytes, signer: LocalSigner, extra: bytes = b"") -> dict[str, Any]:
        token = next(each for each in self.issuer.settlement.queries.tokens() if each.currency == "USD")
        domain = TokenDomain(name=token.name, chain_id=self.issuer.chain.chain_id, token=token.address)
        terms = TransferAuthorization(self.address, self.payee, 2500, 0, BEFORE, nonce)
        signature = signature_bytes(signer.sign(terms.digest(domain))) + extra
        nonce_, signature_ = ("0x" + each.hex() for each in (nonce, signature))
        return {"valid_after": 0, "valid_before": BEFORE, "nonce": nonce_, "signature": signature_}

    def pay(self, signer: LocalSigner = wallet.OWNER, extra: bytes = b"") -> httpx.Response:
        nonce = new_key().encode().ljust(32, b"\0")
        authorization = self.signed(nonce, signer, extra)
        return self.bank.pay("/v1/transfers", self.account, self.creditor, "25.00", authorization=authorization)

    def becomes(self, mood: str) -> None:
        hash_ = self.issuer.send(key("anybody"), self.address, wallet.becomes(mood))
        pause = threading.Event()
        while self.issuer.chain.receipt(hash_) is None:
            pause.wait(0.02)

    def balances(self) -> tuple[str, str]:
        return self.bank.balances(self.account)


@pytest.fixture
def held(issuer: Issuer, albion: Bank, brava: Bank, operator: Bank) -> Iterator[Held]:
    held = Held(issuer, albion, operator, brava)
    yield held
    assert issuer.audit().passed
    booked, available = held.balances()
    assert booked == available


def test_the_committed_wallet_is_what_its_source_compiles_to() -> None:
    assert compiled(wallet.SOURCE) == wallet.artifact()


def test_its_owners_signature_moves_it_in_whatever_form_the_wallet_takes_it(held: Held) -> None:
    plain = held.pay()
    assert (plain.status_code, plain.json()["status"]) == (201, "settled"), plain.text
    wrapped = held.pay(extra=b"and what the wallet's makers wanted")
    assert (wrapped.status_code, wrapped.json()["status"]) == (201, "settled"), wrapped.text
    assert held.balances() == ("50.00", "50.00")
    line = held.bank.http.get(f"/v1/accounts/{held.account}/entries").json()["data"][0]
    assert (line["operation"], line["amount"]) == (wrapped.json()["id"], "25.00")


def test_anybody_elses_signature_does_not(held: Held) -> None:
    answer = held.pay(key("stranger"))
    assert (answer.status_code, answer.json()["code"]) == (422, "authorization_invalid")
    short = held.signed(b"\x01" * 32, wallet.OWNER) | {"signature": "0x00"}
    answer = held.bank.pay("/v1/transfers", held.account, held.creditor, "25.00", authorization=short)
    assert (answer.status_code, answer.json()["code"]) == (422, "authorization_invalid")
    assert held.balances() == ("100.00", "100.00")


@pytest.mark.parametrize("mood", ["burns gas", "reverts", "says garbage", "says too little"])
def test_a_wallet_that_does_not_answer_as_it_should_has_not_agreed(held: Held, mood: str) -> None:
    held.becomes(mood)
    answer = held.pay()
    assert (answer.status_code, answer.json()["code"]) == (422, "authorization_invalid")
    assert held.balances() == ("100.00", "100.00")
    held.becomes("honest")
    assert held.pay().json()["status"] == "settled"


@pytest.mark.parametrize("mood", ["refuses on chain", "burns gas on chain"])
def test_a_wallet_that_agrees_at_the_door_and_not_on_chain_is_rejected_and_nothing_stays_set_aside(
    held: Held, mood: str
) -> None:
    held.becomes(mood)
    answer = held.pay().json()
    assert (answer["status"], answer["code"]) == ("rejected", "authorization_invalid")
    assert held.balances() == ("100.00", "100.00")
    held.becomes("honest")
    assert held.pay().json()["status"] == "settled"
