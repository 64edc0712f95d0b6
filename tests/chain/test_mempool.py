"""The door for transactions: what is let in, what is refused and in which words, and in what order it leaves."""

from pathlib import Path
from typing import Any

import pytest

from ledger_node.chain import wire
from ledger_node.chain.blocks import Call
from ledger_node.chain.encoding import int_bytes, keccak, rlp_decode, rlp_encode
from ledger_node.chain.errors import (
    GasLimitTooHigh,
    InsufficientBalanceForGas,
    IntrinsicGasTooLow,
    InvalidBlock,
    InvalidTransaction,
    MempoolFull,
    NonceTooHigh,
    NonceTooLow,
    NotPermitted,
    Underpriced,
)
from ledger_node.chain.genesis import GenesisAccount
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain
from ledger_node.chain.pyevm.mempool import PoolLimits
from ledger_node.chain.pyevm.rules import Everyone, ParentState
from ledger_node.keys import LocalSigner
from tests.chain.conftest import Open, Person, a_genesis, created_by, made
from tests.chain.programs import FACTORY, SELF_DESCRIBING, deploying


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_each_type_of_transaction_is_taken(chain: PyEvmChain, alice: Person, bob: Person, kind: int) -> None:
    extra = (
        {} if kind == 0 else {"accessList": [{"address": "0x" + bob.address.hex(), "storageKeys": ["0x" + "01" * 32]}]}
    )
    transaction_hash = chain.send_raw_transaction(alice.sign(type=kind, to=bob.address, value=1, **extra))
    made(chain)
    mined = chain.transaction(transaction_hash)
    assert mined is not None
    assert mined.type == kind
    assert chain.balance(bob.address) == 10**21 + 1


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"chainId": 1}, InvalidTransaction, "invalid chain id for signer: have 1 want 20131"),
        ({"gas": 20_999}, IntrinsicGasTooLow, "intrinsic gas too low: gas 20999, minimum needed 21000"),
        ({"gas": 21_000, "data": b"\x01"}, IntrinsicGasTooLow, "minimum needed 21016"),
        ({"gas": 22_000, "data": b"\x01" * 60}, IntrinsicGasTooLow, "floor data gas cost"),
        ({"gas": 30_000_001}, GasLimitTooHigh, "exceeds block gas limit"),
        ({"gas": 2**64 - 1}, GasLimitTooHigh, "exceeds block gas limit"),
        ({"value": 10**22}, InsufficientBalanceForGas, "insufficient funds for gas"),
        ({"maxFeePerGas": 10**17}, InsufficientBalanceForGas, "insufficient funds for gas"),
        ({"maxFeePerGas": 2**250, "maxPriorityFeePerGas": 0}, InsufficientBalanceForGas, "exceeds 256 bits"),
        ({"maxPriorityFeePerGas": 1}, InvalidTransaction, "max priority fee per gas higher than max fee per gas"),
        ({"to": None, "data": b"\x00" * 49_153, "gas": 10**7}, InvalidTransaction, "max initcode size exceeded"),
        ({"nonce": 2**64 - 1}, InvalidTransaction, "nonce has max value"),
        ({"nonce": 65}, NonceTooHigh, "nonce too high: next nonce 0, tx nonce 65"),
    ],
)
def test_what_cannot_be_is_refused_at_the_door(
    chain: PyEvmChain, alice: Person, fields: dict[str, Any], error: type[InvalidTransaction], words: str
) -> None:
    with pytest.raises(error, match=words.replace("(", "\\(")):
        chain.send_raw_transaction(alice.sign(**fields))
    assert len(chain.pool) == 0


def resigned(raw: bytes, change: Any) -> bytes:
    """The fields of a type 2 transaction after `change`, with the signature that was on it."""
    fields = rlp_decode(raw[1:])
    change(fields)
    return raw[:1] + rlp_encode(fields)


