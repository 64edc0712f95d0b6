"""The power goes, and with it whatever was not synced: no payment that a bank had an answer for is lost or doubled.

A real node is recorded once, from `init` through a restart to its end, while banks pay. Then a hundred disks (some of
them a run) are made as a power loss may leave them at some moment of it (tests/crash/disk.py), a node is started on
each, the banks ask for everything again, and both stores are held against what they know. The seed chooses the moment
and what is lost.
"""

import asyncio
import logging
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ledger_node.access.model import Caller
from ledger_node.config import load_config
from ledger_node.demo import process
from ledger_node.demo.process import NodeProcess
from ledger_node.errors import LedgerNodeError
from ledger_node.node import Node
from ledger_node.settlement.model import FiatRequest, PaymentRequest
from tests.crash.banks import FINAL, Banks, Payment, balances, founding, payments
from tests.crash.disk import Disk
from tests.crash.recording import Note, Recorder, read
from tests.sets import part_of
from tests.simulation.checker import check, standing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CUTS, CUTS_OF_A_RUN = 100, 30
PAYMENTS = 120
OPERATOR = Caller("recovering", "operator")
TIMEOUT_S = 30


@dataclass(frozen=True)
class Recording:
    notes: list[Note]
    credentials: dict[str, Any]
    payments: list[Payment]


class Lost(AssertionError):
    """Something that was promised is not so after the power loss."""


