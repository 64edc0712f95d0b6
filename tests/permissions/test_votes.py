"""Proposals, votes and outcomes from calldata to decoded events, and what reads say of them."""

import pytest

from ledger_node.chain.errors import Reverted
from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import permissions_contract
from ledger_node.permissions.events import (
    AccountAssigned,
    AccountStatusChanged,
    MajorityChanged,
    NetworkAdministratorChanged,
    OrganisationAdded,
    OrganisationStatusChanged,
    ProposalDecided,
    ProposalMade,
    RoleSet,
    RoleTargetSet,
    SealerChanged,
    VoteCast,
)
from ledger_node.permissions.model import AccountStatus, Organisation, OrganisationStatus, Right
from tests.deposit_token.evm import GENESIS_TIME
from tests.permissions.network import ADMINS, BANK_ADMIN, STRANGER, TRANSACTOR, Network, address

NEXT_SEALER = address("next sealer")


@pytest.fixture
def network():
    return Network()


def refused(network, sender, data):
    with pytest.raises(Reverted) as caught:
        network.run(sender, data)
    said = permissions_contract().revert(caught.value.data)
    assert said is not None
    return said.name


def kinds(events):
    return [type(each) for each in events]


def test_admitting_an_organisation_leaves_a_trace_of_every_step(network):
    events = network.events(ADMINS[0], calls.propose_organisation("Bank", BANK_ADMIN))
    assert kinds(events) == [
        OrganisationAdded, OrganisationStatusChanged, RoleSet,
        AccountAssigned, AccountStatusChanged, ProposalMade, VoteCast,
    ]  # fmt: skip
    added, proposed, role = events[:3]
    assert (added.name, added.parent, proposed.status) == ("Bank", 0, OrganisationStatus.PROPOSED)
    assert (role.name, role.entry.right) == ("administrator", Right.FULL)
    assert reads.votes_needed(network.evm) == 2
    state = reads.proposal(network.evm, events[5].proposal)
    assert (state.proposer, state.open, state.call) == (ADMINS[0], True, events[5].call)

    events = network.events(ADMINS[1], calls.vote(state.id, yes=True))
    assert kinds(events) == [VoteCast, OrganisationStatusChanged, AccountStatusChanged, ProposalDecided]
    assert events[1].status is OrganisationStatus.APPROVED
    assert events[2].status is AccountStatus.ACTIVE
    assert events[3].executed
    issuer, bank = reads.organisations(network.evm)
    assert (issuer.name, bank.name) == ("Issuer", "Bank")
    assert bank.entry == Organisation(0, 1, OrganisationStatus.APPROVED)
    assert [each.name for each in reads.roles(network.evm)] == [
        "administrator", "deployer", "transactor", "administrator"
    ]  # fmt: skip
    assert reads.account(network.evm, BANK_ADMIN).organisation == bank.id


def test_the_majority_changes_the_sealer_and_one_administrator_does_not(network):
    assert refused(network, ADMINS[0], calls.set_sealer(NEXT_SEALER)) == "NotTheMajority"
    events = network.decide(calls.set_sealer(NEXT_SEALER))
    assert [each.sealer for each in events if isinstance(each, SealerChanged)] == [NEXT_SEALER]
    assert network.rules.sealer == NEXT_SEALER


def test_a_proposal_that_can_no_longer_win_is_rejected(network):
    proposal = network.proposed(calls.propose(calls.set_sealer(NEXT_SEALER)))
    assert kinds(network.events(ADMINS[1], calls.vote(proposal, yes=False))) == [VoteCast]
    _, decided = network.events(ADMINS[2], calls.vote(proposal, yes=False))
    assert not decided.executed
    assert refused(network, ADMINS[2], calls.vote(proposal, yes=True)) == "ProposalNotOpen"
    assert network.rules.sealer != NEXT_SEALER


