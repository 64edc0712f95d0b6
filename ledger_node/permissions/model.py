"""What the permissions contract says of the network, as plain frozen data, and how it lies in storage.

Organisation, role and account are one storage word each (contracts/src/permissions/Model.sol).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from ledger_node.chain.blocks import Address
from ledger_node.chain.encoding import keccak
from ledger_node.permissions.artifact import permissions_contract

VALUE_UNLIMITED = 2**96 - 1
_ADDRESS = 2**160 - 1

ReadWord = Callable[[int], int]
"""The contract's storage at one state: slot → word."""


class Right(IntEnum):
    """What an account may do, each right including those before it. NONE: not on this network, or not for now."""

    NONE = 0
    READ_ONLY = 1
    TRANSACT = 2
    DEPLOY = 3
    FULL = 4


class OrganisationStatus(IntEnum):
    NONE = 0
    PROPOSED = 1
    APPROVED = 2
    SUSPENDED = 3


class AccountStatus(IntEnum):
    NONE = 0
    PENDING = 1
    ACTIVE = 2
    SUSPENDED = 3
    DENYLISTED = 4
    REVOKED = 5


@dataclass(frozen=True, slots=True)
class Organisation:
    """`parent` is 0 for an organisation of the network, else what this one is part of; `depth` counts from 1."""

    parent: int
    depth: int
    status: OrganisationStatus

    def word(self) -> int:
        return self.parent | self.depth << 32 | self.status << 40


@dataclass(frozen=True, slots=True)
class Role:
    """`max_value` is the most wei a transaction may carry; with `limits_targets` it goes only to the role's targets."""

    organisation: int
    right: Right
    active: bool = True
    limits_targets: bool = False
    max_value: int = VALUE_UNLIMITED

    def word(self) -> int:
        flags = int(self.active) << 40 | int(self.limits_targets) << 48
        return self.organisation | self.right << 32 | flags | self.max_value << 56


@dataclass(frozen=True, slots=True)
class AccountEntry:
    organisation: int
    role: int
    status: AccountStatus

    def word(self) -> int:
        return self.organisation | self.role << 32 | self.status << 64


@dataclass(frozen=True, slots=True)
class Proposal:
    """`open` until decided; from `closes_at_s` (Unix seconds) on nobody can vote on it any more."""

    proposer: Address
    closes_at_s: int
    open: bool


# WHERE IT LIES


def organisation_slot(organisation: int) -> int:
    return _entry("_organisations", organisation)


def role_slot(role: int) -> int:
    return _entry("_roles", role)


def account_slot(account: Address) -> int:
    return _entry("_accounts", int.from_bytes(account, "big"))


def target_slot(role: int, target: Address) -> int:
    inner = _entry("_targets", role)
    return _mapped(int.from_bytes(target, "big"), inner)


def proposal_slot(proposal: int) -> int:
    """Its first word; the call lies in the slot behind it."""
    return _entry("_proposals", proposal)


def vote_slot(proposal: int, administrator: Address) -> int:
    return _mapped(int.from_bytes(administrator, "big"), _entry("voteOf", proposal))


def organisation_name_slot(organisation: int) -> int:
    return _entry("organisationName", organisation)


def role_name_slot(role: int) -> int:
    return _entry("roleName", role)


def variable_slot(name: str) -> int:
    return permissions_contract().storage_slots[name]


# READ


def read_organisation(read: ReadWord, organisation: int) -> Organisation:
    word = read(organisation_slot(organisation))
    return Organisation(word & 0xFFFFFFFF, word >> 32 & 0xFF, OrganisationStatus(word >> 40 & 0xFF))


def read_role(read: ReadWord, role: int) -> Role:
    word = read(role_slot(role))
    return Role(
        organisation=word & 0xFFFFFFFF,
        right=Right(word >> 32 & 0xFF),
        active=word >> 40 & 0xFF == 1,
        limits_targets=word >> 48 & 0xFF == 1,
        max_value=word >> 56 & VALUE_UNLIMITED,
    )


def read_account(read: ReadWord, account: Address) -> AccountEntry:
    word = read(account_slot(account))
    return AccountEntry(word & 0xFFFFFFFF, word >> 32 & 0xFFFFFFFF, AccountStatus(word >> 64 & 0xFF))


def read_administrators(read: ReadWord) -> tuple[Address, ...]:
    slot = variable_slot("_administrators")
    first = int.from_bytes(keccak(slot.to_bytes(32, "big")), "big")
    return tuple((read(first + index) & _ADDRESS).to_bytes(20, "big") for index in range(read(slot)))


def read_proposal(read: ReadWord, proposal: int) -> Proposal:
    word = read(proposal_slot(proposal))
    return Proposal((word & _ADDRESS).to_bytes(20, "big"), word >> 160 & 0xFFFFFFFFFFFFFFFF, word >> 224 & 0xFF == 1)


def read_proposed_call(read: ReadWord, proposal: int) -> bytes:
    """As Solidity lays out bytes: up to 31 in the word itself, more behind its hash."""
    slot = proposal_slot(proposal) + 1
    word = read(slot)
    if not word & 1:
        return word.to_bytes(32, "big")[: (word & 0xFF) // 2]
    length = word // 2
    first = int.from_bytes(keccak(slot.to_bytes(32, "big")), "big")
    data = b"".join(read(first + index).to_bytes(32, "big") for index in range((length + 31) // 32))
    return data[:length]


def read_vote(read: ReadWord, proposal: int, administrator: Address) -> Literal["yes", "no"] | None:
    return (None, "yes", "no")[read(vote_slot(proposal, administrator)) & 0xFF]


def votes_needed(administrators: int, majority_percent: int) -> int:
    """More than the majority's share of them, and never more than there are."""
    return min(administrators * majority_percent // 100 + 1, administrators)


def read_sealer(read: ReadWord) -> Address:
    """Who seals the block after this state."""
    return (read(variable_slot("sealer")) & _ADDRESS).to_bytes(20, "big")


def _entry(mapping: str, key: int) -> int:
    return _mapped(key, variable_slot(mapping))


def _mapped(key: int, slot: int) -> int:
    return int.from_bytes(keccak(key.to_bytes(32, "big") + slot.to_bytes(32, "big")), "big")
