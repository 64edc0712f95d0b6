"""A developer on an Ethereum node, whichever it is: JSON-RPC on kept connections, one key, and two contracts.

The key is the first of `test test … junk`. It signs at price zero and counts its own nonces, so both nodes get the same
bytes. The contracts are the deposit token, and one that writes as many logs as it is told, each with its own topic.
"""

from typing import Any

from eth_account import Account
from eth_utils.address import to_checksum_address

from bench.wire import Connection
from ledger_node.chain.contract import create_address
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.deployment import TokenRoles, TokenSetup
from ledger_node.keys import LocalSigner
from ledger_node.money import currency

KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
SIGNER = LocalSigner(KEY)
LOGGER = bytes.fromhex("60178060095f395ff3" + "5f355b80156015578060015f5fa2600190036002565b00")
"""for (i = calldata[0]; i > 0; i--) emit a log with topics 1 and i."""
LOOP = bytes.fromhex("60038060095f395ff3" + "5b5f56")
"""Jumps to itself until its gas, or somebody's patience, is at an end."""

GAS_OF_LOG = 1_300


class Developer:
    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url
        self._connections: dict[int, Connection] = {}
        self._chain_id = 0
        self.nonce = 0
        self.token = self.logger = b""

    async def open(self) -> None:
        self._chain_id = int(await self.ask("eth_chainId"), 16)
        owner = SIGNER.address
        roles = TokenRoles(owner, owner, owner, owner, owner, owner)
        self.token = await self.deploy(TokenSetup(currency("USD"), roles).creation_code())
        await self.send(self.token, calls.register([calls.Registration(owner, 1, self_custody=True)]))
        self.logger = await self.deploy(LOGGER)

    async def ask(self, method: str, *params: Any, client: int = 0) -> Any:
        connection = self._connections.setdefault(client, Connection(self._url, ""))
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        _, answer = await connection.post("/", request)
        assert "error" not in answer, f"{self.name}: {method}: {answer}"
        return answer["result"]

    def sign(self, to: bytes | None, data: bytes = b"", gas: int = 100_000) -> str:
        """The next transaction, ready to be sent."""
        transaction: dict[str, Any] = {
            "type": 2, "chainId": self._chain_id, "nonce": self.nonce, "gas": gas, "value": 0, "data": data,
            "maxFeePerGas": 0, "maxPriorityFeePerGas": 0,
        }  # fmt: skip
        if to is not None:
            transaction["to"] = to_checksum_address(to)
        self.nonce += 1
        return "0x" + bytes(Account.sign_transaction(transaction, KEY).raw_transaction).hex()

    async def deploy(self, code: bytes) -> bytes:
        address = create_address(SIGNER.address, self.nonce)
        await self.mined(await self.ask("eth_sendRawTransaction", self.sign(None, code, 10_000_000)))
        return address

    async def send(self, to: bytes, data: bytes, gas: int = 200_000) -> dict[str, Any]:
        return await self.mined(await self.ask("eth_sendRawTransaction", self.sign(to, data, gas)))

    async def write_logs(self, count: int) -> dict[str, Any]:
        return await self.send(self.logger, count.to_bytes(32, "big"), 100_000 + GAS_OF_LOG * count)

    async def mined(self, transaction_hash: str) -> dict[str, Any]:
        receipt = None
        while receipt is None:
            receipt = await self.ask("eth_getTransactionReceipt", transaction_hash)
        assert receipt["status"] == "0x1", receipt
        return dict(receipt)

    async def close(self) -> None:
        for connection in self._connections.values():
            await connection.close()
