"""The genesis builder writes what the contract's constructor writes, and refuses what the constructor refuses."""

from dataclasses import replace

import pytest

from ledger_node.errors import ConfigurationError
from ledger_node.permissions.artifact import permissions_contract
from ledger_node.permissions.genesis import NetworkSetup, genesis_account
from tests.deposit_token.evm import Evm
from tests.permissions.network import ADMINS, DEPLOYER, SETUP, STRANGER, TRANSACTOR


def constructed(setup: NetworkSetup) -> dict[int, int]:
    evm = Evm()
    written: dict[int, int] = {}
    keep = evm.state.set_storage

    def set_storage(address, slot, value):
        written[slot] = value
        keep(address, slot, value)

    evm.state.set_storage = set_storage
    operator = setup.operator.encode().ljust(32, b"\0")
    groups = (setup.administrators, setup.deployers, setup.transactors)
    evm.create(STRANGER, permissions_contract().creation((setup.sealer, setup.majority_percent, operator, *groups)))
    return written


@pytest.mark.parametrize(
    "setup",
    [
        SETUP,
        replace(SETUP, administrators=ADMINS[:1], deployers=(), transactors=(), majority_percent=100),
        replace(SETUP, operator="A bank with a name of 32 letters", deployers=(DEPLOYER, STRANGER)),
    ],
)
def test_genesis_holds_the_words_the_constructor_would_write(setup):
    account = genesis_account(setup)
    assert dict(account.storage) == constructed(setup)
    assert account.code == permissions_contract().deployed_bytecode


def test_the_contract_has_nothing_that_only_a_constructor_can_put_into_code():
    assert len(permissions_contract().deployed_bytecode) <= 24_576
    assert permissions_contract().immutables == 0


@pytest.mark.parametrize(
    "setup",
    [
        replace(SETUP, administrators=()),
        replace(SETUP, majority_percent=49),
        replace(SETUP, majority_percent=101),
        replace(SETUP, operator=""),
        replace(SETUP, operator="x" * 33),
        replace(SETUP, transactors=(TRANSACTOR, DEPLOYER)),
    ],
)
def test_an_impossible_network_is_refused(setup):
    with pytest.raises(ConfigurationError):
        genesis_account(setup)
