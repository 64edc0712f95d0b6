"""The chain door, on every engine: what the money rooms rely on, said once and shown on each.

`engine` comes from conftest.py. The chain may hold blocks already, and its fees may be above zero.
"""

import threading
from queue import SimpleQueue
from typing import Any

import pytest

from ledger_node.chain.blocks import Call, Header, LogFilter
from ledger_node.chain.encoding import int_bytes, keccak, rlp_encode
from ledger_node.chain.errors import (
    BlockNotFound,
    CallFailed,
    InsufficientBalanceForGas,
    IntrinsicGasTooLow,
    InvalidTransaction,
    NonceTooLow,
    Reverted,
)
from tests.chain.programs import LOOP, SELF_DESCRIBING, deploying
from tests.conformance.conftest import Engine
from tests.networks.sender import mined

WORD = (42).to_bytes(32, "big")


@pytest.fixture
def cell(engine: Engine) -> bytes:
    """See programs.SELF_DESCRIBING; deployed by the engine's sender."""
    nonce = engine.sender.nonce
    transaction_hash = engine.chain.send_raw_transaction(engine.sender.sign(to="", data=deploying(SELF_DESCRIBING)))
    receipt = mined(engine.chain, transaction_hash)
    assert receipt.succeeded
    assert receipt.to is None
    assert receipt.contract_address == keccak(rlp_encode([engine.sender.address, int_bytes(nonce)]))[12:]
    return receipt.contract_address


def write(engine: Engine, cell: bytes, word: bytes = WORD) -> Any:
    return mined(engine.chain, engine.chain.send_raw_transaction(engine.sender.sign(to=cell, data=word)))


def test_it_knows_its_chain(engine: Engine) -> None:
    assert engine.chain.chain_id == engine.sender.chain_id


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_transfer_is_mined_and_found_everywhere(engine: Engine, kind: int) -> None:
    chain, payee = engine.chain, keccak(bytes([kind]))[:20]
    raw = engine.sender.sign(type=kind, to=payee, value=7, gas=50_000)
    transaction_hash = chain.send_raw_transaction(raw)
    assert transaction_hash == keccak(raw)
    receipt = mined(chain, transaction_hash)
    assert (receipt.succeeded, receipt.gas_used, receipt.type) == (True, 21_000, kind)
    assert (receipt.sender, receipt.to, receipt.contract_address) == (engine.sender.address, payee, None)
    assert chain.balance(payee) == 7
    assert chain.balance(payee, receipt.block_number - 1) == 0
    transaction = chain.transaction(transaction_hash)
    assert transaction is not None
    assert transaction.raw == raw
    assert (transaction.block_number, transaction.block_hash) == (receipt.block_number, receipt.block_hash)
    block = chain.block(receipt.block_number)
    assert block.transactions[receipt.transaction_index] == transaction
    assert block.header == chain.header(receipt.block_hash)
    assert chain.receipts(receipt.block_number)[receipt.transaction_index] == receipt
    assert chain.head().number >= receipt.block_number


def test_every_block_names_its_parent(engine: Engine) -> None:
    for _ in range(3):
        mined(engine.chain, engine.chain.send_raw_transaction(engine.sender.sign()))
    head = engine.chain.head()
    for number in range(head.number, 0, -1):
        assert engine.chain.header(number).parent_hash == engine.chain.header(number - 1).hash
        assert engine.chain.header(number).timestamp >= engine.chain.header(number - 1).timestamp
    assert engine.chain.header("earliest").number == 0
    assert engine.chain.header("latest").number >= head.number


def test_nonces_count_what_is_mined_and_what_waits(engine: Engine) -> None:
    address, first = engine.sender.address, engine.sender.nonce
    assert engine.chain.nonce(address) == engine.chain.nonce(address, "pending") == first
    receipt = mined(engine.chain, engine.chain.send_raw_transaction(engine.sender.sign()))
    assert engine.chain.nonce(address) == first + 1
    assert engine.chain.nonce(address, receipt.block_number - 1) == first


def test_a_contract_is_read_at_any_block(engine: Engine, cell: bytes) -> None:
    chain = engine.chain
    receipts = [write(engine, cell, number.to_bytes(32, "big")) for number in (1, 2, 3)]
    assert chain.code(cell) == SELF_DESCRIBING
    for number, receipt in enumerate(receipts, 1):
        assert chain.storage(cell, 0, receipt.block_number) == number
        assert chain.call(Call(to=cell), receipt.block_number) == number.to_bytes(32, "big")
        assert chain.call(Call(to=cell), receipt.block_hash) == number.to_bytes(32, "big")
    assert chain.storage(cell, 1) == 0
    assert chain.code(b"\x07" * 20) == b""


def test_logs_carry_where_they_come_from(engine: Engine, cell: bytes) -> None:
    receipt = write(engine, cell)
    (log,) = receipt.logs
    assert log.address == cell
    assert log.topics == ((0x77).to_bytes(32, "big"), engine.sender.address.rjust(32, b"\x00"))
    assert log.data == WORD
    assert (log.block_number, log.block_hash) == (receipt.block_number, receipt.block_hash)
    assert (log.transaction_hash, log.transaction_index) == (receipt.transaction_hash, receipt.transaction_index)
    assert log.log_index == 0
    assert log.block_timestamp == engine.chain.header(receipt.block_number).timestamp


