"""The next block as it is shown before it is made: what waits is in it, and nothing of it is kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.chain.errors import CallFailed
from ledger_node.chain.genesis import Genesis
from ledger_node.chain.inspection import AccountOverride, Overrides, SimulationStep, TraceConfig
from ledger_node.chain.pyevm.dev import DevPyEvmChain, open_dev_chain
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain
from ledger_node.chain.pyevm.questions import Questions
from ledger_node.clock import HandSetClock
from tests.chain.conftest import BY_HAND, SEALER, START, Open, Person, created_by, made
from tests.chain.programs import SELF_DESCRIBING, assemble, deploying

WORD = (42).to_bytes(32, "big")
WHERE_AND_WHEN = assemble("NUMBER PUSH0 MSTORE TIMESTAMP PUSH1 20 MSTORE PUSH1 40 PUSH0 RETURN")
WORKERS = ChainSettings(produce=False, call_workers=1)


def where_and_when(chain: PyEvmChain, at: Any) -> tuple[int, int]:
    place = b"\xee" * 20
    answer = chain.call_with(Call(to=place), at, Overrides({place: AccountOverride(code=WHERE_AND_WHEN)}))
    return int.from_bytes(answer[:32], "big"), int.from_bytes(answer[32:], "big")


@pytest.mark.parametrize("settings", [BY_HAND, WORKERS], ids=["here", "in a worker"])
def test_what_waits_is_in_the_next_block(
    tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person, bob: Person, settings: ChainSettings
) -> None:
    chain = open_at(tmp_path, genesis, settings=settings)
    cell = created_by(alice, 0)
    raws = [
        alice.sign(to=None, data=deploying(SELF_DESCRIBING)),
        alice.sign(to=cell, data=WORD),
        bob.sign(to=b"\x55" * 20, value=7),
    ]
    hashes = [chain.send_raw_transaction(raw) for raw in raws]
    block, receipts = chain.block("pending"), chain.receipts("pending")
    assert [one.hash for one in block.transactions] == hashes
    assert (block.header.number, block.header.parent_hash) == (1, chain.header(0).hash)
    assert [receipt.succeeded for receipt in receipts] == [True, True, True]
    assert receipts[1].logs == chain.receipts("pending")[1].logs
    assert (chain.balance(b"\x55" * 20, "pending"), chain.balance(b"\x55" * 20)) == (7, 0)
    assert (chain.storage(cell, 0, "pending"), chain.storage(cell, 0)) == (42, 0)
    assert (len(chain.code(cell, "pending")) > 0, chain.code(cell)) == (True, b"")
    assert chain.call(Call(to=cell), "pending") == WORD
    assert chain.call(Call(to=cell)) == b""
    assert chain.estimate_gas(Call(sender=bob.address, to=cell, data=WORD), "pending") > 21_000
    assert chain.proof(cell, [0], "pending").storage[0].value == 42
    assert len(chain.trace_block("pending", TraceConfig())) == 3
    (simulated,) = chain.simulate([SimulationStep(calls=(Call(to=cell),))], "pending")
    assert simulated.calls[0].return_data == WORD
    assert chain.raw_block("pending").hex().count(raws[0].hex()) == 1
    assert chain.head().number == 0

    kept = made(chain)  # it is what was shown, but for the seal
    assert kept.state_root == block.header.state_root
    assert [receipt.gas_used for receipt in chain.receipts(1)] == [receipt.gas_used for receipt in receipts]
    assert chain.block(1).size == block.size + 32  # the seal's half that lies in extra-data


def test_with_nothing_waiting_the_next_block_is_empty(chain: PyEvmChain, clock: HandSetClock, alice: Person) -> None:
    chain.send_raw_transaction(alice.sign())
    made(chain)
    clock.advance(9_000)
    block = chain.block("pending")
    assert (block.header.number, block.transactions, chain.receipts("pending")) == (2, (), ())
    assert block.header.timestamp == START + 9
    assert where_and_when(chain, "pending") == (2, START + 9)
    assert where_and_when(chain, "latest") == (1, START)
    chain.send_raw_transaction(alice.sign(nonce=5))  # it waits for an earlier nonce, so it is not in the next block
    assert chain.block("pending").transactions == ()
    assert chain.nonce(alice.address, "pending") == 1


def test_what_waits_too_long_to_execute_is_not_shown(
    chain: PyEvmChain, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    execute = Questions.next_block

    def slow(questions: Questions, head: Any, transactions: Any, timestamp: int) -> Any:
        if transactions:
            tried.append(len(transactions))
            raise CallFailed("execution aborted (timeout = 5s)")
        return execute(questions, head, transactions, timestamp)

    monkeypatch.setattr(Questions, "next_block", slow)
    chain.send_raw_transaction(alice.sign())
    for _ in range(3):
        assert (chain.block("pending").header.number, chain.block("pending").transactions) == (1, ())
    assert tried == [1], "the same is not tried again"


@pytest.fixture
def dev(tmp_path: Path, genesis: Genesis, clock: HandSetClock) -> Iterator[DevPyEvmChain]:
    opened = open_dev_chain(tmp_path / "dev", genesis, sealer=SEALER, clock=clock, settings=BY_HAND)
    yield opened
    opened.close()


def test_a_developers_time_reaches_calls_on_the_next_block(dev: DevPyEvmChain) -> None:
    dev.increase_time(100)
    assert where_and_when(dev, "pending") == (1, START + 100)
    dev.set_next_timestamp(START + 5_000)
    assert [where_and_when(dev, "pending") for _ in range(2)] == [(1, START + 5_000)] * 2  # to look is not to use
    dev.mine()
    assert (dev.head().timestamp, where_and_when(dev, "pending")) == (START + 5_000, (2, START + 5_000))
    dev.increase_time(10)
    assert where_and_when(dev, "pending") == (2, START + 5_010)
    assert where_and_when(dev, "latest") == (1, START + 5_000)


def test_what_a_developer_sets_is_in_the_next_block_at_once(dev: DevPyEvmChain) -> None:
    assert dev.balance(b"\x66" * 20, "pending") == 0
    dev.set_balance(b"\x66" * 20, 9)
    assert dev.balance(b"\x66" * 20, "pending") == 9
    taken = dev.snapshot()
    dev.mine(3)
    assert dev.header("pending").number == 4
    dev.revert_to(taken)
    assert dev.header("pending").number == 1
