"""The permissions contract in genesis: its code and the words its constructor would have written.

A network starts with one organisation, the operator's, and three roles in it: administrator (full), deployer and
transactor. Everybody else is admitted by vote.
"""

from dataclasses import dataclass

from ledger_node.chain.blocks import Address
from ledger_node.chain.encoding import keccak
from ledger_node.chain.genesis import GenesisAccount
from ledger_node.errors import ConfigurationError
from ledger_node.permissions.artifact import permissions_contract
from ledger_node.permissions.model import (
    AccountEntry,
    AccountStatus,
    Organisation,
    OrganisationStatus,
    Right,
    Role,
    account_slot,
    organisation_name_slot,
    organisation_slot,
    role_name_slot,
    role_slot,
    variable_slot,
)

OPERATOR = 1
ADMINISTRATOR_ROLE, DEPLOYER_ROLE, TRANSACTOR_ROLE = 1, 2, 3
_ROLES = ((b"administrator", Right.FULL), (b"deployer", Right.DEPLOY), (b"transactor", Right.TRANSACT))


@dataclass(frozen=True, slots=True)
class NetworkSetup:
    """`administrators` vote; more than `majority_percent` of them (50 to 100) decide. An account has one role."""

    sealer: Address
    operator: str
    administrators: tuple[Address, ...]
    deployers: tuple[Address, ...] = ()
    transactors: tuple[Address, ...] = ()
    majority_percent: int = 50


def genesis_account(setup: NetworkSetup) -> GenesisAccount:
    """What belongs at PERMISSIONS in the genesis allocation. Raises ConfigurationError for an impossible setup."""
    _check(setup)
    storage = {
        variable_slot("sealer"): int.from_bytes(setup.sealer, "big") | setup.majority_percent << 160,
        variable_slot("organisationCount"): 1 | len(_ROLES) << 32,
        organisation_slot(OPERATOR): Organisation(0, 1, OrganisationStatus.APPROVED).word(),
        organisation_name_slot(OPERATOR): _name(setup.operator.encode()),
        variable_slot("_administrators"): len(setup.administrators),
    }
    for role, (name, right) in enumerate(_ROLES, start=1):
        storage[role_slot(role)] = Role(OPERATOR, right).word()
        storage[role_name_slot(role)] = _name(name)
    first_administrator = int.from_bytes(keccak(variable_slot("_administrators").to_bytes(32, "big")), "big")
    for index, administrator in enumerate(setup.administrators):
        storage[first_administrator + index] = int.from_bytes(administrator, "big")
    groups = (setup.administrators, setup.deployers, setup.transactors)
    for role, accounts in enumerate(groups, start=1):
        for account in accounts:
            storage[account_slot(account)] = AccountEntry(OPERATOR, role, AccountStatus.ACTIVE).word()
    return GenesisAccount(nonce=1, code=permissions_contract().deployed_bytecode, storage=storage)


def _check(setup: NetworkSetup) -> None:
    if not setup.administrators:
        raise ConfigurationError("A network needs at least one network administrator.")
    if not 50 <= setup.majority_percent <= 100:
        raise ConfigurationError(f"A majority is between 50 and 100 percent, not {setup.majority_percent}.")
    if not 1 <= len(setup.operator.encode()) <= 32:
        raise ConfigurationError("The operator's name has 1 to 32 bytes.")
    everybody = setup.administrators + setup.deployers + setup.transactors
    if len(set(everybody)) != len(everybody):
        raise ConfigurationError("An account on the network has one role; one of these has two.")


def _name(text: bytes) -> int:
    return int.from_bytes(text.ljust(32, b"\0"), "big")
