"""The transactions of a public test chain (ethereum/execution-apis) under Prague, on the fast machine and on py-evm."""

import json
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth.abc import SignedTransactionAPI
from eth.constants import BLANK_ROOT_HASH
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.state import PragueState

from tests.interpreter.machine import EAGER, FAST, PLAIN, call_outcome

DATA = Path(__file__).parents[1] / "conformance" / "data"


def blocks() -> list[list[Any]]:
    rest = (DATA / "chain.rlp").read_bytes()
    found = []
    while rest:
        block = rlp.decode(rest, strict=False)
        found.append(block)
        rest = rest[len(rlp.encode(block)) :]
    return found


def decoded(transaction: Any) -> SignedTransactionAPI:
    raw = transaction if isinstance(transaction, bytes) else rlp.encode(transaction)
    return PragueVM.get_transaction_builder().decode(raw)


def outcomes(computation_class: type[Any]) -> list[Any]:
    """What every transaction came to, with the calls in it, and the state root after each block."""
    genesis = json.loads((DATA / "genesis.json").read_text(encoding="utf-8"))
    database, root = AtomicDB(), BLANK_ROOT_HASH
    found: list[Any] = []
    for header, transactions, *_ in blocks():
        number, gas_limit, timestamp = (int.from_bytes(header[at]) for at in (8, 9, 11))
        context = ExecutionContext(
            header[2], timestamp, number, 0, header[13], gas_limit, [header[0]], genesis["config"]["chainId"], 0, 0
        )
        state: Any = PragueState(database, context, root)
        state.computation_class = computation_class
        if root == BLANK_ROOT_HASH:
            fill(state, genesis["alloc"])
        for transaction in transactions:
            done = state.apply_transaction(decoded(transaction))
            state.lock_changes()
            found.append((call_outcome(done), done.get_gas_refund(), done.get_raw_log_entries()))
        state.persist()
        root = state.state_root
        found.append(root)
    return found


def fill(state: Any, alloc: dict[str, dict[str, Any]]) -> None:
    for name, account in alloc.items():
        address = bytes.fromhex(name)
        state.set_balance(address, int(account["balance"], 16))
        state.set_nonce(address, int(account.get("nonce", "0"), 16))
        if code := bytes.fromhex(account.get("code", "0x")[2:]):
            state.set_code(address, code)
        for slot, word in account.get("storage", {}).items():
            state.set_storage(address, int(slot, 16), int(word, 16))


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return outcomes(PLAIN)


def test_the_chain_has_transactions_that_run_code(expected: list[Any]) -> None:
    assert sum(isinstance(each, tuple) and bool(each[2]) for each in expected) > 10


@pytest.mark.parametrize("computation_class", [FAST, EAGER], ids=["fast", "eager"])
def test_every_transaction_comes_to_the_same(computation_class: type[Any], expected: list[Any]) -> None:
    assert outcomes(computation_class) == expected
