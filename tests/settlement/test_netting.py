"""Net settlement: payments wait without a balance, and a cycle settles the most of them whose nets are covered."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger_node.deposit_token import calls
from ledger_node.errors import IdempotencyConflict, LimitExceeded, NettingQueueFull, WrongState
from ledger_node.settlement import tables
from ledger_node.settlement.assurance.deep_audit import deep_audit
from ledger_node.settlement.model import Accepted, NettingCycle, Operation, PaymentRequest, Policy
from ledger_node.settlement.netting import cycles
from ledger_node.settlement.payments.cancellation import AT_ONCE
from tests.ledgers import alter
from tests.settlement.issuer import OPERATOR, SIGNERS, TIMEOUT_S, Issuer
from tests.settlement.scenario import play
from tests.settlement.test_limits import agree

DAY_MS = 86_400_000


def net_request(issuer: Issuer, key: str, debtor: str, creditor: str, amount: str) -> PaymentRequest:
    return replace(issuer.request("transfer", key, debtor, creditor, amount), settlement="net")


def queue(issuer: Issuer, key: str, debtor: str, creditor: str, amount: str) -> Operation:
    request = net_request(issuer, key, debtor, creditor, amount)
    return issuer.settlement.desk.submit(request).result(TIMEOUT_S).operation


def call_cycle(issuer: Issuer, *, rehearse: bool = False) -> NettingCycle:
    doing = issuer.settlement.four_eyes.do(OPERATOR, "netting.call", {"currency": "USD"}, rehearse=rehearse)
    cycle: NettingCycle = doing.result(TIMEOUT_S).result
    return cycle


def settled_cycle(issuer: Issuer) -> NettingCycle:
    called = call_cycle(issuer)
    issuer.settle()
    return issuer.settlement.queries.netting_cycle(called.id)


def now(issuer: Issuer, operation: Operation) -> Operation:
    return issuer.settlement.queries.operation(OPERATOR, operation.id)


@pytest.fixture
def funded(issuer: Issuer) -> Issuer:
    """A has 100.00, B and C nothing."""
    play(
        issuer,
        """
        deposit  d1  A.dda          100.00  settled
        mint     m1  A.dda  A.bda   100.00  settled
        """,
    )
    return issuer


def test_a_payment_to_be_settled_net_waits_without_a_balance_and_promises_nothing(funded: Issuer) -> None:
    operation = queue(funded, "n1", "B.bda", "A.bda", "60.00")
    funded.settle()
    assert now(funded, operation).status == "queued"
    assert funded.available("A.bda") == 100_00
    assert funded.audit().passed


def test_a_cycle_moves_the_nets_and_settles_every_payment(funded: Issuer) -> None:
    payments = [
        queue(funded, "n1", "A.bda", "B.bda", "300.00"),
        queue(funded, "n2", "B.bda", "C.bda", "290.00"),
        queue(funded, "n3", "C.bda", "A.bda", "250.00"),
    ]
    cycle = settled_cycle(funded)
    assert (cycle.status, cycle.payments, cycle.gross, cycle.net, cycle.left) == ("settled", 3, 840_00, 50_00, 0)
    assert [funded.booked(name) for name in ("A.bda", "B.bda", "C.bda")] == [50_00, 10_00, 40_00]
    for payment in payments:
        settled = now(funded, payment)
        assert settled.status == "settled"
        assert settled.transaction_hash is not None
        assert settled.block_number is not None
    entries = funded.settlement.queries.entries(OPERATOR, funded.id("B.bda")).data
    assert [entry.netting_cycle for entry in entries] == [cycle.id]
    assert funded.audit().passed
    assert deep_audit(funded.database, funded.chain).passed


def test_payments_that_cancel_out_settle_though_nobody_has_anything(issuer: Issuer) -> None:
    queue(issuer, "n1", "B.bda", "C.bda", "40.00")
    queue(issuer, "n2", "C.bda", "B.bda", "40.00")
    cycle = settled_cycle(issuer)
    assert (cycle.status, cycle.payments, cycle.net) == ("settled", 2, 0)
    assert issuer.lines("B.bda") == []
    assert issuer.audit().passed


def test_what_is_not_covered_stays_in_the_queue_last_first(funded: Issuer) -> None:
    first = queue(funded, "n1", "A.bda", "B.bda", "80.00")
    last = queue(funded, "n2", "A.bda", "B.bda", "30.00")
    cycle = settled_cycle(funded)
    assert (cycle.payments, cycle.left) == (1, 1)
    assert now(funded, first).status == "settled"
    assert now(funded, last).status == "queued"


def test_a_cycle_that_can_take_nothing_is_empty(issuer: Issuer) -> None:
    queue(issuer, "n1", "B.bda", "C.bda", "40.00")
    cycle = settled_cycle(issuer)
    assert (cycle.status, cycle.payments, cycle.left, cycle.batch_id) == ("empty", 0, 1, None)


def test_a_rehearsal_tells_what_a_cycle_would_do_and_does_nothing(funded: Issuer) -> None:
    operation = queue(funded, "n1", "A.bda", "B.bda", "80.00")
    proposed = call_cycle(funded, rehearse=True)
    funded.settle()
    assert (proposed.payments, proposed.gross, proposed.net) == (1, 80_00, 80_00)
    assert now(funded, operation).status == "queued"
    assert funded.settlement.queries.netting_cycles().data == ()


def test_one_cycle_at_a_time(funded: Issuer) -> None:
    queue(funded, "n1", "A.bda", "B.bda", "80.00")
    call_cycle(funded)
    with pytest.raises(WrongState, match="settling"):
        call_cycle(funded)


def test_what_a_net_needs_is_promised_while_the_cycle_settles_and_no_more(funded: Issuer) -> None:
    queue(funded, "n1", "A.bda", "B.bda", "80.00")
    queue(funded, "n2", "B.bda", "A.bda", "20.00")
    call_cycle(funded)
    assert funded.available("A.bda") == 40_00
    funded.settle()
    assert funded.available("A.bda") == 40_00
    assert funded.available("B.bda") == 60_00


def test_a_net_the_token_refuses_moves_nothing_and_only_its_accounts_payments_are_rejected(funded: Issuer) -> None:
    play(funded, "transfer  t1  A.bda  B.bda  50.00  settled")
    guilty = queue(funded, "n1", "A.bda", "C.bda", "30.00")
    others = [queue(funded, "n2", "B.bda", "C.bda", "20.00"), queue(funded, "n3", "C.bda", "A.bda", "5.00")]
    # The enforcer's key is used beside the house, in the block that also carries the cycle.
    funded.send(SIGNERS.admin, funded.token(), calls.set_frozen_tokens(funded.address("A.bda"), 45_00))
    call_cycle(funded)
    funded.settle()
    cycle = funded.settlement.queries.netting_cycles().data[0]
    assert (cycle.status, cycle.code) == ("returned", "balance_locked")
    assert (now(funded, guilty).status, now(funded, guilty).code) == ("rejected", "balance_locked")
    assert [now(funded, each).status for each in others] == ["queued", "queued"]
    assert (funded.booked("A.bda"), funded.booked("B.bda"), funded.booked("C.bda")) == (50_00, 50_00, 0)
    assert (funded.available("A.bda"), funded.available("B.bda")) == (5_00, 50_00)
    again = settled_cycle(funded)
    assert (again.status, again.payments) == ("settled", 2)
    assert funded.audit().passed
    assert deep_audit(funded.database, funded.chain).passed


def test_a_pause_is_nobodys_fault_and_rejects_nothing(funded: Issuer) -> None:
    operation = queue(funded, "n1", "A.bda", "B.bda", "30.00")
    funded.send(SIGNERS.admin, funded.token(), calls.pause())
    call_cycle(funded)
    funded.settle()
    assert funded.settlement.queries.netting_cycles().data[0].code == "token_paused"
    assert now(funded, operation).status == "queued"


def test_a_queued_payment_can_be_canceled_and_a_settled_one_not(funded: Issuer) -> None:
    first = queue(funded, "n1", "A.bda", "B.bda", "30.00")
    second = queue(funded, "n2", "A.bda", "B.bda", "30.00")
    assert funded.settlement.cancel(funded.members["A"], first.id).result(TIMEOUT_S).status == "canceled"
    assert settled_cycle(funded).payments == 1
    with pytest.raises(WrongState):
        funded.settlement.cancel(funded.members["A"], second.id).result(TIMEOUT_S)


def test_a_suspended_members_queued_payments_are_rejected(funded: Issuer) -> None:
    mine = queue(funded, "n1", "A.bda", "B.bda", "30.00")
    to_it = queue(funded, "n2", "C.bda", "A.bda", "30.00")
    play(funded, "suspend  A  suspended")
    assert now(funded, mine).code == "member_suspended"
    assert now(funded, to_it).code == "creditor_not_active"


def test_a_payment_that_no_cycle_took_in_time_is_rejected(funded: Issuer) -> None:
    late = queue(funded, "n1", "B.bda", "A.bda", "30.00")
    funded.clock.advance(DAY_MS)
    call_cycle(funded)  # it is too late for it already
    funded.settlement.look_after()
    assert (now(funded, late).status, now(funded, late).code) == ("rejected", "netting_expired")
    assert now(funded, late).reason_code == "AM04"


def test_a_retry_is_the_same_payment_and_gross_under_its_key_is_another(funded: Issuer) -> None:
    first = queue(funded, "n1", "A.bda", "B.bda", "30.00")
    settled_cycle(funded)
    assert queue(funded, "n1", "A.bda", "B.bda", "30.00") == first
    with pytest.raises(IdempotencyConflict):
        funded.pay("transfer", "n1", "A.bda", "B.bda", "30.00")


def test_cycles_are_called_by_time_where_the_operator_wants_it(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"), netting_interval_ms=60_000).start()
    first = queue(issuer, "n1", "A.bda", "B.bda", "30.00")
    second = queue(issuer, "n2", "B.bda", "A.bda", "30.00")
    issuer.settlement.look_after()
    assert now(issuer, first).status == "queued"
    issuer.clock.advance(60_000)
    issuer.settlement.look_after()
    issuer.settle()
    assert [now(issuer, each).status for each in (first, second)] == ["settled", "settled"]
    queue(issuer, "n3", "A.bda", "B.bda", "30.00")  # which nobody can cover
    for _ in range(3):
        issuer.clock.advance(60_000)
        issuer.settlement.look_after()
        issuer.settlement.look_after()
    assert [cycle.status for cycle in issuer.settlement.queries.netting_cycles().data] == ["empty"] * 3 + ["settled"]
    issuer.close()


def test_limits_of_what_leaves_are_judged_gross_when_the_payment_is_asked_for(funded: Issuer) -> None:
    agree(funded, "A", per_day="100.00", per_payment="90.00")
    first = queue(funded, "n1", "A.bda", "B.bda", "60.00")
    with pytest.raises(LimitExceeded, match="One payment"):
        queue(funded, "n2", "A.bda", "B.bda", "90.01")
    with pytest.raises(LimitExceeded, match="In one day"):
        queue(funded, "n3", "A.bda", "C.bda", "40.01")
    funded.settlement.cancel(funded.members["A"], first.id).result(TIMEOUT_S)
    assert queue(funded, "n4", "A.bda", "B.bda", "90.00").status == "queued"


def test_what_is_queued_takes_no_room_from_what_is_paid(funded: Issuer) -> None:
    """A bank without a balance could stop another's business otherwise."""
    agree(funded, "C", holding="100.00")
    boast = queue(funded, "n1", "B.bda", "C.bda", "999999.99")
    play(
        funded,
        """
        deposit   d2  C.dda           60.00  settled
        mint      m2  C.dda  C.bda    60.00  settled
        transfer  t1  A.bda  C.bda    30.00  settled
        """,
    )
    paid = queue(funded, "n2", "A.bda", "C.bda", "10.00")
    assert settled_cycle(funded).payments == 1
    assert (now(funded, boast).status, now(funded, paid).status) == ("queued", "settled")
    play(funded, "transfer t2 A.bda C.bda 0.01 limit_exceeded")