def record(directory: Path, patch: pytest.MonkeyPatch, *, payments_wanted: int = PAYMENTS) -> Recording:
    """Banks pay a real node, which is started again half-way; and every answer they get."""
    node = NodeProcess(directory / "node", "--call-workers", "0")
    recorder = Recorder(directory, node.data)
    random = Random(7)
    more = payments(random, "payment")
    lots = [founding()[:3], founding()[3:], *([next(more) for _ in range(payments_wanted // 2)] for _ in range(2))]
    for name, value in recorder.environment().items():
        patch.setenv(name, value)
    try:
        credentials = node.init("--sample", "--currencies", "USD")
        recorder.answered("init", {"status": "done"})
        banks = Banks(credentials, recorder.answered)
        node.start()
        for lot in lots[:3]:
            asyncio.run(banks.pay(node.gateway_url, lot, at_once=4, waits_s=(0, 20), random=random))
        assert node.stop() == 0
        node.start()
        asyncio.run(banks.pay(node.gateway_url, lots[3], at_once=4, waits_s=(0, 20), random=random))
    finally:
        node.end()
        for name in recorder.environment():
            patch.delenv(name)
    return Recording(read(recorder.log), credentials, [payment for lot in lots for payment in lot])


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("ledger_node")
    before, logger.level = logger.level, logging.CRITICAL + 1
    yield
    logger.level = before


# THE CUT


def cut(recording: Recording, seed: int, directory: Path) -> dict[str, dict[str, Any]]:
    """A disk after a power loss, in `directory`; returns the last answer that was in hand to each key.

    Half of the cuts come right after an answer, when what it promised is as fresh as can be.
    """
    random = Random(seed)
    first = next(at for at, note in enumerate(recording.notes) if note.kind == "A")
    moments = [at for at, note in enumerate(recording.notes) if at >= first and (seed % 2 or note.kind == "A")]
    moment = random.choice(moments)
    disk = Disk()
    answers = {}
    for note in recording.notes[: moment + 1]:
        disk.take(note)
        if note.kind == "A":
            answers[note.path] = note.answer()
    disk.as_found(directory, random)
    del answers["init"]
    return answers


# AND THEN


def recover(recording: Recording, directory: Path, answers: dict[str, dict[str, Any]]) -> None:
    """Start a node on what is there, ask for everything again, and compare. Raises Lost."""
    try:
        node = Node.open(load_config({"data": str(directory), "call_workers": 0}, {}))
    except (LedgerNodeError, OSError) as error:
        raise Lost(f"no node can be started: {error}") from error
    try:
        kept(recording, node, directory, answers)
        node.start()
        ask_again(node, recording, answers)
        rested(recording, node, directory)
    except LedgerNodeError as error:
        raise Lost(f"the node stopped: {error}") from error
    finally:
        node.close()


def kept(recording: Recording, node: Node, directory: Path, answers: dict[str, dict[str, Any]]) -> None:
    """Before it does anything: every answer ever given is true. A payment is there, and what was final is so now."""
    kinds = {payment.key: payment.kind for payment in recording.payments}
    if findings := check(directory, {answer["id"]: kinds[key] for key, answer in answers.items()}):
        raise Lost("; ".join(findings))
    for answer in answers.values():
        status = node.settlement.queries.operation(OPERATOR, answer["id"]).status
        if answer["status"] in FINAL and status != answer["status"]:
            raise Lost(f"{answer['id']} was {answer['status']} and is {status}")


def ask_again(node: Node, recording: Recording, answers: dict[str, dict[str, Any]]) -> None:
    """A bank that does not know what became of its requests repeats all of them, oldest first."""
    until(lambda: not node.settlement.reasons_not_ready(), "the node is not ready")
    banks = Banks(recording.credentials)
    accounts = [banks.account(bank, kind) for bank in range(3) for kind in ("DDA", "BDA")]
    active = node.settlement.queries.account
    until(lambda: all(active(OPERATOR, each).status == "active" for each in accounts), "accounts are not active")
    for lot in (founding(), recording.payments[len(founding()) :]):
        asked = [(payment, node.settlement.desk.submit(request(node, banks, payment))) for payment in lot]
        for payment, future in asked:
            operation = future.result(TIMEOUT_S).operation
            if operation.id != answers.get(payment.key, {"id": operation.id})["id"]:
                raise Lost(f"{payment.key} was {answers[payment.key]['id']} and is {operation.id}")
            final = node.settlement.desk.watch(operation.id).result(TIMEOUT_S)
            if final.status != "settled":
                raise Lost(f"{payment} ended {final.status}: {final.reason}")


def request(node: Node, banks: Banks, payment: Payment) -> FiatRequest | PaymentRequest:
    body = payment.body(banks)
    if payment.kind == "deposit":
        return FiatRequest("deposit", OPERATOR, payment.key, body["account"], body["amount"], body["currency"])
    debtor = body["debtor_account"]
    member = Caller("recovering", "member", node.settlement.queries.account(OPERATOR, debtor).member_id)
    return PaymentRequest(
        payment.kind, member, payment.key, debtor, body["creditor_account"], body["amount"], body["currency"]
    )


def rested(recording: Recording, node: Node, directory: Path) -> None:
    """Nothing is open, the checker and the node's own audit are content, and every balance is as planned."""
    if findings := check(directory, at_rest=True):
        raise Lost("; ".join(findings))
    if not node.settlement.check_backing().passed:
        raise Lost("the node's own audit does not pass")
    banks, found = Banks(recording.credentials), standing(directory).balances
    for (bank, kind), wanted in balances(recording.payments).items():
        if found[banks.account(bank, kind)] != (wanted, wanted):
            raise Lost(f"{kind} of bank {bank} has {found[banks.account(bank, kind)]}, planned was {wanted}")


def until(so: Callable[[], bool], otherwise: str) -> None:
    deadline, pause = time.monotonic() + TIMEOUT_S, threading.Event()
    while not so():
        if time.monotonic() > deadline:
            raise Lost(otherwise)
        pause.wait(0.005)


def survive(recording: Recording, seed: int, directory: Path) -> None:
    """One power loss and what follows. Raises Lost, with the seed."""
    try:
        recover(recording, directory, cut(recording, seed, directory))
    except Lost as lost:
        raise Lost(f"cut {seed}: {lost}") from lost
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def test_whatever_is_lost_with_the_power_no_answered_payment_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = record(tmp_path, monkeypatch)
    for seed in part_of(CUTS, CUTS_OF_A_RUN):
        survive(recording, seed, tmp_path / "disk")


@pytest.mark.parametrize(
    ("store", "signs"),
    [("ledger", ("was answered and is gone",)), ("chain", ("is settled, but not on chain",))],
)
def test_a_store_that_does_not_wait_for_its_disk_is_found_out(
    store: str, signs: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_LEDGER_NODE", (sys.executable, "-m", "tests.crash.careless"))
    monkeypatch.setenv("CARELESS", store)
    careless = record(tmp_path, monkeypatch, payments_wanted=40)
    lost = []
    for seed in range(10):
        try:
            survive(careless, seed, tmp_path / "disk")
        except Lost as found:
            lost.append(str(found))
    assert any(sign in "; ".join(lost) for sign in signs), lost
