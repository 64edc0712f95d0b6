"""Named people of the operator's house, and what each may do. Their API keys are the gateway's.

maker    may ask for what needs four eyes, and do what needs two only
checker  may approve or reject what another person asked for
admin    may name people and make keys
"""

import unicodedata
from collections.abc import Set

import sqlalchemy as sa

from ledger_node.access.model import Caller, Duty, Named
from ledger_node.access.tables import operators
from ledger_node.errors import AlreadyExists, Forbidden, InvalidField, OperatorNotFound, WrongState
from ledger_node.ids import new_id

DUTIES: tuple[Duty, ...] = ("maker", "checker", "admin")


def name(connection: sa.Connection, *, name: str, duties: Set[Duty], at: int) -> Named:
    """A new person of the house. Raises InvalidField, AlreadyExists."""
    name = one_name(name)
    if not name or len(name) > 64:
        raise InvalidField("name is 1 to 64 characters.", pointer="/name")
    if not duties:
        raise InvalidField("Name at least one duty: maker, checker or admin.", pointer="/duties")
    if name.casefold() in {one_name(each.name).casefold() for each in listed(connection)}:
        raise AlreadyExists(f"There is an operator {name!r} already.", pointer="/name")
    person = Named(new_id("opr"), name, frozenset(duties), "active", at)
    connection.execute(operators.insert().values(_row(person)))
    return person


def one_name(written: str) -> str:
    """A name as it is compared and kept: composed characters (NFKC), one blank between words and none around."""
    return " ".join(unicodedata.normalize("NFKC", written).split())


def revoke(connection: sa.Connection, operator_id: str) -> Named:
    """From now on nobody of the house. Raises OperatorNotFound, WrongState."""
    person = find(connection, operator_id)
    if person.status == "revoked":
        raise WrongState(f"{person.name} is revoked already.")
    connection.execute(operators.update().where(operators.c.id == operator_id).values(status="revoked"))
    return find(connection, operator_id)


def find(connection: sa.Connection, operator_id: str) -> Named:
    """Raises OperatorNotFound."""
    row = connection.execute(sa.select(operators).where(operators.c.id == operator_id)).first()
    if row is None:
        raise OperatorNotFound(f"There is no operator {operator_id}.")
    return Named(row.id, row.name, _duties(row.duties), row.status, row.created_at)


def listed(connection: sa.Connection) -> list[Named]:
    """Everybody ever named, newest first."""
    found = connection.execute(sa.select(operators).order_by(operators.c.id.desc()))
    return [Named(row.id, row.name, _duties(row.duties), row.status, row.created_at) for row in found]


def checkers(connection: sa.Connection, *, ever: bool = False) -> list[Named]:
    """Who may agree to what another asked for; with `ever`, also those who could once."""
    return [each for each in listed(connection) if "checker" in each.duties and (ever or each.status == "active")]


def duties_of_all(connection: sa.Connection) -> dict[str, frozenset[Duty]]:
    return {person.id: person.duties for person in listed(connection)}


def must_have(caller: Caller, duty: Duty) -> None:
    """Raises Forbidden. A key without a name may do everything: it is the house's own, from before it had names."""
    if caller.scope != "operator":
        raise Forbidden("Only the operator may do this.")
    if caller.duties is not None and duty not in caller.duties:
        raise Forbidden(
            f"This needs an operator with the duty {duty}; this key's has {', '.join(sorted(caller.duties))}."
        )


def _row(person: Named) -> dict[str, object]:
    duties = " ".join(duty for duty in DUTIES if duty in person.duties)
    return {"id": person.id, "name": person.name, "duties": duties, "status": person.status} | {
        "created_at": person.created_at
    }


def _duties(stored: str) -> frozenset[Duty]:
    return frozenset(duty for duty in DUTIES if duty in stored.split())
