"""`ledger-node`: which module each command is in. Only the command that is given is imported.

Commands parse flags, print results and set the exit status: 0 done, 1 the answer is no (audit found a difference, the
node is not ready), 2 the command could not be carried out. They hold no rules of their own.
"""

import sqlite3
import sys
import tomllib
from importlib import import_module

import click

from ledger_node import __version__
from ledger_node.errors import LedgerNodeError

MODULES: dict[str, str] = {
    "account": "house_commands",
    "api-key": "api_key_commands",
    "approval": "house_commands",
    "audit": "node_commands",
    "audit-log": "house_commands",
    "backup": "care_commands",
    "chain": "chain_commands",
    "demo": "node_commands",
    "dev": "dev_commands",
    "doctor": "care_commands",
    "fiat": "fiat_commands",
    "follow": "chain_commands",
    "health": "health_command",
    "init": "node_commands",
    "key": "key_commands",
    "member": "member_commands",
    "net": "net_commands",
    "network": "network_commands",
    "operator": "house_commands",
    "proof": "proof_commands",
    "restore": "care_commands",
    "run": "node_commands",
    "token": "house_commands",
}


class Commands(click.Group):
    """The engine takes two seconds to import, and most commands only ask a running node."""

    def list_commands(self, _: click.Context) -> list[str]:
        return sorted(MODULES)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        module = MODULES.get(name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(f"ledger_node.{module}"), name.replace("-", "_"))
        return command


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
