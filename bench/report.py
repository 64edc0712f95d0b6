"""The benchmark's table: medians and spread, the machine, the versions."""

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

PACKAGES = ("ledger-node", "py-evm", "web3", "fastapi", "uvicorn", "sqlalchemy")


def machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or "unknown processor",
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join([*(f"{name} {version(name)}" for name in PACKAGES), *_peers()])
    return (
        f"{model}, {os.cpu_count()} cores, {memory_gib:.0f} GiB; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}; {packages}"
    )


def _peers() -> list[str]:
    """Versions of the npm packages that bench/ pins."""
    pinned = json.loads((Path(__file__).parent / "package.json").read_text(encoding="utf-8"))
    wanted = pinned["dependencies"] | pinned["optionalDependencies"]
    return [f"{name.rpartition('/')[2].removesuffix('-linux-amd64')} {exact}" for name, exact in wanted.items()]


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


class Report:
    def __init__(self, console: Console, *, runs: int) -> None:
        self._console = console
        self._table = Table(title=f"Medians of {runs} runs" if runs > 1 else "One run: no claim about speed")
        for heading in ("figure", "subject", "unit"):
            self._table.add_column(heading)
        for heading in ("median", "least", "most"):
            self._table.add_column(heading, justify="right")

    def figure(self, name: str, subject: str, unit: str, values: Sequence[float]) -> None:
        """A row; none for what was not measured."""
        if not values:
            return
        self._table.add_row(
            name, subject, unit, *(_number(value) for value in (median(values), min(values), max(values)))
        )

    def ratio(self, name: str, ours: Sequence[float], theirs: Sequence[float], goal: str = "") -> None:
        """How many times theirs ours is, median to median, and the least and most over the runs side by side."""
        if not ours or not theirs:
            return
        pairs = [own / other for own, other in zip(ours, theirs, strict=True)]
        whole = median(ours) / median(theirs)
        self._table.add_row(
            name,
            f"goal {goal}" if goal else "",
            "ratio",
            *(f"{value:.2f}" for value in (whole, min(pairs), max(pairs))),
        )

    def print(self) -> None:
        self._console.print(machine(), highlight=False)
        self._console.print(self._table)


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.3f}"
