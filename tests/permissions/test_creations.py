"""Contracts that create contracts: the right of the transaction's sender counts, however deep the creation lies.

A creation that is refused fails inside, as one that reverts does: zero on the stack, the reason as return data, the
creator's nonce used up, the gas handed back. The transaction goes on, and the block is valid. A block in which the
creation took place is not.
"""

from dataclasses import replace

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.chain.contract import create_address
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import DEPLOYMENT_NOT_PERMITTED, CallFailed, NotPermitted, Reverted
from ledger_node.chain.inspection import TraceConfig
from tests.chain.conftest import created_by, made
from tests.chain.programs import FACTORY, assemble, deploying
from tests.permissions.enforced import Enforced, deployed, relay_to

FACTORY_2 = assemble("PUSH1 07 PUSH1 01 PUSH0 PUSH0 CREATE2 PUSH0 MSTORE PUSH1 20 PUSH0 RETURN")
STRICT = assemble(
    "PUSH1 01 PUSH0 PUSH0 CREATE DUP1 @made JUMPI "
    "RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY RETURNDATASIZE PUSH0 REVERT "
    "made: PUSH0 MSTORE PUSH1 20 PUSH0 RETURN"
)
"""A factory that passes a failure on, as compilers write them."""
MUTE = assemble("PUSH1 01 PUSH0 PUSH0 CREATE @made JUMPI PUSH0 PUSH0 REVERT made: STOP")
BROKEN = assemble("PUSH1 01 PUSH0 PUSH0 CREATE @made JUMPI fe made: STOP")


def child_of(factory: bytes, kind: bytes, nonce: int) -> bytes:
    if kind == FACTORY:
        return create_address(factory, nonce)
    return keccak(b"\xff" + factory + (7).to_bytes(32, "big") + keccak(b"\x00"))[12:]


def behind(network: Enforced, target: bytes, depth: int) -> bytes:
    for _ in range(depth):
        target = deployed(network, relay_to(target))
    return target


@pytest.mark.parametrize("kind", [FACTORY, FACTORY_2], ids=["CREATE", "CREATE2"])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_factory_creates_for_who_may_deploy(enforced: Enforced, kind: bytes, depth: int) -> None:
    factory = deployed(enforced, kind)
    assert enforced.everywhere(enforced.developer.sign(to=behind(enforced, factory, depth))).succeeded
    assert enforced.follower.nonce(child_of(factory, kind, 1)) == 1


@pytest.mark.parametrize("kind", [FACTORY, FACTORY_2], ids=["CREATE", "CREATE2"])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_factory_creates_nothing_for_who_may_not(enforced: Enforced, kind: bytes, depth: int) -> None:
    factory = deployed(enforced, kind)
    child = child_of(factory, kind, 1)
    call = enforced.payer.sign(to=behind(enforced, factory, depth))
    lawless = enforced.lawless(call)
    assert lawless.nonce(child) == 1
    assert enforced.refused_block(lawless.raw_block("latest")) == "state_root"

    enforced.node.send_raw_transaction(call)
    header = made(enforced.node)
    honest = enforced.node.raw_block(header.number)
    for field, lie in (("state_root", lawless.head().state_root), ("receipts_root", bytes(32)), ("gas_used", 21_000)):
        assert enforced.refused_block(enforced.resealed(honest, **{field: lie})) == field
    assert enforced.follower.import_block(honest) == header

    for chain in (enforced.node, enforced.follower):
        receipt = chain.receipts("latest")[0]
        assert receipt.succeeded, "the transaction goes on"
        assert receipt.contract_address is None
        assert (chain.nonce(child), chain.code(child)) == (0, b""), "nothing was created"
        assert chain.nonce(factory) == 2, "the attempt used up the creator's nonce"


def test_a_creation_in_the_constructor_of_a_creation(enforced: Enforced) -> None:
    """Init code that creates: for who may deploy both happen; who may not does not even start."""
    init = assemble("PUSH1 01 PUSH0 PUSH0 CREATE POP PUSH0 PUSH0 RETURN")
    assert enforced.everywhere(enforced.developer.sign(to=None, data=init)).succeeded
    outer = created_by(enforced.developer, 0)
    assert enforced.follower.nonce(create_address(outer, 1)) == 1
    assert "no right to deploy" in enforced.refused(enforced.payer.sign(to=None, data=init))


def test_the_gas_of_a_refused_creation_is_handed_back(enforced: Enforced) -> None:
    factory = deployed(enforced, FACTORY)
    refused = enforced.everywhere(enforced.payer.sign(to=factory, gas=1_000_000))
    assert refused.gas_used < 21_000 + 32_000 + 200


# QUESTIONS


def asked(network: Enforced, code: bytes) -> Call:
    return Call(sender=network.payer.address, to=deployed(network, code))


def test_a_question_that_passes_the_refusal_on_says_who_may_not_deploy(enforced: Enforced) -> None:
    call = asked(enforced, STRICT)
    for question in (enforced.node.call, enforced.node.estimate_gas):
        with pytest.raises(Reverted) as refusal:
            question(call)
        assert refusal.value.data == DEPLOYMENT_NOT_PERMITTED + bytes(12) + enforced.payer.address
        assert refusal.value.refused_creation == (
            f"account 0x{enforced.payer.address.hex()} has no right to deploy contracts"
        )
    assert enforced.node.call(replace(call, sender=enforced.developer.address))


@pytest.mark.parametrize("code", [MUTE, BROKEN], ids=["reverts", "breaks"])
def test_a_failure_that_hides_the_refusal_still_says_it(enforced: Enforced, code: bytes) -> None:
    call = asked(enforced, code)
    for question in (enforced.node.call, enforced.node.estimate_gas):
        with pytest.raises((Reverted, CallFailed)) as failure:
            question(call)
        said = getattr(failure.value, "refused_creation", failure.value.detail)
        assert "has no right to deploy contracts" in said
    assert enforced.node.call(replace(call, sender=enforced.developer.address)) == b""


def test_a_question_in_the_name_of_who_may_not_deploy_at_all(enforced: Enforced) -> None:
    call = Call(sender=enforced.payer.address, data=deploying(FACTORY))
    for question in (enforced.node.call, enforced.node.estimate_gas):
        with pytest.raises(NotPermitted, match="no right to deploy"):
            question(call)


def test_a_trace_shows_the_creation_that_failed(enforced: Enforced) -> None:
    factory = deployed(enforced, FACTORY)
    receipt = enforced.everywhere(enforced.payer.sign(to=factory))
    trace = enforced.node.trace_transaction(receipt.transaction_hash, TraceConfig(tracer="call"))
    assert trace is not None
    (frame,) = trace.calls  # type: ignore[union-attr]
    assert (frame.type, frame.error) == ("CREATE", "execution reverted")


def test_the_selector_is_that_of_the_error() -> None:
    assert keccak(b"DeploymentNotPermitted(address)")[:4] == DEPLOYMENT_NOT_PERMITTED
