"""The genesis of a network of ours: the file every node starts from, and the block it stands for.

What the file says is committed to by the genesis block's hash: accounts through the state root, everything else through
header fields, and the rules section through its hash in extra-data. Two nodes with one genesis hash are on one network.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ledger_node.chain import tries
from ledger_node.chain.attestations import two_thirds
from ledger_node.chain.blocks import Address, Hash32, Header
from ledger_node.chain.encoding import (
    EMPTY_LIST_HASH,
    EMPTY_TRIE_ROOT,
    int_bytes,
    keccak,
    rlp_encode,
)
from ledger_node.chain.prices import PRECOMPILE_PRICES
from ledger_node.chain.wire import hashed
from ledger_node.errors import ConfigurationError
from ledger_node.json_files import read_json

FORMAT = 1
NO_REQUESTS_HASH = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

BEACON_ROOTS = bytes.fromhex("000f3df6d732807ef1319fb7b8bb8522d0beac02")
BEACON_ROOTS_CODE = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c57"
    "5f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500"
)
BLOCK_HASHES = bytes.fromhex("0000f90827f1c53a10cb7a02335b175320002935")
BLOCK_HASHES_CODE = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff"
    "9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500"
)
PERMISSIONS = bytes.fromhex("00000000000000000000000000000000000a11ed")
"""Where the permissions contract is predeployed, on networks that have one."""


TRANSACTION_GAS_MAX = 2**24
"""What Ethereum itself allows a transaction since Osaka (EIP-7825); tools that know that limit know ours."""


@dataclass(frozen=True, slots=True)
class GenesisAccount:
    balance: int = 0
    nonce: int = 0
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """What a network of ours decides for itself, for ever.

    `transaction_gas_max`: no transaction may ask for more gas (py-evm runs some million gas per second, so gas bounds
    how long one transaction can keep a block waiting). `future_limit_s`: how far ahead of a node's own clock it
    lets an imported block's timestamp be. `permissions`: whether the contract at PERMISSIONS decides who may do what.
    `precompile_prices`: the hash of the table in `prices.py`; a release knows one table, and refuses other networks.
    """

    transaction_gas_max: int = TRANSACTION_GAS_MAX
    precompile_prices: str = PRECOMPILE_PRICES
    future_limit_s: int = 15
    permissions: bool = False


@dataclass(frozen=True, slots=True)
class Genesis:
    chain_id: int
    timestamp: int
    gas_limit: int
    sealer: Address
    alloc: Mapping[Address, GenesisAccount]
    rules: NetworkRules = NetworkRules()
    attestors: tuple[Address, ...] = ()
    """Who may attest blocks; with none, every block is final as soon as it is sealed."""
    quorum: int = 0
    """How many of them make a block final; 0 with no attestors."""

    def header(self) -> Header:
        """Block 0."""
        return hashed(
            Header(
                number=0,
                hash=b"",
                parent_hash=bytes(32),
                ommers_hash=EMPTY_LIST_HASH,
                coinbase=self.sealer,
                state_root=self.write_state({}),
                transactions_root=EMPTY_TRIE_ROOT,
                receipts_root=EMPTY_TRIE_ROOT,
                logs_bloom=bytes(256),
                difficulty=0,
                gas_limit=self.gas_limit,
                gas_used=0,
                timestamp=self.timestamp,
                extra_data=keccak(json.dumps(self._committed(), sort_keys=True).encode()),
                mix_hash=bytes(32),
                nonce=bytes(8),
                base_fee_per_gas=0,
                withdrawals_root=EMPTY_TRIE_ROOT,
                blob_gas_used=0,
                excess_blob_gas=0,
                parent_beacon_block_root=bytes(32),
                requests_hash=NO_REQUESTS_HASH,
            )
        )

    def _committed(self) -> list[Any]:
        """What of the network the genesis hash commits to beside the header's own fields."""
        own: list[Any] = [FORMAT, self.chain_id, asdict(self.rules)]
        return [*own, [_hex(address) for address in self.attestors], self.quorum] if self.attestors else own

    def write_state(self, nodes: dict[Hash32, bytes]) -> Hash32:
        """Add the state's trie nodes and code to `nodes`, by hash; returns the state root."""
        return write_alloc(self.alloc, nodes)

    def to_json(self) -> dict[str, Any]:
        attestation = {"attestors": [_hex(address) for address in self.attestors], "quorum": self.quorum}
        return {
            "format": FORMAT,
            "chainId": self.chain_id,
            "timestamp": self.timestamp,
            "gasLimit": self.gas_limit,
            "sealer": _hex(self.sealer),
            "rules": {_camel(name): value for name, value in asdict(self.rules).items()},
            **({"attestation": attestation} if self.attestors else {}),
            "alloc": {_hex(address): _account_json(account) for address, account in sorted(self.alloc.items())},
        }


def write_alloc(
    alloc: Mapping[Address, GenesisAccount], nodes: dict[Hash32, bytes], *, keep_empty: bool = False
) -> Hash32:
    """Add the accounts' trie nodes and code to `nodes`, by hash; returns the state root."""
    created: dict[Hash32, tuple[bytes, tries.Node]] = {}
    accounts: dict[bytes, bytes] = {}
    for address, account in alloc.items():
        if account == GenesisAccount() and not keep_empty:
            continue  # an empty account is no account (EIP-161)
        slots = {
            keccak(slot.to_bytes(32, "big")): rlp_encode(int_bytes(value))
            for slot, value in account.storage.items()
            if value
        }
        storage_root = tries.update(EMPTY_TRIE_ROOT, slots, tries.no_nodes, created)
        code_hash = keccak(account.code)
        if account.code:
            nodes[code_hash] = account.code
        accounts[keccak(address)] = rlp_encode(
            [int_bytes(account.nonce), int_bytes(account.balance), storage_root, code_hash]
        )
    root = tries.update(EMPTY_TRIE_ROOT, accounts, tries.no_nodes, created)
    nodes.update({node_hash: encoded for node_hash, (encoded, _) in created.items()})
    return root


