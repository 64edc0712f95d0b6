"""Calls in worker processes: the same answers, an end to what does not end, and a chain that is not held up by it."""

import os
import signal
import threading
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_node.chain.blocks import Call
from ledger_node.chain.errors import CallFailed, ChainError, ChainUnavailable, NotPermitted, Reverted
from ledger_node.chain.genesis import Genesis, NetworkRules
from ledger_node.chain.inspection import (
    AccountOverride,
    BlockOverride,
    CallFrame,
    Overrides,
    SimulationStep,
    TraceConfig,
)
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain
from ledger_node.rpc.tracejson import trace_json
from tests.chain.conftest import Open, Person, a_genesis, created_by, made
from tests.chain.programs import LOOP, SELF_DESCRIBING, assemble, deploying
from tests.chain.test_mempool import only_alice

ONE, TWO = b"\x11" * 20, b"\x22" * 20
WORD = (42).to_bytes(32, "big")
SETTINGS = ChainSettings(produce=False, call_workers=1, call_timeout_s=20.0)
IMPATIENT = ChainSettings(produce=False, call_workers=1, call_timeout_s=0.5, call_gas_max=10**12)


def worker_of(chain: PyEvmChain) -> int:
    """The only worker's process, at rest."""
    free = chain._workers._free  # type: ignore[union-attr]
    worker = free.get(timeout=30)
    free.put(worker)
    assert worker is not None, "the worker was lost"
    return int(worker._process.pid)


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


MOST = 2**256 - 1
HOSTILE = [
    ({ONE: AccountOverride(nonce=2**64 - 1)}, Call(sender=ONE, to=TWO), b""),
    ({ONE: AccountOverride(nonce=2**64 - 1)}, Call(sender=ONE, data=b"\0"), "nonce uint64 overflow"),
    ({ONE: AccountOverride(balance=MOST), TWO: AccountOverride(balance=1)}, Call(sender=ONE, to=TWO, value=MOST),
     "the balance of 0x22"),
    ({ONE: AccountOverride(balance=MOST), TWO: AccountOverride(balance=1, code=bytes.fromhex("5f5f5f5f47335af100"))},
     Call(sender=ONE, to=TWO, value=MOST), "the balance of 0x22"),
]  # fmt: skip


@pytest.mark.parametrize(("accounts", "call", "answer"), HOSTILE)
def test_what_no_account_has_is_answered_and_costs_no_worker(
    chain: PyEvmChain, accounts: dict[bytes, AccountOverride], call: Call, answer: bytes | str
) -> None:
    before = worker_of(chain)
    if isinstance(answer, bytes):
        assert chain.call_with(call, "latest", Overrides(accounts)) == answer
    else:
        with pytest.raises(CallFailed, match=answer):
            chain.call_with(call, "latest", Overrides(accounts))
    assert worker_of(chain) == before


def test_a_block_after_one_without_gas_keeps_its_base_fee(chain: PyEvmChain) -> None:
    before = worker_of(chain)
    steps = [
        SimulationStep(overrides=Overrides(block=BlockOverride(gas_limit=limit, base_fee_per_gas=fee)))
        for limit, fee in ((0, 7), (1, None), (None, None))
    ]
    blocks = chain.simulate(steps, "latest", validation=True, trace_transfers=False)
    assert [made.block.header.base_fee_per_gas for made in blocks] == [7, 7, 7]
    assert worker_of(chain) == before


def test_whatever_a_caller_pretends_the_worker_stays(chain: PyEvmChain) -> None:
    before = worker_of(chain)
    refusals: list[str] = []
    edges = st.sampled_from((0, 1, 2**63, 2**64 - 1))
    words = st.sampled_from((0, 1, 2**64, 2**255, MOST))
    programs = st.sampled_from(
        (b"", b"\xfe", b"\xef\x01\x00" + ONE, b"\xef\x01\x00" + TWO, b"\x5f\x5f\x5f\xf0")
    ) | st.binary(max_size=40)
    slots = st.dictionaries(words, words, max_size=2)
    accounts = st.dictionaries(
        st.sampled_from((ONE, TWO, (1).to_bytes(20, "big"), bytes(20))),
        st.builds(AccountOverride, balance=words, nonce=edges, code=programs, storage=slots),
    )
    asked = st.builds(
        Call,
        sender=st.sampled_from((ONE, TWO, bytes(20))),
        to=st.sampled_from((ONE, TWO, (1).to_bytes(20, "big"), None)),
        value=words,
        gas=edges | st.just(100_000),
        gas_price=st.none() | words,
        nonce=st.none() | edges,
        data=programs,
    )
    blocks = st.builds(
        BlockOverride, number=st.none() | edges, timestamp=st.none() | edges, gas_limit=st.none() | edges,
        base_fee_per_gas=st.none() | words, blob_base_fee=st.none() | words, coinbase=st.sampled_from((ONE, None)),
    )  # fmt: skip

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(accounts=accounts, call=asked, block=blocks, validation=st.booleans())
    def hold(accounts: dict[bytes, AccountOverride], call: Call, block: BlockOverride, validation: bool) -> None:
        pretended = Overrides(accounts, block)
        step = SimulationStep((call, call), pretended)
        for question in (
            lambda: chain.call_with(call, "latest", pretended),
            lambda: chain.estimate_gas_with(call, "latest", pretended),
            lambda: chain.create_access_list(call, "latest", pretended),
            lambda: chain.trace_call(call, "latest", TraceConfig(tracer="call"), pretended),
            lambda: chain.simulate((step, step), "latest", validation=validation, trace_transfers=True),
        ):
            try:
                question()
            except ChainError as error:
                refusals.append(error.detail)
        assert worker_of(chain) == before

    hold()
    assert not [words for words in refusals if "a mistake of" in words]


