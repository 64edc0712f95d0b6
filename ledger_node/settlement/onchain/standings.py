"""Standings: what a token's register should say of each BDA, and what it says.

Told of it by whoever decides about members and accounts, and by the booking; parties/register_sync.py tells the chain.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from ledger_node.settlement import events, rows, tables
from ledger_node.settlement.model import AccountStatus


def judge(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> None:
    """Work out what is wanted of these BDAs now, from their member's status and the orders against them."""
    accounts, members, holdings = tables.accounts, tables.members, tables.holdings
    member = sa.select(members.c.status).where(members.c.id == accounts.c.member_id).scalar_subquery()
    booked = sa.select(holdings.c.booked).where(holdings.c.account_id == accounts.c.id).scalar_subquery()
    leaving = sa.or_(member == "offboarded", accounts.c.closing)
    # `blocked` may be of before the last telling; told to stop and blocked together mean that nothing can arrive.
    stopped = sa.and_(accounts.c.status == "blocked", accounts.c.told.in_(["suspended", "frozen", "closed"]))
    wanted = sa.case(
        (sa.and_(leaving, stopped, booked == 0), "closed"),
        (accounts.c.frozen, "frozen"),
        (sa.or_(leaving, member == "suspended"), "suspended"),
        else_="active",
    )
    mine = sa.and_(accounts.c.kind == "BDA", accounts.c.status != "closed", *which)
    connection.execute(accounts.update().where(mine).values(wanted=wanted))


def change_status(connection: sa.Connection, statuses: Mapping[str, AccountStatus], *, at: int) -> None:
    """What the token's register says of these accounts now, by account id."""
    if not statuses:
        return
    accounts = tables.accounts
    for account_id, status in statuses.items():
        connection.execute(accounts.update().where(accounts.c.id == account_id).values(status=status))
    found = connection.execute(sa.select(*rows.ACCOUNT).where(accounts.c.id.in_(sorted(statuses))))
    changed = [rows.account(row) for row in found]
    if any(account.status == "blocked" for account in changed):
        judge(connection, accounts.c.id.in_(sorted(statuses)))
    events.record(connection, [events.of_account(account) for account in changed], at=at)
