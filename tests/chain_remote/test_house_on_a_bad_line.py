"""A settlement house whose chain is away, slow, forgetful or behind a bad line: everything settles, and once."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from ledger_node.chain.errors import ChainReplaced
from ledger_node.chain.remote.backend import RemoteChain
from ledger_node.settlement.engine import SettlementEngine
from ledger_node.settlement.model import Operation
from tests.conformance.banks import TIMEOUT_S, Issuer, wait_until
from tests.networks.anvil import Anvil, free_port
from tests.networks.proxy import Act, Proxy
from tests.networks.sender import Sender

Connect = Callable[..., RemoteChain]

FREE = ("--base-fee", "0")
ACTS: list[Act] = ["lose request", "lose answer", "twice", "503", "no json", "cut short"]


@pytest.fixture
def founded(connect: Connect, tmp_path: Path) -> Iterator[Callable[[str], Issuer]]:
    issuers: list[Issuer] = []

    def found(url: str) -> Issuer:
        issuers.append(Issuer(connect(url, timeout_s=0.5), Sender(), tmp_path))
        return issuers[-1]

    yield found
    for issuer in issuers:
        issuer.database.close()


def funded(issuer: Issuer, settlement: SettlementEngine) -> None:
    issuer.admit(settlement)
    issuer.deposit(settlement, "deposit", "A", "1000.00")
    minted = issuer.pay(settlement, issuer.request("mint", "mint", ("A", "DDA"), ("A", "BDA"), "1000.00"))
    assert minted.status == "settled"


def sent(issuer: Issuer, settlement: SettlementEngine, payments: int, of: str = "t") -> list[Future[Operation]]:
    accepted = [
        settlement.desk.submit(issuer.request("transfer", f"{of}{number}", ("A", "BDA"), ("B", "BDA"), "1.00"))
        for number in range(payments)
    ]
    return [settlement.desk.watch(each.result(TIMEOUT_S).operation.id) for each in accepted]


def assert_paid(issuer: Issuer, settlement: SettlementEngine, watched: list[Future[Operation]]) -> None:
    assert {each.result(TIMEOUT_S).status for each in watched} == {"settled"}
    assert issuer.booked(settlement)["B", "BDA"] == 100 * len(watched)
    assert settlement.check_backing().passed


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_line_that_loses_doubles_and_spoils_costs_time_only(founded: Callable[[str], Issuer], seed: int) -> None:
    chance = random.Random(seed)
    with Anvil(*FREE) as anvil, Proxy(anvil.url) as proxy:
        issuer = founded(proxy.url)
        with issuer.open() as settlement:
            funded(issuer, settlement)
            watched = []
            for part in range(5):
                proxy.plan("*", *(chance.choice(ACTS) for _ in range(12)))
                watched += sent(issuer, settlement, 8, of=f"t{part}-")
            assert_paid(issuer, settlement, watched)
            nonce = issuer.chain.nonce(issuer.signers.settlement.address)
        batches = {each.result(TIMEOUT_S).transaction_hash for each in watched}
        assert nonce == 1 + len(batches), "one transaction for the mint and one for each batch"


def test_a_house_that_starts_before_its_chain_begins_when_it_comes(founded: Callable[[str], Issuer]) -> None:
    anvil = Anvil(*FREE, port=free_port())
    issuer = founded(anvil.url)
    with issuer.open() as settlement:
        assert any("not been brought together" in reason for reason in settlement.reasons_not_ready())
        with anvil:
            funded(issuer, settlement)
            assert_paid(issuer, settlement, sent(issuer, settlement, 3))


def test_payments_asked_for_while_the_chain_is_frozen_settle_when_it_thaws(founded: Callable[[str], Issuer]) -> None:
    with Anvil(*FREE) as anvil:
        issuer = founded(anvil.url)
        with issuer.open() as settlement:
            funded(issuer, settlement)
            anvil.freeze()
            watched = sent(issuer, settlement, 5)
            wait_until(lambda: any("did not answer in time" in reason for reason in settlement.reasons_not_ready()))
            assert not any(each.done() for each in watched)
            anvil.thaw()
            assert_paid(issuer, settlement, watched)
            wait_until(lambda: settlement.reasons_not_ready() == ())


def test_a_house_with_nothing_to_send_says_that_its_chain_is_away(founded: Callable[[str], Issuer]) -> None:
    with Anvil(*FREE) as anvil:
        issuer = founded(anvil.url)
        with issuer.open() as settlement:
            funded(issuer, settlement)
            assert settlement.reasons_not_ready() == ()
            anvil.freeze()
            wait_until(lambda: any("did not answer in time" in reason for reason in settlement.reasons_not_ready()))
            anvil.thaw()
            wait_until(lambda: settlement.reasons_not_ready() == ())


def test_a_chain_that_lost_its_mempool_is_sent_the_same_bytes(founded: Callable[[str], Issuer], tmp_path: Path) -> None:
    with Anvil(*FREE, state=tmp_path / "state.json") as anvil:
        issuer = founded(anvil.url)
        with issuer.open() as settlement:
            funded(issuer, settlement)
            anvil.ask("evm_setAutomine", False)
            watched = sent(issuer, settlement, 5)
            wait_until(lambda: anvil.ask("txpool_status")["pending"] == "0x1")
            anvil.stop()
            anvil.start("--no-mining")
            wait_until(lambda: anvil.ask("txpool_status")["pending"] == "0x1")
            assert not any(each.done() for each in watched)
            anvil.ask("evm_setAutomine", True)
            anvil.mine()
            assert_paid(issuer, settlement, watched)


def test_keys_without_gas_are_named_and_it_goes_on_when_they_are_funded(founded: Callable[[str], Issuer]) -> None:
    with Anvil() as anvil:
        issuer = founded(anvil.url)
        with issuer.open() as settlement:
            admin = f"0x{issuer.signers.admin.address.hex()}: insufficient_balance_for_gas"
            wait_until(lambda: any(admin in reason for reason in settlement.reasons_not_ready()))
            issuer.fund()
            funded(issuer, settlement)
            assert_paid(issuer, settlement, sent(issuer, settlement, 2))


def test_on_a_chain_that_was_reset_money_stops_and_says_so(founded: Callable[[str], Issuer]) -> None:
    with Anvil(*FREE) as anvil:
        issuer = founded(anvil.url)
        with issuer.open() as settlement:
            funded(issuer, settlement)
            anvil.kill()
            anvil.start("--timestamp", "1700000000")
            wait_until(lambda: settlement.fault is not None)
            assert isinstance(settlement.fault, ChainReplaced)
            assert any("is not the one it was" in reason for reason in settlement.reasons_not_ready())
