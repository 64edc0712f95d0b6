"""The commands `ledger-node member …`: a bank's life from admission to leaving. They speak REST and hold no rule."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ledger_node.cli.bank_files import read_banks
from ledger_node.cli.client import OperatorDoor
from ledger_node.cli.onboarding import import_banks, onboard
from ledger_node.cli.options import (
    DIGEST,
    act,
    acting,
    add_act,
    as_operator,
    named_member,
    print_rows,
    through_the_door,
)
from ledger_node.config import load_config

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def member() -> None:
    """Admit, activate, limit, suspend, reinstate, let go and list member banks."""


@member.command("add")
@click.option("--bic", required=True, help="ISO 9362 business identifier code.")
@click.option("--lei", required=True, help="ISO 17442 legal entity identifier.")
@click.option("--name", "legal_name", required=True, help="Legal name.")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
@as_operator
def member_add(bic: str, lei: str, legal_name: str, dry_run: bool, **given: Any) -> None:
    """Admit and activate a bank with a DDA and a BDA in every currency; prints its API key, once."""
    bank = {"bic": bic, "lei": lei, "legal_name": legal_name}
    if dry_run:
        act("POST", "/v1/members", bank, given | {"dry_run": True, "reason": None})
        return
    currencies = load_config({"data": given["data"]}).currencies
    made = through_the_door(lambda door: onboard(door, bank, currencies), given)
    click.echo(json.dumps(made, indent=2))


@member.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--credentials",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write their accounts and API keys here, mode 600, each as it is made. Without it no key is made.",
)
@click.option("--dry-run", is_flag=True, help="Have every line judged, and do nothing.")
@as_operator
def member_import(file: Path, credentials: Path | None, dry_run: bool, **given: Any) -> None:
    """Onboard every bank of a CSV file with the columns bic, lei and legal_name, as `member add` does.

    Every line is judged first; if any is bad, all bad ones are named and nothing is made. Run it again after a failure:
    it goes on with what is missing.
    """
    lines, bad = read_banks(file)
    config = load_config({"data": given["data"]})
    started = time.perf_counter()
    through_the_door(
        lambda door: import_banks(door, lines, bad, config.currencies, credentials, dry_run=dry_run), given
    )
    seconds = time.perf_counter() - started
    click.echo(f"{len(lines)} banks {'would be ' if dry_run else ''}onboarded in {seconds:.1f} s")
    ledger = config.data / "ledger.sqlite"
    if ledger.exists():
        click.echo(f"The ledger database has {ledger.stat().st_size / 1_000_000:.1f} MB.")


@member.command("list")
@as_operator
def member_list(**given: Any) -> None:
    """List the members, one a line: id, BIC, status, legal name."""
    rows = through_the_door(lambda door: door.get_all("/v1/members"), given)
    print_rows(rows, "id", "bic", "status", "legal_name")


add_act(member, "activate", "Let a pending member, named by id or BIC, pay and be paid.")
add_act(member, "suspend", "Suspend a member, named by id or BIC: it can read, but nothing of its moves.")
add_act(member, "reinstate", "Take a suspended member, named by id or BIC, back.")
add_act(member, "offboard", "Let a member, named by id or BIC, go: it has no money left; its accounts close.")


LIMITS = {
    "per_payment": "What one payment may move.",
    "per_day": "What may leave its BDAs in a UTC day.",
    "holding": "What its BDAs may hold together.",
    "approval_above": "Larger payments wait for a second user of the member.",
}


def _limits(command: F) -> F:
    """For each limit a flag that sets it, and one that says outright that it goes back to its default."""
    for name, means in reversed(LIMITS.items()):
        flag = name.replace("_", "-")
        usual = "200 million whole units" if name == "per_payment" else "none"
        command = click.option(f"--no-{flag}", is_flag=True, help=f"Back to the default: {usual}.")(command)
        command = click.option(f"--{flag}", help=means)(command)
    return command


@member.command("limits")
@click.argument("member")
@click.argument("currency", required=False)
@_limits
@acting
def member_limits(member: str, currency: str | None, **given: Any) -> None:
    """Show a member's limits or, with CURRENCY, change those given; the others stay. Prints old and new."""
    amounts = {name: given.pop(name) for name in LIMITS}
    reset = [name for name in LIMITS if given.pop(f"no_{name}")]
    if any(amounts[name] is not None for name in reset):
        raise click.UsageError("Give either a limit or its --no-… flag.")
    changes = bool(reset) or any(each is not None for each in amounts.values())
    if changes and currency is None:
        raise click.UsageError("Limits are changed in one currency: name it after the member.")
    path = f"/v1/members/{member}/limits"
    if changes:
        act("PUT", f"{path}/{currency}", amounts, given, nulls=reset)
        return
    given.pop("dry_run"), given.pop("reason")

    async def show(door: OperatorDoor) -> None:
        found = (await door.get(await named_member(door, path)))["data"]
        click.echo(json.dumps([each for each in found if currency in (None, each["currency"])], indent=2))

    through_the_door(show, given)


@member.command("rotate-key")
@click.argument("member")
@click.argument("key")
@click.option("--overlap", "overlap_s", type=click.IntRange(0, 7_776_000), default=86_400, show_default=True,
              help="Seconds that the old key works beside the new one.")  # fmt: skip
@DIGEST
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
@as_operator
def member_rotate_key(member: str, key: str, overlap_s: int, digest: str | None, dry_run: bool, **given: Any) -> None:
    """Make a new API key for the user of this one (an id); prints it, once, unless its owner has made it."""
    given |= {"dry_run": dry_run, "reason": None}
    act("POST", f"/v1/members/{member}/api_keys/{key}/rotate", {"overlap_s": overlap_s, "digest": digest}, given)
