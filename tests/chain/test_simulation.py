"""eth_simulateV1: blocks on blocks that are never kept."""

from typing import Any

import pytest

from ledger_node.chain import tries, wire
from ledger_node.chain.blocks import Call
from ledger_node.chain.errors import InsufficientBalanceForGas, NonceTooHigh
from ledger_node.chain.inspection import AccountOverride, BlockOverride, Overrides, SimulationStep
from ledger_node.chain.pyevm.engine import PyEvmChain
from ledger_node.chain.pyevm.simulation import NATIVE
from tests.chain.conftest import Person
from tests.chain.programs import SELF_DESCRIBING, assemble

WORD = (42).to_bytes(32, "big")
PARENT_HASH = assemble("PUSH1 01 NUMBER SUB BLOCKHASH PUSH0 MSTORE PUSH1 20 PUSH0 RETURN")
PLACE = b"\xee" * 19 + b"\x01"


def step(*calls: Call, **overrides: Any) -> SimulationStep:
    return SimulationStep(calls, Overrides(**overrides))


def test_each_block_goes_on_from_the_one_before(chain: PyEvmChain, cell: bytes, alice: Person) -> None:
    write, read = Call(sender=alice.address, to=cell, data=WORD), Call(sender=alice.address, to=cell)
    first, second = chain.simulate([step(write, read), step(read)])
    assert [call.return_data for call in first.calls] == [b"", WORD]
    assert second.calls[0].return_data == WORD
    assert first.block.header.parent_hash == chain.head().hash
    assert second.block.header.parent_hash == first.block.header.hash
    assert (first.block.header.number, second.block.header.number) == (2, 3)
    assert first.calls[0].logs[0].block_hash == first.block.header.hash
    assert [transaction.nonce for transaction in first.block.transactions] == [1, 2]
    assert first.block.header.hash == wire.header_hash(first.block.header)
    roots = tries.ordered_root(transaction.raw for transaction in first.block.transactions)
    assert first.block.header.transactions_root == roots
    assert chain.storage(cell, 0) == 0, "nothing is kept"
    assert chain.head().number == 1


def test_a_simulated_block_knows_the_hashes_before_it(chain: PyEvmChain) -> None:
    ask = step(Call(to=PLACE), accounts={PLACE: AccountOverride(code=PARENT_HASH)})
    first, second = chain.simulate([ask, ask])
    assert first.calls[0].return_data == chain.head().hash
    assert second.calls[0].return_data == first.block.header.hash


def test_failures_are_told_apart(chain: PyEvmChain, cell: bytes) -> None:
    (block,) = chain.simulate([step(Call(to=cell, data=WORD * 2), Call(data=b"\xfe", gas=60_000))])
    reverted, failed = block.calls
    assert (reverted.error_code, reverted.return_data) == (3, WORD)
    assert (failed.error_code, failed.succeeded) == (-32015, False)


def test_moves_of_value_are_logged_if_asked(chain: PyEvmChain, alice: Person) -> None:
    pay = Call(sender=alice.address, to=PLACE, value=9)
    (plain,) = chain.simulate([step(pay)])
    assert plain.calls[0].logs == ()
    (traced,) = chain.simulate([step(pay)], trace_transfers=True)
    (log,) = traced.calls[0].logs
    assert log.address == NATIVE
    assert log.topics[1:] == (alice.address.rjust(32, b"\x00"), PLACE.rjust(32, b"\x00"))
    assert log.data == (9).to_bytes(32, "big")


def test_validation_asks_for_what_a_transaction_needs(chain: PyEvmChain, alice: Person) -> None:
    ahead = Call(sender=alice.address, to=PLACE, nonce=7)
    chain.simulate([step(ahead)])
    with pytest.raises(NonceTooHigh):
        chain.simulate([step(ahead)], validation=True)
    with pytest.raises(InsufficientBalanceForGas):
        chain.simulate([step(Call(sender=PLACE, to=alice.address, value=1))])
    funded = {PLACE: AccountOverride(balance=1)}
    chain.simulate([step(Call(sender=PLACE, to=alice.address, value=1), accounts=funded)], validation=True)


def test_a_block_is_what_it_is_told_to_be(chain: PyEvmChain) -> None:
    override = BlockOverride(number=90, timestamp=chain.head().timestamp + 5, coinbase=PLACE, gas_limit=10**6)
    accounts = {PLACE: AccountOverride(code=SELF_DESCRIBING, balance=3)}
    (block,) = chain.simulate([SimulationStep((Call(to=PLACE),), Overrides(accounts, override), ((0, 1, PLACE, 2),))])
    header = block.block.header
    assert (header.number, header.coinbase, header.gas_limit) == (90, PLACE, 10**6)
    assert block.block.withdrawals == ((0, 1, PLACE, 2),)
    assert header.withdrawals_root == tries.ordered_root(wire.encode_withdrawals(((0, 1, PLACE, 2),)))
