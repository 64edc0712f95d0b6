"""The rules of a payment, one function each. The verbs call them in order of precedence; the first broken one answers.

 1  idempotency_conflict                        the key was used for another request
 2  doors_closed                                book and chain disagree
 3  forbidden                                   this caller may not use this verb
 4  member_suspended, member_not_active         the caller's bank
 5  invalid_field                               end_to_end_id, uetr, external_id
 6  unknown_currency                            not ISO 4217, or not issued here
 7  invalid_amount
 8  account_not_found                           debtor, then creditor; a foreign account is as unknown
 9  wrong_account_kind                          debtor, then creditor
10  same_account
11  currency_mismatch                           debtor, then creditor
12  account_closed, account_not_active          debtor
13  self_custody                                the debtor moves by its own key alone
    authorization_not_yet_valid, authorization_expired, authorization_used, authorization_invalid
    invalid_field                               an authorization to be settled net
14  creditor_not_active
15  limit_exceeded                              per payment, per day, then what the creditor holds; the last not of a
                                                transfer to be settled net: the cycle judges it by the net
16  insufficient_funds, insufficient_balance    not of a transfer to be settled net
    netting_queue_full                          of one: too many of the member's wait already
17  named_operator_needed                       where a second operator must approve
"""

import re
import uuid

from ledger_node.access import approvals, operators
from ledger_node.access.model import Caller
from ledger_node.errors import (
    AccountClosed,
    AccountNotActive,
    AccountNotFound,
    AuthorizationExpired,
    AuthorizationNotYetValid,
    AuthorizationUsed,
    CreditorNotActive,
    CurrencyMismatch,
    DoorsClosed,
    Forbidden,
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    InsufficientBalance,
    InsufficientFunds,
    InvalidAmount,
    InvalidField,
    LimitExceeded,
    MemberNotActive,
    MemberSuspended,
    NettingQueueFull,
    SameAccount,
    SelfCustody,
    UnknownCurrency,
    WrongAccountKind,
)  # fmt: skip
from ledger_node.money import Amount, decimal_string, parse_amount
from ledger_node.money import currency as currency_of
from ledger_node.settlement.intake.unit_of_work import Party, UnitOfWork
from ledger_node.settlement.model import AccountKind, FiatRequest, Member, PaymentRequest

LEDGER_MAX = 2**62
"""The most minor units the books hold in one currency; every column is a signed 64-bit integer."""

KEY_MAX = 255
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_TEXT = re.compile(r"[\x20-\x7e]{1,35}", re.ASCII)


def key_usable(key: str) -> None:
    """Raises IdempotencyKeyMissing, IdempotencyKeyInvalid."""
    if not key:
        raise IdempotencyKeyMissing(
            "Send an Idempotency-Key header: a new value for each new payment, the same on a retry."
        )
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid(f"An Idempotency-Key is 1 to {KEY_MAX} printable ASCII characters without blanks.")


def doors_open(work: UnitOfWork) -> None:
    if work.closed_because is not None:
        raise DoorsClosed(f"Reads work; money does not move until this is mended: {work.closed_because}")


def paying_member(work: UnitOfWork, caller: Caller) -> Member:
    """The bank that asks. Raises Forbidden, MemberSuspended, MemberNotActive."""
    if caller.scope != "member" or caller.member_id is None:
        raise Forbidden("Only a member bank can make a payment, with its own API key.")
    member = work.members[caller.member_id]
    if member.status == "suspended":
        raise MemberSuspended(f"{member.legal_name} is suspended; ask the operator.")
    if member.status != "active":
        raise MemberNotActive(f"{member.legal_name} is {member.status}, not active.")
    return member


def operator(caller: Caller) -> None:
    """Whoever books fiat is a maker, as with every other action of the house. Raises Forbidden."""
    operators.must_have(caller, "maker")


def references(request: PaymentRequest | FiatRequest) -> None:
    """Raises InvalidField."""
    for name in ("end_to_end_id", "external_id"):
        text = getattr(request, name)
        if text is not None and not _TEXT.fullmatch(text):
            raise InvalidField(f"{name} is 1 to 35 printable ASCII characters.", pointer=f"/{name}")
    uetr = request.uetr if isinstance(request, PaymentRequest) else None
    if uetr is not None and not _is_uuid4(uetr):
        raise InvalidField("uetr is a UUID version 4 in lower case, with hyphens.", pointer="/uetr")


def amount(work: UnitOfWork, request: PaymentRequest | FiatRequest) -> Amount:
    """Raises UnknownCurrency, InvalidAmount."""
    try:
        currency = currency_of(request.currency)
        if currency.code not in work.currencies:
            raise UnknownCurrency(f"No token is issued in {currency}; use one of {', '.join(sorted(work.currencies))}.")
    except UnknownCurrency as error:
        error.pointer = "/currency"
        raise
    try:
        return parse_amount(request.amount, currency)
    except InvalidAmount as error:
        error.pointer = "/amount"
        raise


def account(work: UnitOfWork, account_id: str, pointer: str, *, seen_by: Member | None = None) -> Party:
    """The account; with `seen_by`, only if it is that member's. Raises AccountNotFound."""
    party = work.parties.get(account_id)
    if party is None or (seen_by is not None and party.account.member_id != seen_by.id):
        raise AccountNotFound(f"There is no account {account_id}.", pointer=pointer)
    return party


def payee(work: UnitOfWork, account_id: str, *, payer: Member) -> Party:
    """A creditor's BDA may be any member's, its DDA only the payer's own. Raises AccountNotFound."""
    party = account(work, account_id, "/creditor_account")
    if party.account.kind == "DDA":
        return account(work, account_id, "/creditor_account", seen_by=payer)
    return party