def test_what_a_member_may_hold_is_judged_at_the_cut_by_what_is_left(funded: Issuer) -> None:
    agree(funded, "B", holding="90.00")
    play(funded, "transfer t1 A.bda C.bda 1.00 settled")
    payments = [
        queue(funded, "n1", "A.bda", "B.bda", "60.00"),
        queue(funded, "n2", "A.bda", "B.bda", "60.00"),  # with the next one against it there is room
        queue(funded, "n3", "B.bda", "C.bda", "30.00"),
        queue(funded, "n4", "C.bda", "B.bda", "0.01"),  # for which there is none
        queue(funded, "n5", "C.bda", "A.bda", "30.00"),  # which waits behind nothing
    ]
    assert settled_cycle(funded).payments == 4
    assert [now(funded, each).status for each in payments] == ["settled"] * 3 + ["queued", "settled"]
    assert funded.booked("B.bda") == 90_00
    assert settled_cycle(funded).status == "empty"
    assert funded.audit().passed


def test_of_a_cycle_under_way_only_the_net_counts_for_what_a_member_may_hold(funded: Issuer) -> None:
    agree(funded, "B", holding="50.00")
    queue(funded, "n1", "A.bda", "B.bda", "500.00")
    queue(funded, "n2", "B.bda", "A.bda", "460.00")
    call_cycle(funded)  # in flight: B is to get 40.00
    play(
        funded,
        """
        ask transfer  t1  A.bda  B.bda  10.01  limit_exceeded
        ask transfer  t2  A.bda  B.bda  10.00  accepted
        """,
    )
    funded.settle()
    assert funded.booked("B.bda") == 50_00


