"""A contract's code read as instructions. It knows what the bytes mean, not what running them does."""

from functools import cached_property

from eth.vm import opcode_values as op


class Code:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def instruction(self, at: int) -> tuple[int, int, int]:
        """The opcode at a place, its immediate operand, and the place after it. Beyond the end there is STOP."""
        if at >= len(self.content):
            return op.STOP, 0, at + 1
        opcode = self.content[at]
        size = opcode - op.PUSH0 if op.PUSH1 <= opcode <= op.PUSH32 else 0
        after = at + 1 + size
        return opcode, int.from_bytes(self.content[at + 1 : after].ljust(size, b"\0")), after

    @cached_property
    def jump_destinations(self) -> frozenset[int]:
        found = set()
        at = 0
        while at < len(self.content):
            opcode = self.content[at]
            if opcode == op.JUMPDEST:
                found.add(at)
            at += opcode - op.PUSH0 + 1 if op.PUSH1 <= opcode <= op.PUSH32 else 1
        return frozenset(found)
