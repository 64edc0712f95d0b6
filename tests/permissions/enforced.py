"""A permissioned network on disk: a sealer and a follower that keep its rules, and people with and without rights.

Bad blocks are made by a node that keeps no rules on the same chain: whole and sealed with the network's own key, so
that only the rule is broken. The follower runs py-evm's own loop where the sealer runs the translated one.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from ledger_node.chain import wire
from ledger_node.chain.blocks import Receipt
from ledger_node.chain.errors import InvalidBlock, NotPermitted
from ledger_node.chain.genesis import Genesis, GenesisAccount, NetworkRules, build_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain
from ledger_node.chain.pyevm.rules import everyone, seal
from ledger_node.chain.tool_contracts import TOOL_CONTRACTS
from ledger_node.clock import HandSetClock
from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.genesis import OPERATOR, NetworkSetup, genesis_account
from ledger_node.permissions.model import Right
from ledger_node.permissions.rules import permissions_at
from tests.chain.conftest import CHAIN_ID, SEALER, START, Person, created_by, made
from tests.chain.programs import assemble, deploying

ADMINISTERING_GAS = 2_000_000


class Enforced:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.admin, self.developer, self.payer, self.stranger = (
            Person(name) for name in ("administrator", "developer", "payer", "stranger")
        )
        setup = NetworkSetup(
            SEALER.address, "Issuer", (self.admin.address,), (self.developer.address,), (self.payer.address,)
        )
        rich = {person.address: GenesisAccount(10**18) for person in (self.admin, self.payer, self.stranger)}
        self.genesis: Genesis = build_genesis(
            chain_id=CHAIN_ID,
            sealer=SEALER.address,
            timestamp=START,
            alloc={ADDRESS: genesis_account(setup)} | rich | TOOL_CONTRACTS,
            rules=NetworkRules(permissions=True),
        )
        self._opened: list[PyEvmChain] = []
        self.node = self.open("node", sealer=SEALER)
        self.follower = self.open("follower", settings=ChainSettings(produce=False, fast_interpreter=False))

    def open(self, name: str, **options: Any) -> PyEvmChain:
        usual: dict[str, Any] = {
            "clock": HandSetClock(START * 1000),
            "settings": ChainSettings(produce=False),
            "permissions_at": permissions_at,
        }
        chain = open_chain(self.directory / name, self.genesis, **(usual | options))
        self._opened.append(chain)
        return chain

    def close(self) -> None:
        for chain in self._opened:
            chain.close()

    # BLOCKS

    def everywhere(self, *raws: bytes) -> Receipt:
        """One block, made by the node and taken by the follower; the last transaction's receipt."""
        hashes = [self.node.send_raw_transaction(raw) for raw in raws]
        self.follower.import_block(self.node.raw_block(made(self.node).number))
        receipt = self.follower.receipt(hashes[-1])
        assert receipt is not None
        assert receipt == self.node.receipt(hashes[-1])
        return receipt

    def lawless(self, *raws: bytes) -> PyEvmChain:
        """The chain as a sealer without rules goes on with it; its newest block has these transactions."""
        lax = self.open(f"lawless {len(self._opened)}", sealer=SEALER, permissions_at=everyone)
        for block in self.node.export_blocks(1, self.node.head().number):
            lax.import_block(block)
        for raw in raws:
            lax.send_raw_transaction(raw)
        made(lax)
        return lax

    def refused(self, raw: bytes) -> str:
        """The node does not take it, and the follower no block that has it; why."""
        with pytest.raises(NotPermitted) as early:
            self.node.send_raw_transaction(raw)
        assert self.refused_block(self.lawless(raw).raw_block("latest")) == "transactions"
        return early.value.detail

    def refused_block(self, block: bytes) -> str:
        """The field for which the follower refuses it, having kept nothing of it."""
        head = self.follower.head()
        with pytest.raises(InvalidBlock) as late:
            self.follower.import_block(block)
        assert self.follower.head() == head
        assert self.follower.store.head() == head
        return late.value.field

    @staticmethod
    def resealed(block: bytes, **fields: Any) -> bytes:
        """The block with other header fields, sealed again by the sealer."""
        decoded = wire.decode_block(block)
        return wire.encode_block(replace(decoded, header=seal(replace(decoded.header, **fields), SEALER)))

    # GOVERNING

    def administer(self, *data: bytes) -> None:
        """Calls of the only administrator, one a block."""
        for each in data:
            receipt = self.everywhere(self.admin.sign(to=ADDRESS, data=each, gas=ADMINISTERING_GAS))
            assert receipt.succeeded

    def with_role(self, name: str, right: Right, organisation: int = OPERATOR, **limits: Any) -> tuple[Person, int]:
        """A new person with a new role in an organisation, by decision of the majority; and the role's number."""
        person = Person(name)
        self.administer(calls.propose(calls.add_role(organisation, name, right, **limits)))
        role = reads.roles(self.node)[-1].id
        self.administer(calls.propose(calls.assign_account(person.address, organisation, role)))
        return person, role


def deployed(network: Enforced, code: bytes) -> bytes:
    """Where the developer deployed it, in a block of its own."""
    assert network.everywhere(network.developer.sign(to=None, data=deploying(code))).succeeded
    return created_by(network.developer, network.developer.nonce - 1)


def relay_to(target: bytes) -> bytes:
    """A program that calls the target."""
    return assemble(f"PUSH0 PUSH0 PUSH0 PUSH0 PUSH0 PUSH20 {target.hex()} GAS CALL PUSH0 MSTORE PUSH1 20 PUSH0 RETURN")


def authorization(person: Person, delegate: bytes, nonce: int = 0) -> Any:
    """EIP-7702: the account of `person` is to run the code of `delegate`."""
    return Account.sign_authorization(
        {"chainId": CHAIN_ID, "address": "0x" + delegate.hex(), "nonce": nonce}, person.key
    )


def delegating(sponsor: Person, authorizations: Sequence[Any], **fields: Any) -> bytes:
    return sponsor.sign(type=4, authorizationList=list(authorizations), gas=1_000_000, **fields)
