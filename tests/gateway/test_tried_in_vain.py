"""What somebody tries with a forged, used or late signature, or while they are stopped: told by its code, without a
trace in any balance, and a line of the audit log."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ledger_node.deposit_token.attestation import TokenDomain, signature_bytes
from ledger_node.deposit_token.authorization import TransferAuthorization
from tests.gateway.conftest import Bank, Door, new_key
from tests.gateway.test_bad_requests import state_of, wait_until_active
from tests.settlement.issuer import Issuer, key

BEFORE = 2**40
ORDER_OF_SECP256K1 = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HOLDER = key("holder whose signature is forged")


@dataclass
class Held:
    """Albion's BDA in self custody, with its key's signatures, honest and not."""

    issuer: Issuer
    bank: Bank
    account: str
    creditor: str
    payee: bytes

    def signed(self, nonce: str, *, chain_id: int | None = None, signer: Any = HOLDER, **times: int) -> dict[str, Any]:
        token = next(each for each in self.issuer.settlement.queries.tokens() if each.currency == "USD")
        domain = TokenDomain(name=token.name, chain_id=chain_id or self.issuer.chain.chain_id, token=token.address)
        valid = {"valid_after": 0, "valid_before": BEFORE, **times}
        nonce_ = nonce.encode().ljust(32, b"\0")
        terms = TransferAuthorization(
            HOLDER.address, self.payee, 100, valid["valid_after"], valid["valid_before"], nonce_
        )
        signature = signature_bytes(signer.sign(terms.digest(domain)))
        return {**valid, "nonce": f"0x{nonce_.hex()}", "signature": f"0x{signature.hex()}"}

    def pay(self, authorization: dict[str, Any] | None) -> Any:
        more = {} if authorization is None else {"authorization": authorization}
        return self.bank.pay("/v1/transfers", self.account, self.creditor, "1.00", **more)


@pytest.fixture(scope="module")
def held(issuer: Issuer, banks: tuple[Bank, ...], operator: Bank) -> Held:
    bank, other = banks[0], banks[1]
    opening = {"member": bank.id, "kind": "BDA", "currency": "USD", "custody": "self"}
    opened = operator.http.post("/v1/accounts", json={**opening, "address": f"0x{HOLDER.address.hex()}"})
    assert opened.status_code == 201, opened.text
    account = opened.json()["id"]
    wait_until_active(bank, account)
    body = {"account": bank.dda["USD"], "amount": "100.00", "currency": "USD"}
    assert operator.post("/v1/deposits", body).status_code == 201
    assert bank.pay("/v1/mints", bank.dda["USD"], account, "100.00").json()["status"] == "settled"
    payee = bytes.fromhex(other.http.get(f"/v1/accounts/{other.bda['USD']}").json()["address"][2:])
    return Held(issuer, bank, account, other.bda["USD"], payee)


@pytest.fixture
def in_vain(door: Door, operator: Bank) -> Callable[[Any, str, Bank], None]:
    """The attempt ends with this code, changes no row and is the newest refusal in the audit log."""

    def check(attempt: Callable[[], Any], code: str, by: Bank) -> None:
        before = state_of(door)
        answer = attempt()
        assert answer.json()["code"] == code
        assert state_of(door) == before
        newest = operator.http.get("/v1/audit_log?outcome=refused&limit=1").json()["data"][0]
        assert (newest["code"], newest["member"], newest["request_id"]) == (
            code, by.id, answer.headers["x-request-id"],
        )  # fmt: skip

    return check


def high_s(given: dict[str, Any]) -> dict[str, Any]:
    """The other signature of the same key over the same digest."""
    r, s, v = given["signature"][2:66], int(given["signature"][66:130], 16), int(given["signature"][130:], 16)
    return given | {"signature": f"0x{r}{ORDER_OF_SECP256K1 - s:064x}{27 + 28 - v:02x}"}


FORGERIES: dict[str, tuple[Callable[[Held], dict[str, Any] | None], str]] = {
    "no signature at all": (lambda held: None, "self_custody"),
    "another's key": (lambda held: held.signed(new_key(), signer=key("forger")), "authorization_invalid"),
    "another chain": (lambda held: held.signed(new_key(), chain_id=1), "authorization_invalid"),
    "a high s": (lambda held: high_s(held.signed(new_key())), "authorization_invalid"),
    "another amount": (lambda held: held.signed(new_key()) | {"valid_before": BEFORE + 1}, "authorization_invalid"),
    "too late": (lambda held: held.signed(new_key(), valid_before=1), "authorization_expired"),
    "too early": (lambda held: held.signed(new_key(), valid_after=BEFORE - 1), "authorization_not_yet_valid"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_or_untimely_authorisation(name: str, held: Held, in_vain: Callable[..., None]) -> None:
    forged, code = FORGERIES[name]
    given = forged(held)
    in_vain(lambda: held.pay(given), code, held.bank)


def test_an_honest_authorisation_moves_once_and_its_replay_nothing(held: Held, in_vain: Callable[..., None]) -> None:
    given = held.signed(new_key())
    assert held.pay(given).json()["status"] == "settled"
    in_vain(lambda: held.pay(given), "authorization_used", held.bank)


@pytest.fixture
def frozen(held: Held, operator: Bank) -> Iterator[Held]:
    def order(act: str) -> None:
        made = operator.http.post(f"/v1/accounts/{held.account}/{act}", json={"reason": "Order 7/26"}).json()
        pause = threading.Event()
        while operator.http.get(f"/v1/orders/{made['id']}").json()["status"] != "settled":
            pause.wait(0.02)

    order("freeze")
    yield held
    order("unfreeze")


def test_a_frozen_account_with_a_good_signature(frozen: Held, in_vain: Callable[..., None]) -> None:
    given = frozen.signed(new_key())
    in_vain(lambda: frozen.pay(given), "account_not_active", frozen.bank)


def test_once_the_freeze_is_lifted_it_pays_again(held: Held) -> None:
    assert held.pay(held.signed(new_key())).json()["status"] == "settled"


def test_another_banks_account_and_ones_own_while_suspended(
    operator: Bank, albion: Bank, cedar: Bank, in_vain: Callable[..., None]
) -> None:
    foreign = (albion.bda["USD"], cedar.bda["USD"], "1.00")
    in_vain(lambda: cedar.pay("/v1/transfers", *foreign), "account_not_found", cedar)
    assert operator.http.post(f"/v1/members/{cedar.id}/suspend").status_code == 200
    try:
        own = (cedar.bda["USD"], albion.bda["USD"], "1.00")
        wait_until_told(cedar)
        in_vain(lambda: cedar.pay("/v1/transfers", *own), "member_suspended", cedar)
        paid = (albion.bda["USD"], cedar.bda["USD"], "1.00")
        in_vain(lambda: albion.pay("/v1/transfers", *paid), "creditor_not_active", albion)
    finally:
        assert operator.http.post(f"/v1/members/{cedar.id}/reinstate").status_code == 200
        wait_until_active(cedar, cedar.bda["USD"])


def wait_until_told(bank: Bank) -> None:
    """The registers of the tokens have heard of a suspension when its BDAs say so."""
    pause = threading.Event()
    for _ in range(600):
        accounts = bank.http.get("/v1/accounts?kind=BDA").json()["data"]
        if "active" not in {account["status"] for account in accounts}:
            return
        pause.wait(0.05)
    raise AssertionError(accounts)
