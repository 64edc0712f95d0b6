"""Many requests at once, sittings, batches, cancellation, and callers who go away."""

import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from ledger_node.errors import LedgerNodeError, Overloaded, PaymentNotFound, Stopping, StorageUnavailable, WrongState
from ledger_node.settlement.model import Accepted, FiatRequest, Operation
from tests.settlement.issuer import OPERATOR, Issuer
from tests.settlement.scenario import play


def test_fifty_parallel_copies_of_one_request_move_money_once(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 100.00 settled\nmint m1 A.dda A.bda 100.00 settled")
    request = issuer.request("transfer", "t1", "A.bda", "B.bda", "1.00")
    starting, futures = threading.Barrier(50), list[Future[Accepted]]()

    def ask() -> None:
        starting.wait()
        futures.append(issuer.settlement.desk.submit(request))

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = [future.result(30) for future in futures]
    assert len(answers) == 50
    assert len({answer.operation.id for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    issuer.settle()
    play(issuer, "balance B.bda 1.00\nbalance A.bda 99.00\naudit backed")


def test_of_parallel_requests_for_more_than_there_is_the_first_ones_win(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    requests = [issuer.request("mint", f"m{number}", "A.dda", "A.bda", "3.00") for number in range(5)]
    answers = issuer.settlement.desk.submit_many(requests).result(30)
    outcomes = [each.code if isinstance(each, LedgerNodeError) else each.operation.status for each in answers]
    assert outcomes == ["accepted"] * 3 + ["insufficient_funds"] * 2
    issuer.settle()
    play(issuer, "balance A.bda 9.00\naudit backed")


def test_a_deposit_and_what_it_pays_for_can_sit_together(issuer: Issuer) -> None:
    deposit = FiatRequest("deposit", OPERATOR, "d1", issuer.id("A.dda"), "5.00", "USD")
    mint = issuer.request("mint", "m1", "A.dda", "A.bda", "4.00")
    withdrawal = FiatRequest("withdrawal", OPERATOR, "w1", issuer.id("A.dda"), "1.00", "USD")
    too_much = FiatRequest("withdrawal", OPERATOR, "w2", issuer.id("A.dda"), "0.01", "USD")
    answers = issuer.settlement.desk.submit_many([deposit, mint, withdrawal, too_much]).result(30)
    assert [type(answer).__name__ for answer in answers] == ["Accepted"] * 3 + ["InsufficientFunds"]
    issuer.settle()
    play(issuer, "balance A.bda 4.00\nbalance A.dda 0.00\naudit backed")


def test_one_batch_is_in_flight_and_the_next_waits_for_it(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    first = issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00")
    second = issuer.pay("mint", "m2", "A.dda", "A.bda", "1.00")
    third = issuer.pay("mint", "m3", "A.dda", "A.bda", "1.00")

    def statuses() -> list[str]:
        read = issuer.settlement.queries.operation
        return [read(OPERATOR, each.operation.id).status for each in (first, second, third)]

    assert statuses() == ["processing", "accepted", "accepted"]
    issuer.chain.make_block()
    issuer.flush()
    assert statuses() == ["settled", "processing", "processing"]
    issuer.settle()
    assert statuses() == ["settled"] * 3
    second_block = issuer.settlement.queries.operation(OPERATOR, second.operation.id).block_number
    assert issuer.settlement.queries.operation(OPERATOR, third.operation.id).block_number == second_block


def test_currencies_do_not_wait_for_each_other(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled\ndeposit d2 A.dda.jpy 10 JPY settled")
    issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00")
    yen = issuer.settlement.desk.submit(issuer.request("mint", "m2", "A.dda.jpy", "A.bda.jpy", "1", "JPY")).result(30)
    issuer.flush()
    assert issuer.settlement.queries.operation(OPERATOR, yen.operation.id).status == "processing"


def test_a_batch_takes_no_more_than_its_size(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"), batch_operations_max=2).start()
    play(issuer, "deposit d1 A.dda 10.00 settled")
    head = issuer.chain.head().number
    requests = [issuer.request("mint", f"m{number}", "A.dda", "A.bda", "1.00") for number in range(5)]
    issuer.settlement.desk.submit_many(requests).result(30)
    issuer.settle()
    assert issuer.chain.head().number == head + 3
    play(issuer, "balance A.bda 5.00\naudit backed")
    issuer.close()


def test_a_batch_asks_for_no_more_gas_than_a_transaction_may(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"), transaction_gas_max=250_000).start()
    play(issuer, "deposit d1 A.dda 10.00 settled")
    requests = [issuer.request("mint", f"m{number}", "A.dda", "A.bda", "1.00") for number in range(5)]
    issuer.settlement.desk.submit_many(requests).result(30)
    issuer.settle()
    gas = [transaction.gas for block in _blocks(issuer) for transaction in issuer.chain.block(block).transactions]
    assert max(gas[-2:]) <= 250_000
    play(issuer, "balance A.bda 5.00\naudit backed")
    issuer.close()


def _blocks(issuer: Issuer) -> range:
    return range(1, issuer.chain.head().number + 1)


def test_a_payment_that_waits_can_be_canceled_and_what_it_set_aside_is_free(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled\nmint m1 A.dda A.bda 5.00 settled")
    issuer.pay("transfer", "t0", "A.bda", "B.bda", "1.00")  # is in flight, so that the next ones wait
    waiting = [
        issuer.pay("mint", "t1", "A.dda", "A.bda", "1.00"),
        issuer.pay("transfer", "t2", "A.bda", "B.bda", "1.00"),
        issuer.pay("redemption", "t3", "A.bda", "A.dda", "1.00"),
    ]
    for accepted in waiting:
        watched = issuer.settlement.desk.watch(accepted.operation.id)
        canceled = issuer.settlement.cancel(issuer.members["A"], accepted.operation.id, accepted.operation.kind).result(
            30
        )
        assert (canceled.status, canceled.code) == ("canceled", "canceled")
        assert watched.result(0).status == "canceled"
    issuer.settle()
    assert (issuer.available("A.dda"), issuer.available("A.bda")) == (500, 400)
    play(issuer, "balance B.bda 1.00\naudit backed")
    types = [event.type for event in issuer.settlement.queries.events(OPERATOR).data]
    assert {"mint.canceled", "transfer.canceled", "redemption.canceled"} <= set(types)


def test_a_payment_on_its_way_cannot_be_canceled(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    sent = issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00")
    with pytest.raises(WrongState, match="processing"):
        issuer.settlement.cancel(issuer.members["A"], sent.operation.id).result(30)
    issuer.settle()
    with pytest.raises(WrongState, match="settled"):
        issuer.settlement.cancel(issuer.members["A"], sent.operation.id).result(30)


def test_only_its_own_payment_of_that_kind_can_a_member_cancel(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00")
    waiting = issuer.pay("mint", "m2", "A.dda", "A.bda", "1.00").operation.id
    for caller, kind in (("B", "mint"), ("A", "transfer")):
        with pytest.raises(PaymentNotFound):
            issuer.settlement.cancel(issuer.members[caller], waiting, kind).result(30)
    with pytest.raises(PaymentNotFound):
        issuer.settlement.cancel(issuer.members["A"], "mnt_unknown").result(30)


def test_a_caller_that_goes_away_before_its_turn_has_asked_for_nothing(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    busy, released = threading.Event(), threading.Event()

    def block(_connection: object) -> None:
        busy.set()
        released.wait(30)

    issuer.settlement.writer.submit(block)
    busy.wait(30)
    gone = issuer.settlement.desk.submit(issuer.request("mint", "m1", "A.dda", "A.bda", "1.00"))
    stays = issuer.settlement.desk.submit(issuer.request("mint", "m2", "A.dda", "A.bda", "1.00"))
    assert gone.cancel()
    released.set()
    assert stays.result(30).operation.status == "accepted"
    issuer.settle()
    play(issuer, "balance A.bda 1.00\nmint m1 A.dda A.bda 2.00 settled\naudit backed")


def test_more_than_the_desk_holds_is_turned_away(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"), writer_waiting_max=3).start()
    requests = [issuer.request("mint", f"m{number}", "A.dda", "A.bda", "1.00") for number in range(4)]
    with pytest.raises(Overloaded):
        issuer.settlement.desk.submit_many(requests)
    assert len(issuer.settlement.desk.submit_many(requests[:3]).result(30)) == 3
    issuer.close()


def test_a_house_that_stops_takes_nothing_new_but_finishes_what_it_has(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    last = issuer.settlement.desk.submit(issuer.request("mint", "m1", "A.dda", "A.bda", "1.00"))
    issuer.settlement.stop()
    assert last.result(0).operation.status == "accepted"
    with pytest.raises(Stopping):
        issuer.settlement.desk.submit(issuer.request("mint", "m2", "A.dda", "A.bda", "1.00"))


def test_watching_ends_with_the_final_state_whenever_one_begins(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    play(issuer, "deposit d1 A.dda 10.00 settled")
    waiting = issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00").operation.id
    early, gone = issuer.settlement.desk.watch(waiting), issuer.settlement.desk.watch(waiting)
    assert not early.done()
    assert gone.cancel()
    issuer.settle()
    assert early.result(0).status == "settled"
    assert issuer.settlement.desk.watch(waiting).result(0) == early.result(0)
    in_flight = issuer.pay("mint", "m2", "A.dda", "A.bda", "1.00").operation.id
    issuer.close()

    issuer = Issuer(directory, currencies=("USD", "JPY")).start()
    assert issuer.settlement.desk.watch(waiting).result(0).status == "settled", "of an earlier run"
    later = issuer.settlement.desk.watch(in_flight)
    assert not later.done()
    issuer.settle()
    assert later.result(0).status == "settled"
    with pytest.raises(PaymentNotFound):
        issuer.settlement.desk.watch("mnt_unknown")
    issuer.close()


def test_nobody_waits_for_one_whose_operation_is_being_looked_up(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    early, late = (issuer.pay("mint", key, "A.dda", "A.bda", "1.00").operation.id for key in ("m1", "m2"))
    watch, looking, silent = issuer.settlement.watch, threading.Event(), threading.Event()
    stored = watch._stored

    def say_nothing(operation_id: str) -> object:
        looking.set()
        silent.wait(20)
        return stored(operation_id)

    monkeypatch.setattr(watch, "_stored", say_nothing)
    watch._open.pop(early)  # as after a restart
    futures: list[Future[Operation]] = []
    asking = threading.Thread(target=lambda: futures.append(watch.final(early)))
    asking.start()
    assert looking.wait(20)
    other = watch.final(late)
    issuer.settle()
    assert other.result(20).status == "settled"
    assert not futures
    silent.set()
    asking.join(20)
    assert futures[0].result(20).status == "settled"


def test_one_that_could_not_be_looked_up_is_looked_up_again(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    operation_id = issuer.paid("mint", "m1", "A.dda", "A.bda", "1.00").id
    watch = issuer.settlement.watch
    watch._recent.clear()  # as after a restart

    def fail(_: str) -> None:
        raise StorageUnavailable("ledger.sqlite: database is locked.")

    with monkeypatch.context() as locked:
        locked.setattr(watch, "_stored", fail)
        with pytest.raises(StorageUnavailable):
            watch.final(operation_id)
    assert watch.final(operation_id).result(0).status == "settled"


def test_several_are_watched_together_until_the_last_has_ended(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled\nmint m1 A.dda A.bda 1.00 settled")
    ended = issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00").operation.id  # the same key: the same mint
    first = issuer.pay("mint", "m2", "A.dda", "A.bda", "1.00").operation.id
    second = issuer.pay("mint", "m3", "A.dda", "A.bda", "1.00").operation.id  # waits for the batch that took the first
    watched = issuer.settlement.desk.watch_all([ended, first, second, first])
    assert (set(watched.final), watched.done.done()) == ({ended}, False)
    issuer.chain.make_block()
    issuer.flush()
    assert (set(watched.final), watched.done.done()) == ({ended, first}, False)
    issuer.settle()
    assert watched.done.done()
    assert {each.status for each in watched.final.values()} == {"settled"}
    with pytest.raises(PaymentNotFound):
        issuer.settlement.desk.watch_all([ended, "mnt_unknown"])
    assert issuer.settlement.desk.watch_all([]).done.done()


def test_nothing_asked_together_is_answered_at_once(issuer: Issuer) -> None:
    assert issuer.settlement.desk.submit_many([]).result(0) == []


def test_a_real_producer_settles_without_anybody_stepping(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"), produce=True).start()
    issuer.fiat("deposit", "d1", "A.dda", "100.00")
    minted = issuer.pay("mint", "m1", "A.dda", "A.bda", "100.00").operation.id
    assert issuer.settlement.desk.watch(minted).result(30).status == "settled"
    requests = [issuer.request("transfer", f"t{number}", "A.bda", "B.bda", "1.00") for number in range(100)]
    accepted = [answer.operation.id for answer in issuer.settlement.desk.submit_many(requests).result(30)]
    watched = [issuer.settlement.desk.watch(operation_id) for operation_id in accepted]
    assert {each.result(30).status for each in watched} == {"settled"}
    assert (issuer.booked("A.bda"), issuer.booked("B.bda")) == (0, 10_000)
    assert issuer.audit().passed
    issuer.close()


def test_a_batch_between_strangers_has_gas_enough(issuer: Issuer) -> None:
    """Each leg touches two accounts that no other leg touches: the dearest batch there is."""
    opened = [issuer.open("A", "BDA").id for _ in range(60)]
    issuer.settle()
    play(issuer, "deposit d1 A.dda 100.00 settled")
    payers, payees = opened[:30], opened[30:]
    minted = [issuer.request("mint", f"m{payer}", "A.dda", payer, "2.00") for payer in payers]
    paid = [
        issuer.request("transfer", f"t{payer}", payer, payee, "1.00", caller=issuer.members["A"])
        for payer, payee in zip(payers, payees, strict=True)
    ]
    for requests in (minted, paid):
        issuer.settlement.desk.submit_many(requests).result(30)
        issuer.settle()
        (transaction,) = issuer.chain.block("latest").transactions
        (receipt,) = issuer.chain.receipts("latest")
        assert receipt.gas_used < transaction.gas
    play(issuer, "audit backed")
    assert {issuer.booked(payee) for payee in payees} == {100}


def test_more_than_one_sitting_holds_is_decided_in_the_next(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 20.00 settled")
    requests = [issuer.request("mint", f"m{number}", "A.dda", "A.bda", "0.01") for number in range(2_001)]
    answers = issuer.settlement.desk.submit_many(requests).result(30)
    assert [type(answer).__name__ for answer in answers] == ["Accepted"] * 2_000 + ["InsufficientFunds"]