def test_malformed_bytes_are_refused(chain: PyEvmChain, alice: Person) -> None:
    good = alice.sign()

    def setting(place: int, value: Any) -> bytes:
        return resigned(good, lambda fields: fields.__setitem__(place, value))

    s = int.from_bytes(rlp_decode(good[1:])[11], "big")
    bad = {
        "empty": b"",
        "cut short": good[:-1],
        "bytes after it": good + b"\x00",
        "unknown type": b"\x05" + good[1:],
        "blob type": b"\x03" + good[1:],
        "reserved type": b"\x80" + good[1:],
        "nonce with a leading zero": setting(1, b"\x00\x01"),
        "nonce of 9 bytes": setting(1, b"\x01" * 9),
        "gas of 9 bytes": setting(4, b"\x01" * 9),
        "price of 33 bytes": setting(2, b"\x01" * 33),
        "recipient of 19 bytes": setting(5, b"\x01" * 19),
        "access list that is none": setting(8, b"\x01"),
        "access list with a short slot": setting(8, [[b"\x01" * 20, [b"\x01"]]]),
        "y parity 2": setting(9, b"\x02"),
        "r zero": setting(10, b""),
        "high s": resigned(
            good,
            lambda f: (f.__setitem__(11, int_bytes(wire.SECP256K1_N - s)), f.__setitem__(9, b"" if f[9] else b"\x01")),
        ),
        "s beyond the curve": setting(11, int_bytes(wire.SECP256K1_N)),
        "a field too many": resigned(good, lambda fields: fields.append(b"")),
    }
    for what, raw in bad.items():
        with pytest.raises(InvalidTransaction):
            chain.send_raw_transaction(raw)
        assert len(chain.pool) == 0, what
    chain.send_raw_transaction(good)


def test_a_transaction_for_any_chain_is_refused_unless_the_operator_takes_it(
    tmp_path: Path, chain: PyEvmChain, open_at: Open, alice: Person
) -> None:
    fields = [b"", b"", int_bytes(21_000), b"\x11" * 20, b"\x01", b""]
    parity, r, s = LocalSigner(alice.key).sign(keccak(rlp_encode(fields)))
    raw = rlp_encode([*fields, int_bytes(27 + parity), int_bytes(r), int_bytes(s)])
    with pytest.raises(InvalidTransaction, match="replay-protected"):
        chain.send_raw_transaction(raw)
    lenient = open_at(
        tmp_path / "lenient",
        a_genesis(),
        settings=ChainSettings(produce=False, pool=PoolLimits(accept_unprotected=True)),
    )
    lenient.send_raw_transaction(raw)
    assert made(lenient).gas_used == 21_000


def test_an_account_with_code_signs_nothing(tmp_path: Path, open_at: Open, alice: Person) -> None:
    chain = open_at(tmp_path, a_genesis(alloc={alice.address: GenesisAccount(balance=10**20, code=SELF_DESCRIBING)}))
    with pytest.raises(InvalidTransaction, match="sender not an eoa"):
        chain.send_raw_transaction(alice.sign())


# NONCES


def test_a_nonce_that_was_used_is_too_low(chain: PyEvmChain, alice: Person) -> None:
    chain.send_raw_transaction(alice.sign())
    made(chain)
    with pytest.raises(NonceTooLow, match="nonce too low: next nonce 1, tx nonce 0"):
        chain.send_raw_transaction(alice.sign(nonce=0, value=9))


def test_nonces_wait_for_the_one_that_is_missing(chain: PyEvmChain, alice: Person, bob: Person) -> None:
    third, second = alice.sign(nonce=2), alice.sign(nonce=1)
    chain.send_raw_transaction(third)
    chain.send_raw_transaction(bob.sign())
    chain.send_raw_transaction(second)
    assert chain.nonce(alice.address, "pending") == 0
    assert [tx.nonce for tx in chain.queued_transactions()] == [2, 1]
    assert made(chain).gas_used == 21_000
    heard: list[int] = []
    chain.on_pending_transaction(lambda tx: heard.append(tx.nonce))
    chain.send_raw_transaction(alice.sign(nonce=0))
    assert heard == [0, 1, 2]
    assert chain.nonce(alice.address, "pending") == 3
    made(chain)
    assert [tx.nonce for tx in chain.block(2).transactions] == [0, 1, 2]
    assert len(chain.pool) == 0


def test_the_same_bytes_again_are_answered_with_their_hash(chain: PyEvmChain, alice: Person) -> None:
    raw = alice.sign()
    first = chain.send_raw_transaction(raw)
    assert chain.send_raw_transaction(raw) == first == keccak(raw)
    assert len(chain.pool) == 1
    made(chain)
    assert chain.send_raw_transaction(raw) == first
    assert len(chain.pool) == 0


def test_another_transaction_in_its_place_must_pay_more(chain: PyEvmChain, alice: Person) -> None:
    first = chain.send_raw_transaction(alice.sign())
    with pytest.raises(Underpriced, match="replacement transaction underpriced"):
        chain.send_raw_transaction(alice.sign(nonce=0, value=1))
    paying = chain.send_raw_transaction(alice.sign(nonce=0, value=1, maxFeePerGas=100, maxPriorityFeePerGas=100))
    with pytest.raises(Underpriced):
        chain.send_raw_transaction(alice.sign(nonce=0, value=2, maxFeePerGas=109, maxPriorityFeePerGas=109))
    best = chain.send_raw_transaction(alice.sign(nonce=0, value=2, maxFeePerGas=110, maxPriorityFeePerGas=110))
    made(chain)
    assert chain.receipt(best) is not None
    assert chain.transaction(first) is chain.transaction(paying) is None


