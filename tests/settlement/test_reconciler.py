"""Book and chain are compared as blocks are booked; a break is named, shuts the doors, and ends when it is mended."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger_node.chain.pyevm.dev import DevPyEvmChain
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.reads import ACCOUNTS
from ledger_node.errors import Unavailable
from ledger_node.settlement.assurance.reconciler import Reconciler
from tests.settlement.issuer import SIGNERS, TIMEOUT_S, Issuer, key
from tests.settlement.scenario import play


@pytest.fixture
def issuer(directory: Path) -> Iterator[Issuer]:
    issuer = Issuer(directory, currencies=("USD", "JPY"), developers=True).start()
    play(
        issuer,
        """
        deposit     d1  A.dda          100.00    settled
        mint        m1  A.dda  A.bda    50.00    settled
        transfer    t1  A.bda  B.bda    20.00    settled
        """,
    )
    issuer.settlement.reconciler.compare_touched()
    yield issuer
    issuer.close()


def alter_book(issuer: Issuer, account: str, by: int) -> None:
    with issuer.database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE holdings SET booked = booked + {by} WHERE account_id = '{issuer.id(account)}'"
        )


def alter_chain(issuer: Issuer, account: str, by: int) -> None:
    """Tokens appear or vanish in the contract's storage without an event: what no contract call can do."""
    chain, slot = issuer.chain, ACCOUNTS | int.from_bytes(issuer.address(account), "big")
    assert isinstance(chain, DevPyEvmChain)
    chain.set_storage(issuer.token(), slot, chain.storage(issuer.token(), slot) + (by << 160))


def breaks(issuer: Issuer) -> list[tuple[str, str]]:
    return [(each.finding.code, each.finding.subject) for each in issuer.settlement.reconciler.breaks]


def test_book_and_chain_agree_after_every_block(issuer: Issuer) -> None:
    for number in range(5):
        play(issuer, f"transfer x{number} A.bda C.bda 1.00 settled\nmint y{number} A.dda A.bda 1.00 settled")
        issuer.settlement.reconciler.compare_touched()
        known = issuer.settlement.reconciler.known()
        assert known.breaks == ()
        assert known.block_number == issuer.settlement.queries.booked_block()
        assert known.complete_at_block < known.block_number, "nobody scanned everything"


def test_only_what_a_block_touched_is_compared_with_it(issuer: Issuer) -> None:
    alter_book(issuer, "C.bda", 7)
    play(issuer, "transfer t2 A.bda B.bda 1.00 settled")
    issuer.settlement.reconciler.compare_touched()
    assert breaks(issuer) == []
    issuer.settlement.check_backing()
    assert breaks(issuer) == [("holders_differ", "USD"), ("balance_differs", issuer.id("C.bda"))]


def test_an_account_that_a_block_touches_is_compared_as_soon_as_it_is_booked(issuer: Issuer) -> None:
    alter_chain(issuer, "B.bda", -7)
    play(issuer, "transfer t2 A.bda B.bda 1.00 settled")
    issuer.settlement.reconciler.compare_touched()
    (found,) = issuer.settlement.reconciler.breaks
    assert (found.finding.code, found.finding.subject) == ("balance_differs", issuer.id("B.bda"))
    assert (found.finding.book, found.finding.chain) == (2100, 2093)
    assert found.since_block == issuer.settlement.queries.booked_block()


def test_a_break_shuts_the_doors_and_mending_it_opens_them(issuer: Issuer) -> None:
    alter_chain(issuer, "B.bda", 7)
    issuer.settlement.check_backing()
    since = issuer.settlement.reconciler.breaks[0].since_block
    play(issuer, "transfer t2 A.bda B.bda 1.00 doors_closed\nbalance A.bda 30.00")
    assert any("the chain has 7 more" in reason for reason in issuer.settlement.reasons_not_ready())
    issuer.chain.make_block(allow_empty=True)
    issuer.flush()
    issuer.settlement.look_after()
    assert [each.since_block for each in issuer.settlement.reconciler.breaks] == [since], "it is the same break"

    alter_chain(issuer, "B.bda", -7)
    issuer.settlement.look_after()
    assert breaks(issuer) == []
    assert issuer.settlement.reasons_not_ready() == ()
    play(issuer, "transfer t2 A.bda B.bda 1.00 settled\naudit backed")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE holdings SET booked = booked + 7 WHERE account_id = '{B.bda}'",
         {"balance_differs", "holders_differ"}),
        ("UPDATE tokens SET supply = supply - 7 WHERE currency = 'USD'",
         {"supply_differs", "holders_differ", "not_backed"}),
        ("UPDATE batches SET reserve = reserve + 7", {"attested_reserve_differs"}),
        ("UPDATE reserve_accounts SET posted = posted - 7 WHERE id = 'reserve:USD'",
         {"not_backed", "books_unbalanced"}),
    ],
)  # fmt: skip
def test_an_altered_book_is_found_and_mended(issuer: Issuer, statement: str, found: set[str]) -> None:
    statement = statement.replace("{B.bda}", issuer.id("B.bda"))
    with issuer.database.write() as connection:
        connection.exec_driver_sql(statement)
    issuer.settlement.check_backing()
    assert {code for code, _ in breaks(issuer)} == found
    assert issuer.settlement.closed_because() is not None
    with issuer.database.write() as connection:
        connection.exec_driver_sql(statement.translate({ord("+"): "-", ord("-"): "+"}))
    issuer.settlement.look_after()
    assert breaks(issuer) == []
    play(issuer, "transfer t2 A.bda B.bda 1.00 settled")


