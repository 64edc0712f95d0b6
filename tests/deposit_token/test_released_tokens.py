"""A token deployed by an earlier release is operated, read and watched by this one as it was by its own."""

import pytest

from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token import calls, deployment, reads
from ledger_node.deposit_token.artifact import deposit_token, is_deposit_token, released_tokens
from ledger_node.deposit_token.calls import HoldTerms
from ledger_node.deposit_token.events import HoldEnded, HoldPlaced, TransferForced, decode_all
from tests.deposit_token.bank import ALICE, BOB, ENFORCER, SETTLEMENT, STRANGER, Bank, mint, redeem, transfer
from tests.deposit_token.evm import GENESIS_TIME

RELEASED = released_tokens()
READ_SLOTS = ("_totals", "_paused", "settledAt", "_held", "_roles")


@pytest.fixture(params=RELEASED, ids=lambda each: each.name)
def bank(request, monkeypatch):
    monkeypatch.setattr(deployment, "deposit_token", lambda: request.param)
    return Bank()


def test_a_token_of_an_earlier_release_is_operated_with_this_ones_calls(bank):
    evm, token = bank.evm, bank.token
    code = evm.state.get_code(token)
    assert is_deposit_token(code)
    assert not deposit_token().is_code_of(code)
    assert bank.settle(mint(ALICE, 100), transfer(ALICE, BOB, 40), redeem(BOB, 10), mint(STRANGER, 1)) == b"\0\0\0\x09"
    hold = HoldTerms(keccak(b"h"), ALICE, BOB, SETTLEMENT.address, 20, GENESIS_TIME + 60)
    logs = evm.run(SETTLEMENT.address, token, calls.place_hold(hold))
    assert reads.held_of(evm, token, ALICE) == 20
    logs += evm.run(SETTLEMENT.address, token, calls.execute_hold(hold.hold_id))
    logs += evm.run(ENFORCER.address, token, calls.forced_transfer(ALICE, BOB, 40, "order 7/26"))
    kinds = [type(event) for event in decode_all(logs, token=token)]
    assert [kind for kind in kinds if kind in (HoldPlaced, HoldEnded, TransferForced)] == [
        HoldPlaced, HoldEnded, TransferForced
    ]  # fmt: skip
    assert reads.balance_of(evm, token, BOB) == 90
    assert reads.totals(evm, token).supply == 90
    assert reads.settled_at(evm, token, (1).to_bytes(32, "big")) is not None
    bank.as_admin(calls.pause())
    assert reads.is_paused(evm, token)


@pytest.mark.parametrize("released", RELEASED, ids=lambda each: each.name)
def test_nothing_that_a_released_token_has_was_taken_from_this_one(released):
    now = deposit_token()
    assert released.functions.items() <= now.functions.items()
    assert released.topics.items() <= now.topics.items()
    assert released.errors.items() <= now.errors.items()
    assert released.constructor == now.constructor
    assert [released.storage_slots[name] for name in READ_SLOTS] == [now.storage_slots[name] for name in READ_SLOTS]


def test_code_that_was_never_released_is_no_deposit_tokens():
    altered = bytearray(RELEASED[0].deployed_bytecode)
    altered[100] ^= 1
    assert is_deposit_token(RELEASED[0].deployed_bytecode)
    assert is_deposit_token(deposit_token().deployed_bytecode)
    assert not is_deposit_token(bytes(altered))
    assert not is_deposit_token(b"")
