"""Who is on the network, read through any engine's door: what `perm_*` questions and the command line show."""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode as decode_abi

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, BlockRef, Call
from ledger_node.permissions import model
from ledger_node.permissions.artifact import ADDRESS, permissions_contract
from ledger_node.permissions.model import AccountEntry, Organisation, ReadWord, Role
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


def organisations(chain: ChainBackend, at: BlockRef = "latest") -> tuple[NamedOrganisation, ...]:
    read = words(chain, at)
    count = read(model.variable_slot("organisationCount")) & 0xFFFFFFFF
    return tuple(
        NamedOrganisation(each, _text(read(model.organisation_name_slot(each))), model.read_organisation(read, each))
        for each in range(1, count + 1)
    )


def roles(chain: ChainBackend, at: BlockRef = "latest") -> tuple[NamedRole, ...]:
    read = words(chain, at)
    count = read(model.variable_slot("roleCount")) >> 32 & 0xFFFFFFFF
    return tuple(
        NamedRole(each, _text(read(model.role_name_slot(each))), model.read_role(read, each))
        for each in range(1, count + 1)
    )


def network_administrators(chain: ChainBackend, at: BlockRef = "latest") -> tuple[Address, ...]:
    (texts,) = _asked(chain, at, "networkAdministrators")
    return tuple(bytes.fromhex(each.removeprefix("0x")) for each in texts)


def votes_needed(chain: ChainBackend, at: BlockRef = "latest") -> int:
    (needed,) = _asked(chain, at, "votesNeeded")
    return int(needed)


def proposal(chain: ChainBackend, proposal_id: int, at: BlockRef = "latest") -> ProposalState | None:
    """A proposal by its id (they count from 1), or None."""
    answer = chain.call(Call(to=ADDRESS, data=permissions_contract().call("proposal", proposal_id)), at)
    ((proposer, closes_at, is_open, call),) = decode_abi(("(address,uint64,bool,bytes)",), answer)
    if closes_at == 0:
        return None
    return ProposalState(proposal_id, bytes.fromhex(proposer[2:]), closes_at, is_open, call)


def _asked(chain: ChainBackend, at: BlockRef, function: str) -> tuple[Any, ...]:
    contract = permissions_contract()
    return contract.returned(function, chain.call(Call(to=ADDRESS, data=contract.call(function)), at))


def _text(word: int) -> str:
    return word.to_bytes(32, "big").rstrip(b"\0").decode("utf-8", "replace")