def test_a_members_queue_has_an_end(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"), policy=Policy(net_queued_max=3)).start()
    first = queue(issuer, "n1", "B.bda", "A.bda", "1.00")
    asked = [net_request(issuer, f"n{number}", "B.bda", "A.bda", "1.00") for number in (2, 3, 4)]
    *taken, refused = issuer.settlement.desk.submit_many(asked).result(TIMEOUT_S)  # counted within a sitting too
    assert all(isinstance(answer, Accepted) for answer in taken)
    assert isinstance(refused, NettingQueueFull)
    assert queue(issuer, "n1", "B.bda", "A.bda", "1.00") == first  # a retry adds nothing
    assert queue(issuer, "n5", "A.bda", "B.bda", "1.00").status == "queued"  # nor is it another member's
    issuer.settlement.cancel(issuer.members["B"], first.id).result(TIMEOUT_S)
    assert queue(issuer, "n4", "B.bda", "A.bda", "1.00").status == "queued"
    issuer.close()


def fill(issuer: Issuer, debtor: str, creditor: str) -> None:
    """A queue of more than one turn of the writer ends."""
    asked = [net_request(issuer, f"f{number}", debtor, creditor, "0.01") for number in range(AT_ONCE + 50)]
    issuer.settlement.desk.submit_many(asked).result(TIMEOUT_S)


def statuses(issuer: Issuer) -> dict[str, int]:
    with issuer.database.read() as connection:
        found = connection.execute(sa.select(tables.operations.c.status)).scalars().all()
    return dict(Counter(found))


@pytest.mark.parametrize("bank", ["A", "B"])
def test_the_suspension_of_a_member_with_a_long_queue_leaves_turns_for_others(issuer: Issuer, bank: str) -> None:
    """Of the payer or of the payee."""
    agree(issuer, "A", per_day="100.00")
    fill(issuer, "A.bda", "B.bda")
    member_id = issuer.members[bank].member_id or ""
    issuer.settlement.members.suspend(OPERATOR, member_id).result(TIMEOUT_S)
    assert statuses(issuer) == {"rejected": AT_ONCE, "queued": 50}
    assert settled_cycle(issuer).status == "empty"  # nor does a cycle take what is left
    with pytest.raises(WrongState, match="still being rejected"):
        issuer.settlement.members.reinstate(OPERATOR, member_id).result(TIMEOUT_S)
    issuer.settlement.look_after()
    assert statuses(issuer) == {"rejected": AT_ONCE + 50}
    assert deep_audit(issuer.database, issuer.chain).passed
    assert issuer.settlement.members.reinstate(OPERATOR, member_id).result(TIMEOUT_S).status == "active"
    issuer.settle()
    assert queue(issuer, "n1", "A.bda", "B.bda", "100.00").status == "queued"  # its day has all of it back


def test_a_long_queue_expires_in_several_turns(issuer: Issuer) -> None:
    fill(issuer, "A.bda", "B.bda")
    issuer.clock.advance(DAY_MS)
    at = issuer.clock.now_ms()
    assert len(issuer.settlement.writer.run(lambda connection: cycles.expire(connection, at=at))) == AT_ONCE
    issuer.settlement.look_after()
    assert statuses(issuer) == {"rejected": AT_ONCE + 50}


def test_what_comes_back_from_a_cycle_to_a_suspended_member_is_rejected_too(funded: Issuer) -> None:
    operation = queue(funded, "n1", "A.bda", "B.bda", "30.00")
    funded.send(SIGNERS.admin, funded.token(), calls.pause())
    call_cycle(funded)
    funded.settlement.members.suspend(OPERATOR, funded.members["B"].member_id or "").result(TIMEOUT_S)
    funded.settle()
    assert now(funded, operation).status == "queued"
    funded.settlement.look_after()
    assert (now(funded, operation).status, now(funded, operation).code) == ("rejected", "creditor_not_active")


def test_a_second_user_approves_and_then_it_is_queued(funded: Issuer) -> None:
    agree(funded, "A", approval_above="10.00")
    asked = queue(funded, "n1", "A.bda", "B.bda", "60.00")
    assert asked.status == "pending_approval"
    assert settled_cycle(funded).status == "empty"
    other = replace(funded.members["A"], id="key_other", person="another user")
    deciding = funded.settlement.four_eyes.decide_operation(other, asked.id, approve=True, reason=None)
    assert deciding.result(TIMEOUT_S).result.status == "queued"
    assert settled_cycle(funded).payments == 1
    assert now(funded, asked).status == "settled"
    assert deep_audit(funded.database, funded.chain).passed


def test_an_account_under_an_order_stays_out_of_the_cycle(funded: Issuer) -> None:
    play(funded, "transfer  t1  A.bda  B.bda  50.00  settled")
    frozen = queue(funded, "n1", "A.bda", "C.bda", "10.00")
    free = queue(funded, "n2", "B.bda", "C.bda", "10.00")
    given = {"account": funded.id("A.bda")}
    funded.settlement.four_eyes.do(OPERATOR, "account.freeze", given, reason="order").result(TIMEOUT_S)
    funded.settle()
    assert settled_cycle(funded).payments == 1
    assert (now(funded, frozen).status, now(funded, free).status) == ("queued", "settled")


def test_what_a_cycle_took_cannot_be_altered_without_the_deep_audit_naming_it(funded: Issuer) -> None:
    queue(funded, "n1", "A.bda", "B.bda", "60.00")
    cycle = settled_cycle(funded)
    with funded.database.write() as connection:
        alter(connection, "UPDATE net_payments SET salt = zeroblob(32)")
    altered = deep_audit(funded.database, funded.chain).altered
    assert altered is not None
    assert (altered.what, altered.reference) == ("net batch", cycle.batch_id)


def test_every_line_of_a_net_is_found_on_chain(funded: Issuer) -> None:
    queue(funded, "n1", "A.bda", "B.bda", "60.00")
    queue(funded, "n2", "B.bda", "C.bda", "10.00")
    settled_cycle(funded)
    for name in ("A.bda", "B.bda", "C.bda"):
        for entry in funded.settlement.queries.entries(OPERATOR, funded.id(name)).data:
            assert entry.transaction_hash is not None
            receipt = funded.chain.receipt(entry.transaction_hash)
            assert receipt is not None
            (moved,) = [log for log in receipt.logs if log.log_index == entry.log_index]
            assert int.from_bytes(moved.data, "big") == entry.amount
