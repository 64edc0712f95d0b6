"""A block is judged by its parent's state: what block N changes counts from N + 1 on, in blocks, pool and seal."""

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.chain.errors import NotPermitted
from ledger_node.chain.pyevm.engine import ChainSettings
from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.genesis import OPERATOR, TRANSACTOR_ROLE
from ledger_node.permissions.model import AccountStatus, Right
from tests.chain.conftest import IMPOSTOR, made
from tests.chain.programs import SELF_DESCRIBING, deploying
from tests.permissions.enforced import Enforced

SUSPENDED = AccountStatus.SUSPENDED


def by_admin(network: Enforced, data: bytes) -> bytes:
    return network.admin.sign(to=ADDRESS, data=data, gas=1_000_000)


# BLOCKS


def test_a_suspension_does_not_count_in_its_own_block_and_does_in_the_next(enforced: Enforced) -> None:
    suspension = by_admin(enforced, calls.set_account_status(enforced.payer.address, SUSPENDED))
    assert enforced.everywhere(suspension, enforced.payer.sign()).succeeded
    assert len(enforced.follower.block("latest").transactions) == 2
    assert "is suspended" in enforced.refused(enforced.payer.sign())


def test_an_admission_does_not_count_in_its_own_block_and_does_in_the_next(enforced: Enforced) -> None:
    admission = by_admin(enforced, calls.assign_account(enforced.stranger.address, OPERATOR, TRANSACTOR_ROLE))
    early = enforced.stranger.sign()
    lawless = enforced.lawless(admission, early)
    assert len(lawless.block("latest").transactions) == 2
    assert enforced.refused_block(lawless.raw_block("latest")) == "transactions"
    assert enforced.everywhere(admission).succeeded
    assert enforced.everywhere(early).succeeded


def test_a_chain_whose_accounts_were_revoked_since_syncs_from_genesis(enforced: Enforced) -> None:
    reader, role = enforced.with_role("soon gone", Right.DEPLOY)
    enforced.everywhere(reader.sign(to=None, data=deploying(SELF_DESCRIBING)))
    enforced.everywhere(enforced.payer.sign())
    enforced.administer(
        calls.set_account_status(reader.address, AccountStatus.REVOKED),
        calls.change_role(role, Right.READ_ONLY),
        calls.set_account_status(enforced.payer.address, AccountStatus.REVOKED),
    )
    newcomer = enforced.open("newcomer")
    for block in enforced.node.export_blocks(1, enforced.node.head().number):
        newcomer.import_block(block)
    assert newcomer.head() == enforced.node.head()
    assert reads.rules(newcomer).right_of(reader.address) is Right.NONE
    assert reads.rules(newcomer, 4).right_of(reader.address) is Right.DEPLOY


# THE SEALER


def test_a_vote_hands_the_seal_over_from_the_next_block_on(enforced: Enforced) -> None:
    heir = enforced.open("heir", sealer=IMPOSTOR)
    before = enforced.lawless(enforced.payer.sign(nonce=0))
    enforced.payer.nonce = 0
    handover = by_admin(enforced, calls.propose(calls.set_sealer(IMPOSTOR.address)))
    assert enforced.everywhere(handover).succeeded, "sealed by the old sealer still"
    heir.import_block(enforced.node.raw_block(1))
    assert (enforced.node.may_seal, heir.may_seal) == (False, True)

    old = enforced.lawless(enforced.payer.sign())
    assert old.head().number == 2
    assert enforced.refused_block(old.raw_block(2)) == "coinbase"
    assert enforced.refused_block(before.raw_block(1)) == "parent_hash"

    heir.send_raw_transaction(enforced.payer.sign(nonce=0))
    block = heir.raw_block(made(heir).number)
    for other in (enforced.node, enforced.follower):
        assert other.import_block(block).coinbase == IMPOSTOR.address


def test_a_claimed_coinbase_without_its_seal_is_refused(enforced: Enforced) -> None:
    handover = by_admin(enforced, calls.propose(calls.set_sealer(IMPOSTOR.address)))
    assert enforced.everywhere(handover).succeeded
    old = enforced.lawless(enforced.payer.sign()).raw_block("latest")
    assert enforced.refused_block(enforced.resealed(old, coinbase=IMPOSTOR.address)) == "seal"


# THE POOL


def test_what_waits_is_judged_again_when_the_permissions_change(enforced: Enforced) -> None:
    waiting = enforced.payer.sign(nonce=1)
    hash_ = enforced.node.send_raw_transaction(waiting)
    other = enforced.node.send_raw_transaction(enforced.developer.sign(nonce=1))
    assert len(enforced.node.queued_transactions()) == 2
    assert enforced.everywhere(
        by_admin(enforced, calls.set_account_status(enforced.payer.address, SUSPENDED))
    ).succeeded
    assert [each.hash for each in enforced.node.queued_transactions()] == [other]
    refusal = enforced.node.refusal(hash_)
    assert isinstance(refusal, NotPermitted)
    assert "is suspended" in refusal.detail
    assert enforced.node.transaction(hash_) is None
    with pytest.raises(NotPermitted, match="is suspended"):
        enforced.node.send_raw_transaction(waiting)


def test_what_waits_stays_when_something_else_changes(enforced: Enforced) -> None:
    hash_ = enforced.node.send_raw_transaction(enforced.payer.sign(nonce=1))
    enforced.administer(calls.assign_account(enforced.stranger.address, OPERATOR, TRANSACTOR_ROLE))
    assert [each.hash for each in enforced.node.queued_transactions()] == [hash_]
    assert enforced.node.refusal(hash_) is None


def test_what_was_let_go_of_is_taken_again_once_it_is_allowed(enforced: Enforced) -> None:
    waiting = enforced.payer.sign(nonce=1)
    hash_ = enforced.node.send_raw_transaction(waiting)
    enforced.administer(
        calls.set_account_status(enforced.payer.address, SUSPENDED),
        calls.set_account_status(enforced.payer.address, AccountStatus.ACTIVE),
    )
    assert enforced.node.send_raw_transaction(waiting) == hash_
    assert enforced.node.refusal(hash_) is None


def test_a_change_in_a_block_from_elsewhere_is_heard_in_the_pool_too(enforced: Enforced) -> None:
    hash_ = enforced.follower.send_raw_transaction(enforced.payer.sign(nonce=1))
    enforced.administer(calls.set_account_status(enforced.payer.address, SUSPENDED))
    assert isinstance(enforced.follower.refusal(hash_), NotPermitted)


def test_worker_processes_give_the_same_answers(enforced: Enforced) -> None:
    node = enforced.open("with workers", settings=ChainSettings(produce=False, call_workers=1))
    question = Call(sender=enforced.payer.address, data=deploying(SELF_DESCRIBING))
    with pytest.raises(NotPermitted, match="no right to deploy"):
        node.estimate_gas(question)
    enforced.administer(calls.change_role(TRANSACTOR_ROLE, Right.DEPLOY))
    node.import_block(enforced.node.raw_block(1))
    assert node.estimate_gas(question) > 53_000
