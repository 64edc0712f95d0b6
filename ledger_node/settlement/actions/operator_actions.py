"""What the operator's house can do to parties, accounts and tokens, each by name, from plain parameters.

Parameters are JSON values, because what needs a second person is stored until that person agrees and carried out
from the stored text. A refused action has changed nothing.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from ledger_node.access import operators
from ledger_node.access.model import Duty
from ledger_node.errors import InvalidAmount, InvalidField, UnknownCurrency, WrongState
from ledger_node.keys import Vault
from ledger_node.money import Currency, parse_amount
from ledger_node.money import currency as currency_of
from ledger_node.settlement import limits
from ledger_node.settlement.model import Operation
from ledger_node.settlement.netting import cycles
from ledger_node.settlement.onchain import signing_keys
from ledger_node.settlement.parties import accounts, enforcement, members
from ledger_node.settlement.payments.cancellation import take_back

Parameters = dict[str, Any]


class KeyKeeper(Protocol):
    """Who keeps API keys: the gateway. All of these run inside the writer's transaction; `rehearse` says that it is
    undone after."""

    def check_new(self, connection: sa.Connection, *, digest: bytes) -> None:
        """Raises AlreadyExists for the digest of a key made before."""

    def enrol(
        self, connection: sa.Connection, given: Parameters, duties: frozenset[Duty] | None, *, rehearse: bool
    ) -> Any:
        """A key whose secret its owner has made and nobody here has seen."""

    def check_rotation(self, connection: sa.Connection, key_id: str, *, member_id: str | None) -> None:
        """Raises ApiKeyNotFound; WrongState for a key that works no more."""

    def renew(self, connection: sa.Connection, given: Parameters, *, rehearse: bool) -> Any:
        """The same in place of another key, which works on for `overlap_ms`."""

    def revoke_all(self, connection: sa.Connection, *, person: str) -> None:
        """Every key of a person of the operator's house ends."""


@dataclass(slots=True)
class Act:
    """One action inside the writer's transaction. `rehearsal`: it is undone after. `two_needed`: four eyes is on."""

    connection: sa.Connection
    at: int
    currencies: Set[str]
    reason: str | None
    rehearsal: bool
    keys: KeyKeeper | None
    vault: Vault
    two_needed: bool
    ended: list[Operation] = field(default_factory=list)

    def issued(self, code: str) -> Currency:
        if code not in self.currencies:
            raise UnknownCurrency(f"No token is issued in {code}.", pointer="/currency")
        return currency_of(code)

    def stated_reason(self) -> str:
        if self.reason is None:
            raise InvalidField("Give a reason; it is recorded.", pointer="/reason")
        return self.reason


@dataclass(frozen=True, slots=True)
class Action:
    """`resource` names the parameter that says whom it concerns, `four_eyes` whether a second person must agree."""

    run: Callable[[Act, Parameters], Any]
    resource: str | None = None
    four_eyes: bool = True
    duty: Duty = "maker"


def _admit(act: Act, given: Parameters) -> Any:
    return members.admit(act.connection, **given, at=act.at)


def _activate(act: Act, given: Parameters) -> Any:
    return members.activate(act.connection, given["member"], at=act.at)


def _suspend(act: Act, given: Parameters) -> Any:
    member, ended = members.suspend(act.connection, given["member"], at=act.at)
    act.ended += ended
    return member


def _reinstate(act: Act, given: Parameters) -> Any:
    return members.reinstate(act.connection, given["member"], at=act.at)


def _offboard(act: Act, given: Parameters) -> Any:
    return members.offboard(act.connection, given["member"], at=act.at)


def _set_limits(act: Act, given: Parameters) -> Any:
    members.find(act.connection, given["member"])
    of = act.issued(given["currency"])
    amounts = {
        name: None if given[name] is None else _amount(given[name], of, f"/{name}", zero=True)
        for name in limits.NAMES
        if name in given
    }
    if not amounts:
        raise InvalidField(f"Give at least one of {', '.join(limits.NAMES)}; what is not given stays as it is.")
    agreed = limits.changed(act.connection, given["member"], of.code, amounts)
    return limits.agree(act.connection, agreed, at=act.at)


def _open_account(act: Act, given: Parameters) -> Any:
    address = None if given["address"] is None else bytes.fromhex(given["address"][2:])
    form = {"kind": given["kind"], "currency": given["currency"], "custody": given["custody"], "address": address}
    accounts.check_form(**form, currencies=act.currencies)
    return accounts.open_account(act.connection, given["member"], **form, at=act.at)


def _close_account(act: Act, given: Parameters) -> Any:
    return accounts.close(act.connection, given["account"], at=act.at)


def _freeze(act: Act, given: Parameters) -> Any:
    return enforcement.freeze(act.connection, given["account"], act.stated_reason(), frozen=True, at=act.at)


def _unfreeze(act: Act, given: Parameters) -> Any:
    return enforcement.freeze(act.connection, given["account"], act.stated_reason(), frozen=False, at=act.at)


