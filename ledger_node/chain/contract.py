"""A compiled contract as a caller sees it: calldata, return values, event topics and revert data, from its artifact.

Knows the ABI and nothing of what any contract is for. Hot paths (batches, logs) are encoded by hand in the rooms that
own them; everything else comes through here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from ledger_node.chain.blocks import Address, Hash32
from ledger_node.chain.encoding import keccak, rlp_encode

ErrorEntry: TypeAlias = tuple[str, tuple[str, ...], tuple[str, ...]]
"""An error's name, and its arguments' names and types."""

_SOLIDITY_ERRORS: dict[bytes, ErrorEntry] = {
    keccak(b"Error(string)")[:4]: ("Error", ("message",), ("string",)),
    keccak(b"Panic(uint256)")[:4]: ("Panic", ("code",), ("uint256",)),
}


@dataclass(frozen=True, slots=True)
class Function:
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Revert:
    """A decoded revert: the custom error's name (or `Error`, `Panic`) and its arguments by name."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contract:
    """`functions` by name (an overloaded one also, and only unambiguously, by signature), `topics` by event name."""

    name: str
    compiler: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    deployed_bytecode: bytes
    immutables: int
    """How many values its constructor puts into its code; only a contract with none can be predeployed."""
    immutable_places: tuple[tuple[int, int], ...]
    """Start and end of each place in the deployed code where the constructor puts such a value."""
    storage_slots: Mapping[str, int]
    functions: Mapping[str, Function]
    topics: Mapping[str, Hash32]
    errors: Mapping[bytes, ErrorEntry]
    constructor: tuple[str, ...]

    def call(self, function: str, *arguments: Any) -> bytes:
        """Calldata of `function`, by name or signature."""
        entry = self.functions[function]
        return entry.selector + encode(entry.inputs, arguments)

    def returned(self, function: str, data: bytes) -> tuple[Any, ...]:
        """The return values of `function`."""
        values: tuple[Any, ...] = decode(self.functions[function].outputs, data)
        return values

    def creation(self, *arguments: Any) -> bytes:
        """Init code with its constructor arguments: the data of a creating transaction."""
        return self.bytecode + encode(self.constructor, arguments)

    def is_code_of(self, code: bytes) -> bool:
        """Whether deployed code is this contract's, whatever its constructor put into it."""
        return len(code) == len(self.deployed_bytecode) and self._blanked(code) == self._blanked(self.deployed_bytecode)

    def _blanked(self, code: bytes) -> bytes:
        blanked = bytearray(code)
        for start, end in self.immutable_places:
            blanked[start:end] = bytes(end - start)
        return bytes(blanked)

    def revert(self, data: bytes) -> Revert | None:
        """What revert data says, or None when it is none of this contract's errors."""
        selector, body = data[:4], data[4:]
        entry = _SOLIDITY_ERRORS.get(selector) or self.errors.get(selector)
        if entry is None:
            return None
        name, names, types = entry
        try:
            return Revert(name, dict(zip(names, decode(types, body), strict=True)))
        except DecodingError:
            return None


def load_contract(path: Path) -> Contract:
    """Read an artifact that contracts/build.js wrote."""
    artifact = json.loads(path.read_text(encoding="utf-8"))
    functions: dict[str, Function] = {}
    topics: dict[str, Hash32] = {}
    errors: dict[bytes, ErrorEntry] = {}
    constructor: tuple[str, ...] = ()
    for entry in artifact["abi"]:
        inputs = _types(entry.get("inputs", ()))
        signature = f"{entry.get('name')}({','.join(inputs)})"
        digest = keccak(signature.encode())
        if entry["type"] == "function":
            function = Function(digest[:4], inputs, _types(entry["outputs"]))
            functions[signature] = function
            functions.setdefault(entry["name"], function)
        elif entry["type"] == "event":
            topics[entry["name"]] = digest
        elif entry["type"] == "error":
            errors[digest[:4]] = (entry["name"], tuple(each["name"] for each in entry["inputs"]), inputs)
        elif entry["type"] == "constructor":
            constructor = inputs
    return Contract(
        name=artifact["contract"],
        compiler=artifact["compiler"],
        abi=tuple(artifact["abi"]),
        bytecode=bytes.fromhex(artifact["bytecode"][2:]),
        deployed_bytecode=bytes.fromhex(artifact["deployedBytecode"][2:]),
        immutables=len(artifact["immutableReferences"]),
        immutable_places=tuple(
            (place["start"], place["start"] + place["length"])
            for places in artifact["immutableReferences"].values()
            for place in places
        ),
        storage_slots=artifact["storageSlots"],
        functions=functions,
        topics=topics,
        errors=errors,
        constructor=constructor,
    )


def create_address(sender: Address, nonce: int) -> Address:
    """The address of the contract which `sender`'s transaction with this nonce creates."""
    return keccak(rlp_encode([sender, nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")]))[12:]


def _types(parameters: Any) -> tuple[str, ...]:
    return tuple(_type(each) for each in parameters)


def _type(parameter: dict[str, Any]) -> str:
    text: str = parameter["type"]
    if text.startswith("tuple"):
        return f"({','.join(_types(parameter['components']))}){text.removeprefix('tuple')}"
    return text
