"""The peers: development nodes that take raw, pre-signed ERC-20 transfers over Ethereum JSON-RPC.

Each is asked in the way that measured best for it. They keep what they mine in memory and know no bank, no ledger and
no judgement but the token's own.
"""

import asyncio
import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from bench.wire import Connection
from ledger_node.chain.encoding import keccak
from ledger_node.keys import LocalSigner
from ledger_node.settlement.onchain.signing import Fees, sign_transaction

HERE = Path(__file__).parent
CHAIN_ID = 31337
TRANSFER = keccak(b"transfer(address,uint256)")[:4]
TRANSFER_GAS = 60_000
BLOCK_GAS = 30_000_000_000
BATCH = 100
"""Requests of one JSON-RPC batch."""


class Unmeasured(Exception):
    """This peer cannot be measured here; the text says why."""


class DevelopmentNode:
    """A node of its own process on an empty chain, whose `senders` hold a plain ERC-20 and sign for themselves."""

    name = "a development node"
    program = ""
    automine = False
    fees = Fees()

    def __init__(self, directory: Path, *, senders: int) -> None:
        self._log = directory / f"{self.name.replace(' ', '-')}.log"
        self.signers = [LocalSigner(keccak(b"bench sender %d" % number)) for number in range(senders)]
        self._nonces = [0] * senders
        self._process: subprocess.Popen[bytes] | None = None
        self.token = b""
        self.url = ""

    async def open(self) -> None:
        program = HERE / "node_modules" / ".bin" / self.program
        if not program.exists():
            raise Unmeasured(f"{self.name}: {program} is not installed (npm ci in bench/)")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._process = _start([str(program), *self._flags(port)], self._log)
        self._connection = Connection(self.url, "")
        await self._until_up()
        await self._prepare()
        words = [64, 10**24, len(self.signers), *(int.from_bytes(signer.address) for signer in self.signers)]
        code = bytes.fromhex((HERE / "erc20" / "PlainToken.hex").read_text().strip())
        receipt = await self._mine(code + b"".join(word.to_bytes(32) for word in words), to=None, gas=10_000_000)
        self.token = bytes.fromhex(receipt["contractAddress"][2:])

    def _flags(self, port: int) -> list[str]:
        raise NotImplementedError

    async def _until_up(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                await self.rpc("eth_chainId")
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise Unmeasured(f"{self.name} did not start: {self._log.read_text()[-500:]}") from None
                await asyncio.sleep(0.05)

    async def _prepare(self) -> None:
        """Give the senders what they need."""

    async def _mine(self, data: bytes, *, to: bytes | None, gas: int) -> Any:
        raw = self.sign(0, to=to, data=data, gas=gas)
        hash_ = await self.rpc("eth_sendRawTransaction", raw)
        await self.mine()
        # Asked again and again, for it happens in another process.
        while (receipt := await self.rpc("eth_getTransactionReceipt", hash_)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert receipt["status"] == "0x1", receipt
        return receipt

    async def mine(self) -> None:
        await self.rpc("evm_mine")

    async def rpc(self, method: str, *params: Any) -> Any:
        answer = await self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        assert "error" not in answer, answer
        return answer["result"]

    async def _post(self, body: Any) -> Any:
        status, answer = await self._connection.post("/", body)
        assert status == 200, answer
        return answer

    def sign(self, sender: int, *, to: bytes | None, data: bytes, gas: int = TRANSFER_GAS) -> str:
        nonce, self._nonces[sender] = self._nonces[sender], self._nonces[sender] + 1
        signed = sign_transaction(
            self.signers[sender], chain_id=CHAIN_ID, nonce=nonce, to=to, data=data, gas=gas, fees=self.fees
        )
        return f"0x{signed.raw.hex()}"

    def transfers(self, count: int) -> list[str]:
        """Signed transfers of a few units each, from every sender in turn to its neighbour."""
        raws = []
        for number in range(count):
            sender = number % len(self.signers)
            payee = self.signers[(sender + 1) % len(self.signers)].address
            data = TRANSFER + payee.rjust(32, b"\0") + (1 + number % 99).to_bytes(32)
            raws.append(self.sign(sender, to=self.token, data=data))
        return raws

    async def settle(self, raws: list[str]) -> float:
        """Send and mine them all; payments a second."""
        started = time.perf_counter()
        for start in range(0, len(raws), BATCH):
            batch = [
                {"jsonrpc": "2.0", "id": number, "method": "eth_sendRawTransaction", "params": [raw]}
                for number, raw in enumerate(raws[start : start + BATCH])
            ]
            answers = await self._post(batch)
            assert all("result" in answer for answer in answers), answers[0]
        await self.mine()
        elapsed = time.perf_counter() - started
        mined = 0
        head = int(await self.rpc("eth_blockNumber"), 16)
        while mined < len(raws) and head:
            mined += len((await self.rpc("eth_getBlockByNumber", hex(head), False))["transactions"])
            head -= 1
        assert mined >= len(raws), f"{self.name} mined {mined} of {len(raws)}"
        return len(raws) / elapsed

    async def close(self) -> None:
        await self._connection.close()
        self.end()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=30)


class Anvil(DevelopmentNode):
    name = "anvil"
    program = "anvil"

    def _flags(self, port: int) -> list[str]:
        fees = ["--gas-price", "0", "--base-fee", "0"]
        mining = [] if self.automine else ["--no-mining", "--order", "fifo"]
        return ["--port", str(port), "--silent", "--gas-limit", str(BLOCK_GAS), *fees, *mining]

    async def _prepare(self) -> None:
        if not self.automine:
            await self.rpc("evm_setAutomine", False)

    async def mine(self) -> None:
        if not self.automine:
            await self.rpc("evm_mine")


class MiningAnvil(Anvil):
    """A block for every transaction at once: what a gateway that answers when a payment is mined wants."""

    name = "anvil, automine"
    automine = True


class Ganache(DevelopmentNode):
    name = "ganache"
    program = "ganache"
    automine = True
    fees = Fees(max_fee_per_gas=2 * 10**9)

    def _flags(self, port: int) -> list[str]:
        money = [f"--wallet.accounts=0x{signer._key.secret.hex()},0x{10**24:x}" for signer in self.signers]
        chain = [f"--chain.chainId={CHAIN_ID}", "--chain.hardfork=shanghai"]
        return [f"--server.port={port}", "--logging.quiet", f"--miner.blockGasLimit={BLOCK_GAS}", *chain, *money]

    async def mine(self) -> None:
        return None


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out)


def measure_eth_tester(python: Path, *, payments: int, runs: int) -> list[float]:
    """Payments a second on eth-tester with py-evm, in an environment of its own. Raises Unmeasured."""
    if not python.exists():
        raise Unmeasured(f"eth-tester: {python} is not there (make bench sets it up)")
    script = [str(python), str(HERE / "in_eth_tester.py"), str(payments), str(runs)]
    outcome = subprocess.run(script, capture_output=True, text=True)
    if outcome.returncode != 0:
        raise Unmeasured(f"eth-tester: {outcome.stderr[-500:]}")
    rates: list[float] = json.loads(outcome.stdout)
    return rates
