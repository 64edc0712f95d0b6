"""A thin gateway, written for the benchmark: FastAPI and web3.py, one ERC-20 transaction per request, and no ledger.

What a bank could have in an afternoon; `python -m bench.thin_gateway PORT RPC_URL TOKEN KEY [KEY …]` serves it. It
signs for the payer, sends, and answers when the transaction is mined; it remembers nothing.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from typing import Any

import uvicorn
from eth_account import Account
from fastapi import FastAPI
from pydantic import BaseModel
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import TransactionNotFound

from bench.ethereum import CHAIN_ID, TRANSFER, TRANSFER_GAS, MiningAnvil
from bench.wire import Connection

POLL_S = 0.001


class Transfer(BaseModel):
    payer: int
    payee: int
    amount: int


def create_app(rpc_url: str, token: str, keys: list[str]) -> FastAPI:
    app = FastAPI()
    web3 = AsyncWeb3(AsyncHTTPProvider(rpc_url))
    accounts = [Account.from_key(key) for key in keys]
    nonces: dict[int, int] = {}
    turns = [asyncio.Lock() for _ in keys]

    @app.post("/transfers", status_code=201)
    async def transfer(form: Transfer) -> dict[str, Any]:
        payer, payee = accounts[form.payer], accounts[form.payee]
        async with turns[form.payer]:
            if form.payer not in nonces:
                nonces[form.payer] = await web3.eth.get_transaction_count(payer.address)
            data = TRANSFER + bytes.fromhex(payee.address[2:]).rjust(32, b"\0") + form.amount.to_bytes(32)
            signed = payer.sign_transaction(
                {
                    "chainId": CHAIN_ID, "nonce": nonces[form.payer], "to": token, "data": data, "value": 0,
                    "gas": TRANSFER_GAS, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0,
                }
            )  # fmt: skip
            hash_ = await web3.eth.send_raw_transaction(signed.raw_transaction)
            nonces[form.payer] += 1
        while True:
            with contextlib.suppress(TransactionNotFound):
                receipt = await web3.eth.get_transaction_receipt(hash_)
                return {
                    "status": "settled" if receipt["status"] == 1 else "rejected",
                    "block_number": receipt["blockNumber"], "transaction_hash": hash_.to_0x_hex(),
                }  # fmt: skip
            await asyncio.sleep(POLL_S)

    return app


class ThinGateway:
    """The subject: the gateway in a process of its own, in front of an anvil that mines every transaction at once."""

    name = "thin gateway and anvil"

    def __init__(self, anvil: MiningAnvil) -> None:
        self._anvil = anvil
        self._connections: dict[int, Connection] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""
        self._asked = 0

    async def open(self) -> None:
        await self._anvil.open()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        keys = [f"0x{signer._key.secret.hex()}" for signer in self._anvil.signers]
        token = AsyncWeb3.to_checksum_address(self._anvil.token)
        command = [sys.executable, "-m", "bench.thin_gateway", str(port), self._anvil.url, token, *keys]
        self._process = _start(command)
        self._url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                await self.transfer(0)
                return
            except OSError:
                assert time.monotonic() < deadline, "the thin gateway did not start"
                await asyncio.sleep(0.1)

    async def transfer(self, client: int) -> dict[str, Any]:
        self._asked += 1
        senders = len(self._anvil.signers)
        body = {"payer": client % senders, "payee": (client + 1) % senders, "amount": 1 + self._asked % 99}
        connection = self._connections.setdefault(client, Connection(self._url, ""))
        status, answer = await connection.post("/transfers", body)
        assert (status, answer["status"]) == (201, "settled"), answer
        return answer

    async def close(self) -> None:
        for connection in self._connections.values():
            await connection.close()
        self.end()
        await self._anvil.close()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=30)
        self._anvil.end()


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command)


if __name__ == "__main__":
    port, rpc_url, token, *keys = sys.argv[1:]
    uvicorn.run(create_app(rpc_url, token, keys), port=int(port), log_level="warning", access_log=False)
