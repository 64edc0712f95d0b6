"""`ledger-node health`, which container engines run every few seconds: it imports next to nothing."""

import sys
from typing import Any

import click
import httpx

from ledger_node.cli.flags import settings
from ledger_node.config import load_config
from ledger_node.data_directory import DataDirectory

BESIDE_S = 2.0
"""For the way there and back, beside the time in which the node answers."""


@click.command()
@settings("gateway_host", "gateway_port", "answer_within_s", "data")
def health(**flags: Any) -> None:
    """Ask the running node whether it is ready (exit status 0) or not (1); for container health checks.

    It waits two seconds longer than the node takes to answer at most (`answer_within_s`): a node whose store is silent
    says so itself, and in time.
    """
    config = load_config(flags)
    running = DataDirectory(config.data).running_node()
    url = (
        (running.get("gateway") or running["rpc"]) if running else f"http://{config.gateway_host}:{config.gateway_port}"
    )
    patience_s = config.answer_within_s + BESIDE_S
    try:
        response = httpx.get(f"{url}/readyz", timeout=patience_s)
    except httpx.ReadTimeout:
        click.echo(f"no answer from {url} within {patience_s:g} s")
        sys.exit(1)
    except httpx.HTTPError as error:
        click.echo(f"not reachable at {url}: {type(error).__name__}")
        sys.exit(1)
    click.echo(response.text)
    sys.exit(0 if response.is_success else 1)