def _freeze_amount(act: Act, given: Parameters) -> Any:
    account = accounts.find(act.connection, given["account"])
    amount = _amount(given["amount"], currency_of(account.currency), "/amount", zero=True)
    return enforcement.freeze_amount(act.connection, account.id, amount, act.stated_reason(), at=act.at)


def _force_transfer(act: Act, given: Parameters) -> Any:
    money = parse_amount(given["amount"], act.issued(given["currency"]))
    debtor, creditor = given["debtor_account"], given["creditor_account"]
    return enforcement.force_transfer(act.connection, debtor, creditor, money, act.stated_reason(), at=act.at)


def _pause(act: Act, given: Parameters) -> Any:
    return enforcement.pause(act.connection, given["currency"], act.stated_reason(), paused=True, at=act.at)


def _unpause(act: Act, given: Parameters) -> Any:
    return enforcement.pause(act.connection, given["currency"], act.stated_reason(), paused=False, at=act.at)


def _limit_minting(act: Act, given: Parameters) -> Any:
    of = act.issued(given["currency"])
    per_day = None if given["per_day"] is None else _amount(given["per_day"], of, "/per_day", zero=True)
    return enforcement.limit_minting(act.connection, of.code, per_day, act.stated_reason(), at=act.at)


def _call_netting_cycle(act: Act, given: Parameters) -> Any:
    if act.rehearsal:
        return cycles.rehearse(act.connection, given["currency"], at=act.at)
    return cycles.call(act.connection, given["currency"], at=act.at)


def _name_operator(act: Act, given: Parameters) -> Any:
    return operators.name(act.connection, name=given["name"], duties=frozenset(given["duties"]), at=act.at)


def _revoke_operator(act: Act, given: Parameters) -> Any:
    person = operators.revoke(act.connection, given["operator"])
    act.ended += take_back(act.connection, person.id, at=act.at)
    if act.two_needed and len(operators.checkers(act.connection)) < 2:
        raise WrongState("Two checkers must stay, or nobody could agree to anything: name another one first.")
    if act.keys is not None and not act.rehearsal:
        act.keys.revoke_all(act.connection, person=person.id)
    return person


def _create_key(act: Act, given: Parameters) -> Any:
    assert act.keys is not None, "who asks for keys keeps them"
    duties = None
    if given["operator"] is not None:
        person = operators.find(act.connection, given["operator"])
        if person.status != "active":
            raise WrongState(f"{person.name} is {person.status}.")
        duties = person.duties
    if given["member"] is not None:
        members.find(act.connection, given["member"])
    act.keys.check_new(act.connection, digest=bytes.fromhex(given["digest"]))
    return act.keys.enrol(act.connection, given, duties, rehearse=act.rehearsal)


def _rotate_key(act: Act, given: Parameters) -> Any:
    assert act.keys is not None, "who asks for keys keeps them"
    act.keys.check_rotation(act.connection, given["key"], member_id=given["member"])
    act.keys.check_new(act.connection, digest=bytes.fromhex(given["digest"]))
    return act.keys.renew(act.connection, given, rehearse=act.rehearsal)


def _rotate_house_key(act: Act, given: Parameters) -> Any:
    if act.rehearsal:
        return signing_keys.rehearse(act.connection, given["office"], at=act.at)
    return signing_keys.ask(act.connection, given["office"], act.vault, at=act.at)


def _cancel_house_key(act: Act, given: Parameters) -> Any:
    return signing_keys.cancel(act.connection, given["house_key"])


ACTIONS: dict[str, Action] = {
    "member.admit": Action(_admit),
    "member.activate": Action(_activate, "member"),
    "member.suspend": Action(_suspend, "member"),
    "member.reinstate": Action(_reinstate, "member"),
    "member.offboard": Action(_offboard, "member"),
    "member.limits": Action(_set_limits, "member"),
    "account.open": Action(_open_account, "member"),
    "account.close": Action(_close_account, "account", four_eyes=False),
    "account.freeze": Action(_freeze, "account"),
    "account.unfreeze": Action(_unfreeze, "account"),
    "account.freeze_amount": Action(_freeze_amount, "account"),
    "forced_transfer": Action(_force_transfer, "debtor_account"),
    "token.pause": Action(_pause, "currency"),
    "token.unpause": Action(_unpause, "currency"),
    "token.limit_minting": Action(_limit_minting, "currency"),
    "netting.call": Action(_call_netting_cycle, "currency", four_eyes=False),
    "operator.name": Action(_name_operator, duty="admin"),
    "operator.revoke": Action(_revoke_operator, "operator", duty="admin"),
    "api_key.create": Action(_create_key, duty="admin"),
    "api_key.rotate": Action(_rotate_key, "key", duty="admin"),
    "house_key.rotate": Action(_rotate_house_key, duty="admin"),
    "house_key.cancel": Action(_cancel_house_key, "house_key", duty="admin"),
}


def _amount(text: str, of: Currency, pointer: str, *, zero: bool) -> int:
    """Raises InvalidAmount."""
    try:
        return parse_amount(text, of, zero=zero).minor
    except InvalidAmount as error:
        error.pointer = pointer
        raise
