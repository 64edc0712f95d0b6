"""Questions that need execution: overrides, access lists, proofs and traces."""

from pathlib import Path
from typing import Any

import pytest
from hexbytes import HexBytes
from trie import HexaryTrie

from ledger_node.chain.blocks import Call
from ledger_node.chain.encoding import EMPTY_HASH, EMPTY_TRIE_ROOT, keccak, rlp_decode
from ledger_node.chain.errors import CallFailed, InsufficientBalanceForGas, Reverted
from ledger_node.chain.genesis import TRANSACTION_GAS_MAX
from ledger_node.chain.inspection import (
    AccountOverride,
    BlockOverride,
    CallFrame,
    Overrides,
    Prestate,
    StructTrace,
    TraceConfig,
)
from ledger_node.chain.pyevm.engine import PyEvmChain
from tests.chain.conftest import Person, created_by, made
from tests.chain.programs import FACTORY, SELF_DESCRIBING, assemble, deploying

WORD = (42).to_bytes(32, "big")
CALLER = assemble(
    # Pass the data on to the contract named in slot 0, and return what it returns; revert if it does.
    "CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY PUSH0 PUSH0 CALLDATASIZE PUSH0 PUSH0 PUSH0 SLOAD GAS CALL "
    "RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY @ok JUMPI RETURNDATASIZE PUSH0 REVERT ok: RETURNDATASIZE PUSH0 RETURN"
)
ENVIRONMENT = assemble(
    "NUMBER PUSH0 MSTORE TIMESTAMP PUSH1 20 MSTORE COINBASE PUSH1 40 MSTORE DIFFICULTY PUSH1 60 MSTORE "
    "BASEFEE PUSH1 80 MSTORE GASLIMIT PUSH1 a0 MSTORE BLOBBASEFEE PUSH1 c0 MSTORE PUSH1 e0 PUSH0 RETURN"
)
PLACE = b"\xee" * 20


def with_code(code: bytes, **more: Any) -> Overrides:
    return Overrides(accounts={PLACE: AccountOverride(code=code, **more)})


# OVERRIDES


def test_a_call_sees_the_state_it_is_told_of(chain: PyEvmChain, cell: bytes) -> None:
    assert chain.call_with(Call(to=PLACE), overrides=with_code(SELF_DESCRIBING, storage={0: 5})) == (5).to_bytes(
        32, "big"
    )
    there = Overrides(accounts={cell: AccountOverride(storage_diff={0: 7})})
    assert chain.call_with(Call(to=cell), overrides=there) == (7).to_bytes(32, "big")
    assert chain.call(Call(to=cell)) == bytes(32)
    poor = Call(sender=b"\x05" * 20, to=b"\x06" * 20, value=5)
    with pytest.raises(InsufficientBalanceForGas):
        chain.call(poor)
    chain.call_with(poor, overrides=Overrides(accounts={poor.sender: AccountOverride(balance=5)}))


def test_storage_is_replaced_or_patched(chain: PyEvmChain, cell: bytes, alice: Person) -> None:
    chain.send_raw_transaction(alice.sign(to=cell, data=WORD))
    made(chain)
    patched = Overrides(accounts={cell: AccountOverride(storage_diff={1: 1})})
    replaced = Overrides(accounts={cell: AccountOverride(storage={1: 1})})
    assert chain.call_with(Call(to=cell), overrides=patched) == WORD
    assert chain.call_with(Call(to=cell), overrides=replaced) == bytes(32)
    both = Overrides(accounts={cell: AccountOverride(storage={}, storage_diff={})})
    with pytest.raises(CallFailed, match="both state and stateDiff"):
        chain.call_with(Call(to=cell), overrides=both)


def test_a_call_sees_the_block_it_is_told_of(chain: PyEvmChain) -> None:
    def words(block: BlockOverride) -> list[int]:
        overrides = Overrides(accounts={PLACE: AccountOverride(code=ENVIRONMENT)}, block=block)
        output = chain.call_with(Call(to=PLACE), overrides=overrides)
        return [int.from_bytes(output[at : at + 32], "big") for at in range(0, len(output), 32)]

    head = chain.head()
    coinbase = int.from_bytes(head.coinbase, "big")
    assert words(BlockOverride()) == [head.number, head.timestamp, coinbase, 0, 0, head.gas_limit, 1]
    pretended = BlockOverride(
        number=9, timestamp=8, gas_limit=7, coinbase=bytes(19) + b"\x06", prev_randao=bytes(31) + b"\x05",
        base_fee_per_gas=4, blob_base_fee=3,
    )  # fmt: skip
    assert words(pretended) == [9, 8, 6, 5, 4, 7, 3]


def test_a_precompile_can_be_moved_and_replaced(chain: PyEvmChain) -> None:
    identity = bytes(19) + b"\x04"
    moved = Overrides(accounts={identity: AccountOverride(code=SELF_DESCRIBING, move_precompile_to=PLACE)})
    assert chain.call(Call(to=identity, data=b"abc")) == b"abc"
    assert chain.call_with(Call(to=PLACE, data=b"abc"), overrides=moved) == b"abc"
    assert chain.call_with(Call(to=identity), overrides=moved) == bytes(32)
    with pytest.raises(CallFailed, match="not a precompile"):
        chain.call_with(Call(), overrides=Overrides(accounts={PLACE: AccountOverride(move_precompile_to=identity)}))


