"""The contracts that tools expect are those known everywhere, and whoever deploys through them needs the right."""

from typing import Any

import pytest
from eth_abi.abi import decode, encode

from ledger_node.chain.blocks import Call
from ledger_node.chain.contract import create_address
from ledger_node.chain.encoding import int_bytes, keccak, rlp_encode
from ledger_node.chain.errors import Reverted
from ledger_node.chain.tool_contracts import (
    CREATE2_DEPLOYER,
    CREATE2_DEPLOYER_CODE,
    MULTICALL3,
    MULTICALL3_CODE,
)
from ledger_node.chain.wire import decode_transaction
from tests.permissions.enforced import Enforced

SALT = b"\x05" * 32
CREATION = bytes.fromhex("600160005360016000f3")  # the contract is one byte, 0x01
CHILD = keccak(b"\xff" + CREATE2_DEPLOYER + SALT + keccak(CREATION))[12:]
AGGREGATE_3 = bytes.fromhex("82ad56cb")
SIGNED_ONCE = {  # gas price, gas, creation code, v, r, s of the transactions that are published everywhere
    CREATE2_DEPLOYER: (
        100 * 10**9, 100_000, bytes.fromhex("604580600e600039806000f350fe") + CREATE2_DEPLOYER_CODE, 27,
        int("22" * 32, 16), int("22" * 32, 16),
    ),
    MULTICALL3: (
        100 * 10**9, 1_000_000,
        bytes.fromhex("608060405234801561001057600080fd5b50610ee0806100206000396000f3fe") + MULTICALL3_CODE, 28,
        0xEDCE47092C0F398CEBF3FFC267F05C8E7076E3B89445E0FE50F6332273D4569B,
        0x1B0B9D000E19B24C5869B0FC3B22B0D6FA47CD63316875CBBD577D76E6FDE086,
    ),
}  # fmt: skip


@pytest.mark.parametrize("address", SIGNED_ONCE, ids=["deployer", "multicall"])
def test_they_are_what_the_transactions_signed_once_for_all_chains_create(address: bytes) -> None:
    """Whose signature over this very code gives a sender whose first contract has this address."""
    price, gas, creation, v, r, s = SIGNED_ONCE[address]
    fields = [b"", int_bytes(price), int_bytes(gas), b"", b"", creation, int_bytes(v), int_bytes(r), int_bytes(s)]
    assert create_address(decode_transaction(rlp_encode(fields)).sender, 0) == address


def test_who_may_deploy_deploys_through_the_deployer(enforced: Enforced) -> None:
    assert enforced.everywhere(enforced.developer.sign(to=CREATE2_DEPLOYER, data=SALT + CREATION)).succeeded
    assert enforced.follower.code(CHILD) == b"\x01"


@pytest.mark.parametrize("through_multicall", [False, True])
def test_who_may_not_deploy_deploys_nothing_through_it(enforced: Enforced, through_multicall: bool) -> None:
    to, data = CREATE2_DEPLOYER, SALT + CREATION
    if through_multicall:
        to, data = MULTICALL3, together([(CREATE2_DEPLOYER, False, data)])
    with pytest.raises(Reverted) as refused:
        enforced.node.call(Call(sender=enforced.payer.address, to=to, data=data))
    assert "no right to deploy" in str(refused.value.refused_creation)
    transaction = enforced.payer.sign(to=to, data=data)
    assert enforced.refused_block(enforced.lawless(transaction).raw_block("latest")) == "gas_used"
    assert not enforced.everywhere(transaction).succeeded
    assert enforced.follower.code(CHILD) == b""


def together(calls: list[Any]) -> bytes:
    return AGGREGATE_3 + encode(["(address,bool,bytes)[]"], [calls])


def test_many_calls_are_one(enforced: Enforced) -> None:
    numbers = (MULTICALL3, False, bytes.fromhex("42cbb15c"))  # getBlockNumber
    nothing = (MULTICALL3, True, b"\xff\xff\xff\xff")
    answer = enforced.node.call(
        Call(sender=enforced.payer.address, to=MULTICALL3, data=together([numbers, nothing, numbers]))
    )
    (results,) = decode(["(bool,bytes)[]"], answer)
    assert [success for success, _ in results] == [True, False, True]
