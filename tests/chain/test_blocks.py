"""Blocks made here: what they say, how they follow each other, and what becomes of them across a restart."""

from pathlib import Path

import pytest

from ledger_node.chain.blocks import LogFilter
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import BlockNotFound, ChainUnavailable, GenesisMismatch
from ledger_node.chain.genesis import Genesis, GenesisAccount, NetworkRules, parse_genesis, read_genesis, write_genesis
from ledger_node.chain.pyevm.engine import PyEvmChain
from ledger_node.chain.pyevm.rules import sealer_of
from ledger_node.clock import HandSetClock
from ledger_node.errors import ConfigurationError
from tests.chain.conftest import SEALER, START, Open, Person, a_genesis, created_by, made
from tests.chain.programs import SELF_DESCRIBING, deploying


def test_a_transfer_moves_value_in_one_sealed_block(chain: PyEvmChain, alice: Person, bob: Person) -> None:
    transaction_hash = chain.send_raw_transaction(alice.sign(to=bob.address, value=5))
    header = made(chain)
    assert (header.number, header.parent_hash, header.gas_used) == (1, chain.header(0).hash, 21_000)
    assert sealer_of(header) == header.coinbase == SEALER.address
    assert chain.head() == header == chain.header(header.hash) == chain.header("latest")
    assert chain.balance(bob.address) == 10**21 + 5
    assert chain.balance(bob.address, 0) == 10**21
    assert (chain.nonce(alice.address), chain.nonce(alice.address, 0)) == (1, 0)
    receipt = chain.receipt(transaction_hash)
    assert receipt is not None
    assert receipt.succeeded
    assert receipt.gas_used == 21_000
    transaction = chain.transaction(transaction_hash)
    assert transaction is not None
    assert (transaction.block_number, transaction.index, transaction.sender) == (1, 0, alice.address)
    assert chain.block(1).transactions == (transaction,)
    assert len(chain.raw_block(1)) == chain.block(1).size


def test_everything_that_waits_goes_into_the_next_block(chain: PyEvmChain, alice: Person, bob: Person) -> None:
    hashes = [chain.send_raw_transaction(person.sign(value=1)) for person in (alice, bob, alice, alice, bob)]
    header = made(chain)
    assert [transaction.hash for transaction in chain.block(header.number).transactions] == hashes
    assert chain.make_block() is None
    assert chain.make_block(allow_empty=True) is not None


def test_a_contract_is_deployed_called_and_heard(chain: PyEvmChain, cell: bytes, alice: Person) -> None:
    assert chain.code(cell) == SELF_DESCRIBING
    assert chain.code(cell, 0) == b""
    chain.send_raw_transaction(alice.sign(to=cell, data=(42).to_bytes(32, "big")))
    made(chain)
    assert chain.storage(cell, 0) == 42
    assert chain.storage(cell, 0, 1) == 0
    (log,) = chain.logs(LogFilter(first=0, last=9, addresses=(cell,)))
    assert log.topics == ((0x77).to_bytes(32, "big"), alice.address.rjust(32, b"\x00"))
    assert (log.block_number, log.log_index, log.data) == (2, 0, (42).to_bytes(32, "big"))
    assert chain.receipts(2)[0].logs == (log,)


def test_the_base_fee_stays_zero_after_full_blocks(tmp_path: Path, open_at: Open, alice: Person) -> None:
    chain = open_at(tmp_path, a_genesis(gas_limit=100_000))
    for _ in range(12):
        chain.send_raw_transaction(alice.sign(gas=25_000))
    headers = []
    while (header := chain.make_block()) is not None:
        headers.append(header)
    assert [header.gas_used for header in headers] == [84_000, 84_000, 84_000]
    assert {header.base_fee_per_gas for header in headers} == {0}


def test_blocks_of_one_second_share_a_timestamp(chain: PyEvmChain, clock: HandSetClock, alice: Person) -> None:
    times = []
    for milliseconds in (0, 300, 300, 500):
        clock.advance(milliseconds)
        chain.send_raw_transaction(alice.sign())
        times.append(made(chain).timestamp - START)
    assert times == [0, 0, 0, 1]


