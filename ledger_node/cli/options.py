"""What the operator's commands have in common: whose key, dry run, reason, and how an answer is printed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from ledger_node.cli.client import OperatorDoor, operator_door
from ledger_node.cli.flags import settings
from ledger_node.config import load_config

DIGEST = click.option(
    "--digest",
    metavar="HEX",
    help="SHA-256 of a secret that its owner made with `operator secret`; none is shown then.",
)
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def as_operator(command: F) -> F:
    """The data directory, and the file with a named operator's API key (a key is no command's argument)."""
    key_file = click.option(
        "--as", "key_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
        help="File with a named operator's API key; without it the key that init made.",
    )  # fmt: skip
    decorated: F = key_file(settings("data")(command))
    return decorated


def acting(command: F) -> F:
    """The same for a command that changes something."""
    dry_run = click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
    reason = click.option("--reason", help="Why; recorded in the audit log.")
    decorated: F = reason(dry_run(as_operator(command)))
    return decorated


def add_act(group: click.Group, name: str, means: str, *, named_by: str | None = None) -> None:
    """The command NAME of a group, which does that to one of what the group is named after: `account freeze ID`.

    `named_by`: what the one is named by, if not by its id.
    """
    of = group.name or ""

    @group.command(name, help=means)
    @click.argument("one", metavar=(named_by or of).upper())
    @acting
    def change(one: str, **given: Any) -> None:
        act("POST", f"/v1/{of}s/{one}/{name}", None, given)


def act(
    method: str, path: str, body: dict[str, Any] | None, given: dict[str, Any], *,
    headers: dict[str, str] | None = None, nulls: Iterable[str] = (),
) -> None:  # fmt: skip
    """Do it as the flags in `given` say, and print what came of it. `nulls`: what the body says is null."""
    dry_run, reason = given.pop("dry_run"), given.pop("reason")
    sent = {name: value for name, value in (body or {}).items() if value is not None}
    sent |= dict.fromkeys(nulls)
    if reason is not None:
        sent["reason"] = reason

    async def ask(door: OperatorDoor) -> None:
        target = await named_member(door, path)
        if "member" in sent:
            sent["member"] = (await named_member(door, f"/v1/members/{sent['member']}")).split("/")[3]
        acted = await door.act(method, target, sent or None, dry_run=dry_run, headers=headers)
        if acted.rehearsed:
            needs = " A second operator would have to agree." if acted.needs_approval else ""
            click.echo(f"Nothing was done.{needs} It would be:")
        elif acted.body.get("status") == "pending_approval" and "maker" in acted.body:
            click.echo(f"Waits for a second operator: ledger-node approval approve {acted.body['id']}")
        if "bic" in acted.body:
            print_rows([acted.body], "id", "bic", "status", "legal_name")
        else:
            click.echo(json.dumps(acted.body, indent=2))

    through_the_door(ask, given)


def through_the_door(work: Callable[[OperatorDoor], Awaitable[T]], given: dict[str, Any]) -> T:
    key_file, config = given.pop("key_file"), load_config(given)

    async def run() -> T:
        async with operator_door(config, key_file) as door:
            return await work(door)

    return asyncio.run(run())


async def named_member(door: OperatorDoor, path: str) -> str:
    """The path with a member's BIC in it replaced by the member's id."""
    parts = path.split("/")
    if len(parts) > 3 and parts[2] == "members" and not parts[3].startswith("mbr_"):
        members = await door.get_all("/v1/members")
        parts[3] = next((row["id"] for row in members if row["bic"] == parts[3]), parts[3])
    return "/".join(parts)


def print_rows(rows: list[dict[str, Any]], *names: str) -> None:
    """One a line, its fields separated by tabs."""
    for row in rows:
        click.echo("\t".join("" if row[name] is None else str(row[name]) for name in names))
