"""What a stored value may be: of its column's kind, as long as an address or a hash is, one of its words.

Anything else is damage. SQLite keeps any value in any column, so a page that lost a bit may hold one; PostgreSQL sees
to it itself. What a CHECK says of a column's words is looked at again as they are read. Knows no table and shows
nothing of what it found.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from ledger_node.storage import Unreadable

Check = Callable[[Any], Any]

_WORDS = re.compile(r"(\w+) IN \(('\w+'(?:, '\w+')*)\)")


def allow(column: sa.Column[Any], words: Sequence[str]) -> None:
    """What this column may say, besides nothing."""
    column.type.words = frozenset(words)  # type: ignore[attr-defined]


@sa.event.listens_for(sa.CheckConstraint, "after_parent_attach")
def _allow_what_is_checked(constraint: sa.CheckConstraint, table: Any) -> None:
    found = _WORDS.fullmatch(str(constraint.sqltext))
    if found is not None and isinstance(table, sa.Table) and found[1] in table.c:  # a migration's has no columns
        allow(table.c[found[1]], found[2].replace("'", "").split(", "))


class _Checked:
    kind: type
    exact = False
    """Whether its type alone does not tell that a value is sound."""

    def check(self, value: Any) -> Any:
        if value is None or (type(value) is self.kind and self.fits(value)):
            return value
        raise Unreadable(f"it holds what is no {_NAMES[self.kind]} of its column")

    def fits(self, value: Any) -> bool:
        return True

    def result_processor(self, dialect: Any, coltype: Any) -> Check:
        return self.check


NO_TEXT = "it holds a text that is not UTF-8"


def json_of(text: str) -> Any:
    """What a stored text says."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable("it holds what is no JSON") from error


_NAMES: dict[type, str] = {int: "number", str: "text", bytes: "byte string"}


class _Number(_Checked, sa.Integer):
    kind = int


class _Text(_Checked, sa.String):
    kind = str

    def __init__(
        self, length: int | None = None, collation: str | None = None, words: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(length, collation)
        self.words = words
        self.exact = bool(words)

    def fits(self, value: Any) -> bool:
        return not self.words or value in self.words


class _Bytes(_Checked, sa.LargeBinary):
    kind = bytes

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self.exact = length in (20, 32)

    def fits(self, value: Any) -> bool:
        return not self.exact or len(value) == self.length  # an address or a hash; who reads the others judges them


class _Flag(_Checked, sa.Boolean):
    kind = int
    exact = True

    def fits(self, value: Any) -> bool:
        return value in (0, 1)

    def result_processor(self, dialect: Any, coltype: Any) -> Check:
        return lambda value: None if self.check(value) is None else bool(value)


def check_all(dialect: sa.Dialect) -> None:
    """Have every value checked that SQLAlchemy reads with this dialect."""
    ours = {sa.Integer: _Number, sa.String: _Text, sa.LargeBinary: _Bytes, sa.Boolean: _Flag}
    dialect.colspecs = {**dialect.colspecs, **ours}


def checks(columns: Sequence[sa.ColumnElement[Any]], dialect: sa.Dialect) -> list[_Checked | None]:
    """Those of a query's columns, where there are any."""
    found = [column.type.dialect_impl(dialect) for column in columns]
    return [impl if isinstance(impl, _Checked) else None for impl in found]


def reader(columns: Sequence[sa.ColumnElement[Any]], dialect: sa.Dialect, row: Check) -> Check:
    """Makes a `row` of the driver's values once they are found sound; a row whose types were seen costs little."""
    all_ = [(place, one.check) for place, one in enumerate(checks(columns, dialect)) if one is not None]
    if not all_:
        return row
    exact = [(place, one.check) for place, one in enumerate(checks(columns, dialect)) if one is not None and one.exact]
    sound: set[tuple[type, ...]] = set()

    def read(values: Any) -> Any:
        types = tuple(map(type, values))
        for place, check in exact if types in sound else all_:
            check(values[place])
        sound.add(types)
        return row(values)

    return read
