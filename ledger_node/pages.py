"""Pages of a list, newest first. A cursor is the last row's position, wrapped so that nobody counts on it."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ledger_node.errors import InvalidField

T = TypeVar("T")
R = TypeVar("R")

LIMIT_MAX = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Newest first; `next_cursor` is opaque and None on the last page."""

    data: tuple[T, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of a list: at most `limit` items after `cursor`, made from `since` on and before `until` (milliseconds)."""

    limit: int = 25
    cursor: str | None = None
    since: int = 0
    until: int = 2**62

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LIMIT_MAX:
            raise InvalidField(f"limit is between 1 and {LIMIT_MAX}.", pointer="/limit")

    def position(self) -> str | None:
        """The last row shown, or None for the first page. Raises InvalidField for a cursor we did not make."""
        if self.cursor is None:
            return None
        try:
            position = base64.urlsafe_b64decode(self.cursor.encode("ascii")).decode("ascii")
        except ValueError:
            raise _not_ours() from None
        if not position.isprintable():
            raise _not_ours()
        return position

    def number(self) -> int | None:
        """The same, for lists that are ordered by a number."""
        position = self.position()
        if position is None:
            return None
        if not (position.isascii() and position.isdigit() and len(position) < 19):
            raise _not_ours()
        return int(position)


def page(rows: Sequence[R], part: Slice, *, read: Callable[[R], T], position: Callable[[R], object]) -> Page[T]:
    """The page made of `rows`, which were asked for with one row more than the limit."""
    shown = rows[: part.limit]
    more = len(rows) > part.limit
    cursor = base64.urlsafe_b64encode(str(position(shown[-1])).encode("ascii")).decode("ascii") if more else None
    return Page(data=tuple(read(row) for row in shown), next_cursor=cursor)


def _not_ours() -> InvalidField:
    return InvalidField("The cursor is not one that an earlier page gave.", pointer="/cursor")
