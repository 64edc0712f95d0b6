"""What happens on chain without the desk is booked all the same; what cannot be booked stops the money."""

import pytest

from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token import calls
from ledger_node.deposit_token.calls import Registration
from ledger_node.errors import AlreadyExists, DoorsClosed, Fault, InvalidField
from tests.settlement.issuer import OPERATOR, SIGNERS, Issuer, key
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
    (line,) = holder.house.queries.entries(holder.members["B"], holder.id("B.bda")).data
    assert (line.direction, line.amount, line.operation_id, line.transaction_hash) == ("CRDT", 1250, None, sent)
    assert holder.lines("A.bda2") == [("CRDT", 3000, 3000), ("DBIT", 1250, 1750)]
    play(holder, "transfer t1 B.bda C.bda 12.50 settled\naudit backed")


def test_a_transfer_to_oneself_is_two_lines_and_no_change(holder: Issuer) -> None:
    holder.send(HOLDER, holder.token(), calls.transfer(HOLDER.address, 1000))
    holder.settle()
    assert holder.lines("A.bda2") == [("CRDT", 3000, 3000), ("DBIT", 1000, 2000), ("CRDT", 1000, 3000)]
    play(holder, "audit backed")


def test_every_line_can_be_found_on_chain(holder: Issuer) -> None:
    (line,) = holder.house.queries.entries(OPERATOR, holder.id("A.bda2")).data
    receipt = holder.chain.receipt(line.transaction_hash)
    assert receipt is not None
    (log,) = [log for log in receipt.logs if log.log_index == line.log_index]
    assert int.from_bytes(log.data, "big") == line.amount
    assert receipt.block_number == line.block_number
    operation = holder.house.queries.operation(OPERATOR, line.operation_id)
    assert (operation.block_number, operation.transaction_hash, operation.log_index) == (
        line.block_number, line.transaction_hash, line.log_index,
    )  # fmt: skip


def test_a_developers_transaction_only_moves_the_cursor(issuer: Issuer) -> None:
    before = issuer.house.queries.booked_block()
    issuer.send(key("developer"), b"\x77" * 20, b"hello")
    issuer.settle()
    assert issuer.house.queries.booked_block() == before + 1
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
    before = issuer.house.queries.booked_block()
    issuer.send(SIGNERS.admin, issuer.token(), calls.register([Registration(stranger, 99)]))
    issuer.settle()
    assert isinstance(issuer.house.fault, Fault)
    assert stranger.hex() in str(issuer.house.fault)
    assert any(stranger.hex() in reason for reason in issuer.house.reasons_not_ready())
    assert issuer.house.queries.booked_block() == before, "it stops at the block it cannot book"
    play(issuer, "deposit d1 A.dda 1.00 doors_closed\nbalance A.dda 0.00")
    with pytest.raises(DoorsClosed):
        issuer.pay("mint", "m1", "A.dda", "A.bda", "1.00")
