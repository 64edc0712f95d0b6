"""The commands are found where the table says, and only what a command needs is imported."""

import subprocess
import sys

import click
import pytest

from ledger_node.cli.main import COMMANDS, cli

ENGINE = {"eth", "fastapi", "web3"}
LATE = {"alembic", "web3"}
"""What a node imports only where it has an old schema, or a chain of another client's."""
IMPORTED = """
import sys
from ledger_node.cli.main import cli
cli(sys.argv[1:], standalone_mode=False)
print(*{name.partition(".")[0] for name in sys.modules})
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_name_and_says_what_it_does(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.help is not None
    assert " ".join(command.help.partition("\n\n")[0].split()) == COMMANDS[name][1]


def test_an_unknown_command_is_refused_with_those_there_are() -> None:
    done = subprocess.run([sys.executable, "-m", "ledger_node", "heatlh"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "No such command" in done.stderr


def imported(*command: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *command, "--help"], capture_output=True, text=True, check=True
    )  # fmt: skip
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "command", [("health",), ("key", "list"), ("member", "list"), ("token", "pause"), ("approval", "list")]
)
def test_a_command_that_asks_a_running_node_does_not_import_the_engine(command: tuple[str, ...]) -> None:
    assert imported(*command) & ENGINE == set()


def test_the_list_of_commands_imports_none_of_them() -> None:
    assert imported() & {*ENGINE, "sqlalchemy", "pydantic", "httpx"} == set()


def test_a_command_that_is_the_node_does_import_its_engine_and_no_other() -> None:
    there = imported("run")
    assert there >= ENGINE - LATE
    assert there & LATE == set()
