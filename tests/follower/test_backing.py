"""Supply within the attested reserve at every block: tokens are found by their code, and a shortfall halts."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_node.chain.genesis import build_genesis
from ledger_node.deposit_token.artifact import deposit_token
from tests.follower.network import ATTESTORS, SEALER, START, a_genesis, key
from tests.follower.nodes import FollowerNode, Network, wait
from tests.rpc.server import RpcServer
from tests.settlement.issuer import Issuer


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with ExitStack() as stack:
        yield Network(tmp_path, stack, a_genesis(*ATTESTORS))


def test_tokens_are_found_and_checked_at_every_block(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path).start()
    issuer.admit("A", "B")
    issuer.fiat("deposit", "d1", "A.dda", "100.00")
    issuer.settle()
    issuer.paid("mint", "m1", "A.dda", "A.bda", "60.00")
    issuer.paid("transfer", "t1", "A.bda", "B.bda", "25.00")
    with RpcServer(issuer.chain) as server:
        node = FollowerNode(tmp_path / "follower", issuer.chain.rules.genesis, server.url)
        node.reaches(issuer.chain.head().number)
        wait(lambda: node.backing.checked == issuer.chain.head().number)
        node.close()
    assert node.backing.tokens == {issuer.token()}
    issuer.close()


def test_more_supply_than_attested_reserve_halts_the_follower(network: Network, tmp_path: Path) -> None:
    contract = deposit_token()
    token = b"\x77" * 20
    plain = a_genesis()
    short = replace(plain.alloc[next(iter(plain.alloc))], code=contract.deployed_bytecode)
    short = replace(short, storage={contract.storage_slots["_totals"]: 50 << 96 | 51})
    genesis = build_genesis(
        chain_id=plain.chain_id, sealer=SEALER.address, timestamp=START, alloc={**plain.alloc, token: short},
        rules=plain.rules,
    )  # fmt: skip
    with ExitStack() as stack:
        broken = Network(tmp_path / "broken", stack, genesis)
        broken.pay(2)
        difference = broken.follower().differs()
    assert (difference.number, difference.field) == (1, "backing")
    assert "supply of 51" in difference.detail


def test_code_that_only_looks_like_the_tokens_is_none() -> None:
    contract = deposit_token()
    code = bytearray(contract.deployed_bytecode)
    assert contract.is_code_of(bytes(code))
    start, end = contract.immutable_places[0]
    code[start:end] = key("an immutable").address.rjust(32, b"\0")
    assert contract.is_code_of(bytes(code)), "the constructor put something there"
    code[0] ^= 1
    assert not contract.is_code_of(bytes(code))
    assert not contract.is_code_of(b"")
