"""What a person sees of the demonstration: progress, tables, figures, the verdict; plain lines without a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledger_node.demo.banks import Answer
from ledger_node.demo.plan import KINDS, Holding, Plan

PLAIN_STEPS = 10
"""Without a terminal, progress is said so many times."""


class Screen:
    def __init__(self, console: Console, plan: Plan) -> None:
        self._console = console
        self._plan = plan

    def say(self, sentence: str) -> None:
        self._console.print(sentence, highlight=False)

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Callable[[Answer], None]]:
        """A bar, or lines; the block gets a function to call at every answer."""
        if not self._console.is_terminal:
            yield self._counting(title, total)
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task(title, total=total)
            yield lambda _: bar.advance(task)

    def _counting(self, title: str, total: int) -> Callable[[Answer], None]:
        done = 0

        def advance(_: Answer) -> None:
            nonlocal done
            done += 1
            if done * PLAIN_STEPS // total > (done - 1) * PLAIN_STEPS // total:
                self.say(f"{title}: {done} of {total}")

        return advance

    def balances(self, found: dict[Holding, Decimal]) -> None:
        currencies = sorted({code for _, _, code in found})
        table = Table(title="Balances")
        table.add_column("bank")
        table.add_column("account")
        for code in currencies:
            table.add_column(code, justify="right")
        for bank in self._plan.banks:
            for kind in KINDS:
                table.add_row(bank.legal_name, kind, *(f"{found[bank.bic, kind, code]:,}" for code in currencies))
        self._console.print(table)

    def figures(self, answers: dict[str, Answer], *, blocks_made: int, elapsed_s: float, away_s: float) -> None:
        blocks = {answer.body["block_number"] for answer in answers.values()}
        repeated = [answer for answer in answers.values() if answer.attempts > 1]
        table = Table(title="Figures", show_header=False)
        table.add_column()
        table.add_column(justify="right")
        table.add_row("payments settled", f"{len(answers):,}")
        table.add_row("blocks made", f"{blocks_made:,}")
        table.add_row("blocks with payments", f"{len(blocks):,}")
        table.add_row("payments in such a block", f"{len(answers) / max(1, len(blocks)):.1f}")
        table.add_row("seconds, the kill included", f"{elapsed_s:.1f}")
        table.add_row("payments a second while the node was up", f"{len(answers) / (elapsed_s - away_s):,.0f}")
        table.add_row("seconds from kill -9 to ready again", f"{away_s:.1f}")
        table.add_row("payments sent more than once for the kill", f"{len(repeated):,}")
        table.add_row("of them, settled or stored before it", f"{sum(answer.replayed for answer in repeated):,}")
        self._console.print(table)

    def audit(self, findings: dict[str, Any], *, clean: bool) -> None:
        table = Table(title=f"Audit at block {findings['block_number']}: {'backed' if clean else 'NOT BACKED'}")
        for heading in ("currency", "reserve", "supply", "difference", "in_flight"):
            table.add_column(heading.replace("_", " "), justify="left" if heading == "currency" else "right")
        for position in findings["positions"]:
            amounts = (position[name] for name in ("reserve", "supply", "difference", "in_flight"))
            table.add_row(position["currency"], *(f"{Decimal(amount):,}" for amount in amounts))
        self._console.print(table)
        for difference in findings.get("differences", []):
            self.say(f"difference: {difference}")

    def verdict(self, differences: list[str]) -> None:
        if differences:
            self.say(f"FAILED: {len(differences)} differences")
            for difference in differences[:20]:
                self.say(f"  {difference}")
        else:
            self.say(
                f"Every one of {len(self._plan.payments):,} payments ended exactly once, and every balance is right."
            )
