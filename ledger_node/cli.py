"""The commands: `ledger-node init | run | member | audit | demo | health`.

Commands parse flags, print results and set the exit status: 0 done, 1 the answer is no (audit found a difference, the
node is not ready), 2 the command could not be carried out. They hold no rules of their own.
"""

import json
import sqlite3
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress
from rich.table import Table

from ledger_node import __version__
from ledger_node.backup import back_up
from ledger_node.backup import restore as restore_backup
from ledger_node.backup import verify as verify_backup
from ledger_node.chain_commands import chain, follow
from ledger_node.chain_node import serve_chain
from ledger_node.config import Config, load_config
from ledger_node.data_directory import DataDirectory
from ledger_node.dev_commands import dev
from ledger_node.doctor import examine
from ledger_node.doors import run_loop
from ledger_node.errors import LedgerNodeError
from ledger_node.flags import ADDRESS, settings
from ledger_node.house_commands import account, approval, audit_log, operator, token
from ledger_node.initialise import initialise
from ledger_node.key_commands import key
from ledger_node.logs import write_logs
from ledger_node.member_commands import member
from ledger_node.money import currency, decimal_string
from ledger_node.net_commands import net
from ledger_node.network_commands import network
from ledger_node.node import Node, serve
from ledger_node.proof_commands import proof
from ledger_node.settlement.audit import AuditReport, Finding
from ledger_node.settlement.model import ReservePosition


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="ledger-node")
def cli() -> None:
    """A permissioned Ethereum node with a deposit token, its fiat reserve, and a gateway for member banks."""


for _group in (member, account, token, net, operator, approval, audit_log, key):
    cli.add_command(_group)


@cli.command()
@click.option(
    "--chain-id", type=click.IntRange(1, 2**53 - 1), default=13370000, show_default=True, help="EIP-155 chain id."
)
@click.option("--sample", is_flag=True, help="Also admit three member banks with a DDA and a BDA in every currency.")
@click.option(
    "--permissions",
    type=click.Choice(["enforced", "open"]),
    help="Who may transact and deploy: accounts admitted by vote, or anybody. Open with --sample, else enforced.",
)
@click.option("--attestor", "attestors", multiple=True, type=ADDRESS, help="Address of a follower that attests blocks.")
@click.option(
    "--quorum", type=click.IntRange(1), help="How many of the attestors make a block final; two thirds if not given."
)
@settings("data", "currencies", "chain", "database_url")
def init(
    chain_id: int, sample: bool, permissions: str | None, attestors: tuple[bytes, ...], quorum: int | None, **flags: Any
) -> None:
    """Make a data directory: genesis, encrypted keystores, configuration, credentials."""
    config = load_config(flags)
    permissions = permissions or ("open" if sample else "enforced")
    initialise(
        config, chain_id=chain_id, sample=sample, permissioned=permissions == "enforced", attestors=attestors,
        quorum=quorum,
    )  # fmt: skip
    directory = DataDirectory(config.data)
    click.echo(f"Initialised {config.data} (chain id {chain_id}, permissions {permissions}).")
    click.echo(f"API keys: {directory.credentials}")
    click.echo(f"Start it with: ledger-node run --data {config.data}")


@cli.command()
@settings()
def run(**flags: Any) -> None:
    """Run the node until SIGTERM or SIGINT; the block in hand is finished first.

    On a directory with a chain and no ledger (made by `follow` or `chain import`) it opens the JSON-RPC door only.
    """
    config = load_config(flags)
    write_logs(config.log_level)
    run_loop(serve_chain(config) if DataDirectory(config.data).is_chain_only else serve(config))


cli.add_command(dev)
cli.add_command(follow)
cli.add_command(chain)
cli.add_command(network)


cli.add_command(proof)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--deep", is_flag=True, help="Read again all that was ever recorded, and name the first altered row.")
@settings("data", "chain")
def audit(as_json: bool, deep: bool, **flags: Any) -> None:
    """Prove from both stores that every token is backed, or name the difference (exit status 1)."""
    if deep:
        _audit_deep(load_config(flags), as_json=as_json)
        return
    report = Node.audit(load_config(flags))
    if as_json:
        click.echo(json.dumps(_report_json(report), indent=2))
    else:
        _print_report(report)
    sys.exit(0 if report.passed else 1)