def kind(party: Party, wanted: AccountKind, pointer: str) -> None:
    if party.account.kind != wanted:
        raise WrongAccountKind(
            f"{party.account.id} is a {party.account.kind}; here a {wanted} is needed.", pointer=pointer
        )


def two_accounts(debtor: Party, creditor: Party) -> None:
    if debtor.account.id == creditor.account.id:
        raise SameAccount("A payment needs two different accounts.", pointer="/creditor_account")


def same_currency(money: Amount, party: Party, pointer: str) -> None:
    if party.account.currency != money.currency.code:
        raise CurrencyMismatch(
            f"{party.account.id} is kept in {party.account.currency}; the payment names {money.currency}.",
            pointer=pointer,
        )


def may_pay(debtor: Party, pointer: str = "/debtor_account", *, self_custody_too: bool = False) -> None:
    """Raises AccountClosed, AccountNotActive, SelfCustody."""
    if debtor.account.status == "closed":
        raise AccountClosed(f"{debtor.account.id} is closed.", pointer=pointer)
    if debtor.account.status != "active":
        raise AccountNotActive(f"{debtor.account.id} is {debtor.account.status}, not active.", pointer=pointer)
    if debtor.account.custody == "self" and not self_custody_too:
        raise SelfCustody(
            f"{debtor.account.id} is in the member's own custody: only its own key moves it.", pointer=pointer
        )


def authorized(work: UnitOfWork, request: PaymentRequest, debtor: Party) -> None:
    """Raises InvalidField, AuthorizationNotYetValid, AuthorizationExpired, AuthorizationUsed, AuthorizationInvalid.

    The token judges again, by its own clock: the time of the block.
    """
    given = request.authorization
    if given is None:
        return
    if debtor.account.custody != "self":
        raise InvalidField(
            f"{debtor.account.id} is in the issuer's custody; it needs no authorization.", pointer="/authorization"
        )
    now_s = work.at // 1000
    if now_s <= given.valid_after:
        raise AuthorizationNotYetValid(
            f"It is valid after {given.valid_after}; it is {now_s} now.", pointer="/authorization/valid_after"
        )
    if now_s >= given.valid_before:
        raise AuthorizationExpired(
            f"It was valid before {given.valid_before}; it is {now_s} now.", pointer="/authorization/valid_before"
        )
    if (debtor.account.id, given.nonce) in work.presented:
        raise AuthorizationUsed("This nonce was presented before.", pointer="/authorization/nonce")
    if request.refusal is not None:
        raise request.refusal


def may_be_netted(request: PaymentRequest) -> None:
    """Raises InvalidField."""
    if request.settlement == "net" and request.authorization is not None:
        raise InvalidField(
            "An authorization moves its amount whole; it cannot be set off against others.", pointer="/settlement"
        )


def may_receive(creditor: Party, pointer: str = "/creditor_account") -> None:
    if creditor.account.status != "active" or creditor.member_status != "active":
        raise CreditorNotActive(f"{creditor.account.id} cannot receive now.", pointer=pointer)


def within_limits(
    work: UnitOfWork, money: Amount, *, payer: Member, payee: Party | None, leaves_bda: bool = False
) -> None:
    """Raises LimitExceeded."""
    work.usage.check_payment(payer.id, money)
    if leaves_bda:
        work.usage.check_day(payer.id, money)
    if payee is not None and (payee.account.member_id != payer.id or not leaves_bda):
        work.usage.check_holding(payee.account.member_id, money)


def room_in_the_queue(work: UnitOfWork, member: Member) -> None:
    """Raises NettingQueueFull."""
    most = work.policy.net_queued_max
    if work.queued.get(member.id, 0) >= most:
        raise NettingQueueFull(f"{most} payments of {member.legal_name} wait to be settled net; no more may.")


def second_person_needed(work: UnitOfWork, request: PaymentRequest, member: Member, money: Amount) -> bool:
    """Whether the member asked that another of its users approve payments like this one."""
    above = work.usage.of(member.id, money.currency.code).approval_above
    return work.approving is None and above is not None and money.minor > above


def second_operator_needed(work: UnitOfWork, request: FiatRequest, money: Amount) -> bool:
    """Whether this, with what the person has booked alone today, is more than one may. Raises NamedOperatorNeeded."""
    if work.approving is not None or not work.policy.four_eyes:
        return False
    above = work.policy.fiat_above * 10**money.currency.exponent
    if work.booked_alone(request.caller, money.currency.code) + money.minor <= above:
        return False
    approvals.named(request.caller)
    return True


def room_in_the_books(work: UnitOfWork, money: Amount) -> None:
    if work.cash[money.currency.code] + money.minor > LEDGER_MAX:
        raise LimitExceeded(f"The books hold at most {decimal_string(LEDGER_MAX, money.currency)} {money.currency}.")


def enough(debtor: Party, money: Amount) -> None:
    """Raises InsufficientFunds (DDA) or InsufficientBalance (BDA), counting what is promised already."""
    if debtor.available < money.minor:
        error = InsufficientFunds if debtor.account.kind == "DDA" else InsufficientBalance
        available = decimal_string(debtor.available, money.currency)
        raise error(
            f"{debtor.account.id} has {available} {money.currency} available; {money} is needed.",
            pointer="/amount", available=available, needed=str(money),
        )  # fmt: skip


def _is_uuid4(text: str) -> bool:
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return False
    return str(parsed) == text and parsed.version == 4
