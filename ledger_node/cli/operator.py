"""The operator's commands beside members: `account`, `token`, `operator`, `approval`, `audit-log`. They speak REST."""

from pathlib import Path
from typing import Any

import click

from ledger_node.cli.flags import settings
from ledger_node.cli.options import DIGEST, act, acting, add_act, as_operator, print_rows, through_the_door
from ledger_node.config import load_config
from ledger_node.data_directory import write_private
from ledger_node.gateway.credentials import digest_of, new_secret
from ledger_node.operations.recovery import recover


@click.group()
def account() -> None:
    """Open, freeze, seize and close accounts."""


@account.command("list")
@click.option("--member", help="Only this member's (an id).")
@as_operator
def account_list(member: str | None, **given: Any) -> None:
    """List accounts, one a line: id, member, kind, currency, status, address."""
    query = {"member": member} if member else {}
    rows = through_the_door(lambda door: door.get_all("/v1/accounts", **query), given)
    print_rows(rows, "id", "member", "kind", "currency", "status", "address")


@account.command("open")
@click.argument("member")
@click.argument("kind", type=click.Choice(["DDA", "BDA"]))
@click.argument("currency")
@click.option("--custody", type=click.Choice(["managed", "self"]), help="Who moves a BDA; without it the issuer.")
@click.option("--address", help="The member's own address, for self custody only.")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
@as_operator
def account_open(
    member: str, kind: str, currency: str, custody: str | None, address: str | None, dry_run: bool, **given: Any
) -> None:
    """Open an account for a member (an id or BIC); a BDA is pending until it is on the token's register."""
    body = {"member": member, "kind": kind, "currency": currency, "custody": custody, "address": address}
    act("POST", "/v1/accounts", body, given | {"dry_run": dry_run, "reason": None})


add_act(account, "freeze", "Freeze a BDA: it neither pays nor is paid. Needs a reason.")
add_act(account, "unfreeze", "Lift the freeze of a BDA. Needs a reason.")
add_act(account, "close", "Close an empty account for good.")


@account.command("freeze-amount")
@click.argument("account")
@click.argument("amount")
@acting
def freeze_amount(account: str, amount: str, **given: Any) -> None:
    """Freeze AMOUNT of what a BDA holds, in all; 0 lifts it. Needs a reason."""
    act("POST", f"/v1/accounts/{account}/freeze_amount", {"amount": amount}, given)


@account.command("seize")
@click.argument("debtor_account")
@click.argument("creditor_account")
@click.argument("amount")
@click.argument("currency")
@acting
def seize(debtor_account: str, creditor_account: str, amount: str, currency: str, **given: Any) -> None:
    """Move tokens without their holder's consent (a forced transfer). Needs a reason, which is recorded on chain."""
    body = {"debtor_account": debtor_account, "creditor_account": creditor_account}
    act("POST", "/v1/forced_transfers", {**body, "amount": amount, "currency": currency}, given)


@account.command("orders")
@as_operator
def account_orders(**given: Any) -> None:
    """List orders, one a line: id, kind, status, account, amount, currency, reason."""
    rows = through_the_door(lambda door: door.get_all("/v1/orders"), given)
    print_rows(rows, "id", "kind", "status", "account", "amount", "currency", "reason")


@click.group()
def token() -> None:
    """Show, pause and unpause tokens, and limit what may be minted."""


@token.command("list")
@as_operator
def token_list(**given: Any) -> None:
    """List the token contracts, one a line: currency, name, address."""
    rows = through_the_door(lambda door: door.get("/v1/tokens"), given)["data"]
    print_rows(rows, "currency", "name", "address")


add_act(token, "pause", "Stop a currency's token: nothing of it moves. Needs a reason.", named_by="currency")
add_act(token, "unpause", "Let a paused token move again. Needs a reason.", named_by="currency")


@token.command("limit-minting")
@click.argument("currency")
@click.argument("per_day")
@acting
def token_limit_minting(currency: str, per_day: str, **given: Any) -> None:
    """Let at most PER_DAY be minted in 24 hours; `unlimited` lifts it. Needs a reason."""
    body = {"per_day": None if per_day == "unlimited" else per_day}
    act("POST", f"/v1/tokens/{currency}/limit_minting", body, given)


