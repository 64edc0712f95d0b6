"""What the members forbid is in no valid block: not one made here, and not one made and sealed elsewhere."""

import pytest

from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import ADDRESS, permissions_contract
from ledger_node.permissions.genesis import OPERATOR, TRANSACTOR_ROLE
from ledger_node.permissions.model import AccountStatus, OrganisationStatus, Right
from tests.chain.conftest import Person, created_by, made
from tests.chain.programs import SELF_DESCRIBING, deploying
from tests.permissions.enforced import Enforced

TARGET, OTHER = b"\x22" * 20, b"\x33" * 20
CREATION = deploying(SELF_DESCRIBING)


# WHO MAY TRANSACT


def test_a_strangers_transaction(enforced: Enforced) -> None:
    assert "is not an account of this network" in enforced.refused(enforced.stranger.sign())


def test_a_strangers_deployment(enforced: Enforced) -> None:
    assert "is not an account of this network" in enforced.refused(enforced.stranger.sign(to=None, data=CREATION))


def test_a_deployment_by_an_account_that_may_only_transact(enforced: Enforced) -> None:
    assert enforced.everywhere(enforced.payer.sign(value=5)).succeeded
    assert "no right to deploy" in enforced.refused(enforced.payer.sign(to=None, data=CREATION))


def test_who_may_deploy_does(enforced: Enforced) -> None:
    assert enforced.everywhere(enforced.developer.sign(to=None, data=CREATION)).succeeded
    assert enforced.follower.code(created_by(enforced.developer, 0)) == SELF_DESCRIBING


def test_a_transaction_by_an_account_that_may_only_read(enforced: Enforced) -> None:
    reader, role = enforced.with_role("reader", Right.READ_ONLY)
    assert "right to read only" in enforced.refused(reader.sign())
    assert reads.rules(enforced.node).right_of(reader.address) is Right.READ_ONLY
    assert role > TRANSACTOR_ROLE


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.DENYLISTED, AccountStatus.REVOKED])
def test_a_transaction_by_an_account_that_is_not_active(enforced: Enforced, status: AccountStatus) -> None:
    enforced.administer(calls.set_account_status(enforced.payer.address, status))
    assert f"is {status.name.lower()}" in enforced.refused(enforced.payer.sign())


def test_a_transaction_by_an_account_whose_role_was_switched_off(enforced: Enforced) -> None:
    enforced.administer(calls.change_role(TRANSACTOR_ROLE, Right.TRANSACT, active=False))
    assert "is not active" in enforced.refused(enforced.payer.sign())


def test_a_transaction_by_an_account_of_an_organisation_that_waits_for_approval(enforced: Enforced) -> None:
    second = Person("second administrator")
    enforced.administer(
        calls.assign_account(second.address, OPERATOR, 1),
        calls.propose(calls.add_network_administrator(second.address)),
        calls.propose_organisation("Bank", enforced.stranger.address),
    )
    assert "is pending" in enforced.refused(enforced.stranger.sign())
    approval = permissions_contract().call("vote", 2, True)
    enforced.node.send_raw_transaction(second.sign(to=ADDRESS, data=approval))
    enforced.follower.import_block(enforced.node.raw_block(made(enforced.node).number))
    enforced.node.send_raw_transaction(enforced.stranger.sign(nonce=0, to=None, data=CREATION))
    enforced.follower.import_block(enforced.node.raw_block(made(enforced.node).number))
    assert enforced.follower.code(created_by(enforced.stranger, 0)) == SELF_DESCRIBING


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_transaction_by_an_account_below_a_suspended_organisation(enforced: Enforced, level: int) -> None:
    bank = 2
    enforced.administer(
        calls.propose_organisation("Bank", enforced.stranger.address),
        calls.propose(calls.add_sub_organisation(bank, "Markets")),
        calls.propose(calls.add_sub_organisation(bank + 1, "Desk")),
    )
    trader, _ = enforced.with_role("trader", Right.TRANSACT, organisation=bank + 2)
    assert enforced.everywhere(trader.sign()).succeeded
    enforced.administer(calls.propose(calls.set_organisation_status(bank + level, OrganisationStatus.SUSPENDED)))
    assert f"organisation {bank + level} of account" in enforced.refused(trader.sign())


# LIMITS OF A ROLE


def test_more_value_than_a_role_allows(enforced: Enforced) -> None:
    payer, _ = enforced.with_role("small payer", Right.TRANSACT, max_value=100)
    assert enforced.everywhere(enforced.payer.sign(to=payer.address, value=1_000)).succeeded
    assert enforced.everywhere(payer.sign(value=100)).succeeded
    assert "at most 100 wei" in enforced.refused(payer.sign(value=101))


def test_a_target_that_a_role_does_not_allow(enforced: Enforced) -> None:
    clerk, _ = enforced.with_role("clerk", Right.DEPLOY, limits_targets=True)
    assert "none of its role's targets" in enforced.refused(clerk.sign(to=TARGET))


def test_a_target_that_a_role_allows_and_its_neighbour(enforced: Enforced) -> None:
    clerk, role = enforced.with_role("clerk", Right.TRANSACT, limits_targets=True)
    enforced.administer(calls.set_role_target(role, TARGET, allowed=True))
    assert enforced.everywhere(clerk.sign(to=TARGET)).succeeded
    assert "none of its role's targets" in enforced.refused(clerk.sign(to=OTHER))


# THE CONTRACT ITSELF

SELFDESTRUCT, CALLCODE, DELEGATECALL = 0xFF, 0xF2, 0xF4


def opcodes(code: bytes) -> set[int]:
    """All of them, without the constants that are pushed."""
    found, place = set(), 0
    while place < len(code):
        opcode = code[place]
        found.add(opcode)
        place += 1 + (opcode - 0x5F if 0x60 <= opcode <= 0x7F else 0)
    return found


def test_the_contract_can_neither_vanish_nor_run_other_code() -> None:
    found = opcodes(permissions_contract().deployed_bytecode)
    assert 0x55 in found, "it stores, so this looks at code"
    assert found.isdisjoint({SELFDESTRUCT, CALLCODE, DELEGATECALL})


def test_nobody_changes_the_contract_from_outside(enforced: Enforced) -> None:
    code = enforced.node.code(ADDRESS)
    sealer = reads.rules(enforced.node).sealer
    for data in (calls.set_sealer(OTHER), calls.set_majority(100), b"\x00" * 4):
        receipt = enforced.everywhere(enforced.admin.sign(to=ADDRESS, data=data))
        assert not receipt.succeeded
    assert enforced.node.code(ADDRESS) == code
    assert reads.rules(enforced.node).sealer == sealer


def test_a_state_that_no_vote_brought_about(enforced: Enforced) -> None:
    assert enforced.node.send_raw_transaction(enforced.payer.sign())
    block = enforced.node.raw_block(made(enforced.node).number)
    assert enforced.refused_block(enforced.resealed(block, state_root=b"\x01" * 32)) == "state_root"
    enforced.follower.import_block(block)
