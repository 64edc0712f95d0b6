"""`ledger-node api-key`: keys of the gateway, of member banks and of the operator's own house. They speak REST."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ledger_node.cli.options import DIGEST, act, as_operator, named_member, print_rows, through_the_door

F = TypeVar("F", bound=Callable[..., Any])


@click.group("api-key")
def api_key() -> None:
    """List, make, rotate and revoke API keys."""


def _of_whom(command: F) -> F:
    """A member's keys, or without one those of the house."""
    option = click.option("--member", help="Of this member, an id or BIC; without it, of the operator's house.")
    decorated: F = option(as_operator(command))
    return decorated


def _changing(command: F) -> F:
    dry_run = click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
    decorated: F = _of_whom(dry_run(command))
    return decorated


def _path(member: str | None, *rest: str) -> str:
    return "/".join(["/v1/api_keys" if member is None else f"/v1/members/{member}/api_keys", *rest])


@api_key.command("list")
@_of_whom
def key_list(member: str | None, **given: Any) -> None:
    """List keys, newest first, one a line: id, scope, user, name, hint, when it ends, when it was revoked."""

    async def ask(door: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await door.get(await named_member(door, _path(member))))["data"]
        return found

    rows = through_the_door(ask, given)
    print_rows(rows, "id", "scope", "user", "name", "hint", "expires_at", "revoked_at")


@api_key.command("create")
@click.option("--name", required=True, help="What the key is for; shown in lists.")
@click.option("--user", help="Whose key it is, at a member; without one the key is a user of its own.")
@click.option("--scope", type=click.Choice(["operator", "supervisor"]), help="What it may do, in the house.")
@DIGEST
@_changing
def key_create(
    member: str | None, name: str, user: str | None, scope: str | None, digest: str | None, **given: Any
) -> None:
    """Make a key; prints it, once, unless its owner has made it."""
    if (member is None) != (scope is not None):
        raise click.UsageError("Give either --member or, for a key of the house, --scope.")
    body = {"name": name, "user": user, "scope": scope, "digest": digest}
    act("POST", _path(member), body, given | {"reason": None})


@api_key.command("rotate")
@click.argument("key")
@click.option("--overlap", "overlap_s", type=click.IntRange(0, 7_776_000), default=86_400, show_default=True,
              help="Seconds that the old key works beside the new one.")  # fmt: skip
@DIGEST
@_changing
def key_rotate(member: str | None, key: str, overlap_s: int, digest: str | None, **given: Any) -> None:
    """Make a new key for the user of this one (an id); prints it, once, unless its owner has made it."""
    body = {"overlap_s": overlap_s, "digest": digest}
    act("POST", _path(member, key, "rotate"), body, given | {"reason": None})


@api_key.command("revoke")
@click.argument("key")
@_changing
def key_revoke(member: str | None, key: str, **given: Any) -> None:
    """End a key (an id) at once and for ever; not the one you are using."""
    act("POST", _path(member, key, "revoke"), None, given | {"reason": None})
