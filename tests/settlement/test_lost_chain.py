"""The chain away, back, behind or another one: nothing is lost, nothing is guessed."""

import shutil
from pathlib import Path

import pytest

from ledger_node.errors import ChainBehindLedger, LedgerBehindChain
from tests.ledgers import lose_ledger
from tests.settlement.issuer import OPERATOR, SIGNERS, Issuer, key
from tests.settlement.scenario import play


def test_what_cannot_be_sent_now_is_sent_later(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    issuer.line.cut = True
    accepted = issuer.pay("mint", "m1", "A.dda", "A.bda", "10.00")
    issuer.settle()
    assert issuer.booked("A.bda") == 0
    assert "chain_unavailable: The line is cut." in issuer.settlement.reasons_not_ready()

    issuer.line.cut = False
    issuer.settlement.look_after()
    issuer.settle()
    assert issuer.settlement.desk.watch(accepted.operation.id).result(0).status == "settled"
    assert issuer.settlement.reasons_not_ready() == ()
    play(issuer, "audit backed")


def test_a_block_made_while_the_line_was_cut_is_booked_later(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    accepted = issuer.pay("mint", "m1", "A.dda", "A.bda", "10.00")
    issuer.line.cut = True
    issuer.settle()
    assert issuer.chain.head().number > issuer.settlement.queries.booked_block()
    assert issuer.settlement.fault is None

    issuer.line.cut = False
    issuer.settlement.look_after()
    issuer.flush()
    assert issuer.settlement.desk.watch(accepted.operation.id).result(0).status == "settled"


def test_sending_the_same_bytes_again_changes_nothing(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    issuer.pay("mint", "m1", "A.dda", "A.bda", "10.00")
    issuer.settlement.outbox.resend_unmined()
    issuer.settlement.outbox.resend_unmined()
    issuer.settle()
    play(issuer, "balance A.bda 10.00\naudit backed")


def test_a_house_starts_while_the_chain_is_away(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"))
    issuer.line.cut = True
    issuer.start()
    assert "book and chain have not been brought together yet" in issuer.settlement.reasons_not_ready()
    issuer.settlement.look_after()
    assert issuer.settlement.reasons_not_ready() != ()
    issuer.line.cut = False
    issuer.settlement.look_after()
    assert issuer.settlement.reasons_not_ready() == ()
    issuer.close()


def test_a_new_house_is_founded_as_soon_as_the_chain_answers(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    issuer.line.cut = True
    issuer.start()
    issuer.line.cut = False
    issuer.settlement.look_after()
    issuer.settle()
    assert issuer.settlement.reasons_not_ready() == ()
    issuer.close()


def test_a_currency_added_to_the_settings_gets_its_token_at_the_next_start(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY", "EUR")).start()
    assert "the EUR token is not deployed yet" in issuer.settlement.reasons_not_ready()
    issuer.settle()
    assert issuer.settlement.reasons_not_ready() == ()
    assert [token.currency for token in issuer.settlement.queries.tokens()] == ["EUR", "JPY", "USD"]
    issuer.admit("A", currency="EUR")
    play(issuer, "deposit d1 A.dda.eur 1.00 EUR settled\nmint m1 A.dda.eur A.bda.eur 1.00 EUR settled\naudit backed")
    issuer.close()


def test_a_chain_that_lost_booked_blocks_stops_the_start(directory: Path) -> None:
    shutil.rmtree(directory / "chain")
    issuer = Issuer(directory, currencies=("USD", "JPY"))
    with pytest.raises(ChainBehindLedger, match="the chain ends at 0"):
        issuer.start()
    issuer.close()


def test_a_chain_with_other_blocks_stops_the_start(directory: Path) -> None:
    shutil.rmtree(directory / "chain")
    issuer = Issuer(directory, currencies=("USD", "JPY"))
    for _ in range(20):
        issuer.send(key("developer"), b"\x77" * 20, b"another history")
        issuer.chain.make_block()
    with pytest.raises(ChainBehindLedger, match="another block"):
        issuer.start()
    issuer.close()


def test_many_blocks_are_caught_up_with_in_several_jobs(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"))
    for _ in range(120):
        issuer.chain.make_block(allow_empty=True)
    issuer.start()
    assert issuer.settlement.queries.booked_block() == issuer.chain.head().number
    issuer.close()


def test_heads_that_come_faster_than_bookings_are_all_booked(issuer: Issuer) -> None:
    for _ in range(120):
        issuer.chain.make_block(allow_empty=True)
    issuer.flush()
    issuer.flush()
    issuer.flush()
    assert issuer.settlement.queries.booked_block() == issuer.chain.head().number


def test_a_nonce_used_behind_the_nodes_back_is_named_and_stops_only_its_key(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled")
    issuer.send(SIGNERS.settlement, b"\x77" * 20, b"")
    issuer.chain.make_block()
    stuck = issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00")
    issuer.fiat("deposit", "d2", "A.dda.jpy", "10", "JPY")
    issuer.settlement.desk.submit(issuer.request("mint", "m2", "A.dda.jpy", "A.bda.jpy", "1", "JPY")).result(30)
    opened = issuer.open("A", "BDA")
    issuer.settle()
    issuer.settlement.look_after()
    issuer.settle()
    (reason,) = issuer.settlement.reasons_not_ready()
    assert reason.startswith(f"0x{SIGNERS.settlement.address.hex()}: nonce_too_low")
    assert issuer.settlement.queries.operation(OPERATOR, stuck.operation.id).status == "processing"
    assert issuer.settlement.queries.account(OPERATOR, opened.id).status == "active", "the admin's key goes on"


def test_a_line_that_comes_back_heals_without_anybody_asking(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"), produce=True, tick_ms=5).start()
    play(issuer, "deposit d1 A.dda 10.00 settled")
    issuer.line.cut = True
    accepted = issuer.pay("mint", "m1", "A.dda", "A.bda", "10.00")
    watched = issuer.settlement.desk.watch(accepted.operation.id)
    issuer.line.cut = False
    assert watched.result(30).status == "settled"
    issuer.close()


def test_a_chain_that_is_exchanged_while_the_line_is_cut_stops_the_money(directory: Path) -> None:
    issuer = Issuer(directory, currencies=("USD", "JPY"))
    issuer.line.cut = True
    issuer.start()
    with issuer.database.write() as connection:
        connection.exec_driver_sql("UPDATE chain_cursor SET block_number = block_number + 1")
    issuer.line.cut = False
    issuer.settlement.look_after()
    assert isinstance(issuer.settlement.fault, ChainBehindLedger)
    play(issuer, "deposit d1 A.dda 10.00 doors_closed")
    issuer.close()


def test_a_head_that_comes_while_the_house_stops_is_left_for_the_next_start(issuer: Issuer) -> None:
    issuer.settlement.writer.stop()
    issuer.chain.make_block(allow_empty=True)
    issuer.settlement.look_after()
    assert issuer.settlement.queries.booked_block() == issuer.chain.head().number - 1


def test_a_new_ledger_on_a_chain_that_its_key_has_settled_on_signs_nothing(issuer: Issuer) -> None:
    """Who lost the ledger must not issue a second time beside the tokens that are owed already."""
    play(issuer, "deposit d1 A.dda 10.00 settled\nmint m1 A.dda A.bda 10.00 settled")
    issuer.close()
    head = issuer.chain.head()
    lose_ledger(issuer.directory)
    again = Issuer(issuer.directory, currencies=("USD", "JPY"))
    with pytest.raises(LedgerBehindChain, match="knows of none"):
        again.start()
    again.settle()
    assert again.chain.head() == head, "no token is deployed anew"
    again.close()


def test_money_does_not_move_on_a_chain_in_doubt(issuer: Issuer) -> None:
    play(issuer, "deposit d1 A.dda 10.00 settled\nask mint m1 A.dda A.bda 4.00 accepted")
    head = issuer.chain.head()
    issuer.settlement.chain_in_doubt = lambda: "Block 7 was sealed twice."
    play(issuer, "mint m2 A.dda A.bda 1.00 doors_closed\nbalance A.bda 0.00")
    assert issuer.settlement.reasons_not_ready() == ("Block 7 was sealed twice.",)
    issuer.settlement.chain_in_doubt = lambda: None
    assert issuer.chain.head() == head
    play(issuer, "mint m2 A.dda A.bda 1.00 settled\nbalance A.bda 5.00\naudit backed")
