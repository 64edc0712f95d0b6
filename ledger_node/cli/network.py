"""`ledger-node network`: who may do what on the network, for network administrators and those of banks.

Each change is one call of the permissions contract, signed with a keystore (the operator's network key unless another
is named) and sent through a node's JSON-RPC. `--dry-run` tries it on the newest state, shows it, and sends nothing.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.remote import open_remote
from ledger_node.cli.flags import settings
from ledger_node.cli.network_client import NetworkDoor
from ledger_node.config import Config, load_config
from ledger_node.data_directory import DataDirectory
from ledger_node.errors import ConfigurationError, InvalidField, NotFound
from ledger_node.keys import LocalSigner, open_keystore, read_password
from ledger_node.permissions import calls, reads, views
from ledger_node.permissions.model import VALUE_UNLIMITED, AccountStatus, OrganisationStatus, Right

F = TypeVar("F", bound=Callable[..., Any])
RIGHTS = [right.name.lower() for right in Right if right is not Right.NONE]


class AddressType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        try:
            address = bytes.fromhex(str(value).removeprefix("0x"))
        except ValueError:
            address = b""
        if len(address) != 20:
            self.fail(f"{value!r} is no address: write 0x and 40 hex digits", param, ctx)
        return address


ADDRESS = AddressType()


def reading(command: F) -> F:
    command = settings("data")(command)
    return click.option("--rpc", metavar="URL", help="JSON-RPC address of a node; without it, the running node's.")(
        command
    )


def changing(command: F) -> F:
    command = settings("data", "password_file")(command)
    for option in (
        click.option("--dry-run", is_flag=True, help="Show the call and try it out; send nothing."),
        click.option(
            "--key",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Keystore of the administrator who signs; without it, the operator's network key.",
        ),
        click.option("--rpc", metavar="URL", help="JSON-RPC address of a node; without it, the running node's."),
    ):
        command = option(command)
    return command


@contextmanager
def _chain(config: Config, rpc: str | None) -> Iterator[ChainBackend]:
    running = None if rpc else DataDirectory(config.data).running_node()
    url = rpc or config.chain or (running or {}).get("rpc")
    if not url:
        raise ConfigurationError(f"No node runs on {config.data}; start it, or name another with --rpc URL.")
    chain = open_remote(url)
    try:
        if not reads.is_permissioned(chain):
            raise NotFound("This network has no permissions contract.")
        yield chain
    finally:
        chain.close()


def _signer(config: Config, key: Path | None) -> LocalSigner:
    path = key or DataDirectory(config.data).keystore("network")
    return open_keystore(path, read_password(config.password_path))


Making = Callable[[NetworkDoor], bytes]


def _change(make: Making, *, rpc: str | None, key: Path | None, dry_run: bool, **flags: Any) -> None:
    """Plan, show or carry out, and print what came of it as JSON."""
    config = load_config(flags)
    with _chain(config, rpc) as chain:
        door = NetworkDoor(chain, _signer(config, key))
        plan = door.plan(make(door))
        shown = plan.as_json()
        if dry_run:
            _print(shown | {"sent": False, "would": "succeed"})
            return
        done = door.carry_out(plan)
        _print(
            shown
            | {
                "sent": True,
                "transaction": f"0x{done.receipt.transaction_hash.hex()}",
                "block": done.receipt.block_number,
                "events": [_event(event) for event in done.events],
            }
        )


def _event(event: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"event": type(event).__name__}
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name == "entry":
            shown |= views.role(value)
        elif field.name == "call":
            shown["call"] = calls.described(value)
        elif field.name != "log":
            shown[field.name] = views.plain(value)
    return shown


def _print(document: Any) -> None:
    click.echo(json.dumps(document, indent=2))


@click.group()
def network() -> None:
    """Who may do what on the network: see it, vote on it, change it."""


# SEEING


@network.command()
@reading
def status(rpc: str | None, **flags: Any) -> None:
    """Sealer, administrators, majority, organisations and open proposals."""
    with _chain(load_config(flags), rpc) as chain:
        _print(views.network(chain))


@network.command()
@reading
def organisations(rpc: str | None, **flags: Any) -> None:
    """All organisations."""
    with _chain(load_config(flags), rpc) as chain:
        _print(views.organisations(chain))


@network.command()
@click.option("--organisation", type=click.IntRange(min=1), help="Only those of this organisation.")
@reading
def roles(organisation: int | None, rpc: str | None, **flags: Any) -> None:
    """All roles, with their rights and limits."""
    with _chain(load_config(flags), rpc) as chain:
        _print(views.roles(chain, organisation))


@network.command()
@click.argument("address", type=ADDRESS)
@reading
def account(address: bytes, rpc: str | None, **flags: Any) -> None:
    """What an account may do now, and why not more."""
    with _chain(load_config(flags), rpc) as chain:
        _print(views.account(chain, address))


@network.command()
@click.option("--all", "everything", is_flag=True, help="Also those that are decided or have expired.")
@reading
def proposals(everything: bool, rpc: str | None, **flags: Any) -> None:
    """Proposals that wait for votes, with who has voted what."""
    with _chain(load_config(flags), rpc) as chain:
        _print(views.proposals(chain, only_open=not everything))


# VOTING


@network.command()
@click.argument("proposal", type=click.IntRange(min=1))
@click.option("--yes/--no", "yes", required=True, help="The vote; it cannot be changed.")
@changing
def vote(proposal: int, yes: bool, **options: Any) -> None:
    """Vote on a proposal; the vote that decides also carries it out."""
    _change(lambda _: calls.vote(proposal, yes=yes), **options)


@network.command()
@click.argument("name")
@click.argument("administrator", type=ADDRESS)
@changing
def admit(name: str, administrator: bytes, **options: Any) -> None:
    """Propose an organisation of the network, with the address of its first administrator."""
    _change(lambda _: calls.propose_organisation(name, administrator), **options)


@network.command("set-sealer")
@click.argument("sealer", type=ADDRESS)
@changing
def set_sealer(sealer: bytes, **options: Any) -> None:
    """Propose who seals from the block after the deciding vote on."""
    _change(lambda _: calls.set_sealer(sealer), **options)


@network.command("set-majority")
@click.argument("percent", type=click.IntRange(50, 100))
@changing
def set_majority(percent: int, **options: Any) -> None:
    """Propose that more than this share of the network administrators decides."""
    _change(lambda _: calls.set_majority(percent), **options)


@network.command("add-administrator")
@click.argument("administrator", type=ADDRESS)
@changing
def add_administrator(administrator: bytes, **options: Any) -> None:
    """Propose another network administrator; it must be an account that may transact."""
    _change(lambda _: calls.add_network_administrator(administrator), **options)


@network.command("remove-administrator")
@click.argument("administrator", type=ADDRESS)
@changing
def remove_administrator(administrator: bytes, **options: Any) -> None:
    """Propose that a network administrator has no vote any more."""
    _change(lambda _: calls.remove_network_administrator(administrator), **options)


# ORGANISATIONS, ROLES AND ACCOUNTS: by their administrators, else by vote


@network.command("add-sub-organisation")
@click.argument("parent", type=click.IntRange(min=1))
@click.argument("name")
@changing
def add_sub_organisation(parent: int, name: str, **options: Any) -> None:
    """Add an organisation below another, approved at once."""
    _change(lambda _: calls.add_sub_organisation(parent, name), **options)


@network.command("add-role")
@click.argument("organisation", type=click.IntRange(min=1))
@click.argument("name")
@click.argument("right", type=click.Choice(RIGHTS))
@click.option("--limit-targets", is_flag=True, help="Its accounts send only to targets allowed with set-target.")
@click.option("--max-value", type=click.IntRange(0, VALUE_UNLIMITED), help="Most wei a transaction may carry.")
@changing
def add_role(
    organisation: int, name: str, right: str, limit_targets: bool, max_value: int | None, **options: Any
) -> None:
    """Add a role to an organisation."""
    most = VALUE_UNLIMITED if max_value is None else max_value
    data = calls.add_role(organisation, name, Right[right.upper()], limits_targets=limit_targets, max_value=most)
    _change(lambda _: data, **options)


@network.command("change-role")
@click.argument("role", type=click.IntRange(min=1))
@click.option("--right", type=click.Choice(RIGHTS), help="Without it, as it is.")
@click.option("--active/--inactive", default=None, help="Whether its accounts have any right. Without it, as it is.")
@click.option("--limit-targets/--any-target", "limit_targets", default=None, help="Without it, as it is.")
@click.option("--max-value", type=click.IntRange(0, VALUE_UNLIMITED), help="Most wei. Without it, as it is.")
@changing
def change_role(
    role: int, right: str | None, active: bool | None, limit_targets: bool | None, max_value: int | None,
    **options: Any,
) -> None:  # fmt: skip
    """Change a role, for all its accounts at once: its right, its limits, or switch it off and on."""

    def make(door: NetworkDoor) -> bytes:
        now = reads.role(door.chain, role)
        if now is None:
            raise NotFound(f"There is no role {role}.")
        return calls.change_role(
            role,
            now.entry.right if right is None else Right[right.upper()],
            active=now.entry.active if active is None else active,
            limits_targets=now.entry.limits_targets if limit_targets is None else limit_targets,
            max_value=now.entry.max_value if max_value is None else max_value,
        )

    _change(make, **options)


@network.command("set-target")
@click.argument("role", type=click.IntRange(min=1))
@click.argument("target", type=ADDRESS)
@click.option("--allow/--forbid", "allowed", required=True, help="Whether the role's accounts may send there.")
@changing
def set_target(role: int, target: bytes, allowed: bool, **options: Any) -> None:
    """Say where the accounts of a role with limited targets may send."""
    _change(lambda _: calls.set_role_target(role, target, allowed=allowed), **options)


@network.command()
@click.argument("address", type=ADDRESS)
@click.argument("organisation", type=click.IntRange(min=1))
@click.argument("role", type=click.IntRange(min=1))
@changing
def assign(address: bytes, organisation: int, role: int, **options: Any) -> None:
    """Admit an account to an organisation with a role, or give it another role."""
    _change(lambda _: calls.assign_account(address, organisation, role), **options)


@network.command()
@click.argument("address", type=ADDRESS)
@click.argument("right", type=click.Choice(RIGHTS))
@click.option("--organisation", type=click.IntRange(min=1), help="Without it, the one of the key that signs.")
@changing
def grant(address: bytes, right: str, organisation: int | None, **options: Any) -> None:
    """Give an account of an organisation a right in one step, by the organisation's own role for it.

    Takes the first role of the organisation that has exactly this right and no limits; if there is none, adds one of
    that name first.
    """
    wanted = Right[right.upper()]

    def make(door: NetworkDoor) -> bytes:
        own = organisation or reads.account(door.chain, door.caller).organisation
        if not own:
            raise InvalidField(f"0x{door.caller.hex()} is of no organisation; name one with --organisation.")
        role = reads.plain_role(door.chain, own, wanted)
        if role is None:
            if options["dry_run"]:
                click.echo(
                    f"Organisation {own} has no such role; this would add it first. Shown is that call.", err=True
                )
                return calls.add_role(own, right, wanted)
            added = door.plan(calls.add_role(own, right, wanted))
            door.carry_out(added)
            role = reads.plain_role(door.chain, own, wanted)
            if role is None:
                raise NotFound(f"Adding the role {right} waits for votes; grant the right again when it is decided.")
        return calls.assign_account(address, own, role)

    _change(make, **options)


@network.command()
@click.argument("subject")
@changing
def suspend(subject: str, **options: Any) -> None:
    """Suspend an account (its address), or an organisation (its number) with all below it."""
    _change(_status_of(subject, AccountStatus.SUSPENDED, OrganisationStatus.SUSPENDED), **options)


@network.command()
@click.argument("subject")
@changing
def reinstate(subject: str, **options: Any) -> None:
    """End the suspension of an account or an organisation."""
    _change(_status_of(subject, AccountStatus.ACTIVE, OrganisationStatus.APPROVED), **options)


@network.command()
@click.argument("address", type=ADDRESS)
@changing
def denylist(address: bytes, **options: Any) -> None:
    """Take an account off until the majority takes it back."""
    _change(lambda _: calls.set_account_status(address, AccountStatus.DENYLISTED), **options)


@network.command()
@click.argument("address", type=ADDRESS)
@changing
def revoke(address: bytes, **options: Any) -> None:
    """Take an account off for ever."""
    _change(lambda _: calls.set_account_status(address, AccountStatus.REVOKED), **options)


def _status_of(subject: str, account: AccountStatus, organisation: OrganisationStatus) -> Making:
    if subject.isdecimal():
        return lambda _: calls.set_organisation_status(int(subject), organisation)
    address = ADDRESS.convert(subject, None, None)
    return lambda _: calls.set_account_status(address, account)
