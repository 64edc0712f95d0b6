"""Who may do what, by the rules the engine asks and by the contract's own answer, which are the same."""

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.chain.encoding import keccak
from ledger_node.permissions import calls
from ledger_node.permissions.artifact import ADDRESS, permissions_contract
from ledger_node.permissions.model import AccountStatus, OrganisationStatus, Right
from ledger_node.permissions.rules import NOBODY, PermissionsAt
from tests.permissions.network import ADMINS, BANK_ADMIN, DEPLOYER, SEALER, STRANGER, TRANSACTOR, Network, address

TARGET = address("a contract")


@pytest.fixture
def network():
    return Network()


def contract_allows(network, sender, to, value=0):
    data = permissions_contract().call("transactionAllowed", sender, to or bytes(20), value, 0, 0, b"")
    answer = network.evm.call(Call(to=ADDRESS, data=data))
    return int.from_bytes(answer, "big") == 1


def refusal(network, sender, to=TARGET, value=0):
    """The rules' refusal of a transaction, after checking that the contract itself answers the same."""
    reason = network.rules.refusal_to_transact(sender, to, value, b"")
    if reason is None and to is None:
        reason = network.rules.refusal_to_deploy(sender)
    assert contract_allows(network, sender, to, value) == (reason is None)
    return reason


def test_genesis_gives_each_account_its_right(network):
    rights = {account: network.rules.right_of(account) for account in (ADMINS[0], DEPLOYER, TRANSACTOR, STRANGER)}
    assert list(rights.values()) == [Right.FULL, Right.DEPLOY, Right.TRANSACT, Right.NONE]
    assert refusal(network, DEPLOYER, None) is None
    assert refusal(network, TRANSACTOR) is None
    assert "no right to deploy" in refusal(network, TRANSACTOR, None)
    assert "is not an account of this network" in refusal(network, STRANGER)
    assert "is not an account of this network" in network.rules.refusal_to_delegate(STRANGER, TARGET)
    assert network.rules.refusal_to_delegate(TRANSACTOR, TARGET) is None
    assert network.rules.sealer == SEALER


def test_an_organisation_waits_for_the_majority(network):
    proposal = network.proposed(calls.propose_organisation("Bank", BANK_ADMIN))
    assert "is pending" in refusal(network, BANK_ADMIN)
    network.run(ADMINS[2], calls.vote(proposal, yes=True))
    assert refusal(network, BANK_ADMIN, None) is None


def test_a_suspended_organisation_stops_all_its_accounts_and_those_below(network):
    bank, role = network.admit("Bank", BANK_ADMIN)
    network.run(BANK_ADMIN, calls.add_sub_organisation(bank, "Desk"))
    trader = address("trader")
    network.run(BANK_ADMIN, calls.assign_account(trader, bank + 1, role))
    assert refusal(network, trader) is None
    network.decide(calls.set_organisation_status(bank, OrganisationStatus.SUSPENDED))
    for account in (BANK_ADMIN, trader):
        assert f"organisation {bank} of account" in refusal(network, account)
    network.decide(calls.set_organisation_status(bank, OrganisationStatus.APPROVED))
    assert refusal(network, trader) is None


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.DENYLISTED, AccountStatus.REVOKED])
def test_an_account_that_is_not_active_may_nothing(network, status):
    network.run(ADMINS[0], calls.set_account_status(TRANSACTOR, status))
    assert f"is {status.name.lower()}" in refusal(network, TRANSACTOR)
    assert network.rules.refusal_to_deploy(TRANSACTOR) is not None
    assert network.rules.refusal_to_delegate(TRANSACTOR, TARGET) is not None


def test_a_change_of_role_counts_at_once_for_all_its_accounts(network):
    bank, _ = network.admit("Bank", BANK_ADMIN)
    role = network.add_role(BANK_ADMIN, calls.add_role(bank, "reader", Right.READ_ONLY))
    reader = address("reader")
    network.run(BANK_ADMIN, calls.assign_account(reader, bank, role))
    assert "read only" in refusal(network, reader)
    network.run(BANK_ADMIN, calls.change_role(role, Right.DEPLOY))
    assert refusal(network, reader, None) is None
    network.run(BANK_ADMIN, calls.change_role(role, Right.DEPLOY, active=False))
    assert "is not active" in refusal(network, reader)


def test_a_role_can_limit_value_and_targets(network):
    bank, _ = network.admit("Bank", BANK_ADMIN)
    limited = calls.add_role(bank, "payer", Right.TRANSACT, limits_targets=True, max_value=100)
    role = network.add_role(BANK_ADMIN, limited)
    payer = address("payer")
    network.run(BANK_ADMIN, calls.assign_account(payer, bank, role))
    assert "none of its role's targets" in refusal(network, payer)
    network.run(BANK_ADMIN, calls.set_role_target(role, TARGET, allowed=True))
    assert refusal(network, payer, value=100) is None
    assert "at most 100 wei" in refusal(network, payer, value=101)


def test_a_call_that_names_no_sender_is_a_question(network):
    assert network.rules.refusal_to_transact(NOBODY, TARGET, 0, b"") is None


class StateOf:
    """The network's state as an engine shows it: the storage root stands for the words."""

    def __init__(self, network):
        self.network = network
        self.reads = 0

    def account(self, _):
        store = self.network.evm.state._account_db._get_address_store(ADDRESS)
        words = sorted(store._journal_storage.diff().pending_items())
        return 1, 0, keccak(repr(words).encode()), b""

    def storage(self, to, slot):
        self.reads += 1
        return self.network.evm.storage(to, slot)


def test_an_answer_is_kept_as_long_as_nothing_changed_and_no_longer(network):
    rules_at, state = PermissionsAt(), StateOf(network)
    assert rules_at(state).refusal_to_transact(TRANSACTOR, TARGET, 0, b"") is None
    asked = state.reads
    assert rules_at(state).refusal_to_transact(TRANSACTOR, TARGET, 0, b"") is None
    assert state.reads == asked
    network.run(ADMINS[0], calls.set_account_status(TRANSACTOR, AccountStatus.SUSPENDED))
    assert rules_at(state).refusal_to_transact(TRANSACTOR, TARGET, 0, b"") is not None
