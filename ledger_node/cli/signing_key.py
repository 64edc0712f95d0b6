"""`ledger-node key`: the house's keys on chain change hands. The commands speak REST."""

from typing import Any

import click

from ledger_node.cli.options import act, acting, as_operator, print_rows, through_the_door


@click.group()
def key() -> None:
    """Show and rotate the house's own keys: settlement, attestor, admin."""


@key.command("list")
@as_operator
def key_list(**given: Any) -> None:
    """List the house's keys, newest first, one a line: id, office, status, address, what it waits for."""
    rows = through_the_door(lambda door: door.get("/v1/house_keys"), given)["data"]
    print_rows(rows, "id", "office", "status", "address", "waits_for")


@key.command("rotate")
@click.argument("office", type=click.Choice(["settlement", "attestor", "admin"]))
@acting
def key_rotate(office: str, **given: Any) -> None:
    """Make a key that takes OFFICE over once every token agrees. The running node does the rest; see `key list`."""
    act("POST", "/v1/house_keys", {"office": office}, given)


@key.command("cancel")
@click.argument("house_key")
@acting
def key_cancel(house_key: str, **given: Any) -> None:
    """Let a key that is on its way (an id) not take over after all."""
    act("POST", f"/v1/house_keys/{house_key}/cancel", None, given)
