"""Calldata for the permissions contract: what administrators do and what they vote on."""

from ledger_node.chain.blocks import Address
from ledger_node.permissions.artifact import permissions_contract
from ledger_node.permissions.model import VALUE_UNLIMITED, AccountStatus, OrganisationStatus, Right

# NETWORK ADMINISTRATORS


def propose(call: bytes) -> bytes:
    """Put any of this page's calls to the vote; the majority may do what any organisation's administrators may."""
    return permissions_contract().call("propose", call)


def propose_organisation(name: str, administrator: Address) -> bytes:
    return permissions_contract().call("proposeOrganisation", _name(name), administrator)


def vote(proposal: int, *, yes: bool) -> bytes:
    return permissions_contract().call("vote", proposal, yes)


# ONLY TO BE PROPOSED


def add_network_administrator(administrator: Address) -> bytes:
    return permissions_contract().call("addNetworkAdministrator", administrator)


def remove_network_administrator(administrator: Address) -> bytes:
    return permissions_contract().call("removeNetworkAdministrator", administrator)


def set_sealer(sealer: Address) -> bytes:
    return permissions_contract().call("setSealer", sealer)


def set_majority(percent: int) -> bytes:
    return permissions_contract().call("setMajority", percent)


# AN ORGANISATION'S ADMINISTRATORS


def add_sub_organisation(parent: int, name: str) -> bytes:
    return permissions_contract().call("addSubOrganisation", parent, _name(name))


def set_organisation_status(organisation: int, status: OrganisationStatus) -> bytes:
    """Approved or suspended; of an organisation of the network only by vote."""
    return permissions_contract().call("setOrganisationStatus", organisation, int(status))


def add_role(
    organisation: int, name: str, right: Right, *, limits_targets: bool = False, max_value: int = VALUE_UNLIMITED
) -> bytes:
    return permissions_contract().call("addRole", organisation, _name(name), int(right), limits_targets, max_value)


def change_role(
    role: int, right: Right, *, active: bool = True, limits_targets: bool = False, max_value: int = VALUE_UNLIMITED
) -> bytes:
    return permissions_contract().call("changeRole", role, int(right), active, limits_targets, max_value)


def set_role_target(role: int, target: Address, *, allowed: bool) -> bytes:
    return permissions_contract().call("setRoleTarget", role, target, allowed)


def assign_account(account: Address, organisation: int, role: int) -> bytes:
    return permissions_contract().call("assignAccount", account, organisation, role)


def set_account_status(account: Address, status: AccountStatus) -> bytes:
    return permissions_contract().call("setAccountStatus", account, int(status))


def _name(text: str) -> bytes:
    name = text.encode()
    assert 1 <= len(name) <= 32, "a name has 1 to 32 bytes"
    return name.ljust(32, b"\0")
