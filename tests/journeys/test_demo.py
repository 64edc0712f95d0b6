"""The demonstration passes on a plan of its own size, tells when a plan cannot be paid, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger_node.demo.plan import read_plan
from ledger_node.errors import ConfigurationError

ROOT = Path(__file__).parent.parent.parent
PLAN = ROOT / "examples" / "demo.toml"


def demo(*flags: str, scratch: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ledger_node", "demo", *flags],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=240,
    )


def smaller(tmp_path: Path) -> Path:
    """The example's banks with a tenth of its payments."""
    text = PLAN.read_text(encoding="utf-8")
    text = text.replace("count = 1020", "count = 120").replace("count = 10\n", "count = 2\n")
    plan = tmp_path / "plan.toml"
    plan.write_text(text.replace("kill_after_transfers = 500", "kill_after_transfers = 40"), encoding="utf-8")
    return plan


def test_the_example_has_a_thousand_payments_and_more() -> None:
    plan = read_plan(PLAN)
    assert len(plan.payments) == 1200
    assert len({payment.key for payment in plan.payments}) == 1200
    assert 0 < plan.kill_after_transfers < len(plan.transfers)


def test_the_same_plan_gives_the_same_payments() -> None:
    assert read_plan(PLAN) == read_plan(PLAN)


def test_no_plan_overdraws_a_bank() -> None:
    assert min(read_plan(PLAN).final_balances().values()) >= 0


def test_a_plan_that_nobody_could_pay_is_refused(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.read_text(encoding="utf-8").replace('USD = "40000.00"', 'USD = "400000.00"'), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="asks for more than there is"):
        read_plan(plan)


def test_a_missing_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no plan at"):
        read_plan(tmp_path / "none.toml")


@pytest.mark.slow
def test_every_payment_of_the_demonstration_ends_once_across_a_kill(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    outcome = demo("--plan", str(smaller(tmp_path)), scratch=scratch)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "kill -9" in outcome.stdout
    assert "Every one of 156 payments ended exactly once" in outcome.stdout
    assert "backed" in outcome.stdout
    assert [*scratch.iterdir()] == []
