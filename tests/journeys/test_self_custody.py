"""A bank with a key of its own, as a bank would do it: eth_account signs, web3 sends, the gateway relays and books."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import httpx
import pytest
from eth_account import Account
from web3 import HTTPProvider, Web3

from ledger_node.demo.process import NodeProcess

TYPES = {
    "TransferWithAuthorization": [
        {"name": name, "type": kind}
        for name, kind in (
            ("from", "address"), ("to", "address"), ("value", "uint256"), ("validAfter", "uint256"),
            ("validBefore", "uint256"), ("nonce", "bytes32"),
        )
    ]
}  # fmt: skip


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeProcess, dict[str, Any]]]:
    node = NodeProcess(tmp_path_factory.mktemp("self_custody") / "node")
    credentials = node.init("--sample")
    node.start()
    yield node, credentials
    node.end()


def client(node: NodeProcess, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=30"}
    return httpx.Client(base_url=node.gateway_url, headers=headers, timeout=60, trust_env=False)


def test_an_account_in_self_custody_moves_by_its_own_key_on_both_doors(
    node: tuple[NodeProcess, dict[str, Any]],
) -> None:
    process, credentials = node
    holder = Account.create()
    web3 = Web3(HTTPProvider(process.rpc_url))
    bank, other = credentials["members"][:2]
    dda = next(a["id"] for a in bank["accounts"] if (a["kind"], a["currency"]) == ("DDA", "USD"))
    payee = next(a["id"] for a in other["accounts"] if (a["kind"], a["currency"]) == ("BDA", "USD"))
    with client(process, credentials["operator"]["api_key"]) as operator, client(process, bank["api_key"]) as member:
        answer = member.get("/v1/members")
        opening = {"member": answer.json()["data"][0]["id"], "kind": "BDA", "currency": "USD", "custody": "self"}
        own = operator.post("/v1/accounts", json={**opening, "address": holder.address}).json()["id"]
        _until(lambda: member.get(f"/v1/accounts/{own}").json()["status"] == "active")
        token = next(t for t in member.get("/v1/tokens").json()["data"] if t["currency"] == "USD")
        payee_address = operator.get(f"/v1/accounts/{payee}").json()["address"]

        money = {"amount": "100.00", "currency": "USD"}
        deposit = operator.post("/v1/deposits", json={"account": dda, **money}, headers={"Idempotency-Key": "d"})
        assert deposit.status_code == 201, deposit.text
        mint = {"debtor_account": dda, "creditor_account": own, **money}
        minted = member.post("/v1/mints", json=mint, headers={"Idempotency-Key": "m"})
        assert minted.json()["status"] == "settled", minted.text

        # BY AUTHORISATION
        message = {
            "from": holder.address, "to": Web3.to_checksum_address(payee_address), "value": 2500, "validAfter": 0,
            "validBefore": 2**40, "nonce": b"\x07" * 32,
        }  # fmt: skip
        domain = {
            "name": token["name"], "version": token["version"], "chainId": token["chain_id"],
            "verifyingContract": Web3.to_checksum_address(token["address"]),
        }  # fmt: skip
        signature = Account.sign_typed_data(holder.key, domain, TYPES, message).signature
        transfer = {
            "debtor_account": own, "creditor_account": payee, "amount": "25.00", "currency": "USD",
            "authorization": {"valid_after": 0, "valid_before": 2**40, "nonce": "0x" + "07" * 32,
                              "signature": "0x" + signature.hex()},
        }  # fmt: skip
        paid = member.post("/v1/transfers", json=transfer, headers={"Idempotency-Key": "t"})
        assert paid.json()["status"] == "settled", paid.text
        replayed = member.post("/v1/transfers", json=transfer, headers={"Idempotency-Key": "again"})
        assert (replayed.status_code, replayed.json()["code"]) == (422, "authorization_used")
        unsigned = {name: value for name, value in transfer.items() if name != "authorization"}
        refused = member.post("/v1/transfers", json=unsigned, headers={"Idempotency-Key": "u"})
        assert refused.json()["code"] == "self_custody"

        # BY RAW TRANSACTION
        data = Web3.keccak(text="transfer(address,uint256)")[:4] + bytes(12) + bytes.fromhex(payee_address[2:])
        raw = holder.sign_transaction(
            {"to": Web3.to_checksum_address(token["address"]), "data": data + (1500).to_bytes(32, "big"), "value": 0,
             "nonce": 0, "gas": 200_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "chainId": token["chain_id"]}
        )  # fmt: skip
        receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw.raw_transaction))
        assert receipt["status"] == 1
        _until(lambda: member.get(f"/v1/accounts/{own}/balances").json()["booked"] == "60.00")
        lines = member.get(f"/v1/accounts/{own}/entries").json()["data"]
        assert [(line["direction"], line["amount"]) for line in lines] == [
            ("DBIT", "15.00"), ("DBIT", "25.00"), ("CRDT", "100.00"),
        ]  # fmt: skip
    passed, report = process.audit()
    assert passed, report


def _until(true: Callable[[], bool]) -> None:
    pause = Event()
    for _ in range(600):
        if true():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come to be")