def test_logs_are_found_by_what_a_filter_says(engine: Engine, cell: bytes) -> None:
    receipts = [write(engine, cell, number.to_bytes(32, "big")) for number in range(3)]
    first, last = receipts[0].block_number, receipts[-1].block_number
    tag, caller = (0x77).to_bytes(32, "big"), engine.sender.address.rjust(32, b"\x00")
    every = [log for receipt in receipts for log in receipt.logs]

    def found(**query: Any) -> list[Any]:
        return list(engine.chain.logs(LogFilter(**({"first": first, "last": last} | query))))

    assert found() == found(addresses=(cell,)) == every
    assert found(topics=((tag,),)) == found(topics=(None, (caller,))) == found(topics=((tag, caller), None)) == every
    assert found(addresses=(b"\x07" * 20, cell), topics=((tag,), (caller,))) == every
    assert found(first=receipts[1].block_number) == every[1:]
    assert found(last=first) == found(block_hash=receipts[0].block_hash) == every[:1]
    assert found(addresses=(b"\x07" * 20,)) == []
    assert found(topics=((caller,),)) == []
    assert found(topics=(None, None, None)) == [], "a log with fewer topics than the filter names does not match"


def test_a_transaction_that_reverts_is_mined_and_says_so(engine: Engine, cell: bytes) -> None:
    receipt = write(engine, cell, WORD + WORD)
    assert not receipt.succeeded
    assert receipt.logs == ()
    assert engine.chain.storage(cell, 0) == 0


def test_a_call_that_reverts_carries_its_data(engine: Engine, cell: bytes) -> None:
    for ask in (engine.chain.call, engine.chain.estimate_gas):
        with pytest.raises(Reverted) as reverted:
            ask(Call(sender=engine.sender.address, to=cell, data=WORD + (9).to_bytes(32, "big")))
        assert reverted.value.data == (9).to_bytes(32, "big")


def test_a_call_that_does_not_end_runs_out_of_gas(engine: Engine) -> None:
    with pytest.raises(CallFailed):
        engine.chain.call(Call(data=LOOP, gas=100_000))


def test_a_call_changes_nothing(engine: Engine, cell: bytes) -> None:
    engine.chain.call(Call(sender=engine.sender.address, to=cell, data=WORD))
    assert engine.chain.storage(cell, 0) == 0


def test_the_estimate_is_enough_and_not_much_more(engine: Engine, cell: bytes) -> None:
    call = Call(sender=engine.sender.address, to=cell, data=WORD)
    estimate = engine.chain.estimate_gas(call)
    receipt = mined(
        engine.chain, engine.chain.send_raw_transaction(engine.sender.sign(to=cell, data=WORD, gas=estimate))
    )
    assert receipt.succeeded
    assert receipt.gas_used <= estimate <= receipt.gas_used * 1.1
    assert engine.chain.estimate_gas(Call(sender=engine.sender.address, to=b"\x07" * 20, value=1)) == 21_000


# SENDING


def test_the_same_bytes_again_are_answered_with_their_hash(engine: Engine) -> None:
    raw = engine.sender.sign()
    transaction_hash = engine.chain.send_raw_transaction(raw)
    assert engine.chain.send_raw_transaction(raw) == transaction_hash
    mined(engine.chain, transaction_hash)
    assert engine.chain.send_raw_transaction(raw) == transaction_hash


def test_what_cannot_take_effect_is_refused(engine: Engine) -> None:
    mined(engine.chain, engine.chain.send_raw_transaction(engine.sender.sign()))
    nonce = engine.sender.nonce
    refusals: list[tuple[type[InvalidTransaction], dict[str, Any]]] = [
        (NonceTooLow, {"nonce": nonce - 1, "value": 9}),
        (IntrinsicGasTooLow, {"nonce": nonce, "gas": 20_000}),
        (InsufficientBalanceForGas, {"nonce": nonce, "value": 2**200}),
        (InvalidTransaction, {"nonce": nonce, "chainId": 99}),
    ]
    for error, fields in refusals:
        with pytest.raises(error):
            engine.chain.send_raw_transaction(engine.sender.sign(**fields))
    with pytest.raises(InvalidTransaction):
        engine.chain.send_raw_transaction(b"\x02\xc0")
    mined(engine.chain, engine.chain.send_raw_transaction(engine.sender.sign(nonce=nonce)))


def test_what_is_not_there_is_said_to_be_missing(engine: Engine) -> None:
    unknown = keccak(b"unknown")
    assert engine.chain.transaction(unknown) is None
    assert engine.chain.receipt(unknown) is None
    for at in (engine.chain.head().number + 1000, unknown):
        for ask in (engine.chain.header, engine.chain.block, engine.chain.receipts):
            with pytest.raises(BlockNotFound):
                ask(at)
        with pytest.raises(BlockNotFound):
            engine.chain.balance(b"\x07" * 20, at)


# HEADS


def test_new_heads_are_heard_in_order_until_one_unsubscribes(engine: Engine) -> None:
    heads: SimpleQueue[Header] = SimpleQueue()
    unsubscribe = engine.chain.on_new_head(heads.put)
    receipts = [mined(engine.chain, engine.chain.send_raw_transaction(engine.sender.sign())) for _ in range(3)]
    heard = []
    while not heard or heard[-1].number < receipts[-1].block_number:
        heard.append(heads.get(timeout=60))
    assert [head.number for head in heard] == sorted({head.number for head in heard})
    assert heard[-1] == engine.chain.header(heard[-1].number)
    unsubscribe()
    mined(engine.chain, engine.chain.send_raw_transaction(engine.sender.sign()))
    assert heads.empty()


def test_many_threads_may_ask_at_once(engine: Engine, cell: bytes) -> None:
    write(engine, cell)
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(10):
                assert engine.chain.call(Call(to=cell)) == WORD
                assert engine.chain.block("latest").header.number >= 1
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