@click.group()
def operator() -> None:
    """Name and revoke people of the operator's house."""


@operator.command("add")
@click.argument("name")
@click.option("--duty", "duties", multiple=True, required=True, type=click.Choice(["maker", "checker", "admin"]),
              help="What they may do; may be given several times.")  # fmt: skip
@acting
def operator_add(name: str, duties: tuple[str, ...], **given: Any) -> None:
    """Name a person; prints their first API key, once, if no second person must agree."""
    act("POST", "/v1/operators", {"name": name, "duties": list(duties)}, given)


@operator.command("list")
@as_operator
def operator_list(**given: Any) -> None:
    """List operators, one a line: id, name, status, duties."""
    rows = through_the_door(lambda door: door.get("/v1/operators"), given)["data"]
    print_rows([row | {"duties": " ".join(row["duties"])} for row in rows], "id", "name", "status", "duties")


@operator.command("revoke")
@click.argument("operator")
@acting
def operator_revoke(operator: str, **given: Any) -> None:
    """End a person's (an id) work here; all their keys end at once."""
    act("POST", f"/v1/operators/{operator}/revoke", None, given)


@operator.command("key")
@click.argument("operator")
@DIGEST
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
@as_operator
def operator_key(operator: str, digest: str | None, dry_run: bool, **given: Any) -> None:
    """Make another API key for a person (an id); prints it, once, unless its owner has made it."""
    body = {"digest": digest}
    act("POST", f"/v1/operators/{operator}/api_keys", body, given | {"dry_run": dry_run, "reason": None})


@operator.command("secret")
@click.argument("file", type=click.Path(exists=False, dir_okay=False, path_type=Path))
def operator_secret(file: Path) -> None:
    """Make a secret for an API key of your own, in a new FILE (mode 600); prints the digest that is to be given."""
    secret = new_secret()
    if file.exists():
        raise click.UsageError(f"{file} exists already.")
    write_private(file, secret + "\n")
    click.echo(digest_of(secret).hex())


@operator.command("recover")
@click.argument("operator", required=False)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="New file for the key, mode 600; without OPERATOR DIR/credentials.json if not given.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say whose key it would be, and do nothing.")
@click.option("--reason", help="Why; recorded in the audit log.")
@settings("data", "database_url")
def operator_recover(operator: str | None, to: Path | None, dry_run: bool, reason: str | None, **flags: Any) -> None:
    """Make a new API key for a person (an id or a name) who has lost theirs, or for the house as init did.

    For whoever holds the data directory, while no node runs on it. All the person's keys from before end.
    """
    whose, file = recover(load_config(flags), operator, to, reason=reason, dry_run=dry_run)
    if dry_run:
        click.echo(f"Nothing was done. {file} would hold a new key of {whose.name} ({whose.person}).")
        return
    click.echo(f"{file} holds the new key of {whose.name} ({whose.person}); those from before have ended.")


@click.group()
def approval() -> None:
    """List and decide what waits for a second person."""


@approval.command("list")
@click.option("--status", default="pending_approval", show_default=True, help="Only in this state.")
@as_operator
def approval_list(status: str, **given: Any) -> None:
    """List requests, one a line: id, action, resource, maker, reason, expiry."""
    rows = through_the_door(lambda door: door.get_all("/v1/approvals", status=status), given)
    print_rows(rows, "id", "action", "resource", "maker", "reason", "expires_at")


add_act(approval, "approve", "Agree to what another person asked for (an id); it is done at once.")
add_act(approval, "reject", "Say no to what another person asked for (an id). Needs a reason.")


@click.command("audit-log")
@click.option("--outcome", help="Only what ended so, e.g. refused.")
@click.option("--action", help="Only this action, e.g. member.suspend.")
@as_operator
def audit_log(outcome: str | None, action: str | None, **given: Any) -> None:
    """Print the audit log, newest first: time, person, action, resource, outcome, code, reason."""
    query = {name: value for name, value in (("outcome", outcome), ("action", action)) if value}
    rows = through_the_door(lambda door: door.get_all("/v1/audit_log", **query), given)
    print_rows(rows, "created_at", "person", "action", "resource", "outcome", "code", "reason")
