"""perm_*: who is on the network and who may do what, for developers; read from the permissions contract at any block.

Changes are transactions to that contract; these methods only answer. On a network without the contract they answer
-32000; where the contract is there and the genesis does not obey it, `perm_getNetwork` says so.
"""

import json
from typing import Annotated, Any

from ledger_node.permissions import reads, views
from ledger_node.rpc.callargs import CallParam
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import SERVER_ERROR, RpcError, as_rpc_error
from ledger_node.rpc.parse import AddressParam, BlockParam, HashParam, NumberParam, Parser, boolean
from ledger_node.rpc.registry import method

ORGANISATIONS_MAX = 1_000
PROPOSALS_MAX = 100

OnlyOpenParam = Annotated[bool, Parser(boolean)]


def _there(door: Door) -> Door:
    if not reads.is_permissioned(door.chain):
        raise RpcError(SERVER_ERROR, "this network has no permissions contract: everybody may transact and deploy")
    return door


def _enforced(door: Door) -> bool:
    genesis = json.loads(door.chain.genesis_document())
    return bool(genesis.get("rules", {}).get("permissions", False))


@method("perm_getNetwork")
def get_network(door: Door, at: BlockParam = "latest") -> dict[str, Any]:
    return {"enforced": _enforced(door), **views.network(_there(door).chain, at)}


@method("perm_getAccount")
def get_account(door: Door, address: AddressParam, at: BlockParam = "latest") -> dict[str, Any]:
    return views.account(_there(door).chain, address, at)


@method("perm_getOrganisation")
def get_organisation(door: Door, number: NumberParam, at: BlockParam = "latest") -> dict[str, Any] | None:
    found = views.organisation(_there(door).chain, number, at)
    return None if found is None else {**found, "roles": views.roles(door.chain, number, at)}


@method("perm_listOrganisations")
def list_organisations(
    door: Door, first: NumberParam = 1, limit: NumberParam = 100, at: BlockParam = "latest"
) -> list[dict[str, Any]]:
    return views.organisations(_there(door).chain, max(first, 1), min(limit, ORGANISATIONS_MAX), at)


@method("perm_getRole")
def get_role(door: Door, number: NumberParam, at: BlockParam = "latest") -> dict[str, Any] | None:
    return views.role_by_number(_there(door).chain, number, at)


@method("perm_getProposal")
def get_proposal(door: Door, number: NumberParam, at: BlockParam = "latest") -> dict[str, Any] | None:
    return views.proposal(_there(door).chain, number, at)


@method("perm_getProposals")
def get_proposals(door: Door, only_open: OnlyOpenParam = True, at: BlockParam = "latest") -> list[dict[str, Any]]:
    return views.proposals(_there(door).chain, at, only_open=only_open, limit=PROPOSALS_MAX)


@method("perm_transactionAllowed")
def transaction_allowed(door: Door, transaction: CallParam, at: BlockParam = "latest") -> dict[str, Any]:
    """EEA's question, answered with the reason. It judges the transaction itself, not what contracts do inside it."""
    call = transaction.for_chain(door.chain.chain_id)
    rules = reads.rules(_there(door).chain, at)
    reason = rules.refusal_to_transact(call.sender, call.to, call.value, call.data)
    if reason is None and call.to is None:
        reason = rules.refusal_to_deploy(call.sender)
    return {"allowed": reason is None, "reason": reason}


@method("perm_getRefusal", lane="now")
def get_refusal(door: Door, transaction_hash: HashParam) -> dict[str, Any] | None:
    """Why the pool let go of a transaction that it had taken; null if it did not, or no longer remembers."""
    refusal = door.chain.refusal(transaction_hash)
    return None if refusal is None else as_rpc_error(refusal).as_json()
