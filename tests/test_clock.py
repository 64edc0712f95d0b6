"""Times as they are told."""

import pytest

from ledger_node.clock import iso8601


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_000, "1970-01-01T00:00:01.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_769_851_800_125, "2026-01-31T09:30:00.125Z"),
    ],
)
def test_a_time_is_told_to_the_millisecond(milliseconds: int, told: str) -> None:
    assert iso8601(milliseconds) == told
