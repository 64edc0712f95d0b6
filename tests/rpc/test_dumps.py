"""A dump of a developer's chain: what is in it, what loading it does, and that no dump can do harm."""

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger_node.rpc import dumps
from ledger_node.rpc.settings import RpcSettings
from ledger_node.rpc.signing import dev_keys
from tests.networks.anvil import Anvil
from tests.rpc.network import FUNDED, GENESIS, Developer, open_dev_network, open_network
from tests.rpc.server import Answered, Client, RpcServer

ME = "0x" + FUNDED[0].hex()
PLACE, OTHER, NOBODY = "0x" + "aa" * 20, "0x" + "bb" * 20, "0x" + "cc" * 20
SETTINGS = RpcSettings(profile="dev", dev_keys=dev_keys())


def word(value: int) -> str:
    return f"0x{value:064x}"


def unpacked(dump: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(bytes.fromhex(dump[2:])))
    return document


def packed(document: Any) -> str:
    return "0x" + gzip.compress(json.dumps(document).encode()).hex()


def account(**given: Any) -> dict[str, Any]:
    return {"nonce": 0, "balance": "0x1", "code": "0x", "storage": {}} | given


@pytest.fixture
def rpc(tmp_path: Path) -> Iterator[Client]:
    with closing(open_dev_network(tmp_path / "chain")) as chain, RpcServer(chain, SETTINGS) as server:
        yield server.client


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Client]:
    with closing(open_dev_network(tmp_path / "fresh")) as chain, RpcServer(chain, SETTINGS) as server:
        yield server.client


def signed_book(rpc: Client) -> str:
    """A contract with a balance, storage of its own making, and a slot set by hand."""
    developer = Developer(rpc)
    book = developer.deploy()
    assert developer.write(book, "hello")["status"] == "0x1"
    rpc("anvil_setBalance", book, "0x7")
    rpc("anvil_setStorageAt", book, word(2**255), word(9))
    return book


def same_accounts(left: Client, right: Client, *addresses: str) -> None:
    for address in addresses:
        for method in ("eth_getBalance", "eth_getTransactionCount", "eth_getCode"):
            assert left(method, address, "latest") == right(method, address, "latest"), (method, address)


def test_a_dump_has_every_account_and_slot_by_name(rpc: Client) -> None:
    book = signed_book(rpc)
    rpc("anvil_setStorageAt", PLACE, "0x1", word(5))
    document = unpacked(rpc("anvil_dumpState"))
    accounts = document["accounts"]
    assert set(accounts) >= {book, PLACE, *("0x" + address.hex() for address in (*FUNDED, *GENESIS.alloc))}
    assert accounts[PLACE] == {"nonce": 0, "balance": "0x0", "code": "0x", "storage": {word(1): word(5)}}
    assert (accounts[book]["balance"], accounts[book]["nonce"]) == ("0x7", 1)
    assert accounts[book]["code"] == rpc("eth_getCode", book, "latest")
    for slot, value in accounts[book]["storage"].items():
        assert rpc("eth_getStorageAt", book, slot, "latest") == value
    assert accounts[book]["storage"][word(2**255)] == word(9)
    assert len(accounts[book]["storage"]) >= 3
    assert document["best_block_number"] == int(rpc("eth_blockNumber"), 16)
    with pytest.raises(Answered, match="newest state alone") as refused:
        rpc("anvil_dumpState", True)
    assert refused.value.code == -32602


def test_a_dump_loaded_elsewhere_gives_the_same_state(rpc: Client, fresh: Client) -> None:
    book = signed_book(rpc)
    dump = rpc("hardhat_dumpState")
    assert fresh("anvil_loadState", dump) is True
    assert unpacked(fresh("anvil_dumpState"))["accounts"] == unpacked(dump)["accounts"]
    assert fresh("eth_blockNumber") == "0x0"
    same_accounts(rpc, fresh, book, ME)
    developer = Developer(fresh, nonce=int(fresh("eth_getTransactionCount", ME, "latest"), 16))
    assert developer.write(book, "again")["status"] == "0x1"


