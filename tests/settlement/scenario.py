"""Scenario tables: one line a step, its last word the outcome.

    deposit     d1  A.dda              100.00        settled
    mint        k1  A.dda  A.bda        60.00        settled
    transfer    k2  A.bda  B.bda        60.01        insufficient_balance
    balance         A.bda                            60.00
    audit                                            backed

A payment is asked for and taken to its end before the next line; its outcome is the final status, the code it was
rejected with, or the code of the refusal. `ask` before a verb leaves it waiting. Behind an amount may stand a currency,
and `as X` makes another bank ask. Text behind # is for the reader.
"""

import shlex
from collections.abc import Callable

from ledger_node.errors import LedgerNodeError
from ledger_node.money import currency, decimal_string
from tests.settlement.issuer import OPERATOR, SUPERVISOR, TIMEOUT_S, Issuer

KINDS = {"mint": "mint", "transfer": "transfer", "redeem": "redemption"}


def play(issuer: Issuer, table: str) -> None:
    for line in table.strip().splitlines():
        words = shlex.split(line, comments=True)
        if words:
            *step, wanted = words
            outcome = _outcome(issuer, step)
            assert outcome == wanted, f"{line.strip()}\n  ended: {outcome}"


def _outcome(issuer: Issuer, step: list[str]) -> str:
    try:
        return _STEPS.get(step[0], _payment)(issuer, step)
    except LedgerNodeError as refusal:
        return refusal.code


def _payment(issuer: Issuer, step: list[str]) -> str:
    waits = step[0] != "ask"
    verb, key, debtor, creditor, amount, *rest = step if waits else step[1:]
    caller = None
    if "as" in rest:
        at = rest.index("as")
        name = rest[at + 1]
        caller = {"operator": OPERATOR, "supervisor": SUPERVISOR}.get(name) or issuer.members[name]
        rest = rest[:at]
    request = issuer.request(KINDS[verb], key, debtor, creditor, amount, *rest, caller=caller)
    accepted = issuer.settlement.desk.submit(request).result(TIMEOUT_S)
    if not waits:
        return "replayed" if accepted.replayed else accepted.operation.status
    issuer.settle()
    final = issuer.settlement.desk.watch(accepted.operation.id).result(TIMEOUT_S)
    return final.code or final.status


def _fiat(issuer: Issuer, step: list[str]) -> str:
    kind, key, account, amount, *rest = step
    return issuer.fiat(kind, key, account, amount, *rest).operation.status


def _balance(issuer: Issuer, step: list[str]) -> str:
    account = issuer.accounts[step[1]]
    read = issuer.available if step[0] == "available" else issuer.booked
    return decimal_string(read(step[1]), currency(account.currency))


def _member(issuer: Issuer, step: list[str]) -> str:
    member_id = issuer.members[step[1]].member_id
    change = getattr(issuer.settlement.members, step[0])
    return change(OPERATOR, member_id).result(TIMEOUT_S).status


def _settle(issuer: Issuer, _step: list[str]) -> str:
    issuer.settle()
    return "done"


def _audit(issuer: Issuer, _step: list[str]) -> str:
    report = issuer.audit()
    return "backed" if report.passed else report.findings[0].code


_STEPS: dict[str, Callable[[Issuer, list[str]], str]] = {
    "deposit": _fiat,
    "withdrawal": _fiat,
    "balance": _balance,
    "available": _balance,
    "suspend": _member,
    "activate": _member,
    "reinstate": _member,
    "offboard": _member,
    "settle": _settle,
    "audit": _audit,
}
