"""The commands `ledger-node member …`: a bank's life from admission to leaving. They speak REST and hold no rule."""

import asyncio
import csv
import json
import time
from pathlib import Path
from typing import Any

import click

from ledger_node.acting_commands import DIGEST, act, acting, as_operator, named_member, print_rows, through_the_door
from ledger_node.config import load_config
from ledger_node.data_directory import write_private
from ledger_node.operator_door import OperatorDoor

AT_ONCE = 16
"""Banks that an import onboards at a time: requests that wait together share one commit of the ledger."""


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
    made = through_the_door(lambda door: _onboard(door, bank, currencies), given)
    click.echo(json.dumps(made, indent=2))


async def _onboard(door: OperatorDoor, bank: dict[str, Any], currencies: tuple[str, ...]) -> dict[str, Any]:
    """Admitted, activated, a DDA and a BDA per currency, an API key. With four_eyes on it stops after the request."""
    made = await door.post("/v1/members", bank)
    if "maker" in made:
        return {"bic": bank["bic"], "approval": made["id"]}
    await door.post(f"/v1/members/{made['id']}/activate")
    accounts = [
        await door.post("/v1/accounts", {"member": made["id"], "kind": kind, "currency": code})
        for code in currencies
        for kind in ("DDA", "BDA")
    ]
    key = await door.post(f"/v1/members/{made['id']}/api_keys")
    return {
        "id": made["id"],
        "bic": bank["bic"],
        "api_key": key["api_key"],
        "accounts": [{name: account[name] for name in ("id", "kind", "currency")} for account in accounts],
    }


@member.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--credentials", type=click.Path(path_type=Path), help="Write their accounts and API keys here, mode 600."
)
@click.option("--dry-run", is_flag=True, help="Have every line judged, and do nothing.")
@as_operator
def member_import(file: Path, credentials: Path | None, dry_run: bool, **given: Any) -> None:
    """Onboard every bank of a CSV file with the columns bic, lei and legal_name, as `member add` does."""
    with file.open(encoding="utf-8", newline="") as lines:
        banks = [{name: row[name] for name in ("bic", "lei", "legal_name")} for row in csv.DictReader(lines)]
    config = load_config({"data": given["data"]})
    started = time.perf_counter()

    async def work(door: OperatorDoor) -> list[dict[str, Any]]:
        if dry_run:
            return [(await door.act("POST", "/v1/members", bank, dry_run=True)).body for bank in banks]
        at_once = asyncio.Semaphore(AT_ONCE)

        async def one(bank: dict[str, Any]) -> dict[str, Any]:
            async with at_once:
                return await _onboard(door, bank, config.currencies)

        return list(await asyncio.gather(*(one(bank) for bank in banks)))

    made = through_the_door(work, given)
    seconds = time.perf_counter() - started
    if credentials is not None and not dry_run:
        write_private(credentials, json.dumps({"members": made}, indent=2) + "\n")
    click.echo(f"{len(made)} banks {'would be ' if dry_run else ''}onboarded in {seconds:.1f} s")
    ledger = config.data / "ledger.sqlite"
    if ledger.exists():
        click.echo(f"The ledger database has {ledger.stat().st_size / 1_000_000:.1f} MB.")


@member.command("list")
@as_operator
def member_list(**given: Any) -> None:
    """List the members, one a line: id, BIC, status, legal name."""
    rows = through_the_door(lambda door: door.get_all("/v1/members"), given)
    print_rows(rows, "id", "bic", "status", "legal_name")


def _add(name: str, means: str) -> None:
    @member.command(name, help=means)
    @click.argument("member")
    @acting
    def change(member: str, **given: Any) -> None:
        act("POST", f"/v1/members/{member}/{name}", None, given)


_add("activate", "Let a pending member, named by id or BIC, pay and be paid.")
_add("suspend", "Suspend a member, named by id or BIC: it can read, but nothing of its moves.")
_add("reinstate", "Take a suspended member, named by id or BIC, back.")
_add("offboard", "Let a member, named by id or BIC, go: it has no money left; its accounts close.")


@member.command("limits")
@click.argument("member")
@click.argument("currency", required=False)
@click.option("--per-payment", help="What one payment may move.")
@click.option("--per-day", help="What may leave its BDAs in a UTC day.")
@click.option("--holding", help="What its BDAs may hold together.")
@click.option("--approval-above", help="Larger payments wait for a second user of the member.")
@acting
def member_limits(member: str, currency: str | None, **given: Any) -> None:
    """Show a member's limits or, with CURRENCY, agree all of them anew; what is not given goes back to its default."""
    amounts = {name: given.pop(name) for name in ("per_payment", "per_day", "holding", "approval_above")}
    path = f"/v1/members/{member}/limits"
    if currency is not None:
        act("PUT", f"{path}/{currency}", amounts, given)
        return
    given.pop("dry_run"), given.pop("reason")

    async def show(door: OperatorDoor) -> None:
        click.echo(json.dumps((await door.get(await named_member(door, path)))["data"], indent=2))

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
