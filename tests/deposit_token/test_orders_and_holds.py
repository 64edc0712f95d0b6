"""Court orders, holds and holders' own authorisations, from calldata to decoded events, on a real EVM."""

import pytest

from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import Reverted
from ledger_node.deposit_token import calls, reads
from ledger_node.deposit_token.attestation import signature_bytes
from ledger_node.deposit_token.authorization import TransferAuthorization
from ledger_node.deposit_token.calls import HoldTerms
from ledger_node.deposit_token.events import (
    FrozenTokensChanged,
    HoldEnded,
    HoldPlaced,
    MinterAllowanceSet,
    Moved,
    PauseChanged,
    Retired,
    TransferForced,
    decode_all,
)
from ledger_node.deposit_token.refusals import refusal
from tests.deposit_token.bank import ADMIN, ALICE, BOB, CAROL, ENFORCER, SETTLEMENT, STRANGER, Bank, mint, signer
from tests.deposit_token.evm import GENESIS_TIME

HOUR = 3600


@pytest.fixture
def bank():
    bank = Bank()
    bank.settle(mint(CAROL.address, 100_00), mint(ALICE, 50_00))
    return bank


def events(bank, sender, data):
    return list(decode_all(bank.evm.run(sender, bank.token, data), token=bank.token))


def refused(bank, sender, data):
    with pytest.raises(Reverted) as caught:
        bank.evm.run(sender, bank.token, data)
    return refusal(caught.value.data)


def test_a_court_freezes_and_takes_with_its_reason_on_record(bank):
    (frozen,) = events(bank, ENFORCER.address, calls.set_frozen_tokens(CAROL.address, 90_00))
    assert isinstance(frozen, FrozenTokensChanged)
    assert (frozen.account, frozen.amount) == (CAROL.address, 90_00)
    said = refused(bank, CAROL.address, calls.transfer(BOB, 10_01))
    assert said.restriction is not None
    assert said.restriction.api_code == "balance_locked"

    order = calls.forced_transfer(CAROL.address, BOB, 30_00, "Beschluß 7/26")
    shrunk, moved, forced = events(bank, ENFORCER.address, order)
    assert isinstance(shrunk, FrozenTokensChanged)
    assert shrunk.amount == 70_00
    assert isinstance(moved, Moved)
    assert isinstance(forced, TransferForced)
    assert (forced.payer, forced.payee, forced.amount) == (CAROL.address, BOB, 30_00)
    assert forced.reason == "Beschluß 7/26"
    assert reads.account_state(bank.evm, bank.token, CAROL.address).available == 0


def test_a_hold_is_placed_and_executed(bank):
    terms = HoldTerms(keccak(b"hold"), ALICE, CAROL.address, BOB, 20_00, GENESIS_TIME + HOUR)
    (placed,) = events(bank, SETTLEMENT.address, calls.place_hold(terms))
    assert isinstance(placed, HoldPlaced)
    assert (
        HoldTerms(placed.hold_id, placed.payer, placed.payee, placed.notary, placed.amount, placed.expires_at_s)
        == terms
    )
    assert reads.held_of(bank.evm, bank.token, ALICE) == 20_00
    assert reads.account_state(bank.evm, bank.token, ALICE).available == 30_00
    moved, ended = events(bank, BOB, calls.execute_hold(terms.hold_id))
    assert isinstance(moved, Moved)
    assert isinstance(ended, HoldEnded)
    assert ended.how == "executed"
    assert reads.held_of(bank.evm, bank.token, ALICE) == 0


def test_a_hold_is_released_by_its_notary_or_by_time(bank):
    for name, sender, seconds, how in (
        (b"a", BOB, GENESIS_TIME, "released"),
        (b"b", STRANGER, GENESIS_TIME + HOUR, "expired"),
    ):
        terms = HoldTerms(keccak(name), ALICE, CAROL.address, BOB, 20_00, GENESIS_TIME + HOUR)
        events(bank, SETTLEMENT.address, calls.place_hold(terms))
        bank.evm.at(seconds)
        (ended,) = events(bank, sender, calls.release_hold(terms.hold_id))
        assert isinstance(ended, HoldEnded)
        assert ended.how == how
        assert reads.account_state(bank.evm, bank.token, ALICE).available == 50_00


def test_an_authorisation_signed_in_python_moves_tokens_whoever_brings_it(bank):
    terms = TransferAuthorization(CAROL.address, BOB, 5_00, 0, GENESIS_TIME + HOUR, keccak(b"nonce"))
    signature = signature_bytes(CAROL.sign(terms.digest(bank.domain)))
    moved = list(events(bank, STRANGER, calls.transfer_with_authorization(terms, signature)))
    assert [(each.payer, each.payee, each.amount) for each in moved if isinstance(each, Moved)] == [
        (CAROL.address, BOB, 5_00)
    ]
    forged = signature_bytes(signer("thief").sign(terms.digest(bank.domain)))
    said = refused(bank, STRANGER, calls.transfer_with_authorization(terms, forged))
    assert said.revert is not None
    assert said.revert.name == "ERC3009InvalidSignature"


def test_the_admin_pauses_limits_and_retires(bank):
    (limited,) = events(bank, ADMIN.address, calls.set_minter_allowance(SETTLEMENT.address, 1_00))
    assert isinstance(limited, MinterAllowanceSet)
    assert (limited.minter, limited.per_day) == (SETTLEMENT.address, 1_00)
    assert bank.settle(mint(ALICE, 1_01), mint(ALICE, 1_00)) == bytes([17, 0])
    (paused,) = events(bank, ADMIN.address, calls.pause())
    assert isinstance(paused, PauseChanged)
    assert paused.paused
    (retired,) = events(bank, ADMIN.address, calls.retire(STRANGER))
    assert isinstance(retired, Retired)
    assert retired.successor == STRANGER
    said = refused(bank, ADMIN.address, calls.unpause())
    assert said.revert is not None
    assert said.revert.name == "TokenRetired"
