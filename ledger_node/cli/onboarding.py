"""A bank taken through all steps of its admission over REST: admitted, activated, its accounts, an API key.

Each step that was done before is left alone, so what broke off can be gone on with. Holds no rule of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from ledger_node.cli.bank_files import KeysFile, Line
from ledger_node.cli.client import OperatorDoor, RequestFailed
from ledger_node.errors import ConfigurationError, LedgerNodeError

AT_ONCE = 16
"""Banks that an import onboards at a time: requests that wait together share one commit of the ledger."""


async def onboard(
    door: OperatorDoor, bank: dict[str, Any], currencies: tuple[str, ...], *, make_key: bool = True
) -> dict[str, Any]:
    """Admitted, activated, a DDA and a BDA per currency, an API key. With four_eyes on it stops after the request."""
    made = await door.post("/v1/members", bank)
    return await _complete(door, made, bank["bic"], currencies, make_key=make_key)


async def _complete(
    door: OperatorDoor, made: dict[str, Any], bic: str, currencies: tuple[str, ...], *, make_key: bool,
    there: frozenset[tuple[str, str]] = frozenset(),
) -> dict[str, Any]:  # fmt: skip
    if "maker" in made:
        return {"bic": bic, "approval": made["id"]}
    path = f"/v1/members/{made['id']}"
    if made["status"] == "pending":
        activated = await door.post(f"{path}/activate")
        if "maker" in activated:
            return {"bic": bic, "approval": activated["id"]}
    for code in currencies:
        for kind in ("DDA", "BDA"):
            if (kind, code) not in there:
                await door.post("/v1/accounts", {"member": made["id"], "kind": kind, "currency": code})
    key = (await door.post(f"{path}/api_keys"))["api_key"] if make_key else None
    accounts = await door.get_all("/v1/accounts", member=made["id"])
    return {"id": made["id"], "bic": bic, "api_key": key} | {
        "accounts": [{name: account[name] for name in ("id", "kind", "currency")} for account in reversed(accounts)],
    }


async def import_banks(
    door: OperatorDoor, lines: list[Line], bad: list[str], currencies: tuple[str, ...], credentials: Path | None, *,
    dry_run: bool,
) -> None:  # fmt: skip
    """Raises ConfigurationError that names every bad line: nothing is made then; or every line that failed."""
    known: dict[int, dict[str, Any]] = {}

    async def judge(line: Line) -> None:
        known_already = await _judged(door, line)
        if known_already is not None:
            known[line.number] = known_already

    refused = bad + await _each(lines, judge)
    if refused:
        raise ConfigurationError("Nothing was made.\n" + "\n".join(sorted(refused, key=_number)))
    if dry_run:
        return
    keys = None if credentials is None else KeysFile(credentials)

    async def one(line: Line) -> None:
        make_key = keys is not None and line.bank["bic"] not in keys.bics
        if line.number in known:
            there = await _accounts(door, known[line.number]["id"])
            made = await _complete(
                door, known[line.number], line.bank["bic"], currencies, make_key=make_key, there=there
            )
        else:
            made = await onboard(door, line.bank, currencies, make_key=make_key)
        if keys is not None and made.get("api_key"):
            keys.add(made)

    try:
        failed = await _each(lines, one)
    finally:
        if keys is not None:
            keys.close()
    if failed:
        raise ConfigurationError(
            "Some banks are not complete; run the import again to go on.\n" + "\n".join(sorted(failed, key=_number))
        )


async def _judged(door: OperatorDoor, line: Line) -> dict[str, Any] | None:
    """The member that this bank is already, if it is one. Raises RequestFailed for a bank that cannot be admitted."""
    try:
        await door.act("POST", "/v1/members", line.bank, dry_run=True)
    except RequestFailed as failed:
        if failed.code != "already_exists":
            raise
        member: dict[str, Any] = await door.get(f"/v1/members/{failed.facts['id']}")
        if any(member[name] != line.bank[name] for name in ("bic", "lei", "legal_name")):
            raise
        if member["status"] not in ("pending", "active"):
            raise RequestFailed({"code": "wrong_state", "detail": f"The bank is {member['status']}."}) from None
        return member
    return None


async def _accounts(door: OperatorDoor, member_id: str) -> frozenset[tuple[str, str]]:
    found = await door.get_all("/v1/accounts", member=member_id)
    return frozenset((each["kind"], each["currency"]) for each in found if each["status"] != "closed")


async def _each(lines: list[Line], work: Callable[[Line], Awaitable[None]]) -> list[str]:
    """The work on every line, some at a time; what failed, each with its line's number."""
    at_once = asyncio.Semaphore(AT_ONCE)

    async def one(line: Line) -> str | None:
        async with at_once:
            try:
                await work(line)
            except (LedgerNodeError, httpx.HTTPError, OSError) as error:
                said = error.detail if isinstance(error, LedgerNodeError) else str(error) or type(error).__name__
                return f"line {line.number}: {said}"
        return None

    return [said for said in await asyncio.gather(*map(one, lines)) if said is not None]


def _number(said: str) -> int:
    return int(said.removeprefix("line ").partition(":")[0])
