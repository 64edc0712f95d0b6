"""EIP-7702: code given to an account gives it no right that it lacks.

A delegation by an account that may not transact, or whose role has limits, is skipped as an invalid one is. One made
earlier is not followed while the account may not transact: whoever calls it finds no code. What delegated code creates
needs the deploy right of the transaction's sender, as any creation does.
"""

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.chain.contract import create_address
from ledger_node.permissions import calls
from ledger_node.permissions.genesis import DEPLOYER_ROLE, OPERATOR
from ledger_node.permissions.model import AccountStatus, Right
from tests.chain.conftest import Person
from tests.chain.programs import FACTORY, SELF_DESCRIBING, assemble, deploying
from tests.permissions.enforced import Enforced, authorization, delegating, deployed, relay_to

TARGET = b"\x22" * 20


def delegated(network: Enforced, person: Person) -> bytes:
    """Where the account's code is delegated to, as all nodes see it."""
    code = network.node.code(person.address)
    assert network.follower.code(person.address) == code
    return code[3:] if code.startswith(b"\xef\x01\x00") else b""


def skipped(network: Enforced, authority: Person) -> None:
    """A sponsor carries the authority's delegation into a block: it is skipped, and a block that has it is refused."""
    nonce = network.node.nonce(authority.address)
    raw = delegating(network.payer, [authorization(authority, TARGET, nonce=nonce)])
    lawless = network.lawless(raw)
    assert lawless.code(authority.address) == b"\xef\x01\x00" + TARGET
    # An authority that has an account already earns the sponsor a refund.
    assert network.refused_block(lawless.raw_block("latest")) in ("gas_used", "state_root")
    assert network.everywhere(raw).succeeded
    assert delegated(network, authority) == b""
    assert network.node.nonce(authority.address) == nonce


def test_an_account_that_may_transact_delegates(enforced: Enforced) -> None:
    cell = deployed(enforced, SELF_DESCRIBING)
    assert enforced.everywhere(delegating(enforced.developer, [authorization(enforced.payer, cell)])).succeeded
    assert delegated(enforced, enforced.payer) == cell


def test_a_strangers_delegation_is_skipped(enforced: Enforced) -> None:
    skipped(enforced, enforced.stranger)


@pytest.mark.parametrize(
    ("right", "limits"),
    [(Right.READ_ONLY, {}), (Right.TRANSACT, {"limits_targets": True}), (Right.FULL, {"max_value": 5})],
    ids=["read only", "limited targets", "limited value"],
)
def test_the_delegation_of_an_account_with_less_than_a_whole_right_is_skipped(
    enforced: Enforced, right: Right, limits: dict[str, int]
) -> None:
    person, _ = enforced.with_role("somebody", right, **limits)
    skipped(enforced, person)


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.DENYLISTED, AccountStatus.REVOKED])
def test_the_delegation_of_an_account_that_is_not_active_is_skipped(enforced: Enforced, status: AccountStatus) -> None:
    enforced.administer(calls.assign_account(enforced.stranger.address, OPERATOR, DEPLOYER_ROLE))
    enforced.administer(calls.set_account_status(enforced.stranger.address, status))
    skipped(enforced, enforced.stranger)


def test_a_stranger_cannot_pay_for_somebody_elses_delegation(enforced: Enforced) -> None:
    raw = delegating(enforced.stranger, [authorization(enforced.payer, TARGET)])
    assert "is not an account of this network" in enforced.refused(raw)


# WHAT DELEGATED CODE DOES

WRITE = (7).to_bytes(32, "big")


@pytest.mark.parametrize("depth", [0, 1])
def test_the_delegated_code_of_a_suspended_account_does_not_run(enforced: Enforced, depth: int) -> None:
    cell = deployed(enforced, SELF_DESCRIBING)
    assert enforced.everywhere(delegating(enforced.developer, [authorization(enforced.payer, cell)])).succeeded
    account = enforced.payer.address
    assert enforced.everywhere(enforced.developer.sign(to=account, data=WRITE)).succeeded
    assert enforced.follower.storage(account, 0) == 7

    enforced.administer(calls.set_account_status(account, AccountStatus.SUSPENDED))
    eight = (8).to_bytes(32, "big")
    if depth:
        forward = assemble(
            f"PUSH0 CALLDATALOAD PUSH0 MSTORE PUSH0 PUSH0 PUSH1 20 PUSH0 PUSH0 PUSH20 {account.hex()} GAS CALL "
            "PUSH0 MSTORE PUSH1 20 PUSH0 RETURN"
        )
        to = deployed(enforced, forward)
    else:
        to = account
    call = enforced.developer.sign(to=to, data=eight)
    lawless = enforced.lawless(call)
    assert lawless.storage(account, 0) == 8
    assert enforced.refused_block(lawless.raw_block("latest")) == "gas_used"
    assert enforced.everywhere(call).succeeded
    assert enforced.follower.storage(account, 0) == 7, "its code was not run"
    question = Call(sender=enforced.developer.address, to=account)
    assert enforced.node.call(question) == b""

    enforced.administer(calls.set_account_status(account, AccountStatus.ACTIVE))
    assert enforced.node.call(question) == WRITE, "and now it runs again"


@pytest.mark.parametrize("depth", [0, 1])
def test_delegated_code_creates_by_the_right_of_the_transactions_sender(enforced: Enforced, depth: int) -> None:
    factory = deployed(enforced, FACTORY)
    developer, payer = enforced.developer, enforced.payer
    assert enforced.everywhere(delegating(developer, [authorization(payer, factory)])).succeeded
    to = payer.address if depth == 0 else deployed(enforced, relay_to(payer.address))
    payer.nonce = 1
    assert enforced.everywhere(payer.sign(to=to)).succeeded
    nonce = enforced.node.nonce(payer.address)
    assert not any(enforced.follower.nonce(create_address(payer.address, each)) for each in range(nonce))
    assert enforced.everywhere(developer.sign(to=to)).succeeded
    assert enforced.follower.nonce(create_address(payer.address, nonce)) == 1


def test_a_sponsor_without_the_right_creates_nothing_through_somebody_who_has_it(enforced: Enforced) -> None:
    factory = deployed(enforced, FACTORY)
    developer, payer = enforced.developer, enforced.payer
    nonce = enforced.node.nonce(developer.address)
    raw = delegating(payer, [authorization(developer, factory, nonce=nonce)], to=developer.address)
    child = create_address(developer.address, nonce + 1)
    lawless = enforced.lawless(raw)
    assert lawless.nonce(child) == 1
    assert enforced.refused_block(lawless.raw_block("latest")) == "state_root"
    assert enforced.everywhere(raw).succeeded
    assert delegated(enforced, developer) == factory
    assert enforced.follower.nonce(child) == 0


def test_a_deployment_by_a_delegated_account_needs_its_own_right(enforced: Enforced) -> None:
    cell = deployed(enforced, SELF_DESCRIBING)
    assert enforced.everywhere(delegating(enforced.developer, [authorization(enforced.payer, cell)])).succeeded
    enforced.payer.nonce = 1
    refused = enforced.refused(enforced.payer.sign(to=None, data=deploying(SELF_DESCRIBING)))
    assert "no right to deploy" in refused
