"""Keccak-256 and RLP, the two encodings everything on a chain is made of. Strict: what is not canonical is refused.

RLP (Ethereum yellow paper, appendix B) is written out here because it is on the path of every payment: it handles bytes
and lists of them and nothing else. Integers are big-endian without leading zeros.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from sha3 import keccak_256

Rlp: TypeAlias = bytes | list[Any]
"""A byte string or a list of items of this type."""


class NotCanonical(ValueError):
    """The bytes are no canonical RLP of the shape asked for."""


def keccak(data: bytes) -> bytes:
    digest: bytes = keccak_256(data).digest()
    return digest


EMPTY_HASH = keccak(b"")
EMPTY_TRIE_ROOT = keccak(b"\x80")
EMPTY_LIST_HASH = keccak(b"\xc0")


# ENCODE


_SHORT = [bytes((0x80 + length,)) for length in range(56)]
"""What stands before a byte string of so many bytes."""


def rlp_encode(item: bytes | list[Any]) -> bytes:
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    # Most of what is encoded are hashes and empty strings in a node of a trie; they need no call of their own.
    payload = b"".join(
        [
            _SHORT[len(part)] + part if isinstance(part, bytes) and 1 != len(part) < 56 else rlp_encode(part)
            for part in item
        ]
    )
    return _prefix(len(payload), 0xC0) + payload


def rlp_list(encoded: Sequence[bytes]) -> bytes:
    """The RLP of a list whose items are encoded already."""
    payload = b"".join(encoded)
    return _prefix(len(payload), 0xC0) + payload


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes((offset + length,))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((offset + 55 + len(size),)) + size


def int_bytes(number: int) -> bytes:
    """Big-endian without leading zeros; zero is empty."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


# DECODE


def rlp_decode(data: bytes) -> Rlp:
    """Raises NotCanonical unless `data` is exactly one canonical item."""
    item, end = _decode(data, 0, 0)
    if end != len(data):
        raise NotCanonical("bytes follow the item")
    return item


def rlp_split(data: bytes) -> tuple[list[bytes], bytes]:
    """The encoded items of a list, undecoded, and what follows the list."""
    is_list, start, end = _header(data, 0)
    if not is_list:
        raise NotCanonical("a list is expected")
    items = []
    at = start
    while at < end:
        _, _, after = _header(data, at)
        if after > end:
            raise NotCanonical("an item is longer than its list")
        items.append(data[at:after])
        at = after
    return items, data[end:]


def _decode(data: bytes, at: int, depth: int) -> tuple[Rlp, int]:
    is_list, start, end = _header(data, at)
    if not is_list:
        return data[start:end], end
    if depth >= 16:
        raise NotCanonical("lists are nested too deeply")
    items: list[Rlp] = []
    at = start
    while at < end:
        first = data[at]
        if first < 0x80 or 0x81 < first < 0xB8:  # nearly all items are short strings: no calls for them
            at, begin = (at + 1, at) if first < 0x80 else (at + first - 0x7F, at + 1)
            items.append(data[begin:at])
            continue
        item, at = _decode(data, at, depth + 1)
        items.append(item)
    if at != end:
        raise NotCanonical("an item is longer than its list")
    return items, end


def _header(data: bytes, at: int) -> tuple[bool, int, int]:
    """(is it a list, where its payload starts, where it ends)."""
    if at >= len(data):
        raise NotCanonical("the data ends too early")
    first = data[at]
    if first < 0x80:
        return False, at, at + 1
    is_list = first >= 0xC0
    short = first - (0xC0 if is_list else 0x80)
    if short < 56:
        start, length = at + 1, short
        if not is_list and length == 1 and start < len(data) and data[start] < 0x80:
            raise NotCanonical("a small byte stands for itself")
    else:
        size = short - 55
        start = at + 1 + size
        length = int.from_bytes(data[at + 1 : start], "big")
        if start > len(data) or length < 56 or data[at + 1] == 0:
            raise NotCanonical("a length is not canonical")
    if start + length > len(data):
        raise NotCanonical("the data ends too early")
    return is_list, start, start + length


def as_int(item: Rlp, *, bits: int = 256) -> int:
    """The unsigned integer of at most `bits` bits an item stands for."""
    if not isinstance(item, bytes):
        raise NotCanonical("an integer is expected, not a list")
    if item[:1] == b"\x00":
        raise NotCanonical("an integer has a leading zero")
    if len(item) * 8 > bits:
        raise NotCanonical(f"an integer is larger than {bits} bits")
    return int.from_bytes(item, "big")


def as_bytes(item: Rlp, length: int | None = None) -> bytes:
    if not isinstance(item, bytes):
        raise NotCanonical("bytes are expected, not a list")
    if length is not None and len(item) != length:
        raise NotCanonical(f"{length} bytes are expected, not {len(item)}")
    return item


def as_list(item: Rlp, length: int | None = None) -> list[Any]:
    if not isinstance(item, list):
        raise NotCanonical("a list is expected")
    if length is not None and len(item) != length:
        raise NotCanonical(f"{length} items are expected, not {len(item)}")
    return item
