"""The commands that look after a data directory: `ledger-node backup | restore | doctor`."""

import sys
from pathlib import Path
from typing import Any

import click

from ledger_node.cli.flags import settings
from ledger_node.config import Config, load_config
from ledger_node.operations.backup import back_up
from ledger_node.operations.backup import restore as restore_backup
from ledger_node.operations.backup import verify as verify_backup
from ledger_node.operations.doctor import examine


@click.command()
@click.argument("to", type=click.Path(path_type=Path))
@settings("data")
def backup(to: Path, **flags: Any) -> None:
    """Copy both stores and the keystores, as of one moment, into the new directory TO; the node may run."""
    manifest = back_up(load_config(flags), to)
    click.echo(f"Backed up to {to}: booked block {manifest['booked']}, chain head {manifest['head']}.")
    click.echo("Not in it: the keystores' password and the operators' API keys (credentials.json). Keep both apart.")
    click.echo("A restore needs the password; a lost key is replaced by `ledger-node operator recover`.")


@click.command()
@click.argument("backup", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--verify-only", is_flag=True, help="Check every hash and both databases, and write nothing.")
@settings("data")
def restore(backup: Path, verify_only: bool, **flags: Any) -> None:
    """Verify the backup and put it into an empty data directory."""
    if verify_only:
        manifest = verify_backup(backup)
        click.echo(f"{backup} is whole: made {manifest['made_at']}, booked block {manifest['booked']}.")
        return
    # The directory to fill has no config.toml yet, so only its name is asked for.
    data = Path(flags["data"] or Config.model_fields["data"].default)
    manifest = restore_backup(backup, data)
    click.echo(f"Restored {data}: made {manifest['made_at']}, booked block {manifest['booked']}.")
    click.echo(f"Put the keystores' password into {data / 'keys' / 'password'} (mode 600), then start the node.")
    click.echo(
        f"No API key was in the backup: put credentials.json into {data}, or, before you start the node, make a new "
        f"key with `ledger-node operator recover --data {data}`."
    )


@click.command()
@settings("data", "chain", "password_file")
def doctor(**flags: Any) -> None:
    """Look at configuration, disk, clock, keys, databases, schema, peers and backing, and say what to do (status 1)."""
    well = True
    for finding in examine(flags):
        well = well and finding.well
        click.echo(f"{'ok  ' if finding.well else 'BAD '} {finding.subject}: {finding.detail}")
        if finding.remedy:
            click.echo(f"     → {finding.remedy}")
    sys.exit(0 if well else 1)
