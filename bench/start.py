"""`python -m bench.start`: how long a command takes to say its help, and a node from its start until it is ready.

The node is one that `init --sample` made and that ran before; each start is a process of its own.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from bench.report import Report
from ledger_node.demo.process import NodeProcess

HELP = (sys.executable, "-m", "ledger_node", "--help")


def measure(directory: Path, *, runs: int) -> None:
    report = Report(Console(width=None if sys.stdout.isatty() else 120), runs=runs)
    node = NodeProcess(directory / "node")
    node.init("--sample")
    started(node)  # founds the ledger on its chain
    report.figure("ledger-node --help (≤ 0.5)", "ledger-node", "s", [helped() for _ in range(runs)])
    report.figure("run until ready (≤ 2)", "ledger-node", "s", [started(node) for _ in range(runs)])
    report.print()


def helped() -> float:
    begun = time.perf_counter()
    subprocess.run(HELP, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def started(node: NodeProcess) -> float:
    begun = time.perf_counter()
    try:
        node.start()
        return time.perf_counter() - begun
    finally:
        node.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        measure(Path(directory), runs=arguments.runs)


if __name__ == "__main__":
    main()
