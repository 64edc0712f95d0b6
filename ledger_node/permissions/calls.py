"""Calldata for the permissions contract: what administrators do and what they vote on."""

from enum import IntEnum
from typing import Any

from eth_abi.abi import decode as decode_abi
from eth_abi.exceptions import DecodingError

from ledger_node.chain.blocks import Address
from ledger_node.errors import InvalidField
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


# READING CALLDATA


def described(data: bytes) -> dict[str, Any]:
    """Calldata for this contract in words: `{"function": …, "arguments": {…}}`; a proposed call is described in turn.

    What is no call of this contract is `{"function": None, "data": "0x…"}`; such a proposal can never be carried out.
    """
    for entry in permissions_contract().abi:
        if entry["type"] == "function" and data[:4] == permissions_contract().functions[entry["name"]].selector:
            try:
                return {"function": entry["name"], "arguments": _arguments(entry, data[4:])}
            except DecodingError:
                break
    return {"function": None, "data": f"0x{data.hex()}"}


def _arguments(entry: dict[str, Any], body: bytes) -> dict[str, Any]:
    values = decode_abi([each["type"] for each in entry["inputs"]], body)
    return {
        each["name"]: _shown(entry["name"], each, value) for each, value in zip(entry["inputs"], values, strict=True)
    }


def _shown(function: str, parameter: dict[str, Any], value: Any) -> Any:
    kind = parameter.get("internalType", "")
    if kind == "enum Right":
        return Right(value).name.lower() if value in iter(Right) else value
    if kind in ("enum OrganisationStatus", "enum AccountStatus"):
        statuses: type[IntEnum] = OrganisationStatus if kind == "enum OrganisationStatus" else AccountStatus
        return statuses(value).name.lower() if value in iter(statuses) else value
    if function == "propose" and parameter["type"] == "bytes":
        return described(value)
    if parameter["type"] == "bytes32":
        return value.rstrip(b"\0").decode("utf-8", "replace")
    return f"0x{value.hex()}" if isinstance(value, bytes) else value


def _name(text: str) -> bytes:
    name = text.encode()
    if not 1 <= len(name) <= 32:
        raise InvalidField(f"A name has 1 to 32 bytes of UTF-8; {text!r} has {len(name)}.")
    return name.ljust(32, b"\0")
