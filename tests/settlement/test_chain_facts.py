"""What happens on chain without the desk is booked all the same; what cannot be booked stops the money."""

from pathlib import Path

import pytest

from ledger_node.chain.contract import create_address
from ledger_node.chain.encoding import keccak
from ledger_node.chain.genesis import GenesisAccount
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.calls import Registration
from ledger_node.errors import AlreadyExists, ChainBehindLedger, DoorsClosed, Fault, InvalidField
from ledger_node.settlement.onchain.bookkeeper import Bookkeeper
from tests.settlement.issuer import OPERATOR, SIGNERS, Issuer, key, network
from tests.settlement.scenario import play

HOLDER = key("holder")


@pytest.fixture
def holder(issuer: Issuer) -> Issuer:
    """A's second BDA is in its own custody and has 30.00."""
    issuer.open("A", "BDA", address=HOLDER.address)
    issuer.settle()
    play(issuer, "deposit d1 A.dda 100.00 settled\nmint m1 A.dda A.bda2 30.00 settled")
    return issuer


def test_a_holders_own_transfer_is_on_both_statements_without_an_operation(holder: Issuer) -> None:
    sent = holder.send(HOLDER, holder.token(), calls.transfer(holder.address("B.bda"), 1250))
    holder.settle()
    (line,) = holder.settlement.queries.entries(holder.members["B"], holder.id("B.bda")).data
    assert (line.direction, line.amount, line.operation_id, line.transaction_hash) == ("CRDT", 1250, None, sent)
    assert holder.lines("A.bda2") == [("CRDT", 3000, 3000), ("DBIT", 1250, 1750)]
    play(holder, "transfer t1 B.bda C.bda 12.50 settled\naudit backed")


def test_a_transfer_to_oneself_is_two_lines_and_no_change(holder: Issuer) -> None:
    holder.send(HOLDER, holder.token(), calls.transfer(HOLDER.address, 1000))
    holder.settle()
    assert holder.lines("A.bda2") == [("CRDT", 3000, 3000), ("DBIT", 1000, 2000), ("CRDT", 1000, 3000)]
    play(holder, "audit backed")


def test_every_line_can_be_found_on_chain(holder: Issuer) -> None:
    (line,) = holder.settlement.queries.entries(OPERATOR, holder.id("A.bda2")).data
    receipt = holder.chain.receipt(line.transaction_hash)
    assert receipt is not None
    (log,) = [log for log in receipt.logs if log.log_index == line.log_index]
    assert int.from_bytes(log.data, "big") == line.amount
    assert receipt.block_number == line.block_number
    operation = holder.settlement.queries.operation(OPERATOR, line.operation_id)
    assert (operation.block_number, operation.transaction_hash, operation.log_index) == (
        line.block_number, line.transaction_hash, line.log_index,
    )  # fmt: skip


def test_a_developers_transaction_only_moves_the_cursor(issuer: Issuer) -> None:
    before = issuer.settlement.queries.booked_block()
    issuer.send(key("developer"), b"\x77" * 20, b"hello")
    issuer.settle()
    assert issuer.settlement.queries.booked_block() == before + 1
    play(issuer, "audit backed")


def test_an_address_in_self_custody_is_used_once_per_currency(holder: Issuer) -> None:
    with pytest.raises(AlreadyExists):
        holder.open("B", "BDA", address=HOLDER.address)


@pytest.mark.parametrize("address", [bytes(20), b"\x01" * 19])
def test_an_address_that_cannot_hold_tokens_is_refused(issuer: Issuer, address: bytes) -> None:
    with pytest.raises(InvalidField):
        issuer.open("A", "BDA", address=address)