def test_nobody_votes_twice_too_late_or_without_being_asked(network):
    proposal = network.proposed(calls.propose(calls.set_sealer(NEXT_SEALER)))
    assert refused(network, ADMINS[0], calls.vote(proposal, yes=True)) == "AlreadyVoted"
    assert refused(network, TRANSACTOR, calls.vote(proposal, yes=True)) == "NotNetworkAdministrator"
    assert refused(network, STRANGER, calls.propose(b"")) == "NotNetworkAdministrator"
    network.evm.at(GENESIS_TIME + 30 * 24 * 3600)
    assert refused(network, ADMINS[1], calls.vote(proposal, yes=True)) == "ProposalNotOpen"


def test_a_removed_administrators_vote_no_longer_counts(network):
    proposal = network.proposed(calls.propose(calls.set_sealer(NEXT_SEALER)), ADMINS[2])
    events = network.decide(calls.remove_network_administrator(ADMINS[2]))
    assert [each.added for each in events if isinstance(each, NetworkAdministratorChanged)] == [False]
    assert set(reads.network_administrators(network.evm)) == set(ADMINS[:2])
    network.run(ADMINS[0], calls.vote(proposal, yes=True))
    assert network.rules.sealer != NEXT_SEALER
    network.run(ADMINS[1], calls.vote(proposal, yes=True))
    assert network.rules.sealer == NEXT_SEALER


def test_the_majority_can_be_raised(network):
    (percent,) = [each.percent for each in network.decide(calls.set_majority(100)) if isinstance(each, MajorityChanged)]
    assert percent == 100
    assert reads.votes_needed(network.evm) == 3
    proposal = network.proposed(calls.propose(calls.set_sealer(NEXT_SEALER)))
    network.run(ADMINS[1], calls.vote(proposal, yes=True))
    assert network.rules.sealer != NEXT_SEALER
    network.run(ADMINS[2], calls.vote(proposal, yes=True))
    assert network.rules.sealer == NEXT_SEALER


def test_only_the_majority_lifts_a_denylisting_and_nobody_a_revocation(network):
    network.run(ADMINS[0], calls.set_account_status(TRANSACTOR, AccountStatus.DENYLISTED))
    back = calls.set_account_status(TRANSACTOR, AccountStatus.ACTIVE)
    assert refused(network, ADMINS[0], back) == "InvalidAccountStatus"
    network.decide(back)
    assert network.rules.right_of(TRANSACTOR) is Right.TRANSACT
    network.run(ADMINS[0], calls.set_account_status(TRANSACTOR, AccountStatus.REVOKED))
    proposal = network.proposed(calls.propose(back))
    assert refused(network, ADMINS[1], calls.vote(proposal, yes=True)) == "InvalidAccountStatus"


def test_an_organisations_administrator_governs_its_own_house_only(network):
    bank, role = network.admit("Bank", BANK_ADMIN)
    other, other_role = network.admit("Other bank", address("other administrator"))
    assert refused(network, BANK_ADMIN, calls.add_role(other, "x", Right.FULL)) == "NotAdministratorOf"
    assert refused(network, BANK_ADMIN, calls.assign_account(STRANGER, other, other_role)) == "NotAdministratorOf"
    assert refused(network, BANK_ADMIN, calls.assign_account(STRANGER, bank, other_role)) == "RoleOfAnotherOrganisation"
    assert refused(network, BANK_ADMIN, calls.assign_account(TRANSACTOR, bank, role)) == "AccountOfAnotherOrganisation"
    suspended = OrganisationStatus.SUSPENDED
    assert refused(network, BANK_ADMIN, calls.set_organisation_status(bank, suspended)) == "NotAdministratorOf"
    network.run(BANK_ADMIN, calls.assign_account(STRANGER, bank, role))
    events = network.events(BANK_ADMIN, calls.set_role_target(role, STRANGER, allowed=True))
    assert kinds(events) == [RoleTargetSet]


def test_a_proposal_that_does_not_exist_is_none(network):
    assert reads.proposal(network.evm, 1) is None
