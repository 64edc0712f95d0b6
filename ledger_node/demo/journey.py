"""The journey of all payments of a plan: fund, mint, transfer, kill and restart, redeem, ask again, check."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeAlias

from ledger_node.demo.banks import Answer, Client, Parties
from ledger_node.demo.plan import Holding, Payment, Plan
from ledger_node.demo.process import NodeProcess
from ledger_node.demo.report import Screen
from ledger_node.errors import Unavailable

OnAnswer: TypeAlias = Callable[[Answer], None]


def travel(plan: Plan, node: NodeProcess, screen: Screen) -> list[str]:
    """Every difference between what the plan says and what the node did, as sentences; empty when all is well."""
    screen.say("Making a network and starting its node")
    credentials = node.init()
    node.start()
    differences = asyncio.run(_pay_everything(plan, node, screen, credentials["operator"]["api_key"]))
    status = node.stop()
    if status != 0:
        differences.append(f"The node ended with exit status {status} after SIGTERM.")
    clean, findings = node.audit()
    screen.audit(findings, clean=clean)
    if not clean:
        differences.append("The audit found a difference.")
    return differences


async def _pay_everything(plan: Plan, node: NodeProcess, screen: Screen, operator_key: str) -> list[str]:
    parties = Parties(Client(node.gateway_url, operator_key))
    try:
        currencies = tuple(sorted({payment.currency for payment in plan.deposits}))
        for bank in plan.banks:
            await parties.admit(
                bank.bic,
                bank.lei,
                bank.legal_name,
                currencies,
                lambda key: Client(node.gateway_url, key, connections=plan.clients_per_bank),
            )
        await parties.until_active()
        screen.say(f"{len(plan.banks)} banks admitted, each with a DDA and a BDA in {', '.join(currencies)}")
        await _pay(parties, plan.deposits, 1, lambda _: None)

        # EVERY PAYMENT, with a kill in the middle
        answers: dict[str, Answer] = {}
        started, away_s = time.monotonic(), 0.0
        with screen.progress("Payments", len(plan.payments)) as advance:
            answers |= await _pay(parties, plan.mints, plan.clients_per_bank, advance)
            crash = _Crash(node, screen, after=plan.kill_after_transfers, advance=advance)
            answers |= await _pay(parties, plan.transfers, plan.clients_per_bank, crash.count)
            away_s = await crash.done()
            answers |= await _pay(parties, plan.redemptions, plan.clients_per_bank, advance)
        elapsed_s = time.monotonic() - started

        # EVERYTHING AGAIN, under the same keys: the same answers, and nothing moves
        with screen.progress("Asking again", len(plan.payments)) as advance:
            again = await _pay(parties, plan.payments, plan.clients_per_bank, advance)
        differences = [*_unsettled(answers), *_changed(answers, again), *await _miscounted(parties, plan, answers)]
        balances = {holding: await parties.balance(holding) for holding in parties.accounts}
        differences += _wrong(balances, plan)
        screen.balances(balances)
        screen.figures(answers, blocks_made=await parties.block_number(), elapsed_s=elapsed_s, away_s=away_s)
        return differences
    finally:
        await parties.close()


async def _pay(
    parties: Parties, payments: Iterable[Payment], clients_per_bank: int, on_answer: OnAnswer
) -> dict[str, Answer]:
    """Pay them all, each bank with so many at once; returns the final answers by key."""
    waiting: dict[str, list[Payment]] = {}
    for payment in payments:
        waiting.setdefault(payment.payer, []).append(payment)
    answers: dict[str, Answer] = {}

    async def client(mine: list[Payment]) -> None:
        while mine:
            payment = mine.pop(0)
            answers[payment.key] = await parties.pay(payment)
            on_answer(answers[payment.key])

    try:
        async with asyncio.TaskGroup() as group:
            for mine in waiting.values():
                for _ in range(clients_per_bank):
                    group.create_task(client(mine))
    except* Unavailable as refused:
        raise refused.exceptions[0] from None
    return answers


class _Crash:
    """Kills the node when so many payments are answered, and starts it again while the banks keep trying."""

    def __init__(self, node: NodeProcess, screen: Screen, *, after: int, advance: OnAnswer) -> None:
        self._node = node
        self._screen = screen
        self._advance = advance
        self._left = after
        self._restart: asyncio.Task[float] | None = None

    def count(self, answer: Answer) -> None:
        self._advance(answer)
        self._left -= 1
        if self._left == 0:
            self._node.kill()
            self._screen.say("kill -9, with payments under way; starting the node again")
            self._restart = asyncio.create_task(self._start())

    async def _start(self) -> float:
        started = time.monotonic()
        await asyncio.to_thread(self._node.start)
        away_s = time.monotonic() - started
        self._screen.say(f"The node is ready again after {away_s:.1f} s")
        return away_s

    async def done(self) -> float:
        """Seconds the node was away."""
        return 0.0 if self._restart is None else await self._restart


# WHAT MUST BE TRUE


def _unsettled(answers: dict[str, Answer]) -> list[str]:
    return [
        f"{key} ended {answer.body['status']}: {answer.body['code']} {answer.body['reason']}"
        for key, answer in answers.items()
        if answer.body["status"] != "settled"
    ]


def _changed(first: dict[str, Answer], again: dict[str, Answer]) -> list[str]:
    """A repeated request must be answered as a repetition, with the same payment in the same state."""
    return [
        f"{key} was answered differently the second time: {again[key].body}"
        for key, answer in first.items()
        if not again[key].replayed or again[key].body != answer.body
    ]


async def _miscounted(parties: Parties, plan: Plan, answers: dict[str, Answer]) -> list[str]:
    """Each payment must stand once on the debtor's account and once on the creditor's, and nothing else there."""
    expected: Counter[tuple[str, str, str]] = Counter()
    for payment in plan.payments:
        operation = answers[payment.key].body["id"]
        expected[parties.accounts[payment.debtor], "DBIT", operation] += 1
        expected[parties.accounts[payment.creditor], "CRDT", operation] += 1
    found: Counter[tuple[str, str, str]] = Counter()
    for holding, account in parties.accounts.items():
        for entry in await parties.entries(holding):
            found[account, entry["direction"], entry["operation"]] += 1
    of_payments = {operation for _, _, operation in expected}
    strangers = sum(1 for _, _, operation in found if operation not in of_payments)
    differences = [f"{line} stands {found[line]} times" for line in expected if found[line] != 1]
    if strangers != len(plan.deposits):
        differences.append(f"There are {strangers} lines beside the payments', not the {len(plan.deposits)} deposits.")
    return differences


def _wrong(balances: dict[Holding, Decimal], plan: Plan) -> list[str]:
    return [
        f"{' '.join(holding)} is {balances[holding]}, not {expected}"
        for holding, expected in plan.final_balances().items()
        if balances[holding] != expected
    ]
