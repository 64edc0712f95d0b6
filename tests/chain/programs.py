"""Small programs for the machine, written in its own words."""

from eth.vm import mnemonics, opcode_values

_OPCODES = {
    getattr(mnemonics, name): value
    for name, value in vars(opcode_values).items()
    if name.isupper() and hasattr(mnemonics, name)
}


def assemble(text: str) -> bytes:
    """`PUSH1 2a SSTORE …`: mnemonics, and hex after the pushes. `label:` marks a place, `@label` pushes it."""
    places: dict[str, int] = {}
    code = bytearray()
    words = text.split()
    for final in (False, True):
        code = bytearray()
        for word in words:
            if word.endswith(":"):
                places[word[:-1]] = len(code)
                code.append(opcode_values.JUMPDEST)
            elif word.startswith("@"):
                code += bytes((opcode_values.PUSH2,)) + places.get(word[1:], 0).to_bytes(2, "big")
                assert not final or word[1:] in places, word
            elif word in _OPCODES:
                code.append(_OPCODES[word])
            else:
                code += bytes.fromhex(word)
    return bytes(code)


def deploying(code: bytes) -> bytes:
    """Init code that deploys `code`."""
    start = assemble("PUSH2 0000 DUP1 PUSH2 0000 PUSH0 CODECOPY PUSH0 RETURN")
    start = assemble(f"PUSH2 {len(code):04x} DUP1 PUSH2 {len(start):04x} PUSH0 CODECOPY PUSH0 RETURN")
    return start + code


SELF_DESCRIBING = assemble(
    # Without data: answer slot 0. With a word: keep it in slot 0 and log it. With two: revert with the second.
    "CALLDATASIZE @write JUMPI PUSH0 SLOAD PUSH0 MSTORE PUSH1 20 PUSH0 RETURN "
    "write: CALLDATASIZE PUSH1 20 LT @fail JUMPI "
    "PUSH0 CALLDATALOAD DUP1 PUSH0 SSTORE PUSH0 MSTORE CALLER PUSH1 77 PUSH1 20 PUSH0 LOG2 STOP "
    "fail: PUSH1 20 CALLDATALOAD PUSH0 MSTORE PUSH1 20 PUSH0 REVERT"
)
"""A cell: reads, writes (with a log of topics 0x77 and the caller), and refuses, as its data says."""

LOOP = assemble("start: @start JUMP")
FACTORY = assemble(
    # Create an empty contract; answer its address. The word in memory is init code that returns nothing: STOP.
    "PUSH1 01 PUSH0 PUSH0 CREATE PUSH0 MSTORE PUSH1 20 PUSH0 RETURN"
)
