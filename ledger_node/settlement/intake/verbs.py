"""The verbs: mint, transfer, redeem, and fiat in and out. Read mint and you know the others.

Each is told the request and the unit of work, and answers what was accepted or raises the first broken rule (rules.py
has their order). What it writes there becomes durable together, with the next batch already cut.
"""

from ledger_node.reserve import movements
from ledger_node.settlement.intake import rules
from ledger_node.settlement.intake.unit_of_work import UnitOfWork
from ledger_node.settlement.model import Accepted, FiatRequest, PaymentRequest


def mint(work: UnitOfWork, request: PaymentRequest) -> Accepted:
    """Fiat on a member's DDA becomes tokens on its BDA: held now, posted to the reserve when the tokens exist."""
    # IDEMPOTENCY
    if earlier := work.earlier(request):
        return earlier

    # RULES
    rules.doors_open(work)
    member = rules.paying_member(work, request.caller)
    rules.references(request)
    money = rules.amount(work, request)
    debtor = rules.account(work, request.debtor_account, "/debtor_account", seen_by=member)
    creditor = rules.account(work, request.creditor_account, "/creditor_account", seen_by=member)
    rules.kind(debtor, "DDA", "/debtor_account")
    rules.kind(creditor, "BDA", "/creditor_account")
    rules.same_currency(money, debtor, "/debtor_account")
    rules.same_currency(money, creditor, "/creditor_account")
    rules.may_pay(debtor)
    rules.may_receive(creditor)
    rules.within_limits(work, money, payer=member, payee=creditor)
    rules.enough(debtor, money)
    if rules.second_person_needed(work, request, member, money):
        return work.defer(request, money, member.id, debtor=debtor, creditor=creditor)

    # RESERVE
    operation = work.accept(request, money, member.id, debtor=debtor, creditor=creditor)
    work.count(money, payer=None, payee=creditor)
    work.hold(debtor, movements.earmark(operation.id, debtor.account.id, money.minor, money.currency.code))

    # CHAIN
    # Accepted and not in a batch is what makes it wait for the next one; the tokens are created there.
    return Accepted(operation, replayed=False)


def transfer(work: UnitOfWork, request: PaymentRequest) -> Accepted:
    """Tokens go from a member's BDA to another BDA, which may be another member's."""
    # IDEMPOTENCY
    if earlier := work.earlier(request):
        return earlier

    # RULES
    rules.doors_open(work)
    member = rules.paying_member(work, request.caller)
    rules.references(request)
    money = rules.amount(work, request)
    debtor = rules.account(work, request.debtor_account, "/debtor_account", seen_by=member)
    creditor = rules.payee(work, request.creditor_account, payer=member)
    rules.kind(debtor, "BDA", "/debtor_account")
    rules.kind(creditor, "BDA", "/creditor_account")
    rules.two_accounts(debtor, creditor)
    rules.same_currency(money, debtor, "/debtor_account")
    rules.same_currency(money, creditor, "/creditor_account")
    rules.may_pay(debtor, self_custody_too=request.authorization is not None)
    rules.authorized(work, request, debtor)
    rules.may_be_netted(request)
    rules.may_receive(creditor)
    net = request.settlement == "net"
    rules.within_limits(work, money, payer=member, payee=None if net else creditor, leaves_bda=True)
    if net:
        rules.room_in_the_queue(work, member)
    else:
        rules.enough(debtor, money)
    if rules.second_person_needed(work, request, member, money):
        return work.defer(request, money, member.id, debtor=debtor, creditor=creditor)

    # RESERVE
    # No fiat moves: the issuer owes the same sum to another holder.
    operation = work.accept(
        request, money, member.id, debtor=debtor, creditor=creditor, status="queued" if net else "accepted"
    )  # fmt: skip
    work.count(money, payer=debtor, payee=None if net else creditor)

    # CHAIN
    # One that is queued promises nothing: a netting cycle takes it when what is left of it is covered.
    if not net:
        work.promise(debtor, money)
    return Accepted(operation, replayed=False)


