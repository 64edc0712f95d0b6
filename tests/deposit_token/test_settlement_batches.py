"""Batches, calls, logs and storage reads of the Python room against the committed artifact on a real EVM."""

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import Reverted
from ledger_node.deposit_token import calls, reads
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.attestation import ReserveAttestation, signature_bytes
from ledger_node.deposit_token.calls import Registration
from ledger_node.deposit_token.codes import RESTRICTIONS
from ledger_node.deposit_token.events import (
    NOBODY,
    BatchSettled,
    HolderRegistered,
    HolderStatusChanged,
    Moved,
    ReserveAttested,
    decode_all,
)
from ledger_node.deposit_token.refusals import refusal
from ledger_node.money import AMOUNT_MAX
from tests.deposit_token.bank import (
    ADMIN,
    ALICE,
    ATTESTOR,
    BOB,
    CAROL,
    SETTLEMENT,
    STRANGER,
    Bank,
    mint,
    redeem,
    signer,
    transfer,
)


@pytest.fixture
def bank():
    return Bank()


def named(code):
    return next(each.name for each in RESTRICTIONS if each.code == code)


def test_a_batch_moves_its_legs_in_order_and_says_so_in_its_logs(bank):
    data = bank.batch([mint(ALICE, 100_00), transfer(ALICE, BOB, 60_00), redeem(BOB, 25_00)], reserve=100_00)
    events = list(decode_all(bank.evm.run(SETTLEMENT.address, bank.token, data), token=bank.token))

    moved = [(each.payer, each.payee, each.amount) for each in events if isinstance(each, Moved)]
    assert moved == [(NOBODY, ALICE, 100_00), (ALICE, BOB, 60_00), (BOB, NOBODY, 25_00)]
    settled = next(each for each in events if isinstance(each, BatchSettled))
    assert (settled.batch_id, settled.codes) == ((1).to_bytes(32, "big"), b"\0\0\0")
    attested = next(each for each in events if isinstance(each, ReserveAttested))
    assert (attested.reserve, attested.ledger_sequence) == (100_00, 1)
    assert (attested.claims_root, attested.ledger_head) == (keccak(b"claims"), keccak(b"head"))

    assert reads.balance_of(bank.evm, bank.token, ALICE) == 40_00
    assert reads.totals(bank.evm, bank.token) == reads.Totals(75_00, 100_00, 1)
    assert reads.settled_at(bank.evm, bank.token, settled.batch_id) == bank.evm.block_number
    assert reads.settled_at(bank.evm, bank.token, keccak(b"another")) is None


def test_a_failing_leg_is_named_and_stops_no_other(bank):
    assert bank.settle(mint(ALICE, 50_00)) == b"\0"
    codes = bank.settle(transfer(ALICE, STRANGER, 1), transfer(ALICE, BOB, 50_01), transfer(ALICE, BOB, 50_00))
    assert [named(code) for code in codes[:2]] == ["CREDITOR_NOT_REGISTERED", "INSUFFICIENT_BALANCE"]
    assert codes[2] == 0


def test_storage_reads_agree_with_the_contract(bank):
    bank.settle(mint(CAROL.address, 7_00), mint(ALICE, AMOUNT_MAX))
    bank.as_admin(calls.set_status([ALICE], "suspended"))
    for account in (ALICE, BOB, CAROL.address, STRANGER):
        state = reads.account_state(bank.evm, bank.token, account)
        answer = bank.evm.call(Call(to=bank.token, data=deposit_token().call("holder", account)))
        ((balance, locked, member_id, status, self_custody),) = deposit_token().returned("holder", answer)
        assert state == reads.AccountState(balance, locked, member_id, status, self_custody)
    assert reads.account_state(bank.evm, bank.token, CAROL.address).self_custody
    assert reads.account_state(bank.evm, bank.token, STRANGER).status == 0
    assert not reads.is_paused(bank.evm, bank.token)
    bank.as_admin(calls.pause())
    assert reads.is_paused(bank.evm, bank.token)
    bank.as_admin(calls.unpause())
    assert not reads.is_paused(bank.evm, bank.token)


def test_registrations_and_status_changes_are_logged(bank):
    logs = bank.as_admin(calls.register([Registration(STRANGER, 9, True)]))
    logs += bank.as_admin(calls.set_status([STRANGER], "frozen"))
    registered, changed = decode_all(logs, token=bank.token)
    assert isinstance(registered, HolderRegistered)
    assert (registered.account, registered.member_id, registered.self_custody) == (STRANGER, 9, True)
    assert isinstance(changed, HolderStatusChanged)
    assert (changed.account, changed.status) == (STRANGER, 3)


def test_an_attestation_by_another_key_settles_nothing(bank):
    batch_id = keccak(b"batch")
    attestation = ReserveAttestation(10, bytes(32), 1, bytes(32))
    forged = signature_bytes(signer("thief").sign(attestation.digest(bank.domain, batch_id)))
    with pytest.raises(Reverted) as caught:
        bank.evm.run(SETTLEMENT.address, bank.token, calls.settle(batch_id, [mint(ALICE, 1)], attestation, forged))
    said = refusal(caught.value.data)
    assert said.revert is not None
    assert said.restriction is None
    assert said.revert.name == "NotAttestedByReserveAttestor"
    assert bytes.fromhex(said.revert.arguments["signer"][2:]) == signer("thief").address

    genuine = signature_bytes(ATTESTOR.sign(attestation.digest(bank.domain, batch_id)))
    bank.evm.run(SETTLEMENT.address, bank.token, calls.settle(batch_id, [mint(ALICE, 1)], attestation, genuine))
    assert reads.balance_of(bank.evm, bank.token, ALICE) == 1


def test_a_refused_transfer_carries_its_restriction_and_its_numbers(bank):
    bank.settle(mint(CAROL.address, 5_00))

    def refused(payee, amount):
        with pytest.raises(Reverted) as caught:
            bank.evm.run(CAROL.address, bank.token, calls.transfer(payee, amount))
        return refusal(caught.value.data)

    said = refused(BOB, 5_01)
    assert said.restriction is not None
    assert said.restriction.api_code == "insufficient_balance"
    assert said.revert is not None
    assert (said.revert.arguments["balance"], said.revert.arguments["needed"]) == (5_00, 5_01)
    said = refused(STRANGER, 1)
    assert said.restriction is not None
    assert said.restriction.name == "CREDITOR_NOT_REGISTERED"
    bank.as_admin(calls.pause())
    said = refused(BOB, 1)
    assert said.restriction is not None
    assert said.restriction.api_code == "token_paused"


def test_a_second_admin_key_is_refused_where_a_role_is_missing(bank):
    with pytest.raises(Reverted) as caught:
        bank.evm.run(SETTLEMENT.address, bank.token, calls.pause())
    said = refusal(caught.value.data)
    assert said.revert is not None
    assert said.revert.name == "AccessControlUnauthorizedAccount"
    bank.evm.run(ADMIN.address, bank.token, calls.pause())