def test_an_estimate_sees_overrides_too(chain: PyEvmChain) -> None:
    plain = chain.estimate_gas(Call(to=PLACE, data=WORD))
    assert chain.estimate_gas_with(Call(to=PLACE, data=WORD), overrides=with_code(SELF_DESCRIBING)) > plain + 20_000


# ACCESS LISTS


def test_an_access_list_names_what_is_touched_elsewhere(chain: PyEvmChain, cell: bytes, alice: Person) -> None:
    overrides = with_code(CALLER, storage={0: int.from_bytes(cell, "big")})
    call = Call(sender=alice.address, to=PLACE, data=WORD)
    result = chain.create_access_list(call, overrides=overrides)
    assert dict(result.access_list) == {PLACE: (0,), cell: (0,)}
    assert result.error is None
    # With the list in hand, the same call costs the same: the list was part of the last round.
    again = Call(sender=alice.address, to=PLACE, data=WORD, access_list=result.access_list)
    assert chain.create_access_list(again, overrides=overrides).gas_used == result.gas_used
    failing = chain.create_access_list(Call(sender=alice.address, to=cell, data=WORD * 2))
    assert failing.error == "execution reverted"


# PROOFS


def test_a_proof_leads_from_the_state_root_to_the_value(chain: PyEvmChain, cell: bytes, alice: Person) -> None:
    chain.send_raw_transaction(alice.sign(to=cell, data=WORD))
    made(chain)
    for at, value in ((1, 0), (2, 42)):
        proof = chain.proof(cell, [0, 5], at)
        root = chain.header(at).state_root
        nodes = [rlp_decode(raw) for raw in proof.account_proof]
        account = rlp_decode(HexaryTrie.get_from_proof(root, keccak(cell), nodes))
        assert account == [b"\x01", b"", proof.storage_hash, keccak(SELF_DESCRIBING)]
        assert [entry.value for entry in proof.storage] == [value, 0]
        for entry in proof.storage:
            steps = [rlp_decode(raw) for raw in entry.proof]
            if not steps:
                assert proof.storage_hash == EMPTY_TRIE_ROOT
                continue
            key = keccak(entry.slot.to_bytes(32, "big"))
            found = HexaryTrie.get_from_proof(proof.storage_hash, key, steps)
            assert (int.from_bytes(rlp_decode(found), "big") if found else 0) == entry.value


def test_the_absence_of_an_account_is_proven(chain: PyEvmChain) -> None:
    proof = chain.proof(PLACE, [1])
    assert (proof.balance, proof.nonce, proof.code_hash, proof.storage_hash) == (0, 0, EMPTY_HASH, EMPTY_TRIE_ROOT)
    nodes = [rlp_decode(raw) for raw in proof.account_proof]
    assert HexaryTrie.get_from_proof(chain.head().state_root, keccak(PLACE), nodes) == b""


# TRACES


def test_the_struct_logger_writes_down_every_step(chain: PyEvmChain, cell: bytes, alice: Person) -> None:
    transaction_hash = chain.send_raw_transaction(alice.sign(to=cell, data=WORD))
    made(chain)
    trace = chain.trace_transaction(transaction_hash, TraceConfig(with_memory=True, with_return_data=True))
    assert isinstance(trace, StructTrace)
    receipt = chain.receipt(transaction_hash)
    assert receipt is not None
    assert (trace.gas, trace.failed, trace.return_value) == (receipt.gas_used, False, b"")
    assert [step.op for step in trace.steps[:3]] == ["CALLDATASIZE", "PUSH2", "JUMPI"]
    assert trace.steps[1].stack == (32,)
    (sstore,) = (step for step in trace.steps if step.op == "SSTORE")
    assert sstore.storage == {0: 42}
    assert sstore.gas_cost == 22_100
    assert trace.steps[-1].op == "STOP"
    for before, after in zip(trace.steps, trace.steps[1:], strict=False):
        assert before.gas - before.gas_cost == after.gas


def test_the_struct_logger_follows_calls_and_names_the_failing_step(chain: PyEvmChain, cell: bytes) -> None:
    overrides = with_code(CALLER, storage={0: int.from_bytes(cell, "big")})
    trace = chain.trace_call(Call(to=PLACE, data=WORD * 2), "latest", TraceConfig(), overrides)
    assert isinstance(trace, StructTrace)
    assert trace.failed
    assert trace.return_value == WORD
    assert {step.depth for step in trace.steps} == {1, 2}
    call = next(step for step in trace.steps if step.op == "CALL")
    inner = next(step for step in trace.steps if step.depth == 2)
    assert call.gas - call.gas_cost + inner.gas == call.gas - (call.gas_cost - inner.gas)
    short = chain.trace_call(Call(data=b"\x01"), "latest", TraceConfig())
    assert isinstance(short, StructTrace)
    assert short.steps[-1].error == "stack underflow (0 <=> 2)"


