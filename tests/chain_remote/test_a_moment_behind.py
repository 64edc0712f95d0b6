"""A client that announces a block before it has all of it is asked again, and money goes on by itself."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger_node.chain.blocks import Call, LogFilter
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import BlockNotFound, ChainReplaced, ChainUnavailable
from ledger_node.chain.remote.backend import RemoteChain
from ledger_node.chain.remote.lateness import PAUSES_S
from tests.chain_remote.test_house_on_a_bad_line import FREE, Connect, assert_paid, funded, sent
from tests.conformance.banks import Issuer, wait_until
from tests.networks.anvil import Anvil
from tests.networks.proxy import LATE, Act, Proxy
from tests.networks.sender import Sender, mined

RECEIPTS, LOGS, CALL = "eth_getBlockReceipts", "eth_getLogs", "eth_call"
BLOCK, BY_HASH, NONCE = "eth_getBlockByNumber", "eth_getBlockByHash", "eth_getTransactionCount"
LOGGER = bytes.fromhex("602a5f5fa100")
"""As creation code: LOG1 with topic 42."""


@pytest.fixture
def line(anvil: Anvil) -> Iterator[Proxy]:
    with Proxy(anvil.url) as proxy:
        yield proxy


@pytest.fixture
def late(line: Proxy, connect: Connect, sender: Sender) -> RemoteChain:
    """Block 1 has a transaction with a log."""
    chain = connect(line.url, poll_interval_s=3600.0)
    mined(chain, chain.send_raw_transaction(sender.sign(to=None, data=LOGGER, gas=200_000)))
    assert chain.head().number == 1
    return chain


def reads(chain: RemoteChain, sender: Sender) -> dict[str, tuple[str, Callable[[], object]]]:
    head = chain.head()
    call = Call(sender=sender.address, to=sender.address, gas=100_000)
    return {
        "receipts": (RECEIPTS, lambda: chain.receipts(1)),
        "header": (BLOCK, lambda: chain.header(1)),
        "header by its hash": (BY_HASH, lambda: chain.header(head.hash)),
        "block": (BLOCK, lambda: chain.block(1)),
        "logs": (LOGS, lambda: chain.logs(LogFilter(first=0, last=1))),
        "nonce": (NONCE, lambda: chain.nonce(sender.address, 1)),
        "balance": ("eth_getBalance", lambda: chain.balance(sender.address, 1)),
        "code": ("eth_getCode", lambda: chain.code(sender.address)),
        "call": (CALL, lambda: chain.call(call, 1)),
        "gas": ("eth_estimateGas", lambda: chain.estimate_gas(call)),
    }


WHAT = ["receipts", "header", "header by its hash", "block", "logs", "nonce", "balance", "code", "call", "gas"]


@pytest.mark.parametrize("what", WHAT)
def test_what_comes_a_moment_later_is_asked_again(late: RemoteChain, line: Proxy, sender: Sender, what: str) -> None:
    method, read = reads(late, sender)[what]
    right = read()
    for first, second in itertools.product(LATE, LATE):
        line.plan(method, first, second)
        assert read() == right


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("act", ["null", "header not found", "missing trie node"])
def test_what_does_not_come_is_the_chain_away_and_not_for_good(
    late: RemoteChain, line: Proxy, sender: Sender, what: str, act: Act
) -> None:
    method, read = reads(late, sender)[what]
    right = read()
    line.plan(method, *[act] * (len(PAUSES_S) + 1))
    with pytest.raises(ChainUnavailable):
        read()
    line.forget()
    assert read() == right


def test_logs_that_are_not_searchable_yet_are_taken_from_their_block(late: RemoteChain, line: Proxy) -> None:
    wanted = LogFilter(first=0, last=1, topics=((bytes(31) + b"\x2a",),))
    right = late.logs(wanted)
    assert len(right) == 1
    line.plan(LOGS, "nothing")
    assert list(late.logs(wanted)) == list(right)
    line.plan(LOGS, "nothing")
    assert list(late.logs(LogFilter(first=0, last=1, topics=((keccak(b"another"),),)))) == []


def test_a_block_nobody_announced_is_not_there_and_nobody_waits_for_it(late: RemoteChain) -> None:
    for at in (2, 1_000_000, keccak(b"no block")):
        with pytest.raises(BlockNotFound):
            late.header(at)


def test_heads_that_skip_over_a_late_block_are_no_contradiction(late: RemoteChain, line: Proxy, anvil: Anvil) -> None:
    anvil.mine(3)
    line.plan(BLOCK, "pass", "null")
    with pytest.raises(ChainUnavailable, match="lacks blocks below its head"):
        late.head()
    assert late.head().number == 4


def test_another_block_at_a_height_that_was_final_stays_refused(late: RemoteChain, anvil: Anvil) -> None:
    anvil.ask("anvil_reset")
    anvil.mine(1)
    with pytest.raises(ChainReplaced):
        late.head()
    with pytest.raises(ChainReplaced):
        late.receipts(1)


ORDERS = list(itertools.permutations([RECEIPTS, BLOCK, CALL, BY_HASH], 4))[::4]


@pytest.mark.slow
def test_money_passes_a_client_that_is_late_with_everything_in_every_order(connect: Connect, tmp_path: Path) -> None:
    with Anvil(*FREE) as anvil, Proxy(anvil.url) as line:
        issuer = Issuer(connect(line.url, timeout_s=5.0), Sender(), tmp_path)
        try:
            with issuer.open() as settlement:
                funded(issuer, settlement)
                watched = []
                for turn, (order, act) in enumerate(itertools.product(ORDERS, LATE)):
                    for place, method in enumerate(order):
                        line.plan(method, *["pass"] * place, *[act] * (1 + turn % 4))
                    watched += sent(issuer, settlement, 2, of=f"t{turn}-")
                line.forget()
                assert_paid(issuer, settlement, watched)
                assert settlement.fault is None
        finally:
            issuer.database.close()


def test_receipts_that_stay_away_are_said_and_money_goes_on_when_they_come(connect: Connect, tmp_path: Path) -> None:
    with Anvil(*FREE) as anvil, Proxy(anvil.url) as line:
        issuer = Issuer(connect(line.url, timeout_s=5.0), Sender(), tmp_path)
        try:
            with issuer.open() as settlement:
                funded(issuer, settlement)
                line.plan(RECEIPTS, *["null"] * 10_000)
                watched = sent(issuer, settlement, 3)
                wait_until(lambda: any("with its receipts" in reason for reason in settlement.reasons_not_ready()))
                assert settlement.fault is None
                assert not any(each.done() for each in watched)
                line.forget()
                assert_paid(issuer, settlement, watched)
                wait_until(lambda: settlement.reasons_not_ready() == ())
        finally:
            issuer.database.close()
