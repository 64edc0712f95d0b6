"""The commands of one node's life: `ledger-node init | run | audit | demo`."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress
from rich.table import Table

from ledger_node.chain_node import serve_chain
from ledger_node.cli.flags import ADDRESS, settings
from ledger_node.config import Config, load_config
from ledger_node.data_directory import DataDirectory
from ledger_node.doors import run_loop
from ledger_node.logs import write_logs
from ledger_node.money import currency, decimal_string
from ledger_node.node import Node, serve
from ledger_node.operations.initialise import initialise
from ledger_node.settlement.assurance.audit import AuditReport, Finding
from ledger_node.settlement.model import ReservePosition


@click.command()
@click.option(
    "--chain-id", type=click.IntRange(1, 2**53 - 1), default=13370000, show_default=True, help="EIP-155 chain id."
)
@click.option("--sample", is_flag=True, help="Also admit three member banks with a DDA and a BDA in every currency.")
@click.option(
    "--permissions",
    type=click.Choice(["enforced", "open"]),
    help="Who may transact and deploy: accounts admitted by vote, or anybody. Open with --sample, else enforced.",
)
@click.option(
    "--tool-contracts/--no-tool-contracts",
    default=None,
    help="Whether the CREATE2 deployer and Multicall3 are there from the first block; with --sample they are.",
)
@click.option("--attestor", "attestors", multiple=True, type=ADDRESS, help="Address of a follower that attests blocks.")
@click.option(
    "--quorum", type=click.IntRange(1), help="How many of the attestors make a block final; two thirds if not given."
)
@settings("data", "currencies", "chain", "database_url")
def init(
    chain_id: int,
    sample: bool,
    permissions: str | None,
    attestors: tuple[bytes, ...],
    quorum: int | None,
    tool_contracts: bool | None,
    **flags: Any,
) -> None:
    """Make a data directory: genesis, encrypted keystores, configuration, credentials."""
    config = load_config(flags)
    permissions = permissions or ("open" if sample else "enforced")
    initialise(
        config, chain_id=chain_id, sample=sample, permissioned=permissions == "enforced", attestors=attestors,
        quorum=quorum, tool_contracts=sample if tool_contracts is None else tool_contracts,
    )  # fmt: skip
    directory = DataDirectory(config.data)
    click.echo(f"Initialised {config.data} (chain id {chain_id}, permissions {permissions}).")
    click.echo(f"API keys: {directory.credentials}")
    click.echo(f"Start it with: ledger-node run --data {config.data}")


@click.command()
@settings()
def run(**flags: Any) -> None:
    """Run the node until SIGTERM or SIGINT; the block in hand is finished first.

    On a directory with a chain and no ledger (made by `follow` or `chain import`) it opens the JSON-RPC door only.
    """
    config = load_config(flags)
    write_logs(config.log_level)
    run_loop(serve_chain(config) if DataDirectory(config.data).is_chain_only else serve(config))


@click.command()
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
        facts = {name: getattr(report, name) for name in ("passed", "entries", "rows", "blocks")}
        facts["head"] = report.head.hex()
        altered = found and {name: getattr(found, name) for name in ("what", "reference", "sequence", "detail")}
        click.echo(json.dumps(facts | {"altered": altered}, indent=2))
    else:
        click.echo(f"{report.rows} rows of {report.entries} journal entries read again, head 0x{report.head.hex()}.")
        if report.blocks is not None:
            click.echo(f"Transactions, receipts and logs of {report.blocks} stored blocks compared with their headers.")
        elif found is None:
            click.echo("The chain's own blocks were not looked at: they are another client's.")
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


@click.command()
@click.option(
    "--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file of banks and amounts."
)
@click.option("--data", type=click.Path(path_type=Path), help="Keep the node's data here.")
def demo(plan: Path | None, data: Path | None) -> None:
    """Run the main job against a node of its own, kill it in the middle, and prove that every payment ended once."""
    from ledger_node.demo import run_demo  # only this command needs it

    sys.exit(run_demo(plan, data))
