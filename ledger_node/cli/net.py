"""The commands `ledger-node net …`: netting cycles are called and listed. They speak REST and hold no rule."""

from typing import Any

import click

from ledger_node.cli.options import act, acting, as_operator, print_rows, through_the_door


@click.group()
def net() -> None:
    """Settle queued payments by their nets."""


@net.command("run")
@click.option("--currency", required=True, help="ISO 4217 code.")
@acting
def net_run(currency: str, **given: Any) -> None:
    """Call a netting cycle; with --dry-run, say what it would settle and with how many tokens."""
    act("POST", "/v1/netting_cycles", {"currency": currency}, given)


@net.command("list")
@as_operator
def net_list(**given: Any) -> None:
    """List netting cycles: id, currency, status, payments, gross, net, share of liquidity saved."""
    cycles = through_the_door(lambda door: door.get_all("/v1/netting_cycles"), given)
    print_rows(cycles, "id", "currency", "status", "payments", "gross", "net", "liquidity_saved")