def test_loading_replaces_balance_and_code_keeps_slots_and_takes_no_nonce_back(rpc: Client) -> None:
    rpc("anvil_setNonce", PLACE, "0x9")
    rpc("anvil_setCode", PLACE, "0x6001")
    rpc("anvil_setStorageAt", PLACE, "0x1", word(5))
    rpc("anvil_setStorageAt", PLACE, "0x2", word(6))
    rpc("anvil_setBalance", OTHER, "0x55")
    given = account(nonce=3, balance="0x5", storage={word(1): word(0), word(3): word(8)})
    assert rpc("hardhat_loadState", packed({"accounts": {PLACE: given, NOBODY: account(nonce=4, code="0x60")}})) is True
    assert [rpc("eth_getStorageAt", PLACE, hex(slot), "latest") for slot in (1, 2, 3)] == [word(0), word(6), word(8)]
    assert (rpc("eth_getTransactionCount", PLACE, "latest"), rpc("eth_getBalance", PLACE, "latest")) == ("0x9", "0x5")
    assert rpc("eth_getCode", PLACE, "latest") == "0x"
    assert rpc("eth_getBalance", OTHER, "latest") == "0x55"
    assert (rpc("eth_getTransactionCount", NOBODY, "latest"), rpc("eth_getCode", NOBODY, "latest")) == ("0x4", "0x60")


def test_what_blocks_and_setters_wrote_is_named_after_a_restart(tmp_path: Path) -> None:
    with closing(open_dev_network(tmp_path / "chain")) as chain, RpcServer(chain, SETTINGS) as server:
        signed_book(server.client)
        before = server.client("anvil_dumpState")
    with closing(open_dev_network(tmp_path / "chain")) as chain, RpcServer(chain, SETTINGS) as server:
        assert unpacked(server.client("anvil_dumpState")) == unpacked(before)


def test_a_snapshot_is_gone_back_to_after_loading(rpc: Client) -> None:
    before, taken = unpacked(rpc("anvil_dumpState")), rpc("evm_snapshot")
    rpc("anvil_loadState", packed({"accounts": {PLACE: account()}}))
    assert rpc("evm_revert", taken) is True
    assert unpacked(rpc("anvil_dumpState")) == before


def test_anvils_dump_is_loaded(rpc: Client) -> None:
    with Anvil("--block-base-fee-per-gas", "0") as process:
        theirs = Client(process.url)
        book = signed_book(theirs)
        assert rpc("anvil_loadState", theirs("anvil_dumpState")) is True
        same_accounts(theirs, rpc, book, ME)
        slots = unpacked(theirs("anvil_dumpState"))["accounts"][book]["storage"]
    assert len(slots) >= 3
    assert {slot: rpc("eth_getStorageAt", book, slot, "latest") for slot in slots} == slots
    developer = Developer(rpc, nonce=int(rpc("eth_getTransactionCount", ME, "latest"), 16))
    assert developer.write(book, "again")["status"] == "0x1"


def test_our_dump_is_loaded_by_anvil_which_goes_on_from_its_block(rpc: Client) -> None:
    book = signed_book(rpc)
    head = rpc("eth_getBlockByNumber", "latest", False)
    with Anvil("--block-base-fee-per-gas", "0") as process:
        theirs = Client(process.url)
        assert theirs("anvil_loadState", rpc("anvil_dumpState")) is True
        same_accounts(rpc, theirs, book, ME)
        for slot, value in unpacked(rpc("anvil_dumpState"))["accounts"][book]["storage"].items():
            assert theirs("eth_getStorageAt", book, slot, "latest") == value
        found = theirs("eth_getBlockByNumber", "latest", False)
        assert {name: found[name] for name in ("number", "hash", "timestamp")} == {
            name: head[name] for name in ("number", "hash", "timestamp")
        }
        theirs("evm_mine")
        mined = theirs("eth_getBlockByNumber", "latest", False)
        assert (int(mined["number"], 16), mined["parentHash"]) == (int(head["number"], 16) + 1, head["hash"])
        theirs("anvil_setBalance", OTHER, "0x5")
        assert rpc("anvil_loadState", theirs("anvil_dumpState")) is True
    assert rpc("eth_getBalance", OTHER, "latest") == "0x5"


