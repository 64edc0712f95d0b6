"""The deposit token on the fast machine and on py-evm: every function, every kind of leg, short of gas and hot."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.interpreter import CHAIN_ID, SIGNER, Batches, TokenMachine, run
from ledger_node.chain.encoding import keccak
from ledger_node.chain.pyevm.interpreter import fast_computation
from ledger_node.chain.pyevm.machine import NetworkComputation
from ledger_node.deposit_token import calls, deployment
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.keys import LocalSigner

BANK = LocalSigner(b"\x02" * 32)
HOLDERS = [BANK.address, *(number.to_bytes(20) for number in (0xA1, 0xA2, 0xA3))]
ROLES = [bytes(32), deployment.SETTLEMENT_ROLE, deployment.REGISTRAR_ROLE, deployment.PAUSER_ROLE]
PLAIN = NetworkComputation
FAST = fast_computation(NetworkComputation)
EAGER = fast_computation(NetworkComputation, runs_before_translation=0)

Step = Callable[[TokenMachine], Any]


def opened(computation_class: type[Any]) -> TokenMachine:
    machine = TokenMachine(computation_class)
    registrations = [calls.Registration(holder, 7, self_custody=holder == BANK.address) for holder in HOLDERS]
    machine.send(calls.register(registrations)).raise_if_error()
    legs = [calls.Leg("mint", 10_000, creditor=holder) for holder in HOLDERS]
    machine.send(machine.settlement(legs)).raise_if_error()
    return machine


def outcome(done: Any) -> tuple[Any, ...]:
    error = type(done.error).__name__ if done.is_error else None
    return error, done.output, done.get_gas_used(), done.get_gas_refund(), done.get_raw_log_entries()


def assert_same(*steps: Step, computation_class: type[Any] = EAGER) -> list[tuple[Any, ...]]:
    plain, fast = opened(PLAIN), opened(computation_class)
    outcomes = []
    for step in steps:
        expected = outcome(step(plain))
        assert outcome(step(fast)) == expected
        outcomes.append(expected)
    assert fast.state.make_state_root() == plain.state.make_state_root()
    return outcomes


def call(function: str, *arguments: Any, sender: bytes = BANK.address) -> Step:
    return lambda machine: machine.send(deposit_token().call(function, *arguments), sender=sender)


def settle(*legs: calls.Leg, **more: Any) -> Step:
    return lambda machine: machine.send(machine.settlement(list(legs)), **more)


def transfer_leg(amount: int, debtor: int, creditor: int) -> calls.Leg:
    return calls.Leg("transfer", amount, HOLDERS[debtor], HOLDERS[creditor])


ALL_KINDS = [
    calls.Leg("mint", 500, creditor=HOLDERS[1]),
    calls.Leg("mint", 10**15, creditor=HOLDERS[1]),  # above the attested reserve
    transfer_leg(100, 1, 2),
    transfer_leg(10_000_000, 1, 2),  # more than there is
    transfer_leg(1, 0, 2),  # in self custody
    calls.Leg("transfer", 1, HOLDERS[1], b"\x99" * 20),  # to nobody's account
    calls.Leg("redeem", 50, debtor=HOLDERS[2]),
]


def test_batches_with_every_kind_of_leg_end_the_same() -> None:
    [done] = assert_same(settle(*ALL_KINDS))
    assert done[0] is None
    assert len(done[4]) == 3 + 2  # mint, transfer, redeem; the batch and its attestation


def test_batches_that_grow_hot_end_the_same() -> None:
    batches = Batches(banks=5, legs=30, count=4)
    _, expected = run(TokenMachine(PLAIN), batches)
    _, found = run(TokenMachine(FAST), batches)
    assert found == expected


@pytest.mark.parametrize("gas", range(20_000, 200_000, 3_001))
def test_a_batch_short_of_gas_ends_the_same(gas: int) -> None:
    assert_same(settle(*ALL_KINDS, gas=gas))


def test_a_batch_settled_twice_reverts_the_same() -> None:
    def again(machine: TokenMachine) -> Any:
        data = machine.settlement([transfer_leg(1, 1, 2)])
        machine.send(data).raise_if_error()
        return machine.send(data)

    [done] = assert_same(again)
    assert done[0] == "Revert"


def test_a_permit_and_what_it_allows_end_the_same() -> None:
    def permit(machine: TokenMachine) -> Any:
        owner, spender = BANK.address, HOLDERS[1]
        type_hash = keccak(b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")
        words = (int.from_bytes(owner), int.from_bytes(spender), 300, 0, 2**40)
        digest = machine.domain.digest(type_hash + b"".join(word.to_bytes(32) for word in words))
        y_parity, r, s = BANK.sign(digest)
        signature = (27 + y_parity, r.to_bytes(32), s.to_bytes(32))
        return machine.send(deposit_token().call("permit", owner, spender, 300, 2**40, *signature))

    spend = call("transferFrom", BANK.address, HOLDERS[2], 200, sender=HOLDERS[1])
    allowed, again, first, second = assert_same(permit, permit, spend, spend)
    assert allowed[0] is None
    assert again[0] == "Revert"
    assert first[0] is None
    assert second[0] == "Revert"


ARGUMENTS = {
    "address": st.sampled_from([*HOLDERS, SIGNER.address, bytes(20), b"\x99" * 20]),
    "bytes32": st.sampled_from([*ROLES, b"\x07" * 32]),
    "uint256": st.sampled_from([0, 1, 70, 10**6, 2**96, 2**256 - 1]),
    "uint64": st.sampled_from([0, 2**40]),
    "uint48": st.sampled_from([0, 2**40]),
    "uint32": st.sampled_from([0, 9]),
    "uint8": st.integers(0, 5),
    "bool": st.booleans(),
    "bytes": st.sampled_from([b"", bytes(65)]),
    "bytes4": st.just(b"\x01\xff\xc9\xa7"),
    "string": st.sampled_from(["", "court order 7"]),
    "(uint256,uint256)": st.tuples(st.sampled_from([0, 2 << 248 | 7 << 160, 2**256 - 1]), st.sampled_from([0, 9])),
    "(uint256,bytes32,uint256,bytes32)": st.just((10**9, bytes(32), 2**20, bytes(32))),
}


def argument(kind: str) -> st.SearchStrategy[Any]:
    if kind.endswith("[]"):
        return st.lists(ARGUMENTS[kind.removesuffix("[]")], max_size=3)
    return ARGUMENTS[kind]


def any_call(signature: str) -> st.SearchStrategy[Step]:
    inputs = deposit_token().functions[signature].inputs
    return st.builds(
        lambda arguments, sender: call(signature, *arguments, sender=sender),
        st.tuples(*(argument(kind) for kind in inputs)),
        st.sampled_from([SIGNER.address, SIGNER.address, BANK.address, HOLDERS[1]]),
    )


legs = st.one_of(
    st.builds(transfer_leg, st.integers(1, 20_000), st.integers(0, 3), st.integers(0, 3)),
    st.builds(lambda amount, to: calls.Leg("mint", amount, creditor=to), st.integers(1, 900), st.sampled_from(HOLDERS)),
    st.builds(lambda amount, of: calls.Leg("redeem", amount, of), st.integers(1, 900), st.sampled_from(HOLDERS)),
)
FUNCTIONS = [each for each in deposit_token().functions if "(" in each and not each.startswith("settle(")]
steps = st.one_of(
    st.sampled_from(FUNCTIONS).flatmap(any_call),
    st.lists(legs, max_size=6).map(lambda some: settle(*some)),
)


@settings(deadline=None, max_examples=25)
@given(st.lists(steps, min_size=1, max_size=12))
def test_any_calls_of_the_token_end_the_same(some: list[Step]) -> None:
    assert_same(*some)
    assert_same(*some * 4, computation_class=FAST)


def test_the_token_is_created_the_same() -> None:
    plain, fast = TokenMachine(PLAIN), TokenMachine(EAGER)
    assert fast.state.get_code(fast.token) == plain.state.get_code(plain.token)
    assert CHAIN_ID.to_bytes(32)[-2:] in fast.state.get_code(fast.token)
    assert fast.state.make_state_root() == plain.state.make_state_root()
