"""What each caller can read: its own, newest first, in pages; of others, nothing that shows that it exists."""

import pytest

from ledger_node.access.model import Caller
from ledger_node.errors import AccountNotFound, InvalidField, MemberNotFound, PaymentNotFound
from ledger_node.pages import Slice
from ledger_node.settlement.model import PaymentRequest
from tests.settlement.issuer import OPERATOR, SUPERVISOR, Issuer
from tests.settlement.scenario import play


@pytest.fixture
def paid(issuer: Issuer) -> Issuer:
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        m1  A.dda  A.bda    50.00    settled
        transfer    t1  A.bda  B.bda    10.00    settled
        transfer    t2  A.bda  B.bda     5.00    settled
        redeem      r1  B.bda  B.dda     5.00    settled
        """,
    )
    return issuer


def test_a_member_sees_itself_and_the_house_sees_all(paid: Issuer) -> None:
    queries, bank = paid.settlement.queries, paid.members["A"]
    assert [member.legal_name for member in queries.members(bank).data] == ["A"]
    assert queries.member(bank, bank.member_id or "").legal_name == "A"
    for caller in (OPERATOR, SUPERVISOR):
        assert {member.legal_name for member in queries.members(caller).data} == {"A", "B", "C"}
    for other in (paid.members["B"].member_id, "mbr_unknown"):
        with pytest.raises(MemberNotFound):
            queries.member(bank, other or "")


def test_accounts_are_listed_by_owner_kind_and_currency(paid: Issuer) -> None:
    queries, bank = paid.settlement.queries, paid.members["A"]
    assert {account.id for account in queries.accounts(bank).data} == {
        paid.id(name) for name in ("A.dda", "A.bda", "A.dda.jpy", "A.bda.jpy")
    }
    (yen,) = queries.accounts(bank, kind="BDA", currency="JPY").data
    assert yen == queries.account(bank, paid.id("A.bda.jpy"))
    assert queries.accounts(bank, member_id=paid.members["B"].member_id).data == ()
    assert len(queries.accounts(OPERATOR, member_id=paid.members["C"].member_id).data) == 2
    for read in (queries.account, queries.balances, queries.entries):
        with pytest.raises(AccountNotFound):
            read(bank, paid.id("B.bda"))


def test_a_transfer_is_seen_by_both_its_banks_and_by_no_other(paid: Issuer) -> None:
    queries = paid.settlement.queries
    transfer = queries.operations(OPERATOR, kind="transfer").data[0]
    for caller in (paid.members["A"], paid.members["B"], OPERATOR, SUPERVISOR):
        assert queries.operation(caller, transfer.id).status == "settled"
    with pytest.raises(PaymentNotFound):
        queries.operation(paid.members["C"], transfer.id)
    with pytest.raises(PaymentNotFound):
        queries.operation(paid.members["A"], transfer.id, "mint")
    assert queries.operation(paid.members["A"], transfer.id, "transfer").id == transfer.id


def test_a_payee_sees_a_transfer_only_once_it_is_paid_and_never_the_payers_own_reference(paid: Issuer) -> None:
    asked = PaymentRequest(
        "transfer", paid.members["A"], "t3", paid.id("A.bda"), paid.id("B.bda"), "1.00", "USD",
        external_id="payers row", end_to_end_id="INV-1",
    )  # fmt: skip
    transfer = paid.settlement.desk.submit(asked).result(30).operation
    with pytest.raises(PaymentNotFound):
        paid.settlement.queries.operation(paid.members["B"], transfer.id)
    paid.settle()
    seen = paid.settlement.queries.operation(paid.members["B"], transfer.id)
    assert (seen.end_to_end_id, seen.external_id) == ("INV-1", None)
    assert paid.settlement.queries.operation(paid.members["A"], transfer.id).external_id == "payers row"


def test_operations_are_listed_newest_first_by_kind_status_and_account(paid: Issuer) -> None:
    queries, payer, payee = paid.settlement.queries, paid.members["A"], paid.members["B"]
    assert [operation.kind for operation in queries.operations(payer).data] == [
        "transfer", "transfer", "mint", "deposit",
    ]  # fmt: skip
    assert [operation.kind for operation in queries.operations(payee).data] == ["redemption", "transfer", "transfer"]
    assert len(queries.operations(OPERATOR, kind="deposit").data) == 1
    assert queries.operations(OPERATOR, status="rejected").data == ()
    assert len(queries.operations(OPERATOR, account_id=paid.id("B.bda")).data) == 3


def test_pages_follow_each_other_without_gap_or_overlap(paid: Issuer) -> None:
    queries = paid.settlement.queries
    for read, whole in (
        (lambda part: queries.operations(OPERATOR, part), queries.operations(OPERATOR)),
        (lambda part: queries.events(OPERATOR, part), queries.events(OPERATOR, Slice(limit=100))),
        (lambda part: queries.accounts(OPERATOR, part), queries.accounts(OPERATOR)),
        (lambda part: queries.members(OPERATOR, part), queries.members(OPERATOR)),
        (lambda part: queries.entries(OPERATOR, paid.id("A.bda"), part), queries.entries(OPERATOR, paid.id("A.bda"))),
        (lambda part: queries.entries(OPERATOR, paid.id("A.dda"), part), queries.entries(OPERATOR, paid.id("A.dda"))),
    ):
        assert whole.data
        seen, part = [], Slice(limit=1)
        while True:
            page = read(part)
            seen += page.data
            if page.next_cursor is None:
                break
            part = Slice(limit=1, cursor=page.next_cursor)
        assert tuple(seen) == whole.data


def test_lists_can_be_cut_by_time(paid: Issuer) -> None:
    queries, now = paid.settlement.queries, paid.clock.now_ms()
    before, after = Slice(until=now), Slice(since=now + 1)
    for part in (before, after):
        assert queries.operations(OPERATOR, part).data == ()
        assert queries.events(OPERATOR, part).data == ()
        assert queries.accounts(OPERATOR, part).data == ()
        assert queries.members(OPERATOR, part).data == ()
        assert queries.entries(OPERATOR, paid.id("A.dda"), part).data == ()
    assert len(queries.operations(OPERATOR, Slice(since=now, until=now + 1)).data) == 5


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_page_has_one_to_a_hundred_rows(limit: int) -> None:
    with pytest.raises(InvalidField):
        Slice(limit=limit)


@pytest.mark.parametrize("cursor", ["%%%", "é", "bm90IGEgbnVtYmVy", "LTE=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_cursor_we_did_not_make_is_refused(paid: Issuer, cursor: str) -> None:
    with pytest.raises(InvalidField):
        paid.settlement.queries.operations(OPERATOR, Slice(cursor=cursor))


def test_entries_carry_their_payment(paid: Issuer) -> None:
    queries = paid.settlement.queries
    mint = queries.operations(OPERATOR, kind="mint").data[0]
    fiat = queries.entries(OPERATOR, paid.id("A.dda")).data[0]
    tokens = queries.entries(OPERATOR, paid.id("A.bda")).data[-1]
    assert (fiat.operation_id, fiat.direction, fiat.block_number) == (mint.id, "DBIT", None)
    assert (tokens.operation_id, tokens.direction, tokens.block_number) == (mint.id, "CRDT", mint.block_number)
    assert fiat.id.startswith("ent_")
    assert len({fiat.id, tokens.id}) == 2


def test_events_go_to_both_banks_of_a_payment(paid: Issuer) -> None:
    queries = paid.settlement.queries
    settled = queries.events(OPERATOR, type="transfer.settled").data
    assert {event.member_id for event in settled} == {paid.members["A"].member_id, paid.members["B"].member_id}
    assert len(settled) == 4
    assert queries.events(paid.members["C"], type="transfer.settled").data == ()
    for event in queries.events(paid.members["B"], type="transfer.settled").data:
        assert event.data["status"] == "settled"
        assert event.data["transaction_hash"].startswith("0x")


def test_events_can_be_followed_in_order(paid: Issuer) -> None:
    queries, bank = paid.settlement.queries, paid.members["A"]
    everything = list(reversed(queries.events(OPERATOR, Slice(limit=100)).data))
    followed, after = [], 0
    while batch := queries.events_after(OPERATOR, after, limit=3):
        followed += batch
        after = batch[-1].sequence
    assert followed == everything
    own = queries.events_after(bank, 0)
    assert own
    assert {event.member_id for event in own} == {bank.member_id}


def test_the_reserve_is_read_by_currency(paid: Issuer) -> None:
    yen, dollar = paid.settlement.queries.reserve()
    assert (yen.currency, yen.reserve, yen.supply, yen.backed) == ("JPY", 0, 0, True)
    assert (dollar.currency, dollar.reserve, dollar.supply, dollar.difference) == ("USD", 4500, 4500, 0)
    assert dollar.block_number == paid.chain.head().number


def test_a_mint_in_flight_is_backed_and_shown(paid: Issuer) -> None:
    paid.pay("mint", "m2", "A.dda", "A.bda", "2.00")
    dollar = paid.settlement.queries.reserve()[1]
    assert (dollar.reserve, dollar.supply, dollar.in_flight, dollar.backed) == (4700, 4500, 200, True)


def test_an_unknown_caller_scope_is_nobodys_member(paid: Issuer) -> None:
    stranger = Caller("key_x", "member", "mbr_unknown")
    assert paid.settlement.queries.operations(stranger).data == ()
    assert paid.settlement.queries.accounts(stranger).data == ()
