"""What one more leg of a batch costs in gas and in opcodes, as it was when last looked at.

Two batches that differ in length alone are compared, so that what a batch costs besides its legs falls out. A change
of these numbers is a change of the contract or its compiler: take the new ones over with the reason in the commit.
"""

from collections.abc import Iterator

import pytest
from eth.vm.code_stream import CodeStream

from ledger_node.deposit_token.calls import Leg
from tests.deposit_token.bank import ALICE, BOB, SETTLEMENT, Bank, mint, redeem, transfer

LEGS = {"mint": mint(ALICE, 5), "transfer": transfer(ALICE, BOB, 5), "redeem": redeem(ALICE, 5)}
GAS = {"mint": 2643, "transfer": 2587, "redeem": 2681}
OPCODES = {"mint": 153, "transfer": 137, "redeem": 164}
"""Between accounts that other legs of the batch have touched already."""


@pytest.fixture
def opcodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry, which counts the opcodes that plain py-evm executes."""
    count = [0]
    walk = CodeStream.__iter__

    def counted(stream: CodeStream) -> Iterator[int]:
        for opcode in walk(stream):
            count[0] += 1
            yield opcode

    monkeypatch.setattr(CodeStream, "__iter__", counted)
    return count


def cost(bank: Bank, leg: Leg, legs: int, opcodes: list[int]) -> tuple[int, int]:
    data = bank.batch([leg] * legs)
    before = opcodes[0]
    done = bank.evm.measured(SETTLEMENT.address, bank.token, data)
    done.raise_if_error()
    return done.get_gas_used(), opcodes[0] - before


@pytest.mark.parametrize("kind", LEGS)
def test_a_leg_costs_what_it_did(kind: str, opcodes: list[int]) -> None:
    bank = Bank()
    bank.evm.run(SETTLEMENT.address, bank.token, bank.batch([mint(ALICE, 10_000), mint(BOB, 10_000)]))
    few, many = cost(bank, LEGS[kind], 32, opcodes), cost(bank, LEGS[kind], 96, opcodes)
    gas, steps = ((more - less) / 64 for less, more in zip(few, many, strict=True))
    assert (round(gas), round(steps)) == (GAS[kind], OPCODES[kind])
