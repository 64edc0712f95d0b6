"""What a crash leaves: at every durable write the process may end, before it or after it, and the chain is whole."""

from pathlib import Path
from typing import Literal

import pytest

from ledger_node.chain.blocks import LogFilter
from ledger_node.chain.genesis import Genesis
from ledger_node.chain.pyevm.engine import PyEvmChain
from tests.chain.conftest import Open, Person, created_by, made
from tests.chain.programs import SELF_DESCRIBING, deploying


class Crashed(BaseException):
    """The process ends here."""


class CrashAt:
    """Ends the process at the n-th moment around a durable write."""

    def __init__(self, moment: int) -> None:
        self.moment = moment
        self.seen: list[str] = []

    def __call__(self, when: Literal["before", "after"]) -> None:
        self.seen.append(when)
        if len(self.seen) == self.moment:
            raise Crashed


def a_short_life(chain: PyEvmChain, alice: Person) -> None:
    """Two blocks: a deployment, then three writes to the contract."""
    if chain.head().number < 1:
        chain.send_raw_transaction(alice.sign(nonce=0, to=None, data=deploying(SELF_DESCRIBING)))
        made(chain)
    if chain.head().number < 2:
        for value in (1, 2, 3):
            raw = alice.sign(nonce=value, to=created_by(alice, 0), data=value.to_bytes(32, "big"))
            chain.send_raw_transaction(raw)
        made(chain)


def what_is_there(chain: PyEvmChain, alice: Person) -> object:
    contract = created_by(alice, 0)
    return (
        [chain.block(number) for number in range(chain.head().number + 1)],
        [chain.receipts(number) for number in range(chain.head().number + 1)],
        list(chain.logs(LogFilter(first=0, last=9))),
        [chain.storage(contract, 0, number) for number in range(chain.head().number + 1)],
        chain.nonce(alice.address),
    )


def a_crashing_life(open_at: Open, directory: Path, genesis: Genesis, alice: Person, moment: int) -> None:
    chain = open_at(directory, genesis, on_durable_write=CrashAt(moment))
    try:
        a_short_life(chain, alice)
    finally:
        chain.close()


MOMENTS = 8  # schema, genesis and two blocks: before and after each


def test_a_crash_at_any_durable_write_leaves_a_whole_chain(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person
) -> None:
    quiet = CrashAt(0)
    undisturbed = open_at(tmp_path / "undisturbed", genesis, on_durable_write=quiet)
    a_short_life(undisturbed, alice)
    expected = what_is_there(undisturbed, alice)
    assert len(quiet.seen) == MOMENTS
    for moment in range(1, MOMENTS + 1):
        directory = tmp_path / str(moment)
        with pytest.raises(Crashed):
            a_crashing_life(open_at, directory, genesis, alice, moment)
        after = open_at(directory, genesis)
        assert after.head().number == max(0, (moment - 4) // 2), "committed blocks are there, others are not"
        a_short_life(after, alice)
        assert what_is_there(after, alice) == expected, f"crashed at moment {moment}"
        after.close()


def test_a_block_that_could_not_be_kept_can_be_made_again(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person
) -> None:
    """The process lives on after a failed commit: nothing of the block is visible, and its transactions still wait."""
    crash = CrashAt(5)
    chain = open_at(tmp_path, genesis, on_durable_write=crash)
    transaction_hash = chain.send_raw_transaction(alice.sign())
    with pytest.raises(Crashed):
        chain.make_block()
    assert chain.head().number == 0
    assert chain.receipt(transaction_hash) is None
    assert len(chain.pool) == 1
    made(chain)
    assert chain.receipt(transaction_hash) is not None
