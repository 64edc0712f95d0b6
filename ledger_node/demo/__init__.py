"""The demonstration: three banks as HTTP clients of a node that is killed in the middle and started again.

It knows the node as any bank does, by its commands and its REST interface, and judges it by a model of its own: every
payment settles, once, and every balance is what the plan says.
"""

import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from ledger_node.demo.journey import travel
from ledger_node.demo.plan import read_plan
from ledger_node.demo.process import NodeProcess
from ledger_node.demo.report import Screen
from ledger_node.errors import Unavailable

DEFAULT_PLAN = Path("examples/demo.toml")


def run_demo(plan_path: Path | None, data: Path | None) -> int:
    """Exit status: 0 when every payment ended exactly once and the audit says backed, 1 when not.

    The node lives in a temporary directory that is removed afterwards, or in `data`, which must not exist and is kept.
    """
    plan = read_plan(plan_path or DEFAULT_PLAN)
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-demo-")) if data is None else data.absolute().parent
    node = NodeProcess(directory / "node" if data is None else data.absolute())
    screen = Screen(Console(), plan)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind then either
    try:
        differences = travel(plan, node, screen)
    except Unavailable as error:
        differences = [error.detail]
    finally:
        node.end()
        if data is None:
            shutil.rmtree(directory, ignore_errors=True)
    screen.verdict(differences)
    return 1 if differences else 0
