"""A public chain of other clients: imported under its own forks, served read-only, and altered copies of it refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from ledger_node.chain import tries, wire
from ledger_node.chain.blocks import Call
from ledger_node.chain.errors import GenesisMismatch, InvalidBlock
from ledger_node.chain.geth_genesis import GethGenesis, parse_geth_genesis
from ledger_node.chain.inspection import CallFrame, StructTrace, TraceConfig
from ledger_node.chain.pyevm.engine import open_stored_chain
from ledger_node.chain.pyevm.execution import begin_block, run_message, state_on
from ledger_node.chain.pyevm.imported import ImportedChain
from ledger_node.chain.pyevm.rules import effective_price
from ledger_node.errors import ConfigurationError

DATA = Path(__file__).parent.parent / "conformance" / "data"
HEAD = bytes.fromhex("e27a3e81bd7cfe2aec2cc9e832c73a17c93e7efcf659cf4b39883b96c48708c2")


@pytest.fixture(scope="module")
def genesis() -> GethGenesis:
    return parse_geth_genesis(json.loads((DATA / "genesis.json").read_text()))


@pytest.fixture(scope="module")
def blocks() -> list[bytes]:
    rest = (DATA / "chain.rlp").read_bytes()
    found = []
    while rest:
        before = rest
        _, rest = wire.split_block(rest)
        found.append(before[: len(before) - len(rest)])
    return found


@pytest.fixture(scope="module")
def chain(genesis: GethGenesis, blocks: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> ImportedChain:
    chain = open_stored_chain(tmp_path_factory.mktemp("imported"), genesis)
    assert isinstance(chain, ImportedChain)
    for block in blocks:
        chain.import_block(block)
    return chain


def test_its_genesis_is_recognised(chain: ImportedChain, blocks: list[bytes]) -> None:
    assert chain.header(0).hash == wire.decode_block(blocks[0]).header.parent_hash


def test_its_head_is_reached(chain: ImportedChain, blocks: list[bytes]) -> None:
    assert chain.head().hash == HEAD
    assert chain.head().number == len(blocks) == 45
    assert list(chain.export_blocks(1, 45)) == blocks


def test_every_receipt_gives_the_receipts_root(chain: ImportedChain) -> None:
    for number in range(1, 46):
        header = chain.header(number)
        assert tries.ordered_root(chain.raw_receipts(number)) == header.receipts_root
        assert len(chain.block(number).transactions) == len(chain.receipts(number))


def test_every_transaction_can_be_traced_under_its_fork(chain: ImportedChain) -> None:
    """A trace executes the block again with our own steps and compares the gas of each transaction."""
    traced = 0
    for number in range(1, 46):
        for config in (TraceConfig(), TraceConfig(tracer="call"), TraceConfig(tracer="prestate", diff_mode=True)):
            traces = chain.trace_block(number, config)
            assert len(traces) == len(chain.block(number).transactions)
        traced += len(traces)
    assert traced > 50


def test_our_own_steps_reach_the_state_of_every_block_after_the_merge(chain: ImportedChain) -> None:
    """Before it there are rewards, and in Prague requests, which our own networks do not have."""
    rules = chain._foreign_rules
    checked = 0
    for number in range(1, 46):
        header, parent = chain.header(number), chain.header(number - 1)
        fork = rules.fork_at(header)
        if fork.name not in ("paris", "shanghai", "cancun"):
            continue
        state = state_on(chain.store, rules, header, root=parent.state_root)
        begin_block(state, fork, header)
        for transaction in chain.block(number).transactions:
            run_message(state, fork, transaction, price=effective_price(transaction, header.base_fee_per_gas or 0))
        for _, _, address, amount in chain.block(number).withdrawals or ():
            state.world.set_balance(address, state.world.get_balance(address) + amount * 10**9)
        assert state.world.make_state_root() == header.state_root, (number, fork.name)
        checked += 1
    assert checked == 9


def test_calls_run_at_every_block(chain: ImportedChain) -> None:
    number_opcode = bytes.fromhex("435f5260205ff3")
    for number in range(46):
        before_shanghai = bytes.fromhex("4360005260206000f3")
        assert int.from_bytes(chain.call(Call(data=before_shanghai), number), "big") == number
    assert int.from_bytes(chain.call(Call(data=number_opcode)), "big") == 45


def test_state_proofs_hold_at_every_block(chain: ImportedChain, genesis: GethGenesis) -> None:
    address = bytes.fromhex(next(iter(genesis.document["alloc"])))
    for number in (0, 1, 20, 45):
        assert chain.proof(address, [0], number).balance == chain.balance(address, number)


def test_transactions_stay_pending(chain: ImportedChain, genesis: GethGenesis) -> None:
    key = b"\x05" * 32
    raw = Account.sign_transaction(
        {
            "chainId": chain.chain_id,
            "nonce": 0,
            "gas": 21_000,
            "gasPrice": 0,
            "to": b"\x11" * 20,
            "value": 0,
            "data": b"",
        },
        key,
    ).raw_transaction
    transaction_hash = chain.send_raw_transaction(bytes(raw))
    assert chain.transaction(transaction_hash) is not None
    assert chain.receipt(transaction_hash) is None
    assert chain.head().number == 45


def test_it_goes_on_after_a_restart(genesis: GethGenesis, blocks: list[bytes], tmp_path: Path) -> None:
    first = open_stored_chain(tmp_path, genesis)
    assert isinstance(first, ImportedChain)
    for block in blocks[:30]:
        first.import_block(block)
    first.close()
    again = open_stored_chain(tmp_path)
    assert isinstance(again, ImportedChain)
    assert again.head().number == 30
    for block in blocks[29:]:
        again.import_block(block)
    assert again.head().hash == HEAD
    again.close()


def test_an_altered_block_is_refused_and_the_true_one_taken_after_it(
    genesis: GethGenesis, blocks: list[bytes], tmp_path: Path
) -> None:
    chain = open_stored_chain(tmp_path, genesis)
    assert isinstance(chain, ImportedChain)
    for number, block in enumerate(blocks[:12], 1):
        taken_apart = wire.decode_block(block)
        for field in ("state_root", "receipts_root", "transactions_root"):
            altered = replace(taken_apart, header=replace(taken_apart.header, **{field: b"\x01" * 32}))
            with pytest.raises(InvalidBlock):
                chain.import_block(wire.encode_block(altered))
        with pytest.raises(InvalidBlock):
            chain.import_block(blocks[number] if number < 45 else b"")
        chain.import_block(block)
    chain.close()


@pytest.mark.parametrize("shanghai", [False, True])
def test_block_0_has_its_size_and_withdrawals_only_from_shanghai_on(
    genesis: GethGenesis, tmp_path: Path, shanghai: bool
) -> None:
    document = genesis.document
    if shanghai:
        forks = {key: 0 for key in document["config"] if key.endswith(("Block", "Time"))}
        merged = {**document["config"], **forks, "cancunTime": None, "pragueTime": None, "terminalTotalDifficulty": 0}
        document = {**document, "config": merged, "difficulty": "0x0"}
    chain = open_stored_chain(tmp_path, parse_geth_genesis(document))
    block, raw = chain.block(0), chain.raw_block(0)
    assert block.withdrawals == (() if shanghai else None)
    assert block.size == len(raw) > 500
    assert wire.decode_block(raw).withdrawals == (b"\xc0" if shanghai else None)
    assert list(chain.export_blocks(0, 0)) == [raw]
    with chain.store.writing() as db:  # as earlier releases kept it
        db.execute("UPDATE blocks SET withdrawals = ?, size = 0", (b"\xc0",))
    assert (chain.block(0), chain.raw_block(0)) == (block, raw)
    chain.close()


def test_another_genesis_is_refused(genesis: GethGenesis, tmp_path: Path) -> None:
    open_stored_chain(tmp_path, genesis).close()
    other = parse_geth_genesis({**genesis.document, "timestamp": "0x1"})
    with pytest.raises(GenesisMismatch):
        open_stored_chain(tmp_path, other)


def test_forks_that_are_not_known_here_are_refused(genesis: GethGenesis) -> None:
    config = genesis.document["config"]
    for name in ("osakaTime", "bpo1Time", "bpo2Time", "bpo5Time", "amsterdamTime", "verkleTime", "zeroBaseFee", "x"):
        for scheduled in (0, 500, True, {}):
            with pytest.raises(ConfigurationError, match=name):
                parse_geth_genesis({**genesis.document, "config": {**config, name: scheduled}})
        parse_geth_genesis({**genesis.document, "config": {**config, name: None}})
    with pytest.raises(ConfigurationError, match="DAO"):
        parse_geth_genesis({**genesis.document, "config": {**config, "daoForkSupport": True}})
    with pytest.raises(ConfigurationError):
        parse_geth_genesis({"alloc": {}})


def test_the_frames_of_a_trace_are_of_both_kinds(chain: ImportedChain) -> None:
    block = chain.block(45)
    if block.transactions:
        transaction_hash = block.transactions[0].hash
        assert isinstance(chain.trace_transaction(transaction_hash, TraceConfig()), StructTrace)
        assert isinstance(chain.trace_transaction(transaction_hash, TraceConfig(tracer="call")), CallFrame)
