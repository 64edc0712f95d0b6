"""Banks and their accounts: admitted, suspended, opened once, and only by the operator."""

import pytest

from ledger_node.errors import (
    AlreadyExists,
    Forbidden,
    InvalidField,
    MemberNotActive,
    MemberNotFound,
    UnknownCurrency,
    WrongState,
)
from ledger_node.settlement.parties.accounts import managed_address
from tests.settlement.issuer import LEIS, OPERATOR, SUPERVISOR, Issuer

NEW = {"bic": "BANKGB2XXXX", "lei": "5299000TESTBANK00D05", "legal_name": "Bank D"}


def test_a_bank_is_admitted_pending_and_activated(issuer: Issuer) -> None:
    member = issuer.settlement.members.admit(OPERATOR, **NEW).result(30)
    assert (member.status, member.bic) == ("pending", "BANKGB2XXXX")
    assert issuer.settlement.queries.member(OPERATOR, member.id) == member
    assert issuer.settlement.members.activate(OPERATOR, member.id).result(30).status == "active"
    with pytest.raises(WrongState):
        issuer.settlement.members.activate(OPERATOR, member.id).result(30)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bic", "bankgb2x"), ("bic", "BANK"), ("bic", ""), ("lei", "5299000TESTBANK00D06"), ("lei", ""),
        ("lei", " 5299000TESTBANK00D05"), ("legal_name", ""), ("legal_name", "  "), ("legal_name", "A\u202eknaB"),
        ("legal_name", "Ba\u200bnk"), ("legal_name", "Ba\x85nk"), ("legal_name", "Ba\u2028nk"),
        ("legal_name", "Ba\x00nk"), ("legal_name", "x" * 141),
        ("bic", " BANKGB2X"), ("bic", "BANKGB2X\n"), ("bic", "BANK-GB2X"), ("bic", "BANKGB2XXXXX"),
        ("bic", "BANKGB2XX"), ("bic", "BANK1B2X"), ("bic", "BÄNKGB2X"), ("bic", "BANKGB\u0662X"),
    ],
)  # fmt: skip
def test_a_bank_is_named_properly(issuer: Issuer, field: str, value: str) -> None:
    with pytest.raises(InvalidField) as refused:
        issuer.settlement.members.admit(OPERATOR, **(NEW | {field: value}))
    assert refused.value.pointer == f"/{field}"


@pytest.mark.parametrize("same", [{"bic": "BANKGB2A"}, {"lei": LEIS["A"]}])
def test_a_bank_is_admitted_once(issuer: Issuer, same: dict[str, str]) -> None:
    with pytest.raises(AlreadyExists) as refused:
        issuer.settlement.members.admit(OPERATOR, **(NEW | same)).result(30)
    assert refused.value.pointer == f"/{next(iter(same))}"
    assert refused.value.facts["id"] == issuer.members["A"].member_id


@pytest.mark.parametrize(("first", "second"), [("ECHOGB2L", "ECHOGB2LXXX"), ("ECHOGB2LXXX", "ECHOGB2L")])
def test_a_head_office_is_one_bank_however_it_is_written(issuer: Issuer, first: str, second: str) -> None:
    made = issuer.settlement.members.admit(OPERATOR, **(NEW | {"bic": first})).result(30)
    other = {"lei": "529900BRAVAKREDI0289", "legal_name": "Another"}
    with pytest.raises(AlreadyExists) as refused:
        issuer.settlement.members.admit(OPERATOR, bic=second, **other).result(30)
    assert (refused.value.pointer, refused.value.facts["id"]) == ("/bic", made.id)
    branch = issuer.settlement.members.admit(OPERATOR, bic="ECHOGB2L123", **other).result(30)
    assert branch.bic == "ECHOGB2L123"


def test_only_the_operator_changes_parties(issuer: Issuer) -> None:
    for caller in (SUPERVISOR, issuer.members["A"]):
        member_id = issuer.members["A"].member_id or ""
        with pytest.raises(Forbidden):
            issuer.settlement.members.admit(caller, **NEW)
        with pytest.raises(Forbidden):
            issuer.settlement.members.suspend(caller, member_id)
        with pytest.raises(Forbidden):
            issuer.settlement.members.activate(caller, member_id)
        with pytest.raises(Forbidden):
            issuer.settlement.accounts.open(caller, member_id, kind="BDA", currency="USD")


def test_an_unknown_bank_is_not_found(issuer: Issuer) -> None:
    with pytest.raises(MemberNotFound):
        issuer.settlement.members.suspend(OPERATOR, "mbr_unknown").result(30)
    with pytest.raises(MemberNotFound):
        issuer.settlement.accounts.open(OPERATOR, "mbr_unknown", kind="DDA", currency="USD").result(30)


def test_a_bank_has_one_dda_per_currency_and_as_many_bdas_as_it_likes(issuer: Issuer) -> None:
    with pytest.raises(AlreadyExists) as refused:
        issuer.open("A", "DDA")
    assert refused.value.facts["id"] == issuer.id("A.dda")
    first, second = issuer.open("A", "BDA"), issuer.open("A", "BDA")
    assert first.address != second.address
    assert first.address == managed_address(first.id)
    assert (first.status, first.custody) == ("pending", "managed")
    issuer.settle()
    assert issuer.settlement.queries.account(OPERATOR, first.id).status == "active"
    events = issuer.settlement.queries.events(issuer.members["A"], type="account.active").data
    assert {first.id, second.id} <= {event.resource_id for event in events}


def test_accounts_opened_together_are_registered_together(issuer: Issuer) -> None:
    head = issuer.chain.head().number
    issuer.open("A", "BDA")  # its registration is in flight while the next ones are opened
    opened = [issuer.open("B", "BDA").id for _ in range(3)]
    issuer.settle()
    assert issuer.chain.head().number == head + 2
    assert len(issuer.chain.block(head + 2).transactions) == 1
    assert {issuer.settlement.queries.account(OPERATOR, id_).status for id_ in opened} == {"active"}


def test_an_account_is_opened_in_a_currency_that_is_issued(issuer: Issuer) -> None:
    with pytest.raises(UnknownCurrency):
        issuer.open("A", "BDA", "EUR")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "DDA", "custody": "managed"},
        {"kind": "DDA", "address": b"\x11" * 20},
        {"kind": "BDA", "custody": "self"},
        {"kind": "BDA", "custody": "managed", "address": b"\x11" * 20},
    ],
    ids=str,
)
def test_an_address_comes_with_self_custody_and_only_then(issuer: Issuer, wrong: dict[str, object]) -> None:
    member_id = issuer.members["A"].member_id or ""
    with pytest.raises(InvalidField):
        issuer.settlement.accounts.open(OPERATOR, member_id, currency="USD", **wrong)


def test_a_bank_that_is_gone_opens_nothing(issuer: Issuer) -> None:
    with issuer.database.write() as connection:
        connection.exec_driver_sql("UPDATE members SET status = 'offboarded' WHERE legal_name = 'C'")
    with pytest.raises(WrongState):
        issuer.open("C", "BDA")


def test_a_bank_that_is_not_active_yet_does_not_pay(issuer: Issuer) -> None:
    with issuer.database.write() as connection:
        connection.exec_driver_sql("UPDATE members SET status = 'pending' WHERE legal_name = 'C'")
    with pytest.raises(MemberNotActive):
        issuer.pay("mint", "m1", "C.dda", "C.bda", "1.00")
    issuer.settlement.members.activate(OPERATOR, issuer.members["C"].member_id or "").result(30)
