"""The rooms see only what lies below them: the import contracts of pyproject.toml hold, and each of them bites."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def lint_imports(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=directory,
        # The directory checked comes before the installed package on the path.
        env=os.environ | {"PYTHONPATH": str(directory), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "ledger_node", tmp_path / "ledger_node", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_contract_is_kept() -> None:
    outcome = lint_imports(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert " kept, 0 broken." in outcome.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("chain/backend.py", "import ledger_node.reserve", "Imports go down only"),
        ("reserve/__init__.py", "import ledger_node.chain", "Imports go down only"),
        ("settlement/model.py", "import ledger_node.gateway", "Imports go down only"),
        ("rpc/__init__.py", "import ledger_node.settlement", "JSON-RPC and followers know the chain"),
        ("gateway/__init__.py", "import ledger_node.reserve", "The gateway moves money and tokens through settlement"),
        ("settlement/__init__.py", "import eth", "Only chain/pyevm imports py-evm"),
        ("deposit_token/__init__.py", "import web3", "Only chain/remote imports web3"),
        ("settlement/__init__.py", "import fastapi", "Only the doors"),
        ("access/model.py", "import ledger_node.settlement.model", "Imports go down only"),
        (
            "settlement/onchain/outbox.py",
            "import ledger_node.settlement.intake.desk",
            "Settlement's rooms import downwards",
        ),
        ("errors/unpayable.py", "import ledger_node.money", "Imports go down only"),
        ("errors/fault.py", "import ledger_node.errors.unavailable", "Branches of the error tree do not know"),
        (
            "settlement/onchain/bookkeeper.py",
            "import ledger_node.settlement.parties.accounts",
            "Settlement's rooms import downwards",
        ),
        ("demo/plan.py", "import ledger_node.node", "The demo is a bank's HTTP client"),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_named(copy: Path, module: str, line: str, broken: str) -> None:
    path = copy / "ledger_node" / module
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")
    outcome = lint_imports(copy)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert any(row.startswith(broken) and "BROKEN" in row for row in outcome.stdout.splitlines()), outcome.stdout


def test_a_new_room_fails_until_it_has_its_place(copy: Path) -> None:
    (copy / "ledger_node" / "lending").mkdir()
    (copy / "ledger_node" / "lending" / "__init__.py").touch()
    outcome = lint_imports(copy)
    assert outcome.returncode == 1
    assert "ledger_node.lending" in outcome.stdout
