"""A database that cannot be used for a while: payers are told so and when, nothing hangs, and it passes by itself."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sa

from ledger_node.errors import StorageUnavailable
from ledger_node.settlement.model import Accepted
from tests.ledgers import ON_POSTGRESQL
from tests.networks import postgresql
from tests.settlement.issuer import Issuer
from tests.settlement.scenario import play

CLIENTS = 40


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger_node.database.PATIENCE_S", 0.05)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """By another process, as SQLite sees it."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.skipif(ON_POSTGRESQL, reason="a file's lock")
def test_a_locked_ledger_refuses_everybody_in_time_and_takes_the_same_keys_when_it_is_free(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 100.00 settled\nmint m1 A.dda A.bda 100.00 settled")
    requests = [issuer.request("transfer", f"t{number}", "A.bda", "B.bda", "1.00") for number in range(CLIENTS)]
    with locked(issuer.directory / "ledger.sqlite"):
        for _ in range(3):  # they come back, and are told again
            for future in [issuer.settlement.desk.submit(request) for request in requests]:
                with pytest.raises(StorageUnavailable, match=r"^ledger\.sqlite: database is locked\. Another process"):
                    future.result(20)
        assert any("ledger.sqlite: database is locked" in reason for reason in issuer.settlement.reasons_not_ready())
        assert issuer.settlement.fault is None
    answers = [future.result(20) for future in [issuer.settlement.desk.submit(request) for request in requests]]
    assert not any(answer.replayed for answer in answers)
    issuer.settle()
    play(issuer, f"balance B.bda {CLIENTS}.00\naudit backed")
    issuer.settlement.look_after()
    assert issuer.settlement.reasons_not_ready() == ()


class Lost(StorageUnavailable):
    """The connection, in the middle of a commit."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_of_which_nobody_knows_whether_it_was_kept_is_found_out(
    directory: Path, moment: Literal["before", "after"]
) -> None:
    lose = [False]

    def hook(store: str, now: str) -> None:
        if lose[0] and (store, now) == ("ledger", moment):
            lose[0] = False
            raise Lost("The connection is lost.")

    issuer = Issuer(directory, currencies=("USD", "JPY"), hook=hook).start()
    try:
        play(issuer, "deposit d1 A.dda 100.00 settled\nmint m1 A.dda A.bda 50.00 settled")
        ask = issuer.request("transfer", "t1", "A.bda", "B.bda", "1.00")
        lose[0] = True
        lost: Future[Accepted] = issuer.settlement.desk.submit(ask)
        with pytest.raises(Lost):
            lost.result(20)
        again = issuer.settlement.desk.submit(ask).result(20)
        assert again.replayed == (moment == "after")
        waiting = issuer.settlement.desk.watch(again.operation.id)
        issuer.flush()
        issuer.settlement.look_after()  # which sends what was stored without a word
        lose[0] = True
        issuer.chain.make_block()  # whose booking is lost
        with suppress(Lost):  # if it sat together with it
            issuer.flush()
        assert not lose[0]
        issuer.settlement.look_after()
        issuer.settle()
        assert waiting.result(20).status == "settled"
        play(issuer, "balance A.bda 49.00\nbalance B.bda 1.00\nmint m2 A.dda A.bda 5.00 settled\naudit backed")
    finally:
        issuer.close()


@pytest.mark.skipif(ON_POSTGRESQL, reason="a file's lock")
def test_a_chain_store_that_is_locked_makes_its_block_later(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    play(issuer, "deposit d1 A.dda 100.00 settled")
    issuer.chain.store._writer.execute("PRAGMA busy_timeout = 20")
    accepted = issuer.pay("mint", "m1", "A.dda", "A.bda", "10.00")
    issuer.flush()
    with locked(issuer.chain.store.path):
        with pytest.raises(StorageUnavailable, match=r"^chain\.sqlite: database is locked"):
            issuer.chain.make_block()
    issuer.settle()
    assert issuer.settlement.desk.watch(accepted.operation.id).result(20).status == "settled"
    assert issuer.settlement.fault is None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """One of this test's own, for it comes to grief."""
    with postgresql.server() as url:
        monkeypatch.setenv("TEST_POSTGRESQL", url)
        yield url


def terminate_all(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    engine.dispose()


@pytest.mark.skipif(not ON_POSTGRESQL, reason="a server's sessions")
@pytest.mark.parametrize("grief", [terminate_all, postgresql.restart])
def test_a_server_that_ends_every_session_is_found_again(
    server: str, tmp_path: Path, grief: Callable[[str], None]
) -> None:
    issuer = Issuer(tmp_path).start()
    try:
        issuer.settle()
        issuer.admit("A", "B")
        play(issuer, "deposit d1 A.dda 100.00 settled\nmint m1 A.dda A.bda 100.00 settled")
        for attempt in range(2):
            grief(server)
            requests = [issuer.request("transfer", f"t{attempt}-{n}", "A.bda", "B.bda", "1.00") for n in range(CLIENTS)]
            for future in [issuer.settlement.desk.submit(request) for request in requests]:
                with suppress(StorageUnavailable):
                    future.result(20)
            issuer.settlement.look_after()
            for future in [issuer.settlement.desk.submit(request) for request in requests]:
                future.result(20)
            issuer.settle()
        assert issuer.settlement.fault is None
        play(issuer, f"balance B.bda {2 * CLIENTS}.00\naudit backed")
        issuer.settlement.look_after()
        assert issuer.settlement.reasons_not_ready() == ()
    finally:
        issuer.close()
