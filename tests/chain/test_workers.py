"""Calls in worker processes: the same answers, an end to what does not end, and a chain that is not held up by it."""

import threading
from pathlib import Path

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.chain.errors import CallFailed, ChainUnavailable, NotPermitted, Reverted
from ledger_node.chain.genesis import Genesis, NetworkRules
from ledger_node.chain.inspection import CallFrame, TraceConfig
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain
from tests.chain.conftest import Open, Person, a_genesis, created_by, made
from tests.chain.programs import LOOP, SELF_DESCRIBING, assemble, deploying
from tests.chain.test_mempool import only_alice

WORD = (42).to_bytes(32, "big")
SETTINGS = ChainSettings(produce=False, call_workers=1, call_timeout_s=20.0)
IMPATIENT = ChainSettings(produce=False, call_workers=1, call_timeout_s=0.5, call_gas_max=10**12)


@pytest.fixture
def chain(tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person) -> PyEvmChain:
    chain = open_at(tmp_path / "chain", genesis, settings=SETTINGS)
    chain.send_raw_transaction(alice.sign(to=None, data=deploying(SELF_DESCRIBING)))
    made(chain)
    return chain


def test_a_worker_answers_as_the_engine_itself_does(chain: PyEvmChain, alice: Person) -> None:
    cell = created_by(alice, 0)
    assert chain.call(Call(to=cell)) == bytes(32)
    transaction_hash = chain.send_raw_transaction(alice.sign(to=cell, data=WORD))
    made(chain)
    assert chain.call(Call(to=cell)) == WORD, "what was committed is there for the worker at once"
    assert chain.call(Call(to=cell), 1) == bytes(32)
    assert chain.estimate_gas(Call(sender=alice.address, to=cell, data=WORD)) > 21_000
    assert dict(chain.create_access_list(Call(to=cell)).access_list) == {cell: (0,)}
    assert isinstance(chain.trace_transaction(transaction_hash, TraceConfig(tracer="call")), CallFrame)
    with pytest.raises(Reverted) as reverted:
        chain.call(Call(to=cell, data=WORD * 2))
    assert reverted.value.data == WORD


def test_permissions_hold_in_a_worker_too(tmp_path: Path, open_at: Open, bob: Person) -> None:
    chain = open_at(tmp_path / "permissioned", a_genesis(), settings=SETTINGS, permissions_at=only_alice)
    with pytest.raises(NotPermitted, match="may not deploy"):
        chain.call(Call(sender=bob.address, data=deploying(SELF_DESCRIBING)))


def test_a_call_that_does_not_end_is_ended(tmp_path: Path, open_at: Open) -> None:
    chain = open_at(tmp_path / "impatient", a_genesis(gas_limit=10**12), settings=IMPATIENT)
    for _ in range(2):
        with pytest.raises(CallFailed, match=r"execution aborted \(timeout = 0.5s\)"):
            chain.call(Call(data=LOOP))
    assert chain.make_block(allow_empty=True) is not None


def test_a_call_that_takes_all_memory_is_ended(tmp_path: Path, open_at: Open) -> None:
    greedy = assemble("start: PUSH1 01 MSIZE PUSH3 100000 ADD MSTORE @start JUMP")
    settings = ChainSettings(
        produce=False, call_workers=1, call_timeout_s=60.0, call_gas_max=10**15, call_memory_bytes_max=400 << 20
    )
    rules = NetworkRules(transaction_gas_max=10**15)
    chain = open_at(tmp_path / "greedy", a_genesis(gas_limit=10**15, rules=rules), settings=settings)
    with pytest.raises(CallFailed, match="memory"):
        chain.call(Call(data=greedy))
    assert chain.call(Call(to=b"\x11" * 20)) == b"", "the next call finds a worker again"


def test_calls_beyond_the_workers_wait_and_are_turned_away(tmp_path: Path, open_at: Open) -> None:
    chain = open_at(tmp_path / "busy", a_genesis(gas_limit=10**12), settings=IMPATIENT)
    ends: list[str] = []

    def ask() -> None:
        try:
            chain.call(Call(data=LOOP))
        except (CallFailed, ChainUnavailable) as error:
            ends.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ends) == 4
    assert "call_failed" in ends
    assert "chain_unavailable" in ends
