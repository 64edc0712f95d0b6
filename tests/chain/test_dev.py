"""A developer's chain: state, time and senders obey, and a snapshot brings back what was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_node.chain.blocks import Call, LogFilter
from ledger_node.chain.errors import InvalidBlock, InvalidTransaction
from ledger_node.chain.genesis import Genesis
from ledger_node.chain.pyevm.dev import DevPyEvmChain, open_dev_chain
from ledger_node.clock import HandSetClock
from tests.chain.conftest import BY_HAND, SEALER, START, Person, made
from tests.chain.programs import SELF_DESCRIBING

PLACE = b"\xee" * 20
WORD = (42).to_bytes(32, "big")


@pytest.fixture
def chain(tmp_path: Path, genesis: Genesis, clock: HandSetClock) -> Iterator[DevPyEvmChain]:
    chain = open_dev_chain(tmp_path / "dev", genesis, sealer=SEALER, clock=clock, settings=BY_HAND)
    yield chain
    chain.close()


def test_state_is_set_at_once_and_stays(chain: DevPyEvmChain, alice: Person) -> None:
    chain.set_balance(PLACE, 5)
    chain.set_nonce(PLACE, 3)
    chain.set_code(PLACE, SELF_DESCRIBING)
    chain.set_storage(PLACE, 0, 9)
    assert (chain.balance(PLACE), chain.nonce(PLACE), chain.storage(PLACE, 0)) == (5, 3, 9)
    assert chain.call(Call(to=PLACE)) == (9).to_bytes(32, "big")
    chain.send_raw_transaction(alice.sign(to=PLACE, data=WORD))
    made(chain)
    assert (chain.balance(PLACE), chain.storage(PLACE, 0)) == (5, 42)
    assert chain.storage(PLACE, 0, 0) == 9
    assert chain.proof(PLACE, [0]).storage[0].value == 42


def test_state_that_was_set_survives_a_restart(tmp_path: Path, genesis: Genesis, clock: HandSetClock) -> None:
    first = open_dev_chain(tmp_path, genesis, sealer=SEALER, clock=clock, settings=BY_HAND)
    first.mine()
    first.set_balance(PLACE, 5)
    first.close()
    again = open_dev_chain(tmp_path, genesis, sealer=SEALER, clock=clock, settings=BY_HAND)
    assert again.balance(PLACE) == 5
    again.mine()
    assert again.balance(PLACE) == 5
    again.close()


def test_a_poor_sender_can_pay_once_its_balance_is_set(chain: DevPyEvmChain) -> None:
    eve = Person("eve")
    with pytest.raises(InvalidTransaction):
        chain.send_raw_transaction(eve.sign(value=1))
    chain.set_balance(eve.address, 10)
    chain.send_raw_transaction(eve.sign(nonce=0, value=1))
    made(chain)
    assert chain.balance(eve.address) == 9


def test_anybody_can_be_impersonated(chain: DevPyEvmChain) -> None:
    call = Call(sender=PLACE, to=b"\x11" * 20, value=2)
    with pytest.raises(InvalidTransaction, match="not impersonated"):
        chain.send_unsigned(call)
    chain.impersonate(PLACE)
    chain.set_balance(PLACE, 10)
    first, second = chain.send_unsigned(call), chain.send_unsigned(call)
    made(chain)
    assert chain.balance(b"\x11" * 20) == 4
    for transaction_hash in (first, second):
        transaction = chain.transaction(transaction_hash)
        assert transaction is not None
        assert transaction.sender == PLACE
    chain.stop_impersonating(PLACE)
    with pytest.raises(InvalidTransaction):
        chain.send_unsigned(call)


def test_a_snapshot_brings_back_blocks_state_and_time(chain: DevPyEvmChain, alice: Person) -> None:
    chain.set_code(PLACE, SELF_DESCRIBING)
    chain.send_raw_transaction(alice.sign(to=PLACE, data=WORD))
    before = made(chain)
    snapshot = chain.snapshot()
    chain.set_storage(PLACE, 0, 1)
    late = chain.send_raw_transaction(alice.sign(to=PLACE, data=bytes(32)))
    chain.increase_time(1000)
    made(chain)
    inner = chain.snapshot()
    assert chain.revert_to(snapshot)
    assert chain.head() == before
    assert chain.storage(PLACE, 0) == 42
    assert chain.receipt(late) is None
    assert len(chain.logs(LogFilter(first=0, last=9))) == 1
    assert not chain.revert_to(inner), "later snapshots are gone"
    assert not chain.revert_to(snapshot), "and so is the one that was used"
    chain.mine()
    assert chain.head().parent_hash == before.hash
    assert chain.head().timestamp == before.timestamp


def test_time_obeys(chain: DevPyEvmChain, clock: HandSetClock) -> None:
    assert chain.increase_time(100) == 100
    assert chain.increase_time(50) == 150
    chain.mine()
    assert chain.head().timestamp == START + 150
    chain.set_next_timestamp(START + 1000)
    chain.mine()
    assert chain.head().timestamp == START + 1000
    clock.advance(5_000)
    chain.mine()
    assert chain.head().timestamp == START + 1005, "the clock goes on from where it was set"
    with pytest.raises(InvalidBlock):
        chain.set_next_timestamp(START)
    chain.mine(3, interval_seconds=10)
    assert chain.head().timestamp == START + 1025
    assert chain.head().number == 6
