"""`ledger-node fiat`: money that came in from outside, and money that goes out. The commands speak REST."""

import uuid
from typing import Any

import click

from ledger_node.cli.options import act, as_operator, print_rows, through_the_door


@click.group()
def fiat() -> None:
    """Book fiat into and out of DDAs, and list what was booked."""


def _add(name: str, path: str, means: str) -> None:
    @fiat.command(name, help=means)
    @click.argument("account")
    @click.argument("amount")
    @click.argument("currency")
    @click.option("--end-to-end-id", help="Reference that is carried to the other side.")
    @click.option("--external-id", help="Your own system's id.")
    @click.option("--idempotency-key", help="Give one, and the same again is booked once; without it a new one.")
    @click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
    @as_operator
    def move(idempotency_key: str | None, dry_run: bool, **given: Any) -> None:
        names = ("account", "amount", "currency", "end_to_end_id", "external_id")
        body = {each: given.pop(each) for each in names}
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        act("POST", path, body, given | {"dry_run": dry_run, "reason": None}, headers=headers)

    @fiat.command(f"{name}s")
    @as_operator
    def listed(**given: Any) -> None:
        rows = through_the_door(lambda door: door.get_all(path), given)
        print_rows(rows, "id", "status", "account", "amount", "currency", "end_to_end_id", "created_at")

    listed.help = f"List {name}s, one a line: id, status, account, amount, currency, reference, time."


_add("deposit", "/v1/deposits", "Book AMOUNT of fiat that came in onto a DDA (an id).")
_add("withdrawal", "/v1/withdrawals", "Book AMOUNT of fiat that went out of a DDA (an id).")
