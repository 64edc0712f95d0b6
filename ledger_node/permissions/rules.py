"""Who may transact, deploy and delegate, answered from the permissions contract's storage at one state.

An engine asks this once per block, at the parent's state, on production and on import alike. Answers are None where the
contract allows, else a sentence that says why not. One object serves one state of the contract's storage, so an answer
is computed once for many blocks and never outlives a change.

Nobody can sign for the zero address; a simulated call that names no sender comes from it, and is only a question.
"""

import threading
from collections import OrderedDict
from typing import Protocol

from ledger_node.chain.blocks import Address
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.model import (
    VALUE_UNLIMITED,
    AccountStatus,
    OrganisationStatus,
    ReadWord,
    Right,
    Role,
    read_account,
    read_organisation,
    read_role,
    read_sealer,
    target_slot,
)

NOBODY = bytes(20)

STANDINGS_MAX = 100_000
"""Accounts whose role is remembered; anybody can send from any number of addresses, and each is asked about."""
STATES_MAX = 8
"""States of the contract's storage that are remembered: the newest, and those that questions about history ask for."""

_ASKING = Role(organisation=0, right=Right.FULL)
_NO_ROLE = Role(organisation=0, right=Right.NONE, active=False, max_value=0)

_ACCOUNT_REASONS = {
    AccountStatus.NONE: "is not an account of this network",
    AccountStatus.PENDING: "is pending: its organisation is not approved yet",
    AccountStatus.SUSPENDED: "is suspended",
    AccountStatus.DENYLISTED: "is denylisted",
    AccountStatus.REVOKED: "is revoked",
}


class PermissionRules:
    """The rules as they are in one state of the contract."""

    def __init__(self, read: ReadWord) -> None:
        self._read = read
        self._standing: dict[Address, tuple[Role, int, str | None]] = {}
        self.sealer = read_sealer(read)

    def read_through(self, read: ReadWord) -> None:
        """Read from a newer state with the same words from now on, so that the older one can be forgotten."""
        self._read = read

    def refusal_to_transact(self, sender: Address, to: Address | None, value: int, data: bytes) -> str | None:
        """Of a transaction; for one that creates a contract ask refusal_to_deploy as well."""
        role, role_id, reason = self._role_of(sender)
        if reason is not None:
            return reason
        if role.right < Right.TRANSACT:
            return f"account {_hex(sender)} has the right to read only"
        if value > role.max_value:
            return f"account {_hex(sender)} may send at most {role.max_value} wei in a transaction, not {value}"
        if to is not None and role.limits_targets and not self._read(target_slot(role_id, to)):
            return f"account {_hex(sender)} may not send to {_hex(to)}: it is none of its role's targets"
        return None

    def refusal_to_deploy(self, sender: Address) -> str | None:
        """Of creating a contract, by transaction or at any depth inside one of `sender`'s."""
        role, _, reason = self._role_of(sender)
        if reason is not None:
            return reason
        return None if role.right >= Right.DEPLOY else f"account {_hex(sender)} has no right to deploy contracts"

    def refusal_to_delegate(self, authority: Address, delegate: Address) -> str | None:
        """Of an EIP-7702 delegation: it gives code to an account, which others may call.

        So the account must itself be allowed to transact, and without limits, for its code could go beyond them.
        """
        role, _, reason = self._role_of(authority)
        if reason is not None:
            return reason
        if role.right < Right.TRANSACT:
            return f"account {_hex(authority)} has the right to read only"
        if delegate != NOBODY and (role.limits_targets or role.max_value < VALUE_UNLIMITED):
            return f"account {_hex(authority)} may not delegate: its role limits targets or value"
        return None

    def right_of(self, account: Address) -> Right:
        return self._role_of(account)[0].right

    def _role_of(self, account: Address) -> tuple[Role, int, str | None]:
        """The account's role if it is in force, else no role and why."""
        found = self._standing.get(account)
        if found is None:
            if len(self._standing) >= STANDINGS_MAX:
                self._standing.clear()
            found = self._standing[account] = self._find_role(account)
        return found

    def _find_role(self, account: Address) -> tuple[Role, int, str | None]:
        if account == NOBODY:
            return _ASKING, 0, None
        entry = read_account(self._read, account)
        if entry.status != AccountStatus.ACTIVE:
            return _NO_ROLE, 0, f"account {_hex(account)} {_ACCOUNT_REASONS[entry.status]}"
        role = read_role(self._read, entry.role)
        if not role.active:
            return _NO_ROLE, 0, f"role {entry.role} of account {_hex(account)} is not active"
        organisation = entry.organisation
        while organisation:
            found = read_organisation(self._read, organisation)
            if found.status != OrganisationStatus.APPROVED:
                return (
                    _NO_ROLE,
                    0,
                    f"organisation {organisation} of account {_hex(account)} is {found.status.name.lower()}",
                )
            organisation = found.parent
        return role, entry.role, None


class State(Protocol):
    """What an engine's state answers. `account` is (nonce, balance, storage root, code hash), or None."""

    def account(self, address: Address) -> tuple[int, int, bytes, bytes] | None: ...

    def storage(self, address: Address, slot: int) -> int: ...


class PermissionsAt:
    """The rules at a state; the same object for the same storage root of the contract."""

    def __init__(self) -> None:
        self._rules: OrderedDict[bytes, PermissionRules] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, state: State) -> PermissionRules:
        account = state.account(ADDRESS)
        root = b"" if account is None else account[2]

        def read(slot: int) -> int:
            return state.storage(ADDRESS, slot)

        with self._lock:
            rules = self._rules.get(root)
            if rules is None:
                rules = self._rules[root] = PermissionRules(read)
            else:
                rules.read_through(read)
            self._rules.move_to_end(root)
            while len(self._rules) > STATES_MAX:
                self._rules.popitem(last=False)
            return rules


_newest_rules = PermissionsAt()


def permissions_at(state: State) -> PermissionRules:
    """The rules at a state, for this process: what an engine of a permissioned network is opened with."""
    return _newest_rules(state)


def _hex(address: Address) -> str:
    return f"0x{address.hex()}"
