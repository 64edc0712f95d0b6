"""A genesis as geth and most clients write it, with the fork schedule of its `config`.

Chains made elsewhere start from it (see pyevm/imported.py); our own networks do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from ledger_node.chain.blocks import Address, Hash32, Header
from ledger_node.chain.encoding import EMPTY_LIST_HASH, EMPTY_TRIE_ROOT
from ledger_node.chain.genesis import NO_REQUESTS_HASH, GenesisAccount, write_alloc
from ledger_node.chain.wire import hashed
from ledger_node.errors import ConfigurationError

_BY_NUMBER = (
    ("homesteadBlock", "homestead"),
    ("eip150Block", "tangerine_whistle"),
    ("eip158Block", "spurious_dragon"),
    ("byzantiumBlock", "byzantium"),
    ("constantinopleBlock", "constantinople"),
    ("petersburgBlock", "petersburg"),
    ("istanbulBlock", "istanbul"),
    ("muirGlacierBlock", "muir_glacier"),
    ("berlinBlock", "berlin"),
    ("londonBlock", "london"),
    ("arrowGlacierBlock", "arrow_glacier"),
    ("grayGlacierBlock", "gray_glacier"),
)
_BY_TIME = (("shanghaiTime", "shanghai"), ("cancunTime", "cancun"), ("pragueTime", "prague"))
_NO_FORKS = frozenset(
    ("chainId", "daoForkBlock", "daoForkSupport", "eip150Hash", "eip155Block", "mergeNetsplitBlock",
     "terminalTotalDifficulty", "terminalTotalDifficultyPassed", "depositContractAddress", "blobSchedule",
     "ethash", "clique")
)  # fmt: skip
"""What a config may say beside its forks. Anything else might be a fork, or another rule, that is unknown here."""
_KNOWN = _NO_FORKS.union(key for key, _ in (*_BY_NUMBER, *_BY_TIME))


@dataclass(frozen=True, slots=True)
class GethGenesis:
    chain_id: int
    forks_by_number: tuple[tuple[int, str], ...]
    forks_by_time: tuple[tuple[int, str], ...]
    merges: bool
    document: Mapping[str, Any]

    def fork_name(self, *, number: int, timestamp: int, difficulty: int) -> str:
        name = "frontier"
        for start, fork in self.forks_by_number:
            if number >= start:
                name = fork
        # From the merge on, a block has no difficulty.
        if not self.merges or difficulty != 0:
            return name
        name = "paris"
        for start, fork in self.forks_by_time:
            if timestamp >= start:
                name = fork
        return name

    def header(self) -> Header:
        document = self.document
        timestamp, difficulty = _int(document.get("timestamp", 0)), _int(document.get("difficulty", 0))
        fork = self.fork_name(number=0, timestamp=timestamp, difficulty=difficulty)
        later = [name for name in ("london", "shanghai", "cancun", "prague") if _not_before(fork, name)]
        fields: dict[str, Any] = {}
        if "london" in later:
            fee = document.get("baseFeePerGas")
            fields["base_fee_per_gas"] = 10**9 if fee is None else _int(fee)
        if "shanghai" in later:
            fields["withdrawals_root"] = EMPTY_TRIE_ROOT
        if "cancun" in later:
            fields |= {
                "blob_gas_used": _int(document.get("blobGasUsed") or 0),
                "excess_blob_gas": _int(document.get("excessBlobGas") or 0),
                "parent_beacon_block_root": bytes(32),
            }
        if "prague" in later:
            fields["requests_hash"] = NO_REQUESTS_HASH
        return hashed(
            Header(
                number=_int(document.get("number", 0)),
                hash=b"",
                parent_hash=_bytes(document.get("parentHash", "0x" + "00" * 32), 32),
                ommers_hash=EMPTY_LIST_HASH,
                coinbase=_bytes(document.get("coinbase", "0x" + "00" * 20), 20),
                state_root=self.write_state({}),
                transactions_root=EMPTY_TRIE_ROOT,
                receipts_root=EMPTY_TRIE_ROOT,
                logs_bloom=bytes(256),
                difficulty=difficulty,
                gas_limit=_int(document.get("gasLimit", 4_712_388)),
                gas_used=_int(document.get("gasUsed", 0)),
                timestamp=timestamp,
                extra_data=_bytes(document.get("extraData", "0x")),
                mix_hash=_bytes(document.get("mixHash", "0x" + "00" * 32), 32),
                nonce=_int(document.get("nonce", 0)).to_bytes(8, "big"),
                **fields,
            )
        )

    def write_state(self, nodes: dict[Hash32, bytes]) -> Hash32:
        alloc: dict[Address, GenesisAccount] = {}
        for address, account in self.document["alloc"].items():
            slots = account.get("storage") or {}
            alloc[_bytes(address, 20)] = GenesisAccount(
                balance=_int(account.get("balance", 0)),
                nonce=_int(account.get("nonce", 0)),
                code=_bytes(account.get("code") or "0x"),
                storage={int(slot, 16): int(value, 16) for slot, value in slots.items()},
            )
        return write_alloc(alloc, nodes, keep_empty=True)

    def to_json(self) -> Mapping[str, Any]:
        return self.document


_ORDER = ("frontier", *(name for _, name in _BY_NUMBER), "paris", *(name for _, name in _BY_TIME))


def _not_before(fork: str, other: str) -> bool:
    return _ORDER.index(fork) >= _ORDER.index(other)


def parse_geth_genesis(document: Any) -> GethGenesis:
    """Raises ConfigurationError when it is no geth genesis, or names forks this release does not know."""
    try:
        config = document["config"]
        unknown = [name for name, value in config.items() if name not in _KNOWN and value is not None]
        if unknown:
            raise ConfigurationError(
                f"The genesis names {', '.join(sorted(unknown))}; this release knows geth's forks up to Prague, "
                "and no other rules."
            )
        if config.get("daoForkSupport"):
            raise ConfigurationError("The genesis supports the DAO fork, which this release does not carry out.")
        genesis = GethGenesis(
            chain_id=_int(config["chainId"]),
            forks_by_number=tuple((config[key], name) for key, name in _BY_NUMBER if config.get(key) is not None),
            forks_by_time=tuple((config[key], name) for key, name in _BY_TIME if config.get(key) is not None),
            merges=config.get("terminalTotalDifficulty") is not None,
            document=document,
        )
        genesis.header()
        return genesis
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ConfigurationError(f"The genesis is not one geth could have written: {error!r}.") from None


def forks_by_time(config: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    """When each fork that comes at a time begins, in their order."""
    return tuple((_int(config[key]), name) for key, name in _BY_TIME if config.get(key) is not None)


def fork_id(document: Mapping[str, Any], genesis_hash: Hash32, time: int) -> bytes:
    """EIP-2124's checksum of a chain's rules at `time`, when the forks that come by number are past."""
    config = document["config"]
    numbers = {_int(value) for name, value in config.items() if name.endswith("Block") and value is not None}
    times = {start for start, _ in forks_by_time(config) if _int(document.get("timestamp", 0)) < start <= time}
    checksum = crc32(genesis_hash)
    for start in (*sorted(numbers - {0}), *sorted(times)):
        checksum = crc32(start.to_bytes(8, "big"), checksum)
    return checksum.to_bytes(4, "big")


def _int(value: Any) -> int:
    return int(value, 0) if isinstance(value, str) else int(value)


def _bytes(value: str, length: int | None = None) -> bytes:
    text = value.removeprefix("0x")
    data = bytes.fromhex(text if len(text) % 2 == 0 else "0" + text)
    if length is not None and len(data) != length:
        raise ValueError(f"{value!r} is not {length} bytes")
    return data
