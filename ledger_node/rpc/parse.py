"""Parameter parsers: JSON values in, the chain's plain types out, or -32602 with a sentence that says how to mend it.

Strict where geth is strict: hex needs its `0x`, quantities have no leading zeros, lengths are exact. Parsers know
nothing of methods; a method names its parameters' parsers in its signature (see registry.py).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from ledger_node.chain.blocks import BlockRef
from ledger_node.rpc.errors import invalid_params

T = TypeVar("T")
D = TypeVar("D")
Parse = Callable[[Any], T]

_QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]*)", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]*", re.ASCII)
_TAGS = ("latest", "safe", "finalized", "pending", "earliest")

UINT64 = 2**64 - 1
UINT256 = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Parser:
    """Put into a parameter's `Annotated` type; `parse` raises ValueError with a sentence."""

    parse: Parse[Any]


def shown(value: Any) -> str:
    """A value as an error message repeats it: short, and never more than the caller sent."""
    text = repr(value) if not isinstance(value, str) else f'"{value}"'
    return text if len(text) <= 80 else text[:77] + "..."


# NUMBERS


def quantity(value: Any, most: int = UINT256) -> int:
    if not isinstance(value, str):
        raise ValueError(f'expected a quantity as a hex string such as "0x1f", got {shown(value)}')
    if not value.startswith(("0x", "0X")):
        raise ValueError(f"hex string without 0x prefix: {shown(value)}; write it as 0x and hex digits")
    if value == "0x":
        raise ValueError('hex string "0x" has no digits; zero is "0x0"')
    if not _QUANTITY.fullmatch(value):
        if _HEX.fullmatch(value):
            raise ValueError(f"hex number with leading zero digits: {shown(value)}; leave the zeros after 0x out")
        raise ValueError(f"invalid hex string {shown(value)}; only 0-9 and a-f may follow 0x")
    number = int(value, 16) if len(value) <= 66 else most + 1
    if number > most:
        raise ValueError(f"hex number {shown(value)} is above {most:#x}")
    return number


def uint64(value: Any) -> int:
    return quantity(value, UINT64)


def quantity_or_integer(value: Any) -> int:
    """Where geth takes both, as in the count of `eth_feeHistory` and in the dev profile's helpers."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0 or value > UINT256:
            raise ValueError(f"expected a number from 0, got {shown(value)}")
        return value
    return quantity(value)


def integer(value: Any) -> int:
    """A JSON number, where geth takes nothing else."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise ValueError(f"expected an integer such as 10, got {shown(value)}")
    return value


# BYTES


def data(value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError(f'expected bytes as a hex string such as "0x00ff", got {shown(value)}')
    if not value.startswith("0x"):
        raise ValueError(f"hex string without 0x prefix: {shown(value)}; write it as 0x and two digits per byte")
    if len(value) % 2:
        raise ValueError(f"hex string of odd length: {shown(value)}; write two digits per byte")
    if not _HEX.fullmatch(value):
        raise ValueError(f"invalid hex string {shown(value)}; only 0-9 and a-f may follow 0x")
    return bytes.fromhex(value[2:])


def _exactly(length: int, what: str) -> Parse[bytes]:
    def parse(value: Any) -> bytes:
        read = data(value)
        if len(read) != length:
            raise ValueError(
                f"{what} has {length} bytes (0x and {2 * length} hex digits), not {len(read)}: {shown(value)}"
            )
        return read

    return parse


address = _exactly(20, "an address")
hash32 = _exactly(32, "a hash")
word = _exactly(32, "a word")


def slot(value: Any) -> int:
    """A storage slot: up to 32 bytes of hex, short and odd forms allowed (`0x0`), as `cast storage` sends it."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError(f'expected a storage slot as a hex string such as "0x0", got {shown(value)}')
    if len(value) > 66 or not _HEX.fullmatch(value):
        raise ValueError(f"a storage slot is 0x and at most 64 hex digits, not {shown(value)}")
    return int(value[2:] or "0", 16)


def storage_word(value: Any) -> int:
    return int.from_bytes(word(value), "big")


# OTHER VALUES


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {shown(value)}")
    return value


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a string, got {shown(value)}")
    return value


def anything(value: Any) -> Any:
    return value


def fields(value: Any) -> dict[str, Any]:
    """An object without its null members: clients send null for what they leave out."""
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got {shown(value)}")
    return {name: member for name, member in value.items() if member is not None}


def array(value: Any, of: Parse[T], what: str) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise ValueError(f"expected an array of {what}, got {shown(value)}")
    return tuple(within(f"[{index}]", of, item) for index, item in enumerate(value))


def within(place: str, parse: Parse[T], value: Any) -> T:
    """Parse a part of a larger value, so that a message names the part."""
    try:
        return parse(value)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def member(of: Mapping[str, Any], name: str, parse: Parse[T], default: D) -> T | D:
    return within(name, parse, of[name]) if name in of else default


# BLOCKS


def block(value: Any) -> BlockRef:
    """A number, a tag, a 32-byte hash, or an EIP-1898 object."""
    if isinstance(value, dict):
        return _eip1898(fields(value))
    if isinstance(value, str) and len(value) == 66 and value.startswith("0x"):
        return hash32(value)
    return block_number_or_tag(value)


def block_number_or_tag(value: Any) -> BlockRef:
    for tag in _TAGS:
        if value == tag:
            return tag  # type: ignore[return-value]
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError(f"expected a block number such as 0x1f or one of {', '.join(_TAGS)}, got {shown(value)}")
    return quantity(value, 2**63 - 1)


def block_number_or_integer(value: Any) -> BlockRef:
    """Otterscan writes block numbers as JSON numbers."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    return block_number_or_tag(value)


def _eip1898(given: dict[str, Any]) -> BlockRef:
    if "blockHash" in given and "blockNumber" in given:
        raise ValueError("cannot specify both BlockHash and BlockNumber, choose one or the other")
    member(given, "requireCanonical", boolean, False)  # one chain here: every block is canonical
    if "blockHash" in given:
        return within("blockHash", hash32, given["blockHash"])
    if "blockNumber" in given:
        return within("blockNumber", block_number_or_tag, given["blockNumber"])
    raise ValueError('a block object needs "blockHash" or "blockNumber"')


# THE TYPES METHODS NAME

AddressParam = Annotated[bytes, Parser(address)]
HashParam = Annotated[bytes, Parser(hash32)]
DataParam = Annotated[bytes, Parser(data)]
QuantityParam = Annotated[int, Parser(quantity)]
Uint64Param = Annotated[int, Parser(uint64)]
NumberParam = Annotated[int, Parser(quantity_or_integer)]
SlotParam = Annotated[int, Parser(slot)]
BoolParam = Annotated[bool, Parser(boolean)]
TextParam = Annotated[str, Parser(text)]
AnyParam = Annotated[Any, Parser(anything)]
BlockParam = Annotated[BlockRef, Parser(block)]
NumberOrBlockParam = Annotated[BlockRef, Parser(block_number_or_integer)]
BlockNumberParam = Annotated[BlockRef, Parser(block_number_or_tag)]


def parsed(parse: Parse[T], value: Any, place: str) -> T:
    """The outermost step: a parser's sentence becomes -32602."""
    try:
        return parse(value)
    except ValueError as error:
        raise invalid_params(f"{place}: {error}") from None