def test_a_mistake_of_ours_is_answered_and_costs_no_worker(chain: PyEvmChain) -> None:
    before = worker_of(chain)
    with pytest.raises(CallFailed, match="a mistake of the node's, TypeError"):
        chain.call(Call(to=TWO, data="no bytes", gas=10**6))  # type: ignore[arg-type]
    assert worker_of(chain) == before


def test_the_deepest_trace_there_is_comes_out_of_a_worker(tmp_path: Path, open_at: Open) -> None:
    settings = ChainSettings(produce=False, call_workers=1, call_timeout_s=30.0, call_gas_max=10**15)
    chain = open_at(tmp_path / "deep", a_genesis(), settings=settings)
    itself = Overrides({TWO: AccountOverride(code=bytes.fromhex("5f5f5f5f5f305af100"))})
    trace = chain.trace_call(Call(to=TWO, gas=10**15), "latest", TraceConfig(tracer="call"), itself)
    rendered = orjson.dumps(trace_json(trace, TraceConfig(tracer="call")))
    assert rendered.count(b'"type":"CALL"') == 1_026, "1,024 calls inside, and the one too deep"
    assert b'"error":"max call depth exceeded"' in rendered


def test_a_call_that_does_not_end_is_ended(tmp_path: Path, open_at: Open) -> None:
    chain = open_at(tmp_path / "impatient", a_genesis(gas_limit=10**12), settings=IMPATIENT)
    for _ in range(2):
        with pytest.raises(CallFailed, match=r"execution aborted \(timeout = 0.5s\)"):
            chain.call(Call(data=LOOP))
    assert chain.make_block(allow_empty=True) is not None


GREEDY = assemble("start: PUSH1 01 MSIZE PUSH3 100000 ADD MSTORE @start JUMP")
LONG_ANSWER = assemble("PUSH4 06E00000 PUSH0 RETURN")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        pytest.param(Call(to=ONE), GREEDY, id="by executing"),
        pytest.param(Call(to=ONE), LONG_ANSWER, id="by its answer"),
        pytest.param(Call(to=ONE, data=bytes(150 << 20)), b"", id="by its input"),
    ],
)
def test_a_call_that_takes_all_memory_ends_its_worker_and_costs_nobody_else_anything(
    tmp_path: Path, open_at: Open, capfd: pytest.CaptureFixture[str], call: Call, code: bytes
) -> None:
    settings = ChainSettings(
        produce=False, call_workers=1, call_timeout_s=60.0, call_gas_max=10**15, call_memory_bytes_max=330 << 20
    )
    rules = NetworkRules(transaction_gas_max=10**15)
    chain = open_at(tmp_path / "greedy", a_genesis(gas_limit=10**15, rules=rules), settings=settings)
    before = worker_of(chain)
    with pytest.raises(CallFailed, match="more memory than a call may"):
        chain.call_with(call, "latest", Overrides({ONE: AccountOverride(code=code)}))
    after = worker_of(chain)
    assert after != before, "what is left of its memory is nothing to go on with"
    for _ in range(3):
        assert chain.call(Call(to=TWO)) == b""
    assert worker_of(chain) == after, "the next callers found it ready"
    assert "Traceback" not in capfd.readouterr().err


def test_a_worker_that_ended_at_rest_is_not_its_next_callers_fault(chain: PyEvmChain) -> None:
    before = worker_of(chain)
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    assert chain.call(Call(to=TWO)) == b""
    assert worker_of(chain) != before


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
