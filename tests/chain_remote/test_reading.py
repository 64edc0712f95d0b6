"""What a RemoteChain reads of a real anvil is what anvil says, whole and in the chain's own words."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_account import Account

from ledger_node.chain.blocks import Call, LogFilter
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import BlockNotFound, CallFailed, ChainUnavailable, Reverted
from ledger_node.chain.remote.backend import RemoteChain
from tests.networks.anvil import FUNDED_KEYS, Anvil, free_port
from tests.networks.sender import Sender, mined

# With call data it reverts with that data; without, it emits a log of topic 7 and one of topics 7 and 8, data 42.
_LOGGER = bytes.fromhex(
    "3615600f573660006000373660 00fd5b602a6000526007602060 00a160086007602060 00a200".replace(" ", "")
)
_DEPLOY = bytes.fromhex(f"60{len(_LOGGER):02x}600c60003960{len(_LOGGER):02x}6000f3") + _LOGGER
_LOOP = bytes.fromhex("5b600056")
TOPIC_7, TOPIC_8 = (7).to_bytes(32, "big"), (8).to_bytes(32, "big")


@pytest.fixture
def logger(chain: RemoteChain, sender: Sender) -> bytes:
    receipt = mined(chain, chain.send_raw_transaction(sender.sign(to="", data="0x" + _DEPLOY.hex())))
    assert receipt.contract_address is not None
    return receipt.contract_address


def test_a_block_and_its_header_say_what_the_client_says(chain: RemoteChain, anvil: Anvil, sender: Sender) -> None:
    mined(chain, chain.send_raw_transaction(sender.sign(value=5)))
    said = anvil.ask("eth_getBlockByNumber", "0x1", True)
    block, header = chain.block(1), chain.header(1)
    assert block.header == header == chain.head() == chain.header("latest") == chain.header(header.hash)
    assert "0x" + header.hash.hex() == said["hash"]
    assert "0x" + header.parent_hash.hex() == said["parentHash"] == "0x" + chain.header("earliest").hash.hex()
    assert "0x" + header.state_root.hex() == said["stateRoot"]
    assert "0x" + header.requests_hash.hex() == said["requestsHash"]
    assert (header.number, header.timestamp) == (1, int(said["timestamp"], 16))
    assert (header.gas_used, header.gas_limit) == (21_000, int(said["gasLimit"], 16))
    assert header.base_fee_per_gas == int(said["baseFeePerGas"], 16)
    assert (block.size, block.withdrawals, block.ommers) == (int(said["size"], 16), (), ())


@pytest.mark.parametrize("block", [1, b"\x01" * 32, 2**40])
def test_a_block_that_is_not_there_is_named_as_missing(chain: RemoteChain, block: int | bytes) -> None:
    for read in (chain.header, chain.block, chain.receipts):
        with pytest.raises(BlockNotFound):
            read(block)
    with pytest.raises(BlockNotFound):
        chain.balance(b"\x11" * 20, block)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": 0},
        {"type": 1, "accessList": [{"address": "0x" + "22" * 20, "storageKeys": ["0x" + "00" * 31 + "01"]}]},
        {"type": 2, "value": 7, "data": "0x"},
        {"type": 2, "accessList": [{"address": "0x" + "22" * 20, "storageKeys": []}]},
        {"type": 4, "nonce": 0},
    ],
    ids=["legacy", "access list", "fees", "fees and access list", "delegation"],
)
def test_a_transaction_comes_back_with_the_bytes_that_were_sent(
    chain: RemoteChain, sender: Sender, fields: dict[str, Any]
) -> None:
    if fields["type"] == 4:
        signed = Account.sign_authorization({"chainId": 31337, "address": "0x" + "33" * 20, "nonce": 0}, FUNDED_KEYS[1])
        fields = fields | {"authorizationList": [signed]}
    raw = sender.sign(**fields)
    transaction_hash = chain.send_raw_transaction(raw)
    mined(chain, transaction_hash)
    transaction = chain.transaction(transaction_hash)
    assert transaction is not None
    assert (transaction.raw, transaction.hash) == (raw, keccak(raw))
    assert (transaction.sender, transaction.type, transaction.chain_id) == (sender.address, fields["type"], 31337)
    assert (transaction.block_number, transaction.index) == (1, 0)
    assert transaction.block_timestamp == chain.head().timestamp
    assert chain.block(1).transactions == (transaction,)
    assert chain.receipts(1) == (chain.receipt(transaction_hash),)


def test_an_unknown_transaction_is_none(chain: RemoteChain) -> None:
    assert chain.transaction(b"\x01" * 32) is None
    assert chain.receipt(b"\x01" * 32) is None


def test_a_pending_transaction_names_no_block(connect: Callable[..., RemoteChain], sender: Sender) -> None:
    with Anvil("--no-mining") as anvil:
        chain = connect(anvil.url)
        transaction_hash = chain.send_raw_transaction(sender.sign())
        pending = chain.transaction(transaction_hash)
        assert pending is not None
        assert (pending.block_number, pending.block_hash, pending.index, pending.block_timestamp) == (None,) * 4
        assert chain.receipt(transaction_hash) is None
        assert (chain.nonce(sender.address), chain.nonce(sender.address, "pending")) == (0, 1)
        anvil.mine()
        mined = chain.transaction(transaction_hash)
        assert mined is not None
        assert mined.block_number == 1
        assert chain.nonce(sender.address) == 1


def test_a_receipt_says_who_paid_what_and_which_logs_came(chain: RemoteChain, sender: Sender, logger: bytes) -> None:
    transaction_hash = chain.send_raw_transaction(sender.sign(to=logger, type=2))
    receipt = mined(chain, transaction_hash)
    assert (receipt.sender, receipt.to, receipt.contract_address) == (sender.address, logger, None)
    base_fee = chain.head().base_fee_per_gas
    assert base_fee is not None
    assert receipt.effective_gas_price == base_fee + sender.fees[1]
    assert [log.topics for log in receipt.logs] == [(TOPIC_7,), (TOPIC_7, TOPIC_8)]
    assert [log.log_index for log in receipt.logs] == [0, 1]
    assert {log.data for log in receipt.logs} == {(42).to_bytes(32, "big")}
    assert {log.block_timestamp for log in receipt.logs} == {chain.head().timestamp}
    assert {log.transaction_hash for log in receipt.logs} == {transaction_hash}


def test_a_transaction_that_failed_has_a_receipt_that_says_so(
    chain: RemoteChain, sender: Sender, logger: bytes
) -> None:
    receipt = mined(chain, chain.send_raw_transaction(sender.sign(to=logger, data="0x01")))
    assert (receipt.succeeded, receipt.logs) == (False, ())


def test_logs_are_found_by_block_address_and_topic(
    chain: RemoteChain, anvil: Anvil, sender: Sender, logger: bytes
) -> None:
    anvil.ask("evm_setAutomine", False)
    for _ in range(2):
        chain.send_raw_transaction(sender.sign(to=logger))
    anvil.mine()
    found = chain.logs(LogFilter(first=0, last=99))
    assert [log.log_index for log in found] == [0, 1, 2, 3]
    assert found == [log for receipt in chain.receipts("latest") for log in receipt.logs]
    assert chain.logs(LogFilter(first=0, last=99, topics=(None, (TOPIC_8,)))) == [found[1], found[3]]
    assert chain.logs(LogFilter(first=0, last=99, addresses=(logger,), topics=((TOPIC_7, TOPIC_8),))) == found
    assert chain.logs(LogFilter(first=0, last=99, limit=3)) == found[:3]
    assert chain.logs(LogFilter(block_hash=chain.head().hash)) == found
    assert chain.logs(LogFilter(first=0, last=1)) == []
    assert list(chain.logs(LogFilter(first=50, last=99))) == []
    assert chain.logs(LogFilter(first=0, last=99, addresses=(b"\x09" * 20,))) == []
    with pytest.raises(BlockNotFound):
        chain.logs(LogFilter(block_hash=b"\x09" * 32))


def test_state_is_read_at_the_block_asked_for(chain: RemoteChain, sender: Sender, logger: bytes) -> None:
    payee = b"\x11" * 20
    mined(chain, chain.send_raw_transaction(sender.sign(value=9)))
    head = chain.head()
    assert (chain.balance(payee), chain.balance(payee, 1), chain.balance(payee, head.hash)) == (9, 0, 9)
    assert (chain.nonce(sender.address), chain.nonce(sender.address, "earliest")) == (2, 0)
    assert chain.nonce(sender.address, "finalized") == chain.nonce(sender.address, "safe") == 2
    assert (chain.code(logger), chain.code(payee), chain.code(logger, 0)) == (_LOGGER, b"", b"")
    assert chain.storage(logger, 2**255) == 0


def test_a_call_that_reverts_carries_its_data_and_one_that_does_not_its_answer(
    chain: RemoteChain, logger: bytes
) -> None:
    custom = bytes.fromhex("deadbeef") + (5).to_bytes(32, "big")
    for execute in (chain.call, chain.estimate_gas):
        with pytest.raises(Reverted) as reverted:
            execute(Call(to=logger, data=custom))
        assert reverted.value.data == custom
    assert chain.call(Call(to=logger)) == b""
    assert chain.call(Call(to=(4).to_bytes(20, "big"), data=b"same")) == b"same"
    assert 21_000 < chain.estimate_gas(Call(to=logger)) < 40_000


def test_a_call_that_runs_out_of_gas_failed_otherwise(chain: RemoteChain, anvil: Anvil) -> None:
    anvil.ask("anvil_setCode", "0x" + "44" * 20, "0x" + _LOOP.hex())
    with pytest.raises(CallFailed):
        chain.call(Call(to=b"\x44" * 20, gas=100_000))


def test_fees_cover_a_rising_base_fee_and_are_nothing_on_a_free_chain(
    chain: RemoteChain, connect: Callable[..., RemoteChain]
) -> None:
    assert chain.suggest_fees() == (2 * 10**9 + 10**9, 10**9)
    with Anvil("--base-fee", "0") as free:
        without = connect(free.url)
        assert without.suggest_fees() == (0, 0)
        poor = Sender(key=b"\x07" * 32, fees=(0, 0))
        assert mined(without, without.send_raw_transaction(poor.sign())).succeeded


def test_with_confirmations_what_is_above_the_head_is_not_there_yet(
    anvil: Anvil, connect: Callable[..., RemoteChain], sender: Sender
) -> None:
    chain = connect(anvil.url, confirmations=2)
    assert chain.head().number == 0
    transaction_hash = chain.send_raw_transaction(sender.sign(value=3))
    mined(connect(anvil.url), transaction_hash)
    mined_in = bytes.fromhex(anvil.ask("eth_getBlockByNumber", "0x1", False)["hash"][2:])
    for at in (1, mined_in):
        with pytest.raises(BlockNotFound):
            chain.block(at)
    assert (chain.receipt(transaction_hash), chain.balance(b"\x11" * 20)) == (None, 0)
    assert list(chain.logs(LogFilter(first=1, last=1))) == []
    unconfirmed = chain.transaction(transaction_hash)
    assert unconfirmed is not None
    assert unconfirmed.block_number is None
    anvil.mine(2)
    assert (chain.head().number, chain.head().hash) == (1, mined_in)
    assert chain.balance(b"\x11" * 20) == 3
    receipt = chain.receipt(transaction_hash)
    assert receipt is not None
    assert receipt.block_number == 1


def test_a_client_that_is_away_is_unavailable_and_answers_once_it_is_there(
    connect: Callable[..., RemoteChain],
) -> None:
    anvil = Anvil(port=free_port())
    chain = connect(anvil.url)
    for question in (chain.head, lambda: chain.chain_id, lambda: chain.balance(b"\x11" * 20), chain.suggest_fees):
        with pytest.raises(ChainUnavailable):
            question()
    with anvil:
        assert (chain.head().number, chain.chain_id) == (0, 31337)
    with pytest.raises(ChainUnavailable):
        chain.head()


def test_a_password_in_the_url_is_not_shown(connect: Callable[..., RemoteChain]) -> None:
    chain = connect(f"http://gateway:secret@127.0.0.1:{free_port()}/key?token=secret")
    with pytest.raises(ChainUnavailable) as away:
        chain.head()
    assert "127.0.0.1" in away.value.detail
    assert "secret" not in away.value.detail
