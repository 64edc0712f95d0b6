"""The permissions contract's logs as plain frozen data: proposals, votes, outcomes, and every change."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from eth_abi.abi import decode as decode_abi

from ledger_node.chain.blocks import Address, Hash32, Log
from ledger_node.permissions.artifact import ADDRESS, permissions_contract
from ledger_node.permissions.model import AccountStatus, OrganisationStatus, Right, Role


@dataclass(frozen=True, slots=True)
class OrganisationAdded:
    organisation: int
    parent: int
    name: str
    log: Log


@dataclass(frozen=True, slots=True)
class OrganisationStatusChanged:
    organisation: int
    status: OrganisationStatus
    log: Log


@dataclass(frozen=True, slots=True)
class RoleSet:
    role: int
    name: str
    entry: Role
    log: Log


@dataclass(frozen=True, slots=True)
class RoleTargetSet:
    role: int
    target: Address
    allowed: bool
    log: Log


@dataclass(frozen=True, slots=True)
class AccountAssigned:
    account: Address
    organisation: int
    role: int
    log: Log


@dataclass(frozen=True, slots=True)
class AccountStatusChanged:
    account: Address
    status: AccountStatus
    log: Log


@dataclass(frozen=True, slots=True)
class NetworkAdministratorChanged:
    administrator: Address
    added: bool
    log: Log


@dataclass(frozen=True, slots=True)
class ProposalMade:
    """`call` is what the contract will call on itself: calldata as calls.py makes it."""

    proposal: int
    proposer: Address
    call: bytes
    log: Log


@dataclass(frozen=True, slots=True)
class VoteCast:
    proposal: int
    administrator: Address
    yes: bool
    log: Log


@dataclass(frozen=True, slots=True)
class ProposalDecided:
    """Executed, or rejected because a majority can no longer be reached."""

    proposal: int
    executed: bool
    log: Log


@dataclass(frozen=True, slots=True)
class SealerChanged:
    sealer: Address
    log: Log


@dataclass(frozen=True, slots=True)
class MajorityChanged:
    percent: int
    log: Log


PermissionEvent: TypeAlias = (
    OrganisationAdded
    | OrganisationStatusChanged
    | RoleSet
    | RoleTargetSet
    | AccountAssigned
    | AccountStatusChanged
    | NetworkAdministratorChanged
    | ProposalMade
    | VoteCast
    | ProposalDecided
    | SealerChanged
    | MajorityChanged
)


def decode(log: Log) -> PermissionEvent:
    """The event of a log of this contract. It emits no others: an unknown one is a fault of ours (KeyError)."""
    return _DECODERS[log.topics[0]](log)


def decode_all(logs: Iterable[Log]) -> Iterator[PermissionEvent]:
    """The events among `logs` that the network's permissions contract emitted, in order."""
    return (decode(log) for log in logs if log.address == ADDRESS)


def _role_set(log: Log) -> RoleSet:
    types = ("bytes32", "uint8", "bool", "bool", "uint96")
    name, right, active, limits_targets, max_value = decode_abi(types, log.data)
    entry = Role(_integer(log.topics[2]), Right(right), active, limits_targets, max_value)
    return RoleSet(_integer(log.topics[1]), _text(name), entry, log)


def _proposal_made(log: Log) -> ProposalMade:
    (call,) = decode_abi(("bytes",), log.data)
    return ProposalMade(_integer(log.topics[1]), _address(log.topics[2]), call, log)


def _integer(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _address(word: bytes) -> Address:
    return word[12:]


def _text(word: bytes) -> str:
    return word.rstrip(b"\0").decode("utf-8", "replace")


_TOPICS = permissions_contract().topics
_DECODERS: dict[Hash32, Callable[[Log], PermissionEvent]] = {
    _TOPICS["OrganisationAdded"]: lambda log: OrganisationAdded(
        _integer(log.topics[1]), _integer(log.topics[2]), _text(log.data), log
    ),
    _TOPICS["OrganisationStatusChanged"]: lambda log: OrganisationStatusChanged(
        _integer(log.topics[1]), OrganisationStatus(_integer(log.data)), log
    ),
    _TOPICS["RoleSet"]: _role_set,
    _TOPICS["RoleTargetSet"]: lambda log: RoleTargetSet(
        _integer(log.topics[1]), _address(log.topics[2]), _integer(log.data) == 1, log
    ),
    _TOPICS["AccountAssigned"]: lambda log: AccountAssigned(
        _address(log.topics[1]), _integer(log.topics[2]), _integer(log.topics[3]), log
    ),
    _TOPICS["AccountStatusChanged"]: lambda log: AccountStatusChanged(
        _address(log.topics[1]), AccountStatus(_integer(log.data)), log
    ),
    _TOPICS["NetworkAdministratorAdded"]: lambda log: NetworkAdministratorChanged(_address(log.topics[1]), True, log),
    _TOPICS["NetworkAdministratorRemoved"]: lambda log: NetworkAdministratorChanged(
        _address(log.topics[1]), False, log
    ),
    _TOPICS["ProposalMade"]: _proposal_made,
    _TOPICS["VoteCast"]: lambda log: VoteCast(
        _integer(log.topics[1]), _address(log.topics[2]), _integer(log.data) == 1, log
    ),
    _TOPICS["ProposalExecuted"]: lambda log: ProposalDecided(_integer(log.topics[1]), True, log),
    _TOPICS["ProposalRejected"]: lambda log: ProposalDecided(_integer(log.topics[1]), False, log),
    _TOPICS["SealerChanged"]: lambda log: SealerChanged(_address(log.topics[1]), log),
    _TOPICS["MajorityChanged"]: lambda log: MajorityChanged(_integer(log.data), log),
}