def test_a_trace_is_bounded(chain: PyEvmChain, cell: bytes) -> None:
    trace = chain.trace_call(Call(to=cell, data=WORD), "latest", TraceConfig(limit=4))
    assert isinstance(trace, StructTrace)
    assert len(trace.steps) == 4


def test_the_call_tracer_draws_the_tree(chain: PyEvmChain, cell: bytes, alice: Person) -> None:
    config = TraceConfig(tracer="call", with_log=True)
    overrides = with_code(CALLER, storage={0: int.from_bytes(cell, "big")})
    call = Call(sender=alice.address, to=PLACE, data=WORD, gas=100_000)
    frame = chain.trace_call(call, "latest", config, overrides)
    assert isinstance(frame, CallFrame)
    assert (frame.type, frame.sender, frame.to, frame.gas) == ("CALL", alice.address, PLACE, 100_000)
    (inner,) = frame.calls
    assert (inner.type, inner.sender, inner.to, inner.input) == ("CALL", PLACE, cell, WORD)
    assert inner.logs[0].topics[0] == (0x77).to_bytes(32, "big")
    assert 0 < inner.gas_used < frame.gas_used
    failing = chain.trace_call(Call(to=PLACE, data=WORD * 2), "latest", config, overrides)
    assert isinstance(failing, CallFrame)
    assert failing.error == failing.calls[0].error == "execution reverted"
    assert failing.calls[0].output == WORD
    top = chain.trace_call(call, "latest", TraceConfig(tracer="call", only_top_call=True), overrides)
    assert isinstance(top, CallFrame)
    assert top.calls == ()


def test_the_call_tracer_shows_creations(chain: PyEvmChain, alice: Person) -> None:
    deployed = chain.send_raw_transaction(alice.sign(to=None, data=deploying(FACTORY)))
    made(chain)
    frame = chain.trace_transaction(deployed, TraceConfig(tracer="call"))
    assert isinstance(frame, CallFrame)
    assert (frame.type, frame.to, frame.output) == ("CREATE", created_by(alice, 0), FACTORY)
    through = chain.trace_call(Call(to=created_by(alice, 0)), "latest", TraceConfig(tracer="call"))
    assert isinstance(through, CallFrame)
    assert [inner.type for inner in through.calls] == ["CREATE"]


def test_the_prestate_tracer_shows_what_was_and_what_changed(chain: PyEvmChain, cell: bytes, alice: Person) -> None:
    first = chain.send_raw_transaction(alice.sign(to=cell, data=WORD))
    second = chain.send_raw_transaction(alice.sign(to=cell, data=(43).to_bytes(32, "big"), value=3))
    made(chain)
    before = chain.trace_transaction(second, TraceConfig(tracer="prestate"))
    assert isinstance(before, Prestate)
    assert before.pre[cell].storage == {0: 42}
    assert before.pre[cell].code == SELF_DESCRIBING
    assert before.pre[alice.address].nonce == 2
    difference = chain.trace_transaction(second, TraceConfig(tracer="prestate", diff_mode=True))
    assert isinstance(difference, Prestate)
    assert difference.post is not None
    assert set(difference.pre) == set(difference.post) == {cell, alice.address}
    assert (difference.pre[cell].storage, difference.post[cell].storage) == ({0: 42}, {0: 43})
    assert difference.post[cell].balance == 3
    assert difference.post[alice.address].nonce == 3
    assert [traced.transaction_hash for traced in chain.trace_block(2, TraceConfig())] == [first, second]


def test_a_trace_of_what_is_not_mined_is_none(chain: PyEvmChain, alice: Person) -> None:
    waiting = chain.send_raw_transaction(alice.sign())
    assert chain.trace_transaction(waiting, TraceConfig()) is None
    assert chain.trace_block(0, TraceConfig()) == ()


def test_a_call_that_reverts_keeps_its_data_through_overrides(chain: PyEvmChain) -> None:
    with pytest.raises(Reverted) as reverted:
        chain.call_with(Call(to=PLACE, data=WORD * 2), overrides=with_code(SELF_DESCRIBING))
    assert HexBytes(reverted.value.data) == HexBytes(WORD)


def test_the_store_holds_no_more_after_any_question(chain: PyEvmChain, cell: bytes, tmp_path: Path) -> None:
    def rows() -> int:
        with chain.store.reading() as db:
            return int(db.execute("SELECT count(*) FROM nodes").fetchone()[0])

    before = rows()
    chain.estimate_gas(Call(to=cell, data=WORD))
    chain.trace_call(Call(to=cell, data=WORD), "latest", TraceConfig())
    assert rows() == before


def test_an_estimate_is_never_more_than_a_transaction_may_have(chain: PyEvmChain, alice: Person) -> None:
    init = assemble("s: @s JUMP")
    with pytest.raises(CallFailed, match=f"gas required exceeds allowance \\({TRANSACTION_GAS_MAX}\\)"):
        chain.estimate_gas(Call(sender=alice.address, data=init))