def test_time_does_not_run_backwards_when_the_clock_does(chain: PyEvmChain, clock: HandSetClock, alice: Person) -> None:
    clock.advance(10_000)
    chain.send_raw_transaction(alice.sign())
    made(chain)
    clock.set(START * 1000 - 5_000)
    chain.send_raw_transaction(alice.sign())
    assert made(chain).timestamp == START + 10


def test_a_chain_goes_on_where_it_was_closed(tmp_path: Path, genesis: Genesis, open_at: Open, alice: Person) -> None:
    first = open_at(tmp_path, genesis)
    first.send_raw_transaction(alice.sign(to=None, data=deploying(SELF_DESCRIBING)))
    before = made(first)
    first.close()
    again = open_at(tmp_path)
    assert again.head() == before
    assert again.rules.genesis == genesis
    again.send_raw_transaction(alice.sign(to=created_by(alice, 0), data=(7).to_bytes(32, "big")))
    assert made(again).parent_hash == before.hash
    assert again.storage(created_by(alice, 0), 0) == 7


def test_another_genesis_in_the_same_directory_is_refused(tmp_path: Path, genesis: Genesis, open_at: Open) -> None:
    open_at(tmp_path, genesis).close()
    with pytest.raises(GenesisMismatch, match=genesis.header().hash.hex()):
        open_at(tmp_path, a_genesis(chain_id=5))
    open_at(tmp_path, genesis)


def test_a_directory_serves_one_process(tmp_path: Path, genesis: Genesis, open_at: Open) -> None:
    first = open_at(tmp_path, genesis)
    with pytest.raises(ChainUnavailable, match="Another process"):
        open_at(tmp_path, genesis)
    first.close()
    open_at(tmp_path, genesis)


def test_a_block_that_is_not_there_is_named_as_missing(chain: PyEvmChain) -> None:
    for at in (1, 10**9, keccak(b"no block")):
        with pytest.raises(BlockNotFound):
            chain.header(at)
    assert chain.transaction(keccak(b"none")) is None
    assert chain.receipt(keccak(b"none")) is None


# GENESIS


def test_the_genesis_file_says_all_of_it(tmp_path: Path) -> None:
    contract = GenesisAccount(nonce=1, code=SELF_DESCRIBING, storage={0: 9, 2**255: 1})
    genesis = a_genesis(alloc={b"\x09" * 20: contract}, rules=NetworkRules(transaction_gas_max=1_000_000))
    write_genesis(tmp_path / "genesis.json", genesis)
    read = read_genesis(tmp_path / "genesis.json")
    assert read == genesis
    assert read.header() == genesis.header()


def test_a_genesis_account_is_there_from_block_zero(tmp_path: Path, open_at: Open) -> None:
    contract = GenesisAccount(nonce=1, code=SELF_DESCRIBING, storage={0: 9, 2**255: 1})
    chain = open_at(tmp_path, a_genesis(alloc={b"\x09" * 20: contract}))
    assert chain.storage(b"\x09" * 20, 0) == 9
    assert chain.storage(b"\x09" * 20, 2**255) == 1
    assert chain.code(b"\x09" * 20) == SELF_DESCRIBING


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 2},
        {"gas_limit": 10**8},
        {"timestamp": START + 1},
        {"alloc": {}},
        {"sealer": b"\x05" * 20},
        {"rules": NetworkRules(transaction_gas_max=5)},
        {"rules": NetworkRules(precompile_prices="0x00")},
    ],
)
def test_whatever_the_genesis_says_changes_its_hash(change: dict[str, object]) -> None:
    assert a_genesis(**change).header().hash != a_genesis().header().hash


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sealer", "0x12"), ("chainId", -1), ("chainID", 5), ("format", 2), ("rules", {"gas": 1}),
        ("rules", {"precompilePrices": "0x00"}),
    ],
)  # fmt: skip
def test_a_genesis_that_is_not_one_is_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError):
        parse_genesis(a_genesis().to_json() | {key: value})
