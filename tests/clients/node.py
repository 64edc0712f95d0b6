"""The node that clients are tried on: `ledger-node run` as a process, whose permissions admit two of three developers.

They are admitted in the genesis, with the words the permissions contract would write when its members vote for them.
"""

from dataclasses import replace
from pathlib import Path

from ledger_node.chain.genesis import PERMISSIONS, read_genesis, write_genesis
from ledger_node.data_directory import DataDirectory
from ledger_node.demo.process import NodeProcess
from ledger_node.permissions.genesis import DEPLOYER_ROLE, OPERATOR, TRANSACTOR_ROLE
from ledger_node.permissions.model import AccountEntry, AccountStatus, account_slot
from tests.clients.network import DEPLOYER, TRANSACTOR

CHAIN_ID = 2_026_031
"""Not 31337, from which Hardhat concludes that it talks to its own development network."""


def permissioned_node(data: Path, *settings: str) -> NodeProcess:
    """Made, not yet started."""
    node = NodeProcess(data, "--currencies", "USD", *settings)
    node.init("--chain-id", str(CHAIN_ID), "--currencies", "USD", "--permissions", "enforced", "--tool-contracts")
    path = DataDirectory(data).genesis
    genesis = read_genesis(path)
    contract = genesis.alloc[PERMISSIONS]
    admitted = {
        account_slot(DEPLOYER): AccountEntry(OPERATOR, DEPLOYER_ROLE, AccountStatus.ACTIVE).word(),
        account_slot(TRANSACTOR): AccountEntry(OPERATOR, TRANSACTOR_ROLE, AccountStatus.ACTIVE).word(),
    }
    contract = replace(contract, storage={**contract.storage, **admitted})
    write_genesis(path, replace(genesis, alloc={**genesis.alloc, PERMISSIONS: contract}))
    return node
