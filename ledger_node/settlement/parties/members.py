"""Member banks: admitted, activated, suspended, taken back, let go. Of their money it asks only whether any is left.

pending → active → suspended → active … → offboarded. What is decided here holds at once for all that is asked for from
then on, and what waits already is rejected with it, what is much in several turns of the writer; the token's register
follows (register_sync.py), and what is in flight by then is judged by the contract.
"""

import re
from collections.abc import Callable
from concurrent.futures import Future

import sqlalchemy as sa
from stdnum import lei as lei_numbers
from stdnum.exceptions import ValidationError

from ledger_node.access.model import Caller
from ledger_node.clock import Clock
from ledger_node.errors import AlreadyExists, Forbidden, InvalidField, MemberNotFound, NotEmpty, WrongState
from ledger_node.ids import new_id
from ledger_node.money import currency, decimal_string
from ledger_node.reserve import ledger
from ledger_node.reserve.movements import dda
from ledger_node.settlement import events, rows, tables
from ledger_node.settlement.model import Member, MemberStatus, Operation
from ledger_node.settlement.onchain import standings
from ledger_node.settlement.payments.cancellation import has_waiting, reject_waiting_of
from ledger_node.settlement.texts import written
from ledger_node.writer import Writer

_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
"""Business party prefix, country, party suffix, and the branch if it is not the head office (ISO 9362)."""
_HEAD_OFFICE = 3 * "X"


def admit(connection: sa.Connection, *, bic: str, lei: str, legal_name: str, at: int) -> Member:
    """A new member, pending: it can be given accounts and keys, and cannot pay. Raises InvalidField, AlreadyExists."""
    check_names(bic=bic, lei=lei, legal_name=legal_name)
    members = tables.members
    same = same_bank(bic)
    query = sa.select(members.c.id, members.c.bic).where(sa.or_(members.c.bic.in_(same), members.c.lei == lei))
    if (there := connection.execute(query).first()) is not None:
        field = "bic" if there.bic in same else "lei"
        raise AlreadyExists(
            f"A member with this {field} is there already: {there.id}.", pointer=f"/{field}", id=there.id
        )
    member = Member(new_id("mbr"), bic, lei, legal_name.strip(), "pending", at)
    number = 1 + connection.execute(sa.select(sa.func.coalesce(sa.func.max(members.c.number), 0))).scalar_one()
    row = {name: getattr(member, name) for name in Member.__slots__}
    connection.execute(members.insert().values(**row, number=number))
    _record(connection, member, at)
    return member


def activate(connection: sa.Connection, member_id: str, *, at: int) -> Member:
    """A pending member may pay; its BDAs go onto the token's register. Raises MemberNotFound, WrongState."""
    return _become(connection, member_id, "active", ("pending",), at)


def suspend(connection: sa.Connection, member_id: str, *, at: int) -> tuple[Member, list[Operation]]:
    """From now on it can neither ask nor be paid; with the payments that waited and are rejected at once.

    Raises MemberNotFound, WrongState.
    """
    member = _become(connection, member_id, "suspended", ("active",), at)
    return member, reject_waiting_of(connection, member_id, at=at)


def reinstate(connection: sa.Connection, member_id: str, *, at: int) -> Member:
    """A suspended member is active again. Raises MemberNotFound, WrongState; that too while payments are left that its
    suspension rejects."""
    if find(connection, member_id).status == "suspended" and has_waiting(connection, member_id):
        raise WrongState(
            "Payments that waited when it was suspended are still being rejected; ask again in a moment.",
            status="suspended",
        )
    return _become(connection, member_id, "active", ("suspended",), at)


def offboard(connection: sa.Connection, member_id: str, *, at: int) -> Member:
    """Gone for good: its accounts close. Raises MemberNotFound, WrongState, NotEmpty while it has money anywhere."""
    member = find(connection, member_id)
    if member.status != "offboarded":
        _require_nothing_left(connection, member)
    member = _become(connection, member_id, "offboarded", ("pending", "active", "suspended"), at)
    accounts = tables.accounts
    never_registered = sa.and_(accounts.c.kind == "BDA", accounts.c.registration.is_(None))
    at_once = sa.and_(accounts.c.member_id == member_id, sa.or_(accounts.c.kind == "DDA", never_registered))
    connection.execute(accounts.update().where(at_once).values(status="closed", wanted="closed"))
    return member


def find(connection: sa.Connection, member_id: str) -> Member:
    """Raises MemberNotFound."""
    row = connection.execute(sa.select(*rows.MEMBER).where(tables.members.c.id == member_id)).first()
    if row is None:
        raise MemberNotFound(f"There is no member {member_id}.")
    return rows.member(row)