def test_tokens_moved_by_another_of_the_issuers_keys_are_booked_and_no_break(issuer: Issuer) -> None:
    """Whoever moves tokens, the contract tells, and the book follows."""
    data = calls.forced_transfer(issuer.address("A.bda"), issuer.address("C.bda"), 500, "court order 1")
    issuer.send(SIGNERS.admin, issuer.token(), data)
    issuer.settle()
    issuer.settlement.reconciler.compare_touched()
    assert issuer.booked("C.bda") == 500
    assert breaks(issuer) == []


def test_everything_is_compared_again_when_it_was_long_ago(issuer: Issuer) -> None:
    before = issuer.settlement.reconciler.known()
    issuer.chain.make_block(allow_empty=True)
    issuer.flush()
    issuer.settlement.look_after()
    assert issuer.settlement.reconciler.known().complete_at == before.complete_at
    issuer.clock.advance(issuer.settings.compare_all_ms)
    issuer.settlement.look_after()
    known = issuer.settlement.reconciler.known()
    assert known.complete_at_block == issuer.chain.head().number
    assert known.accounts_compared == 5


def test_what_was_touched_while_the_line_was_cut_is_compared_later(issuer: Issuer) -> None:
    alter_chain(issuer, "B.bda", 7)
    play(issuer, "transfer t2 A.bda B.bda 1.00 settled")
    issuer.line.cut = True
    if issuer.settlement.reconciler.waiting:
        with pytest.raises(Unavailable):
            issuer.settlement.reconciler.compare_touched()
    issuer.line.cut = False
    issuer.settlement.look_after()
    assert breaks(issuer) == [("balance_differs", issuer.id("B.bda"))]


def test_what_waits_for_its_comparison_is_not_the_ticks_business(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = who_asks_to_compare(issuer, monkeypatch)
    issuer.settlement.reconciler.touch([issuer.id("B.bda")], issuer.settlement.queries.booked_block() + 1)
    issuer.settlement.look_after()
    assert issuer.settlement.reconciler.waiting
    assert threading.current_thread() not in asking


def test_a_comparison_that_came_to_no_end_is_the_ticks_business(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.line.cut = True
    with pytest.raises(Unavailable):
        issuer.settlement.check_backing()
    issuer.line.cut = False
    asking = who_asks_to_compare(issuer, monkeypatch)
    issuer.settlement.look_after()
    assert threading.current_thread() in asking


def who_asks_to_compare(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    asking: list[threading.Thread] = []
    monkeypatch.setattr(
        issuer.settlement.reconciler, "compare_touched", lambda: asking.append(threading.current_thread())
    )
    return asking


class WatchedLock:
    """A lock that says when somebody comes to wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.somebody_waits = threading.Event()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self.somebody_waits.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_a_break_is_not_taken_back_by_who_waited_while_it_was_found(issuer: Issuer) -> None:
    """Two comparisons at once: the second came when there was no break yet, and finds nothing left to compare."""

    class Chain:
        """Its first answer is given when a second comparison has come and waits for its turn."""

        def __getattr__(self, name: str) -> Any:
            if second.ident is None:
                second.start()
                assert lock.somebody_waits.wait(TIMEOUT_S)
            return getattr(issuer.chain, name)

    reconciler, lock = Reconciler(issuer.database, issuer.chain, issuer.clock), WatchedLock()
    reconciler.compare_all()
    second = threading.Thread(target=reconciler.compare_touched)
    reconciler._comparing, reconciler._chain = lock, Chain()  # type: ignore[assignment]
    alter_chain(issuer, "B.bda", 7)
    reconciler.touch([issuer.id("B.bda")], issuer.settlement.queries.booked_block())
    reconciler.compare_touched()
    second.join(TIMEOUT_S)
    assert [each.finding.code for each in reconciler.breaks] == ["balance_differs"]


def test_nothing_is_known_before_the_first_comparison(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"))
    issuer.line.cut = True
    issuer.start()
    with pytest.raises(Unavailable):
        issuer.settlement.reconciler.known()
    assert issuer.settlement.reconciler.breaks == ()
    issuer.line.cut = False
    issuer.settlement.look_after()
    assert issuer.settlement.reconciler.known().breaks == ()
    issuer.close()


def test_a_developers_own_transaction_touches_nothing(issuer: Issuer) -> None:
    before = issuer.settlement.reconciler.known().accounts_compared
    issuer.send(key("developer"), b"\x77" * 20, b"hello")
    issuer.settle()
    issuer.settlement.reconciler.compare_touched()
    assert issuer.settlement.reconciler.known().accounts_compared in (0, before)


def test_a_block_told_of_before_the_last_one_was_compared_makes_no_break(issuer: Issuer) -> None:
    """The bookkeeper tells of a block before its commit; what the block before touched is compared all the same."""
    play(issuer, "mint m2 A.dda A.bda 1.00 settled")
    issuer.settlement.reconciler.touch([issuer.id("A.bda")], issuer.settlement.queries.booked_block() + 1)
    issuer.settlement.reconciler.compare_touched()
    assert breaks(issuer) == []
    play(issuer, "mint m3 A.dda A.bda 1.00 settled")
    issuer.settlement.reconciler.compare_touched()
    assert breaks(issuer) == []
    assert not issuer.settlement.reconciler.waiting
