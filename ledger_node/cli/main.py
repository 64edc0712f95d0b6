"""`ledger-node`: which module each command is in. Only the command that is given is imported.

Commands parse flags, print results and set the exit status: 0 done, 1 the answer is no (audit found a difference, the
node is not ready), 2 the command could not be carried out. They hold no rules of their own.
"""

import sqlite3
import sys
import tomllib
import traceback
from importlib import import_module
from pathlib import Path

import click

from ledger_node import __version__
from ledger_node.errors import LedgerNodeError

COMMANDS: dict[str, tuple[str, str]] = {
    "account": ("operator", "Open, freeze, seize and close accounts."),
    "api-key": ("api_key", "List, make, rotate and revoke API keys."),
    "approval": ("operator", "List and decide what waits for a second person."),
    "audit": (
        "node",
        "Prove from both stores that every token is backed, or name the difference (exit status 1).",
    ),
    "audit-log": (
        "operator",
        "Print the audit log, newest first: time, person, action, resource, outcome, code, reason.",
    ),
    "backup": (
        "maintenance",
        "Copy both stores and the keystores, as of one moment, into the new directory TO; the node may run.",
    ),
    "chain": ("chain", "Read and write block files, and verify a history from its genesis."),
    "demo": (
        "node",
        "Run the main job against a node of its own, kill it in the middle, and prove that every payment ended once.",
    ),
    "dev": (
        "dev",
        "Run a throwaway chain for one developer: ten funded accounts, and the `anvil_`, `hardhat_` and `evm_` "
        "methods.",
    ),
    "doctor": (
        "maintenance",
        "Look at configuration, disk, clock, keys, databases, schema, peers and backing, and say what to do "
        "(status 1).",
    ),
    "fiat": ("fiat", "Book fiat into and out of DDAs, and list what was booked."),
    "follow": (
        "chain",
        "Follow a node and trust nothing it says: execute every block again, compare, attest; exit status 3 if it "
        "differs.",
    ),
    "health": (
        "health",
        "Ask the running node whether it is ready (exit status 0) or not (1); for container health checks.",
    ),
    "init": ("node", "Make a data directory: genesis, encrypted keystores, configuration, credentials."),
    "key": ("signing_key", "Show and rotate the house's own keys: settlement, attestor, admin."),
    "member": ("member", "Admit, activate, limit, suspend, reinstate, let go and list member banks."),
    "net": ("net", "Settle queued payments by their nets."),
    "network": ("network", "Who may do what on the network: see it, vote on it, change it."),
    "operator": ("operator", "Name and revoke people of the operator's house."),
    "proof": ("proof", "Check what the node hands out as proof, without asking it."),
    "restore": ("maintenance", "Verify the backup and put it into an empty data directory."),
    "run": ("node", "Run the node until SIGTERM or SIGINT; the block in hand is finished first."),
    "token": ("operator", "Show, pause and unpause tokens, and limit what may be minted."),
}
"""The module of each command, and the first sentence of its help, for which the module need not be imported."""


class Commands(click.Group):
    """The engine takes two seconds to import, and most commands only ask a running node."""

    def list_commands(self, _: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _sentence = COMMANDS[name]
        command: click.Command = getattr(import_module(f"ledger_node.cli.{module}"), name.replace("-", "_"))
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_module, sentence) in sorted(COMMANDS.items())])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="ledger-node")
def cli() -> None:
    """A permissioned Ethereum node with a deposit token, its fiat reserve, and a gateway for member banks."""


def main() -> None:
    """The console script: expected errors become one line on standard error and exit status 2."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except LedgerNodeError as error:
        click.echo(f"error [{error.code}]: {error.detail}", err=True)
        sys.exit(2)
    except (tomllib.TOMLDecodeError, OSError, sqlite3.Error) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    except Exception as error:  # a traceback, or the error's own words, may hold a secret that was read
        click.echo(f"error [internal]: {_what(error)}. This is a fault of the command; please report it.", err=True)
        sys.exit(2)


def _what(error: Exception) -> str:
    """Which error it is and where in this program it came up; nothing of what was read."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(name, line) for name, line in frames if "ledger_node" in name]
    name, line = (own or frames)[-1]
    return f"{type(error).__name__} at {Path(name).name}:{line}"
