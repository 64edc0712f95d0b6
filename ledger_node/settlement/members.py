"""Member banks: admitted, suspended, taken back. Knows nothing of their money."""

from concurrent.futures import Future

import sqlalchemy as sa
from stdnum import bic as bic_numbers
from stdnum import lei as lei_numbers
from stdnum.exceptions import ValidationError

from ledger_node.clock import Clock
from ledger_node.errors import AlreadyExists, Forbidden, InvalidField, MemberNotFound, WrongState
from ledger_node.settlement import events, rows, tables
from ledger_node.settlement.ids import new_id
from ledger_node.settlement.model import Caller, Member, MemberStatus
from ledger_node.writer import Writer


class Members:
    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    def admit(self, caller: Caller, *, bic: str, lei: str, legal_name: str) -> Future[Member]:
        """A new member, active at once. Raises Forbidden, InvalidField; the future AlreadyExists."""
        operator_only(caller)
        if not bic_numbers.is_valid(bic) or bic != bic.upper():
            raise InvalidField("bic is a BIC of 8 or 11 capital letters and digits (ISO 9362).", pointer="/bic")
        if not _valid_lei(lei):
            raise InvalidField("lei is an LEI of 20 characters with valid check digits (ISO 17442).", pointer="/lei")
        if not legal_name.strip() or len(legal_name) > 140:
            raise InvalidField("legal_name is 1 to 140 characters.", pointer="/legal_name")
        return self._writer.submit(lambda connection: self._admit(connection, bic, lei, legal_name.strip()))

    def suspend(self, caller: Caller, member_id: str) -> Future[Member]:
        """From now on it can neither ask nor be paid. Raises Forbidden; the future MemberNotFound, WrongState."""
        operator_only(caller)
        return self._writer.submit(lambda connection: self._become(connection, member_id, "suspended", ("active",)))

    def activate(self, caller: Caller, member_id: str) -> Future[Member]:
        """Raises Forbidden; the future MemberNotFound, WrongState."""
        operator_only(caller)
        return self._writer.submit(
            lambda connection: self._become(connection, member_id, "active", ("pending", "suspended"))
        )

    def _admit(self, connection: sa.Connection, bic: str, lei: str, legal_name: str) -> Member:
        members = tables.members
        query = sa.select(members.c.id, members.c.bic).where(sa.or_(members.c.bic == bic, members.c.lei == lei))
        if (there := connection.execute(query).first()) is not None:
            field = "bic" if there.bic == bic else "lei"
            raise AlreadyExists(
                f"A member with this {field} is there already: {there.id}.", pointer=f"/{field}", id=there.id
            )
        member = Member(new_id("mbr"), bic, lei, legal_name, "active", self._clock.now_ms())
        number = 1 + connection.execute(sa.select(sa.func.coalesce(sa.func.max(members.c.number), 0))).scalar_one()
        row = {name: getattr(member, name) for name in Member.__slots__}
        connection.execute(members.insert().values(**row, number=number))
        self._record(connection, member)
        return member

    def _become(
        self, connection: sa.Connection, member_id: str, status: MemberStatus, allowed: tuple[MemberStatus, ...]
    ) -> Member:
        member = find(connection, member_id)
        if member.status not in allowed:
            raise WrongState(
                f"{member.legal_name} is {member.status}; it cannot become {status}.", status=member.status
            )
        connection.execute(tables.members.update().where(tables.members.c.id == member_id).values(status=status))
        member = find(connection, member_id)
        self._record(connection, member)
        return member

    def _record(self, connection: sa.Connection, member: Member) -> None:
        data = {"id": member.id, "bic": member.bic, "status": member.status}
        draft = events.draft(f"member.{member.status}", member_id=member.id, resource_id=member.id, data=data)
        events.record(connection, [draft], at=self._clock.now_ms())


def find(connection: sa.Connection, member_id: str) -> Member:
    """Raises MemberNotFound."""
    row = connection.execute(sa.select(*rows.MEMBER).where(tables.members.c.id == member_id)).first()
    if row is None:
        raise MemberNotFound(f"There is no member {member_id}.")
    return rows.member(row)


def operator_only(caller: Caller) -> None:
    """Raises Forbidden."""
    if caller.scope != "operator":
        raise Forbidden("Only the operator may do this.")


def _valid_lei(lei: str) -> bool:
    try:
        return lei_numbers.validate(lei) == lei
    except ValidationError:
        return False
