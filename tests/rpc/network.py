"""A network of ours for these tests, the same to the byte each time, and a developer who deploys and calls on it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from ledger_node.chain.backend import DevChain, LocalChain
from ledger_node.chain.genesis import GenesisAccount, build_genesis
from ledger_node.chain.pyevm.dev import open_dev_chain
from ledger_node.chain.pyevm.engine import open_chain
from ledger_node.clock import Clock, HandSetClock
from ledger_node.keys import LocalSigner
from tests.clients.guestbook import artifact
from tests.networks.anvil import FUNDED_KEYS
from tests.rpc.server import Client

CHAIN_ID = 31337
ETHER = 10**18
SEALER = LocalSigner(b"\x07" * 32)
FUNDED = tuple(bytes.fromhex(Account.from_key(key).address[2:]) for key in FUNDED_KEYS)
GENESIS_TIME = 1_767_225_600


GENESIS = build_genesis(
    chain_id=CHAIN_ID,
    sealer=SEALER.address,
    timestamp=GENESIS_TIME,
    alloc={address: GenesisAccount(balance=10_000 * ETHER) for address in FUNDED},
)


def open_network(path: Path, clock: Clock | None = None, *, produce: bool = True) -> LocalChain:
    return open_chain(path, GENESIS, sealer=SEALER if produce else None, clock=clock or HandSetClock())


def open_dev_network(path: Path, clock: Clock | None = None) -> DevChain:
    return open_dev_chain(path, GENESIS, sealer=SEALER, clock=clock or HandSetClock())


def calldata(signature: str, *arguments: Any) -> str:
    types = signature[signature.index("(") + 1 : -1]
    packed = encode(types.split(",") if types else [], arguments)
    return "0x" + (function_signature_to_4byte_selector(signature) + packed).hex()


@dataclass
class Developer:
    """Signs with one funded key and counts its own nonces."""

    rpc: Client
    key: bytes = FUNDED_KEYS[0]
    nonce: int = 0
    fees: dict[str, int] = field(default_factory=lambda: {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0})

    @property
    def address(self) -> str:
        return str(Account.from_key(self.key).address).lower()

    def sign(self, **fields: Any) -> str:
        kind = fields.get("type", 2)
        price = self.fees if kind in (2, 4) else {"gasPrice": self.fees["maxFeePerGas"]}
        transaction = {
            "type": kind,
            "chainId": CHAIN_ID,
            "nonce": self.nonce,
            "gas": 1_000_000,
            "value": 0,
            **price,
            **fields,
        }
        if kind == 0:
            del transaction["type"]
        self.nonce = transaction["nonce"] + 1
        transaction = {name: value for name, value in transaction.items() if value is not None}
        return "0x" + bytes(Account.sign_transaction(transaction, self.key).raw_transaction).hex()

    def send(self, **fields: Any) -> dict[str, Any]:
        """The receipt, once it is mined."""
        receipt: dict[str, Any] = self.rpc("eth_sendRawTransactionSync", self.sign(**fields))
        return receipt

    def deploy(self, most: int = 32) -> str:
        receipt = self.send(data=artifact()["bytecode"] + encode(["uint256"], [most]).hex())
        assert receipt["status"] == "0x1"
        address: str = receipt["contractAddress"]
        return address

    def write(self, contract: str, words: str) -> dict[str, Any]:
        return self.send(to=to_checksum_address(contract), data=calldata("sign(string)", words))
