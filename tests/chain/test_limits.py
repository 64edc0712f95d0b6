"""At the machine's limits: calls as deep as the rules allow, code that does not end, what py-evm cannot do."""

from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from ledger_node.chain.blocks import Header
from ledger_node.chain.genesis import GenesisAccount, NetworkRules
from ledger_node.chain.pyevm import execution
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain
from tests.chain.conftest import Open, Person, a_genesis
from tests.chain.programs import LOOP, assemble

DEEP = b"\xdd" * 20
ENDLESS = b"\xee" * 20
# Call oneself with all gas, counting down the depth given; store what is left at the end.
RECURSION = assemble(
    "PUSH0 CALLDATALOAD DUP1 @deeper JUMPI PUSH1 01 PUSH0 SSTORE STOP "
    "deeper: PUSH1 01 SWAP1 SUB PUSH0 MSTORE PUSH0 PUSH0 PUSH1 20 PUSH0 PUSH0 ADDRESS GAS CALL @fine JUMPI "
    "PUSH0 PUSH0 REVERT fine: STOP"
)
GAS = 10**12


@pytest.fixture
def chain(tmp_path: Path, open_at: Open) -> PyEvmChain:
    genesis = a_genesis(
        gas_limit=GAS,
        rules=NetworkRules(transaction_gas_max=GAS),
        alloc={DEEP: GenesisAccount(code=RECURSION), ENDLESS: GenesisAccount(code=LOOP)},
    )
    return open_at(tmp_path, genesis, settings=ChainSettings(produce=True))


@pytest.mark.parametrize(("depth", "succeeds"), [(1023, True), (1024, True), (1025, False)])
def test_calls_go_1024_deep_on_the_producers_thread(
    chain: PyEvmChain, alice: Person, depth: int, succeeds: bool
) -> None:
    heads: SimpleQueue[Header] = SimpleQueue()
    chain.on_new_head(heads.put)
    raw = alice.sign(to=DEEP, data=depth.to_bytes(32, "big"), gas=GAS)
    transaction_hash = chain.send_raw_transaction(raw)
    heads.get(timeout=60)
    receipt = chain.receipt(transaction_hash)
    assert receipt is not None
    assert receipt.succeeded is succeeds
    assert chain.storage(DEEP, 0) == int(succeeds)


def test_code_that_does_not_end_uses_its_gas_and_no_more(chain: PyEvmChain, alice: Person) -> None:
    heads: SimpleQueue[Header] = SimpleQueue()
    chain.on_new_head(heads.put)
    endless = chain.send_raw_transaction(alice.sign(to=ENDLESS, gas=100_000))
    heads.get(timeout=60)
    receipt = chain.receipt(endless)
    assert receipt is not None
    assert (receipt.succeeded, receipt.gas_used) == (False, 100_000)


def test_a_transaction_the_engine_cannot_execute_is_dropped_and_the_chain_goes_on(
    chain: PyEvmChain, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such transaction is known; should there be one, it must not stop the chain each time it is sent again."""
    run = execution._run

    def fails(state: Any, fork: Any, tx: Any, price: int) -> Any:
        if tx.data == b"\x0d":
            raise RecursionError("too deep")
        return run(state, fork, tx, price)

    monkeypatch.setattr(execution, "_run", fails)
    heads: SimpleQueue[Header] = SimpleQueue()
    chain.on_new_head(heads.put)
    impossible = chain.send_raw_transaction(alice.sign(data=b"\x0d"))
    possible = chain.send_raw_transaction(bob.sign())
    while chain.receipt(possible) is None:
        heads.get(timeout=60)
    assert chain.receipt(impossible) is None
    assert chain.transaction(impossible) is None
    assert chain.nonce(alice.address) == 0
    assert chain.fault is None
