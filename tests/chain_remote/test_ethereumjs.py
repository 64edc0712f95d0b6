"""A RemoteChain on node b of a two-node network of another client: what a seals is read, a's restart is survived."""

import itertools
import queue
from collections.abc import Callable, Iterator

import pytest

from ledger_node.chain.blocks import Call, Header, LogFilter
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import ChainUnavailable, NonceTooLow, Reverted
from ledger_node.chain.remote.backend import RemoteChain
from tests.chain.programs import SELF_DESCRIBING, deploying
from tests.networks.ethereumjs_network import EthereumjsNode, two_nodes
from tests.networks.sender import GWEI, Sender, mined

pytestmark = pytest.mark.slow

IN_TIME_S = 60
PAYEE = b"\x11" * 20


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EthereumjsNode, EthereumjsNode]]:
    with two_nodes(tmp_path_factory.mktemp("ethereumjs")) as nodes:
        yield nodes


@pytest.fixture
def chain(network: tuple[EthereumjsNode, EthereumjsNode], connect: Callable[..., RemoteChain]) -> RemoteChain:
    return connect(network[1].url)


@pytest.fixture
def sender(chain: RemoteChain) -> Sender:
    sender = Sender(chain_id=chain.chain_id, fees=chain.suggest_fees())
    sender.nonce = chain.nonce(sender.address)
    return sender


def sent_until_taken(chain: RemoteChain, raw: bytes) -> bytes:
    """As the outbox does: the same bytes again while the chain cannot take them."""
    for _ in range(1000):
        try:
            return chain.send_raw_transaction(raw)
        except ChainUnavailable:
            continue
    raise AssertionError("the chain does not take it")


def send_often(chain: RemoteChain, raw: bytes) -> None:
    for _ in range(1000):
        chain.send_raw_transaction(raw)


def test_what_one_node_seals_the_other_shows(
    network: tuple[EthereumjsNode, EthereumjsNode], chain: RemoteChain, sender: Sender
) -> None:
    receipt = mined(chain, chain.send_raw_transaction(sender.sign(value=1)))
    sealed = network[0].ask("eth_getBlockByNumber", hex(receipt.block_number), False)
    assert "0x" + chain.header(receipt.block_number).hash.hex() == sealed["hash"]
    assert chain.transaction(receipt.transaction_hash) == chain.block(receipt.block_number).transactions[0]


def test_its_base_fee_is_paid_from_a_funded_key(chain: RemoteChain, sender: Sender) -> None:
    base_fee = chain.head().base_fee_per_gas
    assert base_fee is not None
    assert base_fee > 0
    assert chain.suggest_fees() == (2 * base_fee + GWEI, GWEI)
    before = chain.balance(sender.address)
    receipt = mined(chain, chain.send_raw_transaction(sender.sign(value=1)))
    assert receipt.succeeded
    assert chain.balance(sender.address) < before - 21_000 * GWEI


def test_the_same_bytes_pending_or_mined_are_answered_with_their_hash(chain: RemoteChain, sender: Sender) -> None:
    before = chain.balance(PAYEE)
    raw = sender.sign(value=1)
    assert chain.send_raw_transaction(raw) == chain.send_raw_transaction(raw) == keccak(raw)
    receipt = mined(chain, keccak(raw))
    assert chain.send_raw_transaction(raw) == keccak(raw)
    assert chain.balance(PAYEE) == before + 1
    with pytest.raises(NonceTooLow):
        chain.send_raw_transaction(sender.sign(nonce=sender.nonce - 1, value=2))
    assert receipt.succeeded


def test_a_contract_of_ours_runs_under_its_rules(chain: RemoteChain, sender: Sender) -> None:
    code = deploying(SELF_DESCRIBING)
    gas = chain.estimate_gas(Call(sender=sender.address, data=code))
    receipt = mined(chain, chain.send_raw_transaction(sender.sign(to="", data=code, gas=gas)))
    assert receipt.succeeded
    cell = receipt.contract_address
    assert cell is not None
    word = (42).to_bytes(32, "big")
    first, second = (chain.send_raw_transaction(sender.sign(to=cell, data=word)) for _ in range(2))
    receipts = [mined(chain, first), mined(chain, second)]
    logs = [log for receipt in receipts for log in receipt.logs]
    assert logs
    numbers = [receipt.block_number for receipt in receipts]
    assert chain.logs(LogFilter(first=numbers[0], last=numbers[-1], addresses=(cell,))) == logs
    assert [log for receipt in chain.receipts(numbers[-1]) for log in receipt.logs][-1] == logs[-1]
    for execute in (chain.call, chain.estimate_gas):
        with pytest.raises(Reverted):
            execute(Call(sender=sender.address, data=bytes.fromhex("60006000fd")))


def test_every_head_is_heard_in_order_while_both_nodes_restart(
    network: tuple[EthereumjsNode, EthereumjsNode], connect: Callable[..., RemoteChain], sender: Sender
) -> None:
    a, b = network
    chain = connect(b.url, confirmations=1)
    heard: queue.Queue[Header] = queue.Queue()
    chain.on_new_head(heard.put)
    headers = [heard.get(timeout=IN_TIME_S)]
    before = chain.balance(PAYEE)

    a.kill()
    raw = sender.sign(value=5)
    with pytest.raises(ChainUnavailable, match="no peer"):
        send_often(chain, raw)
    a.start(b.enode)
    sent_until_taken(chain, raw)
    assert mined(chain, keccak(raw)).succeeded

    b.kill()
    with pytest.raises(ChainUnavailable):
        chain.head()
    b.start(a.enode)
    raw = sender.sign(value=6)
    sent_until_taken(chain, raw)
    receipt = mined(chain, keccak(raw))

    assert chain.balance(PAYEE) == before + 11
    while headers[-1].number < receipt.block_number:
        headers.append(heard.get(timeout=IN_TIME_S))
    assert all(child.parent_hash == parent.hash for parent, child in itertools.pairwise(headers))