def _audit_deep(config: Config, *, as_json: bool) -> None:
    shown = Progress("{task.description}", BarColumn(), MofNCompleteColumn(), console=Console(stderr=True))
    with shown as progress:
        task = progress.add_task("journal entries", total=None)
        report = Node.deep_audit(config, on_progress=lambda done, of: progress.update(task, completed=done, total=of))
    found = report.altered
    if as_json:
        facts = {"passed": report.passed, "entries": report.entries, "rows": report.rows, "head": report.head.hex()}
        altered = found and {name: getattr(found, name) for name in ("what", "reference", "sequence", "detail")}
        click.echo(json.dumps(facts | {"altered": altered}, indent=2))
    else:
        click.echo(f"{report.rows} rows of {report.entries} journal entries read again, head 0x{report.head.hex()}.")
        click.echo("Nothing was altered." if found is None else f"ALTERED: {found.detail}")
    sys.exit(0 if report.passed else 1)


def _report_json(report: AuditReport) -> dict[str, Any]:
    return {
        "passed": report.passed,
        "block_number": report.block_number,
        "accounts_compared": report.accounts_compared,
        "positions": [_position(position) for position in report.positions],
        "findings": [{name: getattr(finding, name) for name in Finding.__slots__} for finding in report.findings],
    }


def _position(position: ReservePosition) -> dict[str, Any]:
    of = currency(position.currency)
    amounts = {
        name: decimal_string(getattr(position, name), of) for name in ("reserve", "supply", "difference", "in_flight")
    }
    return {"currency": position.currency, **amounts, "backed": position.backed}


def _print_report(report: AuditReport) -> None:
    table = Table(title=f"Audit at block {report.block_number}, {report.accounts_compared} accounts compared")
    for heading in ("currency", "reserve", "supply", "difference", "in_flight", "backed"):
        table.add_column(heading.replace("_", " "), justify="right")
    for position in map(_position, report.positions):
        table.add_row(*("yes" if value is True else "NO" if value is False else value for value in position.values()))
    console = Console()
    console.print(table)
    for finding in report.findings:
        console.print(f"{finding.code} {finding.subject}: {finding.detail}", markup=False)
    console.print("Every token is backed; book and chain agree." if report.passed else "NOT PASSED.")


@cli.command()
@click.argument("to", type=click.Path(path_type=Path))
@settings("data")
def backup(to: Path, **flags: Any) -> None:
    """Copy both stores and the keystores, as of one moment, into the new directory TO; the node may run."""
    manifest = back_up(load_config(flags), to)
    click.echo(f"Backed up to {to}: booked block {manifest['booked']}, chain head {manifest['head']}.")
    click.echo("Not in it: the keystores' password and credentials.json. A restore needs the first.")


@cli.command()
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


@cli.command()
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


@cli.command()
@settings("gateway_host", "gateway_port", "data")
def health(**flags: Any) -> None:
    """Ask the running node whether it is ready (exit status 0) or not (1); for container health checks."""
    config = load_config(flags)
    running = DataDirectory(config.data).running_node()
    url = (
        (running.get("gateway") or running["rpc"]) if running else f"http://{config.gateway_host}:{config.gateway_port}"
    )
    try:
        response = httpx.get(f"{url}/readyz", timeout=5)
    except httpx.HTTPError as error:
        click.echo(f"not reachable at {url}: {type(error).__name__}")
        sys.exit(1)
    click.echo(response.text)
    sys.exit(0 if response.is_success else 1)


@cli.command()
@click.option(
    "--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file of banks and amounts."
)
@click.option("--data", type=click.Path(path_type=Path), help="Keep the node's data here.")
def demo(plan: Path | None, data: Path | None) -> None:
    """Run the main job against a node of its own, kill it in the middle, and prove that every payment ended once."""
    from ledger_node.demo import run_demo  # only this command needs it

    sys.exit(run_demo(plan, data))


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
