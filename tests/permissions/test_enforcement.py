"""The contract in genesis and an engine that asks it: what it forbids is in no block, made here or elsewhere.

Bad blocks are made by a node of the same network that keeps no rules; a node that keeps them must refuse each.
"""

from pathlib import Path
from typing import Any

import pytest

from ledger_node.chain.contract import create_address
from ledger_node.chain.errors import InvalidBlock, NotPermitted
from ledger_node.chain.genesis import Genesis, GenesisAccount, NetworkRules, build_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain
from ledger_node.chain.pyevm.rules import everyone
from ledger_node.clock import HandSetClock
from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.genesis import NetworkSetup, genesis_account
from ledger_node.permissions.model import AccountStatus, Right
from ledger_node.permissions.rules import permissions_at
from tests.chain.conftest import CHAIN_ID, SEALER, START, Person, created_by, made
from tests.chain.programs import FACTORY, SELF_DESCRIBING, deploying


def the_genesis(admin: Person, developer: Person, payer: Person) -> Genesis:
    setup = NetworkSetup(SEALER.address, "Issuer", (admin.address,), (developer.address,), (payer.address,))
    return build_genesis(
        chain_id=CHAIN_ID,
        sealer=SEALER.address,
        timestamp=START,
        alloc={ADDRESS: genesis_account(setup)} | {person.address: GenesisAccount(10**18) for person in (admin, payer)},
        rules=NetworkRules(permissions=True),
    )


class Network:
    """Three people with rights and one without; two nodes that keep the rules and one that does not."""

    def __init__(self, directory: Path) -> None:
        self.admin, self.developer, self.payer, self.stranger = (
            Person(name) for name in ("administrator", "developer", "payer", "stranger")
        )
        self.genesis = the_genesis(self.admin, self.developer, self.payer)
        self.node = self._open(directory / "node", sealer=SEALER, permissions_at=permissions_at)
        self.lax = self._open(directory / "lax", sealer=SEALER, permissions_at=everyone)
        self.follower = self._open(directory / "follower", sealer=None, permissions_at=permissions_at)

    def _open(self, directory: Path, **options: Any) -> PyEvmChain:
        return open_chain(
            directory, self.genesis, clock=HandSetClock(START * 1000), settings=ChainSettings(produce=False), **options
        )

    def close(self) -> None:
        for chain in (self.node, self.lax, self.follower):
            chain.close()

    def refused(self, raw: bytes) -> str:
        """The rule-keeping node does not take it; a block that has it is refused by the follower."""
        with pytest.raises(NotPermitted) as early:
            self.node.send_raw_transaction(raw)
        self.lax.send_raw_transaction(raw)
        number = made(self.lax).number
        with pytest.raises(InvalidBlock) as late:
            self.follower.import_block(self.lax.raw_block(number))
        assert late.value.field == "transactions"
        assert self.follower.head().number == number - 1
        return early.value.detail

    def everywhere(self, raw: bytes) -> bool:
        """Mined by the node and taken by both others; whether it succeeded."""
        hash_ = self.node.send_raw_transaction(raw)
        block = self.node.raw_block(made(self.node).number)
        for other in (self.lax, self.follower):
            other.import_block(block)
        receipt = self.follower.receipt(hash_)
        assert receipt is not None
        return receipt.succeeded


@pytest.fixture
def network(tmp_path):
    network = Network(tmp_path)
    yield network
    network.close()


def test_a_stranger_cannot_transact(network):
    assert "is not an account of this network" in network.refused(network.stranger.sign())


def test_who_may_transact_can_and_cannot_deploy(network):
    assert network.everywhere(network.payer.sign(value=5))
    assert "no right to deploy" in network.refused(network.payer.sign(to=None, data=deploying(SELF_DESCRIBING)))


def test_who_may_deploy_can(network):
    assert network.everywhere(network.developer.sign(to=None, data=deploying(SELF_DESCRIBING)))
    assert network.follower.code(created_by(network.developer, 0)) == SELF_DESCRIBING


def test_a_factory_deploys_for_who_may_and_not_for_who_may_not(network):
    assert network.everywhere(network.developer.sign(to=None, data=deploying(FACTORY)))
    factory = created_by(network.developer, 0)
    assert network.everywhere(network.developer.sign(to=factory))
    assert network.node.nonce(factory) == 2

    call = network.payer.sign(to=factory)
    network.lax.send_raw_transaction(call)
    forbidden = network.lax.raw_block(made(network.lax).number)
    network.node.send_raw_transaction(call)
    allowed = network.node.raw_block(made(network.node).number)
    child = create_address(factory, 2)
    assert network.lax.nonce(child) == 1
    with pytest.raises(InvalidBlock):
        network.follower.import_block(forbidden)
    network.follower.import_block(allowed)
    assert network.follower.nonce(child) == 0, "nothing was created"


def test_a_suspension_counts_from_the_next_block_on_and_history_still_imports(network):
    assert network.everywhere(network.payer.sign())
    suspend = calls.set_account_status(network.payer.address, AccountStatus.SUSPENDED)
    assert network.everywhere(network.admin.sign(to=ADDRESS, data=suspend))
    assert "is suspended" in network.refused(network.payer.sign())


def test_a_block_is_judged_by_its_parents_state(network):
    suspend = calls.set_account_status(network.payer.address, AccountStatus.SUSPENDED)
    network.node.send_raw_transaction(network.admin.sign(to=ADDRESS, data=suspend))
    network.node.send_raw_transaction(network.payer.sign())
    block = network.node.raw_block(made(network.node).number)
    assert len(network.follower.import_block(block).hash) == 32
    assert len(network.follower.block(1).transactions) == 2


def test_reads_go_through_any_engine(network):
    assert [each.name for each in reads.organisations(network.node)] == ["Issuer"]
    assert reads.network_administrators(network.node) == (network.admin.address,)
    assert reads.rules(network.node).right_of(network.developer.address) is Right.DEPLOY


def test_a_vote_admits_a_bank_whose_developers_then_work(network):
    proposal = calls.propose_organisation("Bank", network.stranger.address)
    assert network.everywhere(network.admin.sign(to=ADDRESS, data=proposal, gas=2_000_000))
    assert network.everywhere(network.stranger.sign(to=None, data=deploying(SELF_DESCRIBING)))
