"""A permissioned network for these tests: an administrator who decides alone, a bank that pays, attestors, sealers."""

from pathlib import Path
from typing import Any

from ledger_node.chain.blocks import Header
from ledger_node.chain.encoding import keccak
from ledger_node.chain.genesis import PERMISSIONS, Genesis, GenesisAccount, NetworkRules, build_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain
from ledger_node.chain.pyevm.rules import everyone
from ledger_node.clock import Clock, HandSetClock
from ledger_node.keys import LocalSigner
from ledger_node.permissions import calls
from ledger_node.permissions.genesis import NetworkSetup, genesis_account
from ledger_node.permissions.rules import permissions_at
from tests.chain.conftest import Person

CHAIN_ID = 20_131
START = 1_767_225_600
BY_HAND = ChainSettings(produce=False)


def key(name: str) -> LocalSigner:
    return LocalSigner(keccak(name.encode()))


SEALER, NEXT_SEALER = key("the sealer"), key("the next sealer")
ATTESTORS = (key("attestor 1"), key("attestor 2"), key("attestor 3"))


def a_genesis(*attestors: LocalSigner, quorum: int | None = None) -> Genesis:
    setup = NetworkSetup(
        sealer=SEALER.address,
        operator="Issuer",
        administrators=(Person("admin").address,),
        transactors=(Person("alice").address,),
    )
    money = {Person("alice").address: GenesisAccount(balance=10**21)}
    return build_genesis(
        chain_id=CHAIN_ID,
        sealer=SEALER.address,
        timestamp=START,
        alloc={PERMISSIONS: genesis_account(setup), **money},
        rules=NetworkRules(permissions=True),
        attestors=tuple(attestor.address for attestor in attestors),
        quorum=quorum,
    )


def open_at(
    directory: Path,
    genesis: Genesis,
    *,
    sealer: LocalSigner | None = None,
    settings: ChainSettings = BY_HAND,
    clock: Clock | None = None,
    **options: Any,
) -> PyEvmChain:
    return open_chain(
        directory,
        genesis,
        sealer=sealer,
        settings=settings,
        clock=clock or HandSetClock(START * 1000),
        permissions_at=permissions_at if genesis.rules.permissions else everyone,
        **options,
    )


def pay(chain: PyEvmChain, alice: Person, value: int = 1) -> Header:
    """A block with one payment in it."""
    chain.send_raw_transaction(alice.sign(value=value, to=Person("bob").address))
    header = chain.make_block()
    assert header is not None
    return header


def vote_in(chain: PyEvmChain, admin: Person, sealer: LocalSigner) -> Header:
    """The block that decides on another sealer; the next one is no longer this sealer's."""
    decision = calls.propose(calls.set_sealer(sealer.address))
    chain.send_raw_transaction(admin.sign(to=PERMISSIONS, data=decision, gas=1_000_000))
    header = chain.make_block()
    assert header is not None
    assert chain.receipts(header.number)[0].succeeded
    return header