def test_a_holder_that_no_account_stands_for_stops_the_money_and_leaves_the_reads(issuer: Issuer) -> None:
    stranger = keccak(b"stranger")[12:]
    before = issuer.settlement.queries.booked_block()
    issuer.send(SIGNERS.admin, issuer.token(), calls.register([Registration(stranger, 99)]))
    issuer.settle()
    assert isinstance(issuer.settlement.fault, Fault)
    assert stranger.hex() in str(issuer.settlement.fault)
    assert any(stranger.hex() in reason for reason in issuer.settlement.reasons_not_ready())
    assert issuer.settlement.queries.booked_block() == before, "it stops at the block it cannot book"
    play(issuer, "deposit d1 A.dda 1.00 doors_closed\nbalance A.dda 0.00")
    with pytest.raises(DoorsClosed):
        issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00")


# WHAT CANNOT BE BOOKED


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        (
            "UPDATE operations SET batch_id = NULL, leg = NULL WHERE id = '{last}'",
            "A batch of 1 was answered with 2 codes",
        ),
        ("UPDATE operations SET amount = amount + 1 WHERE id = '{last}'", "shows no Transfer of it"),
        ("UPDATE holdings SET booked = 99 WHERE account_id = '{payer}'", "has less than nothing"),
    ],
)
def test_a_book_that_was_altered_in_flight_stops_the_money(issuer: Issuer, tampering: str, words: str) -> None:
    play(issuer, "deposit d1 A.dda 100.00 settled\nmint m1 A.dda A.bda 100.00 settled")
    requests = [issuer.request("transfer", f"t{number}", "A.bda", "B.bda", "1.00") for number in range(2)]
    last = issuer.settlement.desk.submit_many(requests).result(30)[-1].operation.id
    issuer.flush()
    with issuer.database.write() as connection:
        connection.exec_driver_sql(tampering.format(last=last, payer=issuer.id("A.bda")))
    issuer.settle()
    assert words in str(issuer.settlement.fault)
    play(issuer, "deposit d2 A.dda 1.00 doors_closed\nbalance B.bda 0.00")


def test_a_block_is_booked_once(issuer: Issuer) -> None:
    bookkeeper = Bookkeeper(issuer.chain, issuer.clock, issuer.settlement.tasks, on_ended=list)
    header = issuer.chain.header(1)
    with pytest.raises(ChainBehindLedger, match="does not follow"), issuer.database.write() as connection:
        bookkeeper.book(connection, header)


def test_nothing_is_booked_before_the_founding(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    bookkeeper = Bookkeeper(issuer.chain, issuer.clock, issuer.settlement.tasks, on_ended=list)
    with issuer.database.read() as connection:
        assert not bookkeeper.catch_up(connection)
    issuer.close()


def test_a_transaction_of_a_kind_that_no_task_books_stops_the_money(issuer: Issuer) -> None:
    """A release that went back to an older one may have left it."""
    play(issuer, "deposit d1 A.dda 100.00 settled")
    accepted = issuer.pay("mint", "m1", "A.dda", "A.bda", "100.00")
    issuer.flush()
    before = issuer.settlement.queries.booked_block()
    with issuer.database.write() as connection:
        connection.exec_driver_sql("UPDATE chain_transactions SET kind = 'greeting' WHERE status = 'signed'")
    issuer.settle()
    assert "of a kind that this release does not know: greeting" in str(issuer.settlement.fault)
    assert issuer.settlement.queries.booked_block() == before
    assert issuer.settlement.queries.operation(OPERATOR, accepted.operation.id).status == "processing"


def test_two_tasks_of_one_kind_are_no_bookkeepers(issuer: Issuer) -> None:
    tasks = issuer.settlement.tasks
    with pytest.raises(AssertionError, match="each kind is one task's"):
        Bookkeeper(issuer.chain, issuer.clock, (*tasks, tasks[-1]), on_ended=list)


def test_a_token_whose_address_is_taken_stops_the_founding(tmp_path: Path) -> None:
    address = create_address(SIGNERS.admin.address, 0)
    issuer = Issuer(tmp_path, genesis=network({address: GenesisAccount(code=b"\x00")})).start()
    issuer.settle()
    assert "The deployment of a token reverted" in str(issuer.settlement.fault)
    issuer.close()
