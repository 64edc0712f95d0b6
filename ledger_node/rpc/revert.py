"""Revert data in words: `Error(string)`, `Panic(uint256)` and the network's own `DeploymentNotPermitted(address)`.

Custom errors of contracts stay data: the caller has the ABI.
"""

from ledger_node.chain.errors import DEPLOYMENT_NOT_PERMITTED

ERROR_STRING = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")

# The names geth gives them; https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require
PANIC_WORDS = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}


def reason_of(data: bytes) -> str | None:
    """The words a contract gave, or None if the data is no well-formed error that is known here."""
    selector, body = data[:4], data[4:]
    if selector == DEPLOYMENT_NOT_PERMITTED and len(body) == 32:
        return f"DeploymentNotPermitted(0x{body[12:].hex()})"
    if selector == PANIC and len(body) == 32:
        code = int.from_bytes(body, "big")
        return PANIC_WORDS.get(code, f"unknown panic code: {code:#x}")
    if selector != ERROR_STRING or len(body) < 64:
        return None
    offset = int.from_bytes(body[:32], "big")
    length = int.from_bytes(body[offset : offset + 32], "big") if offset + 32 <= len(body) else None
    if length is None or offset + 32 + length > len(body):
        return None
    try:
        return body[offset + 32 : offset + 32 + length].decode("utf-8")
    except UnicodeDecodeError:
        return None