def build_genesis(
    *,
    chain_id: int,
    sealer: Address,
    timestamp: int,
    gas_limit: int = 500_000_000,
    alloc: Mapping[Address, GenesisAccount] | None = None,
    rules: NetworkRules | None = None,
    attestors: tuple[Address, ...] = (),
    quorum: int | None = None,
) -> Genesis:
    """A genesis with the Prague system contracts in it: beacon roots (EIP-4788) and block hashes (EIP-2935).

    `quorum` is two thirds of the attestors unless given. Raises ConfigurationError when it is none of them, or more.
    """
    system = {
        BEACON_ROOTS: GenesisAccount(nonce=1, code=BEACON_ROOTS_CODE),
        BLOCK_HASHES: GenesisAccount(nonce=1, code=BLOCK_HASHES_CODE),
    }
    return Genesis(
        chain_id=chain_id,
        timestamp=timestamp,
        gas_limit=gas_limit,
        sealer=sealer,
        alloc=MappingProxyType({**(alloc or {}), **system}),
        rules=rules or NetworkRules(),
        attestors=attestors,
        quorum=_quorum(attestors, quorum),
    )


def _quorum(attestors: tuple[Address, ...], quorum: int | None) -> int:
    if len(set(attestors)) != len(attestors):
        raise ConfigurationError("The genesis names an attestor twice.")
    wanted = two_thirds(len(attestors)) if quorum is None else quorum
    if not min(1, len(attestors)) <= wanted <= len(attestors):
        raise ConfigurationError(f"A quorum of {wanted} out of {len(attestors)} attestors is not possible.")
    return wanted


# THE FILE


def write_genesis(path: Path, genesis: Genesis) -> None:
    path.write_text(json.dumps(genesis.to_json(), indent=2) + "\n", encoding="utf-8")


def read_genesis(path: Path) -> Genesis:
    """Raises ConfigurationError when the file is missing or is no genesis of ours."""
    try:
        document = read_json(path)
    except FileNotFoundError:
        raise ConfigurationError(f"There is no genesis file at {path}; run `ledger-node init`.") from None
    except ValueError as error:
        raise ConfigurationError(f"The genesis file {path} is not JSON: {error}.") from None
    return parse_genesis(document)


def parse_genesis(document: Any) -> Genesis:
    """Raises ConfigurationError naming what is wrong. Unknown keys are refused: a typo must not change a network."""
    try:
        _only(
            document,
            {"format", "chainId", "timestamp", "gasLimit", "sealer", "rules", "alloc", "attestation"},
            "the genesis",
        )
        if document["format"] != FORMAT:
            raise ConfigurationError(f"The genesis has format {document['format']}; this release reads {FORMAT}.")
        known = {_camel(name): name for name in NetworkRules.__dataclass_fields__}
        _only(document.get("rules", {}), set(known), "its rules")
        prices = document.get("rules", {}).get("precompilePrices", PRECOMPILE_PRICES)
        if prices != PRECOMPILE_PRICES:
            raise ConfigurationError(
                f"The genesis has precompiled contracts at prices {prices}; this release has {PRECOMPILE_PRICES}."
            )
        attestation = document.get("attestation", {"attestors": []})
        _only(attestation, {"attestors", "quorum"}, "its attestation")
        attestors = tuple(_bytes(address, 20) for address in attestation["attestors"])
        return Genesis(
            chain_id=_int(document["chainId"]),
            timestamp=_int(document["timestamp"]),
            gas_limit=_int(document["gasLimit"]),
            sealer=_bytes(document["sealer"], 20),
            alloc=MappingProxyType(
                {_bytes(address, 20): _account(account) for address, account in document["alloc"].items()}
            ),
            rules=NetworkRules(**{known[name]: value for name, value in document.get("rules", {}).items()}),
            attestors=attestors,
            quorum=_quorum(attestors, attestation.get("quorum")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"The genesis file is not valid: {error!r}.") from None


def _account(document: Any) -> GenesisAccount:
    _only(document, {"balance", "nonce", "code", "storage"}, "an account")
    storage = {_int(slot): _int(value) for slot, value in document.get("storage", {}).items()}
    return GenesisAccount(
        balance=_int(document.get("balance", 0)),
        nonce=_int(document.get("nonce", 0)),
        code=_bytes(document.get("code", "0x")),
        storage=MappingProxyType(storage),
    )


def _account_json(account: GenesisAccount) -> dict[str, Any]:
    document: dict[str, Any] = {"balance": hex(account.balance)}
    if account.nonce:
        document["nonce"] = hex(account.nonce)
    if account.code:
        document["code"] = _hex(account.code)
    if account.storage:
        document["storage"] = {f"0x{slot:064x}": hex(value) for slot, value in sorted(account.storage.items())}
    return document


def _only(document: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(document) - known)
    if unknown:
        raise ConfigurationError(f"{what.capitalize()} has unknown keys: {', '.join(unknown)}.")


def _int(value: Any) -> int:
    number = int(value, 0) if isinstance(value, str) else value
    if type(number) is not int or not 0 <= number < 2**256:
        raise ValueError(f"{value!r} is no unsigned integer")
    return number


def _bytes(value: str, length: int | None = None) -> bytes:
    data = bytes.fromhex(value.removeprefix("0x"))
    if length is not None and len(data) != length:
        raise ValueError(f"{value!r} is not {length} bytes")
    return data


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