GOOD = packed({"accounts": {PLACE: account()}})
BAD_ACCOUNTS: list[Any] = [
    [], "0x", 1,
    {PLACE: []},
    {PLACE: None},
    {PLACE: account(storage={word(1): None})},
    {PLACE: account(balance=5)},
    {PLACE: account(balance=None)},
    {PLACE: account(balance="-0x1")},
    {PLACE: account(balance=hex(2**256))},
    {PLACE: account(nonce=-1)},
    {PLACE: account(nonce=2**64)},
    {PLACE: account(nonce=1.5)},
    {PLACE: account(nonce=True)},
    {PLACE: account(code="0x1")},
    {PLACE: account(code="60")},
    {PLACE: account(storage=[])},
    {PLACE: account(storage={"0x" + "1" * 65: word(1)})},
    {PLACE: account(storage={word(1): 1})},
    {PLACE: account(storage={word(1): "0x" + "f" * 65})},
    {PLACE[:-2]: account()},
    {"": account()},
    {OTHER: account(), PLACE: {"nonce": 1}},
]  # fmt: skip
MALFORMED: list[Any] = [
    None, 1, "", "0x", "0x00", "zz", "0x1", [], {},
    "0x" + b'{"accounts":{}}'.hex(),
    GOOD[:-2], GOOD + "00", GOOD + GOOD[2:], GOOD[:40], GOOD[:-16] + "00000000" + GOOD[-8:],
    packed(None), packed([]), packed("0x"), packed({}), packed({"accounts": None}),
    "0x" + gzip.compress(b"").hex(), "0x" + gzip.compress(b"{").hex(), "0x" + gzip.compress(b"\xff").hex(),
    "0x" + gzip.compress(b'{"accounts":' + b"[" * 1_000_000).hex(),
    *(packed({"accounts": accounts}) for accounts in BAD_ACCOUNTS),
]  # fmt: skip


def test_what_is_no_dump_is_refused_and_changes_nothing(rpc: Client) -> None:
    before = unpacked(rpc("anvil_dumpState"))
    for malformed in MALFORMED:
        with pytest.raises(Answered) as refused:
            rpc("anvil_loadState", malformed)
        assert refused.value.code == -32602, malformed
        assert len(str(refused.value)) < 500
    assert unpacked(rpc("anvil_dumpState")) == before


def test_a_dump_that_unpacks_to_too_much_is_refused_before_it_is_whole(rpc: Client) -> None:
    bomb = gzip.compress(bytes(dumps.UNPACKED_BYTES_MAX + 1))
    with pytest.raises(Answered, match="unpacks to more than") as refused:
        rpc("anvil_loadState", "0x" + bomb.hex())
    assert refused.value.code == -32602


def test_as_much_as_is_allowed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"accounts": {PLACE: account()}}).encode()
    monkeypatch.setattr(dumps, "UNPACKED_BYTES_MAX", len(text))
    assert list(dumps.read_dump(gzip.compress(text))) == [bytes.fromhex(PLACE[2:])]
    monkeypatch.setattr(dumps, "UNPACKED_BYTES_MAX", len(text) - 1)
    with pytest.raises(ValueError, match="unpacks to more than"):
        dumps.read_dump(gzip.compress(text))


@pytest.mark.parametrize("name", ["anvil_dumpState", "anvil_loadState", "hardhat_dumpState", "hardhat_loadState"])
def test_outside_the_dev_profile_there_are_no_dumps(tmp_path: Path, name: str) -> None:
    with closing(open_network(tmp_path / "chain")) as chain, RpcServer(chain) as server:
        with pytest.raises(Answered, match="does not exist") as refused:
            server.client(name)
        assert refused.value.code == -32601


def test_a_chain_whose_addresses_nobody_kept_is_not_dumped(tmp_path: Path) -> None:
    with closing(open_network(tmp_path / "chain")) as chain, RpcServer(chain) as server:
        Developer(server.client).deploy()
    with closing(open_dev_network(tmp_path / "chain")) as chain, RpcServer(chain, SETTINGS) as server:
        with pytest.raises(Answered, match="kept no addresses"):
            server.client("anvil_dumpState")
        assert server.client("anvil_loadState", GOOD) is True


def test_a_chain_of_others_keeps_no_names(tmp_path: Path) -> None:
    with closing(open_network(tmp_path / "chain")) as chain, RpcServer(chain) as server:
        Developer(server.client).deploy()
        with chain.store.reading() as db:  # type: ignore[attr-defined]
            assert db.execute("SELECT count(*) FROM nodes WHERE length(value) = 20").fetchone() == (0,)
