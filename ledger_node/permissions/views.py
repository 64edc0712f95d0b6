"""What the permissions contract says, as JSON that people and programs read: the same from a command and over JSON-RPC.

Numbers of organisations, roles and proposals are numbers, wei are decimal strings, addresses and bytes hex.
"""

from enum import IntEnum
from typing import Any

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, BlockRef
from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.model import VALUE_UNLIMITED, Role
from ledger_node.permissions.rules import NOBODY


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return value.name.lower() if isinstance(value, IntEnum) else value


def role(entry: Role) -> dict[str, Any]:
    return {
        "organisation": entry.organisation,
        "right": plain(entry.right),
        "active": entry.active,
        "limits_targets": entry.limits_targets,
        "max_value": None if entry.max_value == VALUE_UNLIMITED else str(entry.max_value),
    }


def network(chain: ChainBackend, at: BlockRef = "latest") -> dict[str, Any]:
    return {
        "contract": plain(ADDRESS),
        "sealer": plain(reads.rules(chain, at).sealer),
        "administrators": [plain(each) for each in reads.network_administrators(chain, at)],
        "majority_percent": reads.majority_percent(chain, at),
        "votes_needed": reads.votes_needed(chain, at),
        "organisations": reads.organisation_count(chain, at),
        "roles": reads.role_count(chain, at),
        "proposals": reads.proposal_count(chain, at),
        "open_proposals": list(reads.open_proposals(chain, at)),
    }


def organisation(chain: ChainBackend, number: int, at: BlockRef = "latest") -> dict[str, Any] | None:
    found = reads.organisation(chain, number, at)
    return None if found is None else _organisation(found)


def organisations(
    chain: ChainBackend, first: int = 1, limit: int | None = None, at: BlockRef = "latest"
) -> list[dict[str, Any]]:
    return [_organisation(each) for each in reads.organisations(chain, at, first=first, limit=limit)]


def _organisation(found: reads.NamedOrganisation) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "parent": found.entry.parent or None,
        "depth": found.entry.depth,
        "status": plain(found.entry.status),
    }


def roles(chain: ChainBackend, organisation: int | None = None, at: BlockRef = "latest") -> list[dict[str, Any]]:
    return [
        {"id": each.id, "name": each.name, **role(each.entry)}
        for each in reads.roles(chain, at)
        if organisation in (None, each.entry.organisation)
    ]


def role_by_number(chain: ChainBackend, number: int, at: BlockRef = "latest") -> dict[str, Any] | None:
    found = reads.role(chain, number, at)
    return None if found is None else {"id": found.id, "name": found.name, **role(found.entry)}


def account(chain: ChainBackend, address: Address, at: BlockRef = "latest") -> dict[str, Any]:
    entry, rules = reads.account(chain, address, at), reads.rules(chain, at)
    deploying = rules.refusal_to_deploy(address)
    # To have no code needs the right to transact, and nothing else.
    transacting = rules.refusal_to_delegate(address, NOBODY)
    return {
        "address": plain(address),
        "organisation": entry.organisation or None,
        "role": entry.role or None,
        "status": plain(entry.status),
        "right": plain(rules.right_of(address)),
        "network_administrator": address in reads.network_administrators(chain, at),
        "may_transact": transacting is None,
        "may_deploy": deploying is None,
        "refusal": transacting or deploying,
    }


def proposal(chain: ChainBackend, number: int, at: BlockRef = "latest") -> dict[str, Any] | None:
    found = reads.proposal(chain, number, at)
    if found is None:
        return None
    expired = chain.header(at).timestamp >= found.closes_at_s
    return {
        "id": number,
        "proposer": plain(found.proposer),
        "closes_at": found.closes_at_s,
        "state": "decided" if not found.open else "expired" if expired else "open",
        "votes": {plain(each): vote for each, vote in reads.votes(chain, number, at).items()},
        "votes_needed": reads.votes_needed(chain, at),
        "call": calls.described(found.call),
        "data": plain(found.call),
    }


def proposals(
    chain: ChainBackend, at: BlockRef = "latest", *, only_open: bool = True, limit: int | None = None
) -> list[dict[str, Any]]:
    """Newest first, at most `limit`."""
    numbers = reads.open_proposals(chain, at) if only_open else tuple(range(reads.proposal_count(chain, at), 0, -1))
    found = (proposal(chain, number, at) for number in numbers[:limit])
    return [each for each in found if each is not None]