def test_a_price_is_paid_to_the_sealer(chain: PyEvmChain, alice: Person) -> None:
    chain.send_raw_transaction(alice.sign(gas=50_000, maxFeePerGas=9, maxPriorityFeePerGas=2))
    header = made(chain)
    assert chain.balance(header.coinbase) == 42_000
    assert chain.balance(alice.address) == 10**21 - 42_000
    assert chain.receipts(1)[0].effective_gas_price == 2


def test_all_that_waits_of_a_sender_must_be_payable(chain: PyEvmChain, alice: Person) -> None:
    chain.send_raw_transaction(alice.sign(value=6 * 10**20))
    with pytest.raises(InsufficientBalanceForGas, match="queued cost"):
        chain.send_raw_transaction(alice.sign(value=6 * 10**20))


def test_the_pool_is_bounded(tmp_path: Path, open_at: Open, alice: Person, bob: Person) -> None:
    limits = PoolLimits(waiting_max=3, sender_max=2)
    chain = open_at(tmp_path, a_genesis(), settings=ChainSettings(produce=False, pool=limits))
    chain.send_raw_transaction(alice.sign())
    chain.send_raw_transaction(alice.sign())
    with pytest.raises(MempoolFull, match="account limit"):
        chain.send_raw_transaction(alice.sign())
    chain.send_raw_transaction(bob.sign())
    with pytest.raises(MempoolFull, match="txpool is full"):
        chain.send_raw_transaction(bob.sign())


# PERMISSIONS


class OnlyAlice(Everyone):
    """Alice may do all; bob may transact but not deploy; nobody else may anything."""

    def refusal_to_transact(self, sender: bytes, to: bytes | None, value: int, data: bytes) -> str | None:
        known = {Person("alice").address, Person("bob").address}
        return None if sender in known else "the account belongs to no organisation"

    def refusal_to_deploy(self, sender: bytes) -> str | None:
        return None if sender == Person("alice").address else "the account may not deploy"


def only_alice(_: ParentState) -> OnlyAlice:
    return OnlyAlice()


@pytest.fixture
def permissioned(tmp_path: Path, open_at: Open) -> PyEvmChain:
    return open_at(tmp_path / "permissioned", a_genesis(), permissions_at=only_alice)


def test_permissions_refuse_early_and_say_why(permissioned: PyEvmChain, bob: Person) -> None:
    with pytest.raises(NotPermitted, match="belongs to no organisation"):
        permissioned.send_raw_transaction(Person("eve").sign())
    with pytest.raises(NotPermitted, match="may not deploy"):
        permissioned.send_raw_transaction(bob.sign(to=None, data=deploying(SELF_DESCRIBING)))
    permissioned.send_raw_transaction(bob.sign(nonce=0))


def test_a_factory_deploys_only_for_those_who_may(permissioned: PyEvmChain, alice: Person, bob: Person) -> None:
    permissioned.send_raw_transaction(alice.sign(to=None, data=deploying(FACTORY)))
    made(permissioned)
    factory = created_by(alice, 0)
    permissioned.send_raw_transaction(bob.sign(to=factory))
    made(permissioned)
    permissioned.send_raw_transaction(alice.sign(to=factory))
    made(permissioned)
    for_bob, for_alice = (keccak(rlp_encode([factory, int_bytes(nonce)]))[12:] for nonce in (1, 2))
    assert permissioned.nonce(for_bob) == 0, "nothing is there"
    assert permissioned.nonce(for_alice) == 1, "a contract is there"
    call = Call(sender=bob.address, to=factory)
    assert permissioned.call(call) == bytes(32), "a call says it too"
    with pytest.raises(NotPermitted, match="may not deploy"):
        permissioned.call(Call(sender=bob.address, data=deploying(SELF_DESCRIBING)))


def test_a_block_with_a_forbidden_transaction_is_invalid(
    tmp_path: Path, open_at: Open, chain: PyEvmChain, bob: Person
) -> None:
    """The sealer's own node had no permissions; a follower has them."""
    follower = open_at(tmp_path / "other", a_genesis(), sealer=None, permissions_at=only_alice)
    chain.send_raw_transaction(bob.sign())
    chain.send_raw_transaction(bob.sign(to=None, data=deploying(SELF_DESCRIBING)))
    made(chain)
    with pytest.raises(InvalidBlock, match="may not deploy") as refusal:
        follower.import_block(chain.raw_block(1))
    assert refusal.value.field == "transactions"