def check_names(*, bic: str, lei: str, legal_name: str) -> None:
    """Raises InvalidField."""
    if not _BIC.fullmatch(bic):
        raise InvalidField("bic is a BIC of 8 or 11 capital letters and digits (ISO 9362).", pointer="/bic")
    if not _valid_lei(lei):
        raise InvalidField("lei is an LEI of 20 characters with valid check digits (ISO 17442).", pointer="/lei")
    written(legal_name, "legal_name", most=140)


def same_bank(bic: str) -> tuple[str, ...]:
    """The ways to write one office's BIC: eight characters alone, or three X after them, are the head office."""
    if len(bic) == 8:
        return bic, bic + _HEAD_OFFICE
    return (bic, bic[:8]) if bic[8:] == _HEAD_OFFICE else (bic,)


def operator_only(caller: Caller) -> None:
    """Raises Forbidden."""
    if caller.scope != "operator":
        raise Forbidden("Only the operator may do this.")


class Members:
    """The same as jobs for the writer, for whoever needs no second person."""

    def __init__(
        self, writer: Writer, clock: Clock, *, on_ended: Callable[[list[Operation]], None] = lambda _: None
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._on_ended = on_ended

    def admit(self, caller: Caller, *, bic: str, lei: str, legal_name: str) -> Future[Member]:
        operator_only(caller)
        check_names(bic=bic, lei=lei, legal_name=legal_name)
        return self._writer.submit(
            lambda connection: admit(connection, bic=bic, lei=lei, legal_name=legal_name, at=self._clock.now_ms())
        )

    def activate(self, caller: Caller, member_id: str) -> Future[Member]:
        operator_only(caller)
        return self._writer.submit(lambda connection: activate(connection, member_id, at=self._clock.now_ms()))

    def suspend(self, caller: Caller, member_id: str) -> Future[Member]:
        operator_only(caller)

        def job(connection: sa.Connection) -> Member:
            member, ended = suspend(connection, member_id, at=self._clock.now_ms())
            self._on_ended(ended)
            return member

        return self._writer.submit(job)

    def reinstate(self, caller: Caller, member_id: str) -> Future[Member]:
        operator_only(caller)
        return self._writer.submit(lambda connection: reinstate(connection, member_id, at=self._clock.now_ms()))

    def offboard(self, caller: Caller, member_id: str) -> Future[Member]:
        operator_only(caller)
        return self._writer.submit(lambda connection: offboard(connection, member_id, at=self._clock.now_ms()))


def _become(
    connection: sa.Connection, member_id: str, status: MemberStatus, allowed: tuple[MemberStatus, ...], at: int
) -> Member:
    member = find(connection, member_id)
    if member.status not in allowed:
        raise WrongState(f"{member.legal_name} is {member.status}; it cannot become {status}.", status=member.status)
    connection.execute(tables.members.update().where(tables.members.c.id == member_id).values(status=status))
    standings.judge(connection, tables.accounts.c.member_id == member_id)
    member = find(connection, member_id)
    _record(connection, member, at)
    return member


def _require_nothing_left(connection: sa.Connection, member: Member) -> None:
    operations, accounts, holdings = tables.operations, tables.accounts, tables.holdings
    open_ = operations.c.status.in_(["pending_approval", "scheduled", "queued", "accepted", "processing"])
    party = sa.or_(operations.c.member_id == member.id, operations.c.counterparty_id == member.id)
    under_way = connection.execute(sa.select(sa.func.count()).where(open_, party)).scalar_one()
    mine = connection.execute(
        sa.select(accounts.c.id, accounts.c.kind, accounts.c.currency, holdings.c.booked)
        .outerjoin_from(accounts, holdings)
        .where(accounts.c.member_id == member.id, accounts.c.status != "closed")
    ).all()
    fiat = ledger.read(connection, [dda(row.id) for row in mine if row.kind == "DDA"])
    left = {}
    for row in mine:
        amount = row.booked if row.kind == "BDA" else fiat[dda(row.id)].posted
        if amount:
            left[row.id] = f"{decimal_string(amount, currency(row.currency))} {row.currency}"
    if left or under_way:
        raise NotEmpty(
            f"{member.legal_name} has money on {len(left)} accounts and {under_way} payments under way.",
            balances=left, under_way=under_way,
        )  # fmt: skip


def _record(connection: sa.Connection, member: Member, at: int) -> None:
    data = {"id": member.id, "bic": member.bic, "status": member.status}
    draft = events.draft(f"member.{member.status}", member_id=member.id, resource_id=member.id, data=data)
    events.record(connection, [draft], at=at)


def _valid_lei(lei: str) -> bool:
    try:
        return lei_numbers.validate(lei) == lei
    except ValidationError:
        return False
