"""Query parameters of lists: `limit`, `cursor`, filters. Newest first; the cursor is settlement's and opaque here."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ledger_node.pages import LIMIT_MAX, Slice

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_CURSOR = r"^([A-Za-z0-9_-]{4}){0,127}([A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=|[A-Za-z0-9_-]{4})$"


def _milliseconds(value: object) -> int:
    if not isinstance(value, str) or _RFC3339.fullmatch(value) is None:
        raise ValueError(
            "Send an RFC 3339 time with its zone, such as 2026-01-31T09:30:00Z (a + is written %2B in a URL)."
        )
    moment = datetime.fromisoformat(value.upper())
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * 1000 + moment.microsecond // 1000


Moment = Annotated[
    int, BeforeValidator(_milliseconds, json_schema_input_type=str), Field(json_schema_extra={"format": "date-time"})
]
"""An RFC 3339 time, held as milliseconds since 1970 UTC."""

CurrencyFilter = Annotated[str, Field(pattern="^[A-Z]{3}$", description="Only in this currency (ISO 4217).")]


class ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, description="How many at most.")] = 25
    cursor: Annotated[
        str | None,
        Field(pattern=_CURSOR, description="`next_cursor` of the page before, asked with the same filters."),
    ] = None
    created_from: Annotated[
        Moment | None, Field(alias="created_at[gte]", description="Created at this time or later.")
    ] = None
    created_to: Annotated[
        Moment | None, Field(alias="created_at[lte]", description="Created at this time or earlier.")
    ] = None

    def part(self) -> Slice:
        until = {} if self.created_to is None else {"until": self.created_to + 1}
        return Slice(limit=self.limit, cursor=self.cursor, since=self.created_from or 0, **until)
