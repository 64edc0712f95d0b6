"""Who is on the network, read through any engine's door: what `perm_*` questions and the command line show."""

from dataclasses import dataclass
from typing import Literal

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, BlockRef
from ledger_node.permissions import model
from ledger_node.permissions.artifact import ADDRESS, permissions_contract
from ledger_node.permissions.model import (
    VALUE_UNLIMITED,
    AccountEntry,
    Organisation,
    OrganisationStatus,
    ReadWord,
    Right,
    Role,
)
from ledger_node.permissions.rules import PermissionRules


@dataclass(frozen=True, slots=True)
class NamedOrganisation:
    id: int
    name: str
    entry: Organisation


@dataclass(frozen=True, slots=True)
class NamedRole:
    id: int
    name: str
    entry: Role


@dataclass(frozen=True, slots=True)
class ProposalState:
    """`open` until decided; from `closes_at_s` (Unix seconds) on nobody can vote on it any more."""

    id: int
    proposer: Address
    closes_at_s: int
    open: bool
    call: bytes


def words(chain: ChainBackend, at: BlockRef = "latest") -> ReadWord:
    """The contract's storage at a block."""
    return lambda slot: chain.storage(ADDRESS, slot, at)


def rules(chain: ChainBackend, at: BlockRef = "latest") -> PermissionRules:
    """What the contract allows to whom in the block after this one."""
    return PermissionRules(words(chain, at))


def account(chain: ChainBackend, address: Address, at: BlockRef = "latest") -> AccountEntry:
    return model.read_account(words(chain, at), address)


def is_permissioned(chain: ChainBackend, at: BlockRef = "latest") -> bool:
    """Whether the contract is there. That it is obeyed, the network's genesis says."""
    return chain.code(ADDRESS, at) == permissions_contract().deployed_bytecode


def organisation_count(chain: ChainBackend, at: BlockRef = "latest") -> int:
    return words(chain, at)(model.variable_slot("organisationCount")) & 0xFFFFFFFF


def role_count(chain: ChainBackend, at: BlockRef = "latest") -> int:
    return words(chain, at)(model.variable_slot("roleCount")) >> 32 & 0xFFFFFFFF


def proposal_count(chain: ChainBackend, at: BlockRef = "latest") -> int:
    return words(chain, at)(model.variable_slot("proposalCount"))


def majority_percent(chain: ChainBackend, at: BlockRef = "latest") -> int:
    return words(chain, at)(model.variable_slot("sealer")) >> 160 & 0xFF


def organisation(chain: ChainBackend, number: int, at: BlockRef = "latest") -> NamedOrganisation | None:
    read = words(chain, at)
    entry = model.read_organisation(read, number)
    if entry.status is OrganisationStatus.NONE:
        return None
    return NamedOrganisation(number, _text(read(model.organisation_name_slot(number))), entry)


def organisations(
    chain: ChainBackend, at: BlockRef = "latest", *, first: int = 1, limit: int | None = None
) -> tuple[NamedOrganisation, ...]:
    """From number `first` on, at most `limit`."""
    last = organisation_count(chain, at)
    last = last if limit is None else min(last, first + limit - 1)
    found = (organisation(chain, each, at) for each in range(first, last + 1))
    return tuple(each for each in found if each is not None)


def role(chain: ChainBackend, number: int, at: BlockRef = "latest") -> NamedRole | None:
    read = words(chain, at)
    entry = model.read_role(read, number)
    return NamedRole(number, _text(read(model.role_name_slot(number))), entry) if entry.organisation else None


def roles(chain: ChainBackend, at: BlockRef = "latest") -> tuple[NamedRole, ...]:
    found = (role(chain, each, at) for each in range(1, role_count(chain, at) + 1))
    return tuple(each for each in found if each is not None)


def plain_role(chain: ChainBackend, organisation: int, right: Right, at: BlockRef = "latest") -> int | None:
    """The organisation's first role that gives exactly this right, without limits."""
    wanted = Role(organisation, right, active=True, limits_targets=False, max_value=VALUE_UNLIMITED)
    read = words(chain, at)
    return next((each for each in range(1, role_count(chain, at) + 1) if model.read_role(read, each) == wanted), None)


def network_administrators(chain: ChainBackend, at: BlockRef = "latest") -> tuple[Address, ...]:
    return model.read_administrators(words(chain, at))


def votes_needed(chain: ChainBackend, at: BlockRef = "latest") -> int:
    administrators = words(chain, at)(model.variable_slot("_administrators"))
    return model.votes_needed(administrators, majority_percent(chain, at))


def proposal(chain: ChainBackend, number: int, at: BlockRef = "latest") -> ProposalState | None:
    """A proposal by its number (they count from 1), or None."""
    read = words(chain, at)
    entry = model.read_proposal(read, number)
    if entry.closes_at_s == 0:
        return None
    call = model.read_proposed_call(read, number)
    return ProposalState(number, entry.proposer, entry.closes_at_s, entry.open, call)


def open_proposals(chain: ChainBackend, at: BlockRef = "latest") -> tuple[int, ...]:
    """The numbers of those that can still be voted on, newest first."""
    read, now = words(chain, at), chain.header(at).timestamp
    numbers = range(proposal_count(chain, at), 0, -1)
    entries = ((number, model.read_proposal(read, number)) for number in numbers)
    return tuple(number for number, entry in entries if entry.open and now < entry.closes_at_s)


def votes(chain: ChainBackend, number: int, at: BlockRef = "latest") -> dict[Address, Literal["yes", "no"]]:
    """What today's network administrators have voted on a proposal."""
    read = words(chain, at)
    cast = {each: model.read_vote(read, number, each) for each in model.read_administrators(read)}
    return {administrator: vote for administrator, vote in cast.items() if vote is not None}


def _text(word: int) -> str:
    return word.to_bytes(32, "big").rstrip(b"\0").decode("utf-8", "replace")