def redeem(work: UnitOfWork, request: PaymentRequest) -> Accepted:
    """Tokens on a member's BDA become fiat on its DDA: burnt first, paid out when the burn is booked."""
    # IDEMPOTENCY
    if earlier := work.earlier(request):
        return earlier

    # RULES
    rules.doors_open(work)
    member = rules.paying_member(work, request.caller)
    rules.references(request)
    money = rules.amount(work, request)
    debtor = rules.account(work, request.debtor_account, "/debtor_account", seen_by=member)
    creditor = rules.account(work, request.creditor_account, "/creditor_account", seen_by=member)
    rules.kind(debtor, "BDA", "/debtor_account")
    rules.kind(creditor, "DDA", "/creditor_account")
    rules.same_currency(money, debtor, "/debtor_account")
    rules.same_currency(money, creditor, "/creditor_account")
    rules.may_pay(debtor)
    rules.may_receive(creditor)
    rules.within_limits(work, money, payer=member, payee=None, leaves_bda=True)
    rules.enough(debtor, money)
    if rules.second_person_needed(work, request, member, money):
        return work.defer(request, money, member.id, debtor=debtor, creditor=creditor)

    # RESERVE
    # Nothing yet: fiat that is paid out before the burn could be paid out for tokens that live on.
    operation = work.accept(request, money, member.id, debtor=debtor, creditor=creditor)
    work.count(money, payer=debtor, payee=None)

    # CHAIN
    work.promise(debtor, money)
    return Accepted(operation, replayed=False)


def deposit(work: UnitOfWork, request: FiatRequest) -> Accepted:
    """Fiat comes in for a member, on the operator's word."""
    # IDEMPOTENCY
    if earlier := work.earlier(request):
        return earlier

    # RULES
    rules.doors_open(work)
    rules.operator(request.caller)
    rules.references(request)
    money = rules.amount(work, request)
    creditor = rules.account(work, request.account, "/account")
    rules.kind(creditor, "DDA", "/account")
    rules.same_currency(money, creditor, "/account")
    rules.may_pay(creditor, "/account")
    rules.room_in_the_books(work, money)
    owner = creditor.account.member_id
    if rules.second_operator_needed(work, request, money):
        return work.defer(request, money, owner, debtor=None, creditor=creditor)

    # RESERVE
    operation = work.accept(request, money, owner, debtor=None, creditor=creditor, status="settled")
    work.pay_in(
        creditor, movements.deposit(operation.id, creditor.account.id, money.minor, money.currency.code)
    )  # fmt: skip
    return Accepted(operation, replayed=False)


def withdraw(work: UnitOfWork, request: FiatRequest) -> Accepted:
    """Fiat goes out to a member, on the operator's word."""
    # IDEMPOTENCY
    if earlier := work.earlier(request):
        return earlier

    # RULES
    rules.doors_open(work)
    rules.operator(request.caller)
    rules.references(request)
    money = rules.amount(work, request)
    debtor = rules.account(work, request.account, "/account")
    rules.kind(debtor, "DDA", "/account")
    rules.same_currency(money, debtor, "/account")
    rules.may_pay(debtor, "/account")
    rules.enough(debtor, money)
    owner = debtor.account.member_id
    if rules.second_operator_needed(work, request, money):
        return work.defer(request, money, owner, debtor=debtor, creditor=None)

    # RESERVE
    operation = work.accept(request, money, owner, debtor=debtor, creditor=None, status="settled")
    work.pay_out(debtor, movements.withdrawal(operation.id, debtor.account.id, money.minor, money.currency.code))
    return Accepted(operation, replayed=False)


def decide(work: UnitOfWork, request: PaymentRequest | FiatRequest) -> Accepted:
    """The verb that the request names. Raises the first rule it breaks."""
    if isinstance(request, FiatRequest):
        return deposit(work, request) if request.kind == "deposit" else withdraw(work, request)
    return {"mint": mint, "transfer": transfer, "redemption": redeem}[request.kind](work, request)
