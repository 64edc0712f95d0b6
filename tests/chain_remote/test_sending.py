"""A transaction handed in takes effect once, however often it is handed in; a refusal says why."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import (
    ChainUnavailable,
    GasLimitTooHigh,
    InsufficientBalanceForGas,
    IntrinsicGasTooLow,
    InvalidTransaction,
    NonceTooLow,
    Underpriced,
)
from ledger_node.chain.remote.backend import RemoteChain
from tests.networks.anvil import Anvil
from tests.networks.proxy import Act, Proxy
from tests.networks.sender import GWEI, Sender, mined

PAYEE = b"\x11" * 20


def test_the_same_bytes_pending_or_mined_are_answered_with_their_hash(
    connect: Callable[..., RemoteChain], sender: Sender
) -> None:
    with Anvil("--no-mining") as anvil:
        chain, raw = connect(anvil.url), sender.sign(value=1)
        assert chain.send_raw_transaction(raw) == keccak(raw)
        assert chain.send_raw_transaction(raw) == keccak(raw)
        anvil.mine()
        assert chain.send_raw_transaction(raw) == keccak(raw)
        anvil.mine()
        assert chain.balance(PAYEE) == 1


def test_other_bytes_with_a_nonce_that_is_used_are_refused(chain: RemoteChain, sender: Sender) -> None:
    mined(chain, chain.send_raw_transaction(sender.sign(value=1)))
    with pytest.raises(NonceTooLow):
        chain.send_raw_transaction(sender.sign(nonce=0, value=2))


def test_other_bytes_with_a_nonce_that_waits_are_underpriced(
    connect: Callable[..., RemoteChain], sender: Sender
) -> None:
    with Anvil("--no-mining") as anvil:
        chain = connect(anvil.url)
        chain.send_raw_transaction(sender.sign(value=1))
        with pytest.raises(Underpriced):
            chain.send_raw_transaction(sender.sign(nonce=0, value=2))


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"value": 10**30}, InsufficientBalanceForGas),
        ({"gas": 20_999}, IntrinsicGasTooLow),
        ({"gas": 31_000_000}, GasLimitTooHigh),
        ({"maxFeePerGas": 10, "maxPriorityFeePerGas": 1}, Underpriced),
        ({"maxFeePerGas": GWEI, "maxPriorityFeePerGas": 2 * GWEI}, InvalidTransaction),
        ({"chainId": 5}, InvalidTransaction),
    ],
)
def test_each_refusal_of_the_client_has_its_error(
    chain: RemoteChain, sender: Sender, fields: dict[str, int], refusal: type[InvalidTransaction]
) -> None:
    with pytest.raises(InvalidTransaction) as refused:
        chain.send_raw_transaction(sender.sign(**fields))
    assert type(refused.value) is refusal, refused.value


def test_garbage_is_refused(chain: RemoteChain) -> None:
    with pytest.raises(InvalidTransaction):
        chain.send_raw_transaction(b"\x02\xc0")


@pytest.mark.parametrize("acts", [["lose request"] * 2, ["503"], ["429"], ["no json"], ["cut short"]])
def test_a_send_without_an_answer_is_unavailable_and_sending_again_moves_once(
    anvil: Anvil, connect: Callable[..., RemoteChain], sender: Sender, acts: list[Act]
) -> None:
    with Proxy(anvil.url) as proxy:
        chain, raw = connect(proxy.url), sender.sign(value=4)
        proxy.plan("eth_sendRawTransaction", *acts)
        with pytest.raises(ChainUnavailable):
            chain.send_raw_transaction(raw)
        assert chain.send_raw_transaction(raw) == keccak(raw)
        assert chain.send_raw_transaction(raw) == keccak(raw)
        mined(chain, keccak(raw))
        assert chain.balance(PAYEE) == 4


def test_an_answer_lost_after_the_transaction_was_taken_is_found_out_at_once(
    anvil: Anvil, connect: Callable[..., RemoteChain], sender: Sender
) -> None:
    with Proxy(anvil.url) as proxy:
        chain, raw = connect(proxy.url), sender.sign(value=4)
        proxy.plan("eth_sendRawTransaction", "lose answer")
        assert chain.send_raw_transaction(raw) == keccak(raw)
        assert proxy.passed.count("eth_sendRawTransaction") == 2
        mined(chain, keccak(raw))
        assert chain.balance(PAYEE) == 4


def test_a_send_that_is_doubled_on_the_way_moves_once(
    anvil: Anvil, connect: Callable[..., RemoteChain], sender: Sender
) -> None:
    with Proxy(anvil.url) as proxy:
        chain, raw = connect(proxy.url), sender.sign(value=4)
        proxy.plan("eth_sendRawTransaction", "twice")
        assert chain.send_raw_transaction(raw) == keccak(raw)
        mined(chain, keccak(raw))
        assert chain.balance(PAYEE) == 4


def test_a_client_that_lost_its_mempool_takes_the_same_bytes_again(
    connect: Callable[..., RemoteChain], sender: Sender, tmp_path: Path
) -> None:
    anvil = Anvil("--no-mining", state=tmp_path / "state.json")
    with anvil:
        chain = connect(anvil.url)
        mined, lost = sender.sign(value=1), sender.sign(value=2)
        chain.send_raw_transaction(mined)
        anvil.mine()
        chain.send_raw_transaction(lost)
        anvil.stop()
        anvil.start()
        assert chain.transaction(keccak(lost)) is None
        assert chain.send_raw_transaction(mined) == keccak(mined)
        assert chain.send_raw_transaction(lost) == keccak(lost)
        anvil.mine()
        assert chain.balance(PAYEE) == 3
